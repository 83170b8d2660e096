/* The memory of blocks and the records that are short by it; see block_coding.h. */
#include "format/block_coding.h"

#include <string.h>

#include "base/varint.h"

enum {
	CLASS_BYTES = 16,
	SMALL_MAX = 1024, /* above it a class has several sizes */
	LARGE_CLASS_BITS = 6,
	LARGE_CLASS = SMALL_MAX / CLASS_BYTES + 1,
	/* pymalloc's, whose usable bytes are not known: one list each, of any length. */
	OBJECT_CLASS = LARGE_CLASS + (1 << LARGE_CLASS_BITS),
	OBJECT_MAX = 512,
	CACHED = 7,           /* of a class, by a thread of glibc's */
	BEHIND_CLASS_MAX = 7, /* of which more are kept as they are: 120 bytes */
	NEXT_BITS = 16,       /* of a node, above its address in sixteens */
	INDEX_BITS = 12,
	LATEST_BITS = 2, /* of an index, that are not in its number */
};

_Static_assert(1 << INDEX_BITS == PMT_CODING_PLACES, "places have an index each");
_Static_assert(1 << (INDEX_BITS - LATEST_BITS) == PMT_CODING_NUMBERS, "four a number");
_Static_assert(OBJECT_CLASS + OBJECT_MAX / CLASS_BYTES < PMT_CODING_CLASSES,
	       "classes have free lists each, unknown has none");

PMT_INLINE unsigned class_of(const struct pmt_block_alloc *alloc)
{
	uint64_t usable_bytes = alloc->usable_bytes;

	if (PMT_UNLIKELY(!usable_bytes))
		return OBJECT_CLASS +
		       (unsigned)((alloc->requested_bytes > OBJECT_MAX
				       ? OBJECT_MAX
				       : alloc->requested_bytes + CLASS_BYTES - 1) /
				  CLASS_BYTES);
	if (PMT_LIKELY(usable_bytes <= SMALL_MAX))
		return (unsigned)(usable_bytes / CLASS_BYTES);
	return LARGE_CLASS +
	       (unsigned)((usable_bytes / CLASS_BYTES * 0x9e3779b97f4a7c15u) >>
			  (64 - LARGE_CLASS_BITS));
}

PMT_INLINE unsigned index_of(uint64_t address)
{
	return (unsigned)((address / 16 * 0x9e3779b97f4a7c15u) >> (64 - INDEX_BITS));
}

/* A block is freed by the function of its family. */
PMT_INLINE uint8_t free_kind_of(uint8_t kind)
{
	return kind <= PMT_BLOCK_ALIGNED ? (uint8_t)PMT_BLOCK_MALLOC : kind;
}

/* --- signatures --- */

PMT_INLINE struct pmt_coding_signature signature_of(const struct pmt_block_alloc *alloc)
{
	return (struct pmt_coding_signature){
	    .asked = (uint64_t)alloc->stack_id << 32 | (uint32_t)alloc->requested_bytes,
	    .given = (uint64_t)alloc->kind << 32 | (uint32_t)alloc->usable_bytes,
	};
}

PMT_INLINE uint8_t signature_number(const struct pmt_coding_signature *s)
{
	uint64_t kind = s->given >> 32;

	return (uint8_t)((s->asked * 0x9e3779b97f4a7c15u ^ kind << 57) >> 56);
}

PMT_INLINE bool is_signature(const struct pmt_coding_signature *s,
			     const struct pmt_coding_signature *other)
{
	return s->asked == other->asked && s->given == other->given;
}

PMT_INLINE void follow_signature(struct pmt_block_coding *c, uint8_t number)
{
	c->after[c->last_signature] = number;
	c->last_signature = number;
}

/* --- free lists --- */

PMT_INLINE uint64_t node_address(const struct pmt_block_coding *c, unsigned node)
{
	return c->nodes[node] << NEXT_BITS >> NEXT_BITS << 4;
}

PMT_INLINE uint16_t node_next(const struct pmt_block_coding *c, unsigned node)
{
	return (uint16_t)(c->nodes[node] >> (64 - NEXT_BITS));
}

PMT_INLINE void set_next(struct pmt_block_coding *c, unsigned node, uint16_t next)
{
	c->nodes[node] =
	    c->nodes[node] << NEXT_BITS >> NEXT_BITS | (uint64_t)next << (64 - NEXT_BITS);
}

/* Moves the list's first node to another. */
PMT_INLINE void move_first(struct pmt_block_coding *c, uint16_t *from, uint16_t *to)
{
	uint16_t node = *from;

	*from = node_next(c, node);
	set_next(c, node, *to);
	*to = node;
}

static PMT_NOINLINE void forget_lists(struct pmt_block_coding *c)
{
	memset(c->free_lists, 0, sizeof(c->free_lists));
	c->spare_node = 0;
	c->node_count = 0;
}

PMT_INLINE void add_free(struct pmt_block_coding *c, unsigned size_class,
			 uint64_t address)
{
	struct pmt_coding_free_lists *lists = &c->free_lists[size_class];
	uint16_t *list = &lists->cache, node = c->spare_node;

	if (lists->cache_count >= CACHED && size_class < OBJECT_CLASS) {
		if (size_class > BEHIND_CLASS_MAX)
			return;
		list = &lists->behind;
	}
	if (PMT_LIKELY(node)) {
		c->spare_node = node_next(c, node);
	} else {
		if (c->node_count == PMT_CODING_NODES)
			forget_lists(c);
		node = ++c->node_count;
	}
	lists->cache_count += list == &lists->cache;
	c->nodes[node] = address >> 4 | (uint64_t)*list << (64 - NEXT_BITS);
	*list = node;
}

/* The first address of the list, with its index, behind those that were given meanwhile,
 * which go; 0: none. */
PMT_INLINE uint64_t first_of(struct pmt_block_coding *c, uint16_t *list,
			     unsigned *ret_index)
{
	while (PMT_LIKELY(*list)) {
		uint64_t address = node_address(c, *list);
		unsigned index = index_of(address);
		const struct pmt_coding_place *place = &c->places[index];

		if (PMT_LIKELY(!place->made || place->address != address)) {
			*ret_index = index;
			return address;
		}
		move_first(c, list, &c->spare_node);
	}
	return 0;
}

/* The address that is expected to be given next, with its index; 0: none. */
PMT_INLINE uint64_t expected_free(struct pmt_block_coding *c, unsigned size_class,
				  unsigned *ret_index)
{
	struct pmt_coding_free_lists *lists = &c->free_lists[size_class];
	uint64_t address = first_of(c, &lists->cache, ret_index);

	if (PMT_LIKELY(address))
		return address;
	lists->cache_count = 0;
	return first_of(c, &lists->behind, ret_index);
}

/* The expected one was given. */
PMT_INLINE void take_expected(struct pmt_block_coding *c, unsigned size_class)
{
	struct pmt_coding_free_lists *lists = &c->free_lists[size_class];

	if (PMT_LIKELY(lists->cache)) {
		move_first(c, &lists->cache, &c->spare_node);
		lists->cache_count -= lists->cache_count > 0;
		return;
	}
	move_first(c, &lists->behind, &c->spare_node);
	for (; lists->cache_count < CACHED; lists->cache_count++) {
		unsigned index;

		if (!first_of(c, &lists->behind, &index))
			return;
		move_first(c, &lists->behind, &lists->cache);
	}
}

/* --- places --- */

PMT_INLINE void note_latest(struct pmt_block_coding *c, unsigned index)
{
	c->latest[index >> LATEST_BITS] = index & ((1 << LATEST_BITS) - 1);
}

PMT_INLINE unsigned index_of_number(const struct pmt_block_coding *c, unsigned number)
{
	return number << LATEST_BITS | c->latest[number];
}

PMT_INLINE void place_made(struct pmt_block_coding *c, uint64_t address, unsigned index,
			   unsigned size_class, const struct pmt_block_alloc *alloc)
{
	struct pmt_coding_place *place = &c->places[index];

	if (PMT_UNLIKELY(!++c->made_count))
		c->made_count = 1;
	place->address = address;
	place->made = c->made_count;
	place->size_class = (uint8_t)size_class;
	place->kind = alloc->kind;
	c->index_of_made[c->made_count % PMT_CODING_PLACES] = (uint16_t)index;
	note_latest(c, index);
	c->last_made = address;
	c->behind_last_made = address + alloc->usable_bytes + 8;
}

PMT_INLINE void follow_step(struct pmt_block_coding *c, int32_t step)
{
	c->step_after[c->steps] = step;
	c->steps = (uint8_t)((uint32_t)c->step * 31 + (uint32_t)step * 7);
	c->step = step;
}

PMT_INLINE void place_freed(struct pmt_block_coding *c, uint64_t address, unsigned index)
{
	struct pmt_coding_place *place = &c->places[index];

	if (PMT_LIKELY(place->address == address && place->made)) {
		follow_step(c, (int32_t)(place->made - c->freed));
		c->freed = place->made;
		place->made = 0;
		add_free(c, place->size_class, address);
	} else {
		*place = (struct pmt_coding_place){.address = address,
						   .size_class = PMT_CODING_CLASSES};
	}
	note_latest(c, index);
	c->last_freed = address;
}

PMT_INLINE unsigned expected_made(const struct pmt_block_coding *c)
{
	return c->freed + (uint32_t)c->step_after[c->steps];
}

/* By its number, if it has one, or by the way from another address. */
PMT_INLINE uint8_t *put_place(const struct pmt_block_coding *c, uint8_t *p, uint8_t *head,
			      uint64_t address, unsigned index, uint64_t from)
{
	unsigned number = index >> LATEST_BITS;

	if (c->places[index].address == address && index_of_number(c, number) == index) {
		*head |=
		    (uint8_t)(PMT_CODE_NUMBER | number >> 8 << PMT_CODE_NUMBER_SHIFT);
		*p++ = (uint8_t)number;
		return p;
	}
	*head |= PMT_CODE_STEP;
	return pmt_varint_put(p, pmt_zigzag((int64_t)(address - from) / 16));
}

/* --- writing --- */

PMT_INLINE uint8_t *put_signature(struct pmt_block_coding *c, uint8_t *p, uint8_t *head,
				  const struct pmt_block_alloc *alloc)
{
	const struct pmt_coding_signature signature = signature_of(alloc);
	uint8_t number = signature_number(&signature);

	if (PMT_LIKELY(is_signature(&c->signatures[number], &signature))) {
		if (c->after[c->last_signature] == number) {
			*head = PMT_CODE_ALLOC_AGAIN;
		} else {
			*head = PMT_CODE_ALLOC_KNOWN;
			*p++ = number;
		}
	} else {
		bool usual =
		    alloc->usable_bytes == pmt_code_usual_usable(alloc->requested_bytes);

		*head = PMT_CODE_ALLOC_NEW;
		p = pmt_varint_put(p, (uint64_t)alloc->kind << 1 |
					  (usual ? 0 : PMT_CODE_USABLE_FOLLOWS));
		p = pmt_varint_put(p, alloc->stack_id);
		p = pmt_varint_put(p, alloc->requested_bytes);
		if (!usual)
			p = pmt_varint_put(p, alloc->usable_bytes);
		c->signatures[number] = signature;
	}
	follow_signature(c, number);
	return p;
}

uint8_t *pmt_code_put_alloc(struct pmt_block_coding *c, uint8_t *p,
			    const struct pmt_block_alloc *alloc, uint64_t address)
{
	unsigned size_class = class_of(alloc), index = 0;
	uint64_t expected = expected_free(c, size_class, &index);
	uint8_t *head = p;

	p = put_signature(c, p + 1, head, alloc);
	if (PMT_LIKELY(expected == address)) {
		take_expected(c, size_class);
	} else {
		index = index_of(address);
		if (c->behind_last_made == address)
			*head |= PMT_CODE_LAST;
		else
			p = put_place(c, p, head, address, index, c->last_made);
	}
	place_made(c, address, index, size_class, alloc);
	return p;
}

uint8_t *pmt_code_put_free(struct pmt_block_coding *c, uint8_t *p, uint8_t kind,
			   uint64_t address)
{
	unsigned index = index_of(address);
	const struct pmt_coding_place *place = &c->places[index];
	bool is_known = place->address == address && place->made;
	uint8_t *head = p++;

	if (kind == (is_known ? free_kind_of(place->kind) : (uint8_t)PMT_BLOCK_MALLOC)) {
		*head = PMT_CODE_FREE;
	} else {
		*head = PMT_CODE_FREE_OF_KIND;
		*p++ = kind;
	}
	if (is_known && place->made == expected_made(c) &&
	    c->index_of_made[place->made % PMT_CODING_PLACES] == index)
		*head |= PMT_CODE_EXPECTED;
	else if (is_known && place->made == c->made_count)
		*head |= PMT_CODE_LAST;
	else
		p = put_place(c, p, head, address, index, c->last_freed);
	place_freed(c, address, index);
	return p;
}

void pmt_code_note_alloc(struct pmt_block_coding *c, const struct pmt_block_alloc *alloc,
			 uint64_t address)
{
	uint8_t made[PMT_CODE_BYTES_MAX];

	if (pmt_code_fits(address, alloc->requested_bytes, alloc->usable_bytes))
		pmt_code_put_alloc(c, made, alloc, address);
}

void pmt_code_note_free(struct pmt_block_coding *c, const struct pmt_block_free *release,
			uint64_t address)
{
	if (!release->bytes && pmt_code_fits(address, 0, 0))
		place_freed(c, address, index_of(address));
}

/* --- reading --- */

/* Of bytes that no writer wrote an address may be none that fits a node. */
static uint64_t fitting(uint64_t address)
{
	return address & (PMT_CODE_ADDRESS_END - 1) & ~(uint64_t)15;
}

static uint64_t stepped(uint64_t from, int64_t step)
{
	return from + (uint64_t)step * 16;
}

/* Fills *alloc; returns the signature's number. */
static uint8_t resolve_signature(struct pmt_block_coding *c,
				 const struct pmt_block_code *code,
				 struct pmt_block_alloc *alloc)
{
	uint8_t number = code->op == PMT_CODE_ALLOC_AGAIN ? c->after[c->last_signature]
							  : code->signature;

	if (code->op == PMT_CODE_ALLOC_NEW) {
		*alloc = (struct pmt_block_alloc){
		    .kind = code->kind,
		    .stack_id = code->stack_id,
		    .requested_bytes = code->requested_bytes,
		    .usable_bytes = code->usable_bytes,
		};
		const struct pmt_coding_signature signature = signature_of(alloc);
		number = signature_number(&signature);
		c->signatures[number] = signature;
		return number;
	}
	const struct pmt_coding_signature *s = &c->signatures[number];
	*alloc = (struct pmt_block_alloc){
	    .kind = (uint8_t)(s->given >> 32),
	    .stack_id = (uint32_t)(s->asked >> 32),
	    .requested_bytes = (uint32_t)s->asked,
	    .usable_bytes = (uint32_t)s->given,
	};
	return number;
}

uint64_t pmt_code_resolve_alloc(struct pmt_block_coding *c,
				const struct pmt_block_code *code,
				struct pmt_block_alloc *ret_alloc)
{
	uint64_t address = 0;

	follow_signature(c, resolve_signature(c, code, ret_alloc));
	unsigned size_class = class_of(ret_alloc), index;
	uint64_t expected = expected_free(c, size_class, &index);

	if (code->place == PMT_CODE_EXPECTED && expected) {
		address = expected;
		take_expected(c, size_class);
	} else if (code->place == PMT_CODE_NUMBER) {
		address = c->places[index_of_number(c, code->number)].address;
	} else if (code->place == PMT_CODE_LAST) {
		address = c->behind_last_made;
	} else if (code->place == PMT_CODE_STEP) {
		address = stepped(c->last_made, code->step);
	}
	address = fitting(address);
	place_made(c, address, index_of(address), size_class, ret_alloc);
	return address;
}

uint64_t pmt_code_resolve_free(struct pmt_block_coding *c,
			       const struct pmt_block_code *code,
			       struct pmt_block_free *ret_release)
{
	uint32_t made =
	    code->place == PMT_CODE_EXPECTED ? expected_made(c) : c->made_count;
	unsigned index = code->place == PMT_CODE_NUMBER
			     ? index_of_number(c, code->number)
			     : c->index_of_made[made % PMT_CODING_PLACES];
	uint64_t address = code->place == PMT_CODE_STEP
			       ? stepped(c->last_freed, code->step)
			       : c->places[index].address;
	address = fitting(address);
	const struct pmt_coding_place *place = &c->places[index_of(address)];
	bool is_known = place->address == address && place->made;

	*ret_release = (struct pmt_block_free){
	    .kind = code->op != PMT_CODE_FREE ? code->kind
		    : is_known                ? free_kind_of(place->kind)
					      : (uint8_t)PMT_BLOCK_MALLOC,
	};
	place_freed(c, address, index_of(address));
	return address;
}
