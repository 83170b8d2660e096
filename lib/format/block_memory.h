/*
 * The memory of blocks that short records are made and read with (block_coding.h): what
 * both sides do to it, in the same order. Inline, as the writer comes here at each malloc
 * and free.
 */
#ifndef PMT_FORMAT_BLOCK_MEMORY_H
#define PMT_FORMAT_BLOCK_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "format/block_coding.h"

enum {
	PMT_CODING_CLASS_BYTES = 16,
	PMT_CODING_SMALL_MAX = 1024, /* above it a class has several sizes */
	PMT_CODING_LARGE_CLASS_BITS = 6,
	PMT_CODING_LARGE_CLASS = PMT_CODING_SMALL_MAX / PMT_CODING_CLASS_BYTES + 1,
	/* pymalloc's, whose usable bytes are not known: one list each, of any length. */
	PMT_CODING_OBJECT_CLASS =
	    PMT_CODING_LARGE_CLASS + (1 << PMT_CODING_LARGE_CLASS_BITS),
	PMT_CODING_OBJECT_MAX = 512,
	PMT_CODING_CACHED = 7, /* of a class, by a thread of glibc's */
	PMT_CODING_BEHIND_CLASS_MAX =
	    7,                     /* of which more are kept as they are: 120 bytes */
	PMT_CODING_NEXT_BITS = 16, /* of a node, above its address in sixteens */
	PMT_CODING_INDEX_BITS = 12,
	PMT_CODING_LATEST_BITS = 2, /* of an index, that are not in its number */
};

_Static_assert(1 << PMT_CODING_INDEX_BITS == PMT_CODING_PLACES,
	       "places have an index each");
_Static_assert(1 << (PMT_CODING_INDEX_BITS - PMT_CODING_LATEST_BITS) ==
		   PMT_CODING_NUMBERS,
	       "four a number");
_Static_assert(PMT_CODING_OBJECT_CLASS + PMT_CODING_OBJECT_MAX / PMT_CODING_CLASS_BYTES <
		   PMT_CODING_CLASSES,
	       "classes have free lists each, unknown has none");

PMT_INLINE unsigned pmt_coding_class_of(const struct pmt_block_alloc *alloc)
{
	uint64_t usable_bytes = alloc->usable_bytes;

	if (PMT_UNLIKELY(!usable_bytes))
		return PMT_CODING_OBJECT_CLASS +
		       (unsigned)((alloc->requested_bytes > PMT_CODING_OBJECT_MAX
				       ? PMT_CODING_OBJECT_MAX
				       : alloc->requested_bytes + PMT_CODING_CLASS_BYTES -
					     1) /
				  PMT_CODING_CLASS_BYTES);
	if (PMT_LIKELY(usable_bytes <= PMT_CODING_SMALL_MAX))
		return (unsigned)(usable_bytes / PMT_CODING_CLASS_BYTES);
	return PMT_CODING_LARGE_CLASS +
	       (unsigned)((usable_bytes / PMT_CODING_CLASS_BYTES * 0x9e3779b97f4a7c15u) >>
			  (64 - PMT_CODING_LARGE_CLASS_BITS));
}

PMT_INLINE unsigned pmt_coding_index_of(uint64_t address)
{
	return (unsigned)((address / 16 * 0x9e3779b97f4a7c15u) >>
			  (64 - PMT_CODING_INDEX_BITS));
}

/* A block is freed by the function of its family. */
PMT_INLINE uint8_t pmt_coding_free_kind_of(uint8_t kind)
{
	return kind <= PMT_BLOCK_ALIGNED ? (uint8_t)PMT_BLOCK_MALLOC : kind;
}

/* --- signatures --- */

PMT_INLINE struct pmt_coding_signature
pmt_coding_signature_of(const struct pmt_block_alloc *alloc)
{
	return (struct pmt_coding_signature){
	    .asked = (uint64_t)alloc->stack_id << 32 | (uint32_t)alloc->requested_bytes,
	    .given = (uint64_t)alloc->kind << 32 | (uint32_t)alloc->usable_bytes,
	};
}

PMT_INLINE uint8_t pmt_coding_signature_number(const struct pmt_coding_signature *s)
{
	uint64_t kind = s->given >> 32;

	return (uint8_t)((s->asked * 0x9e3779b97f4a7c15u ^ kind << 57) >> 56);
}

PMT_INLINE bool pmt_coding_is_signature(const struct pmt_coding_signature *s,
					const struct pmt_coding_signature *other)
{
	return s->asked == other->asked && s->given == other->given;
}

PMT_INLINE void pmt_coding_follow_signature(struct pmt_block_coding *c, uint8_t number)
{
	c->after[c->last_signature] = number;
	c->last_signature = number;
}

/* --- free lists --- */

PMT_INLINE uint64_t pmt_coding_node_address(const struct pmt_block_coding *c,
					    unsigned node)
{
	return c->nodes[node] << PMT_CODING_NEXT_BITS >> PMT_CODING_NEXT_BITS << 4;
}

PMT_INLINE uint16_t pmt_coding_node_next(const struct pmt_block_coding *c, unsigned node)
{
	return (uint16_t)(c->nodes[node] >> (64 - PMT_CODING_NEXT_BITS));
}

PMT_INLINE void pmt_coding_set_next(struct pmt_block_coding *c, unsigned node,
				    uint16_t next)
{
	c->nodes[node] = c->nodes[node] << PMT_CODING_NEXT_BITS >> PMT_CODING_NEXT_BITS |
			 (uint64_t)next << (64 - PMT_CODING_NEXT_BITS);
}

/* Moves the list's first node to another. */
PMT_INLINE void pmt_coding_move_first(struct pmt_block_coding *c, uint16_t *from,
				      uint16_t *to)
{
	uint16_t node = *from;

	*from = pmt_coding_node_next(c, node);
	pmt_coding_set_next(c, node, *to);
	*to = node;
}

/* Where there is no room for one more address. */
void pmt_coding_forget_lists(struct pmt_block_coding *c);

PMT_INLINE void pmt_coding_add_free(struct pmt_block_coding *c, unsigned size_class,
				    uint64_t address)
{
	struct pmt_coding_free_lists *lists = &c->free_lists[size_class];
	uint16_t *list = &lists->cache, node = c->spare_node;

	if (lists->cache_count >= PMT_CODING_CACHED &&
	    size_class < PMT_CODING_OBJECT_CLASS) {
		if (size_class > PMT_CODING_BEHIND_CLASS_MAX)
			return;
		list = &lists->behind;
	}
	if (PMT_LIKELY(node)) {
		c->spare_node = pmt_coding_node_next(c, node);
	} else {
		if (c->node_count == PMT_CODING_NODES)
			pmt_coding_forget_lists(c);
		node = ++c->node_count;
	}
	lists->cache_count += list == &lists->cache;
	c->nodes[node] = address >> 4 | (uint64_t)*list << (64 - PMT_CODING_NEXT_BITS);
	*list = node;
}

/* The first address of the list, with its index, behind those that were given meanwhile,
 * which go; 0: none. */
PMT_INLINE uint64_t pmt_coding_first_of(struct pmt_block_coding *c, uint16_t *list,
					unsigned *ret_index)
{
	while (PMT_LIKELY(*list)) {
		uint64_t address = pmt_coding_node_address(c, *list);
		unsigned index = pmt_coding_index_of(address);
		const struct pmt_coding_place *place = &c->places[index];

		if (PMT_LIKELY(!place->made || place->address != address)) {
			*ret_index = index;
			return address;
		}
		pmt_coding_move_first(c, list, &c->spare_node);
	}
	return 0;
}

/* The address that is expected to be given next, with its index; 0: none. */
PMT_INLINE uint64_t pmt_coding_expected_free(struct pmt_block_coding *c,
					     unsigned size_class, unsigned *ret_index)
{
	struct pmt_coding_free_lists *lists = &c->free_lists[size_class];
	uint64_t address = pmt_coding_first_of(c, &lists->cache, ret_index);

	if (PMT_LIKELY(address))
		return address;
	lists->cache_count = 0;
	return pmt_coding_first_of(c, &lists->behind, ret_index);
}

/* The expected one was given. */
PMT_INLINE void pmt_coding_take_expected(struct pmt_block_coding *c, unsigned size_class)
{
	struct pmt_coding_free_lists *lists = &c->free_lists[size_class];

	if (PMT_LIKELY(lists->cache)) {
		pmt_coding_move_first(c, &lists->cache, &c->spare_node);
		lists->cache_count -= lists->cache_count > 0;
		return;
	}
	pmt_coding_move_first(c, &lists->behind, &c->spare_node);
	for (; lists->cache_count < PMT_CODING_CACHED; lists->cache_count++) {
		unsigned index;

		if (!pmt_coding_first_of(c, &lists->behind, &index))
			return;
		pmt_coding_move_first(c, &lists->behind, &lists->cache);
	}
}

/* --- places --- */

PMT_INLINE void pmt_coding_note_latest(struct pmt_block_coding *c, unsigned index)
{
	c->latest[index >> PMT_CODING_LATEST_BITS] =
	    index & ((1 << PMT_CODING_LATEST_BITS) - 1);
}

PMT_INLINE unsigned pmt_coding_index_of_number(const struct pmt_block_coding *c,
					       unsigned number)
{
	return number << PMT_CODING_LATEST_BITS | c->latest[number];
}

PMT_INLINE void pmt_coding_place_made(struct pmt_block_coding *c, uint64_t address,
				      unsigned index, unsigned size_class,
				      const struct pmt_block_alloc *alloc)
{
	struct pmt_coding_place *place = &c->places[index];

	if (PMT_UNLIKELY(!++c->made_count))
		c->made_count = 1;
	place->address = address;
	place->made = c->made_count;
	place->size_class = (uint8_t)size_class;
	place->kind = alloc->kind;
	c->index_of_made[c->made_count % PMT_CODING_PLACES] = (uint16_t)index;
	pmt_coding_note_latest(c, index);
	c->last_made = address;
	c->behind_last_made = address + alloc->usable_bytes + 8;
}

PMT_INLINE void pmt_coding_follow_step(struct pmt_block_coding *c, int32_t step)
{
	c->step_after[c->steps] = step;
	c->steps = (uint8_t)((uint32_t)c->step * 31 + (uint32_t)step * 7);
	c->step = step;
}

PMT_INLINE void pmt_coding_place_freed(struct pmt_block_coding *c, uint64_t address,
				       unsigned index)
{
	struct pmt_coding_place *place = &c->places[index];

	if (PMT_LIKELY(place->address == address && place->made)) {
		pmt_coding_follow_step(c, (int32_t)(place->made - c->freed));
		c->freed = place->made;
		place->made = 0;
		pmt_coding_add_free(c, place->size_class, address);
	} else {
		*place = (struct pmt_coding_place){.address = address,
						   .size_class = PMT_CODING_CLASSES};
	}
	pmt_coding_note_latest(c, index);
	c->last_freed = address;
}

PMT_INLINE unsigned pmt_coding_expected_made(const struct pmt_block_coding *c)
{
	return c->freed + (uint32_t)c->step_after[c->steps];
}

#endif
