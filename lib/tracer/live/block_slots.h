/*
 * The common way of putting into a block map and taking out of it, for who does it at
 * each malloc; the rest is in block_map.c, and what it is for in block_map.h.
 *
 * Open hashing with linear probing; what stands behind a hole moves up, so that a table
 * of blocks that come and go stays as good as new.
 *
 * Blocks of the same KiB have their places in 512 bytes: a program that allocates or
 * frees one block after another finds the lines that it needs in the cache. The smallest
 * block that a malloc gives takes 32 bytes, or two share a place. More neighbours would
 * be faster for large blocks and slow for many of the smallest, whose groups leave no
 * gaps; fuller tables too.
 */
#ifndef PMT_TRACER_LIVE_BLOCK_SLOTS_H
#define PMT_TRACER_LIVE_BLOCK_SLOTS_H

#include "live/block_map.h"

enum {
	PMT_BLOCK_GROUP_BITS = 5, /* slots of neighbouring blocks */
	PMT_BLOCK_NEAR_BITS = 10, /* of the address, within which blocks are neighbours */
	PMT_BLOCK_UNIT_BITS = PMT_BLOCK_NEAR_BITS - PMT_BLOCK_GROUP_BITS,
	PMT_BLOCK_SHARD_BITS = 6,
};

_Static_assert(1 << PMT_BLOCK_SHARD_BITS == PMT_BLOCK_SHARDS, "the bits choose a shard");

struct pmt_block_slot {
	uint64_t address; /* 0: empty */
	uint64_t value;
};

/* --- block_map.c: shard locked, but for the first --- */

/* False: the holder does not go on. */
bool pmt_block_lock_slow(struct pmt_block_shard *shard);

/* A put where as many are in as should be. */
enum pmt_block_put pmt_block_put_crowded(struct pmt_block_map *map,
					 struct pmt_block_shard *shard,
					 struct pmt_block_slot block, uint64_t *ret_old);

/* Empties a slot that has another behind it. */
void pmt_block_close_hole(struct pmt_block_slot *slots, uint32_t mask, uint32_t hole);

/* --- where a block has its place --- */

PMT_INLINE uint64_t pmt_block_hash(uint64_t address)
{
	return (address >> PMT_BLOCK_NEAR_BITS) * 0x9e3779b97f4a7c15u;
}

PMT_INLINE struct pmt_block_shard *pmt_block_shard_of(struct pmt_block_map *map,
						      uint64_t address)
{
	return &map->shards[pmt_block_hash(address) >> (64 - PMT_BLOCK_SHARD_BITS)];
}

PMT_INLINE uint32_t pmt_block_home(uint32_t mask, uint64_t address)
{
	uint32_t group =
	    (uint32_t)(pmt_block_hash(address) >> (64 - PMT_BLOCK_SHARD_BITS - 32));
	uint32_t within = (uint32_t)(address >> PMT_BLOCK_UNIT_BITS) &
			  ((1u << PMT_BLOCK_GROUP_BITS) - 1);

	return (group << PMT_BLOCK_GROUP_BITS | within) & mask;
}

/* Relaxed, as the next: the lock orders them. */
PMT_INLINE struct pmt_block_slot *pmt_block_slots(const struct pmt_block_shard *shard)
{
	return atomic_load_explicit((struct pmt_block_slot * _Atomic *)&shard->slots,
				    memory_order_relaxed);
}

PMT_INLINE uint32_t pmt_block_mask(const struct pmt_block_shard *shard)
{
	return pmt_load32_relaxed(&shard->mask);
}

/* Fetches what put will need, while something else is done: a miss of the caches costs as
 * much as all the rest. The slots of one moment with the mask of another may be anywhere:
 * a fetch does no harm there either. */
PMT_INLINE void pmt_block_map_expect(struct pmt_block_map *map, uint64_t address)
{
	const struct pmt_block_shard *shard = pmt_block_shard_of(map, address);
	uint64_t home = pmt_block_home(pmt_block_mask(shard), address);

	__builtin_prefetch((const void *)((uintptr_t)pmt_block_slots(shard) +
					  home * sizeof(struct pmt_block_slot)),
			   1);
}

/* Where the address is, or the empty slot where it would go. */
PMT_INLINE uint32_t pmt_block_find(const struct pmt_block_slot *slots, uint32_t mask,
				   uint64_t address)
{
	uint32_t i = pmt_block_home(mask, address);

	while (slots[i].address && slots[i].address != address)
		i = (i + 1) & mask;
	return i;
}

/* --- the common way --- */

/* Alone it is a mark, for the child that another thread may make meanwhile by a fork. */
PMT_INLINE bool pmt_block_lock(struct pmt_block_shard *shard, bool is_alone)
{
	if (!is_alone)
		return PMT_LIKELY(pmt_cas32(&shard->lock, 0, 1)) ||
		       pmt_block_lock_slow(shard);
	pmt_store32_release(&shard->lock, 1);
	atomic_signal_fence(memory_order_seq_cst);
	return true;
}

PMT_INLINE void pmt_block_unlock(struct pmt_block_shard *shard)
{
	pmt_store32_release(&shard->lock, 0);
}

/* Only the holder writes the count: no exchange is needed. */
PMT_INLINE void pmt_block_count_up(struct pmt_block_shard *shard, uint32_t change)
{
	pmt_store32_release(&shard->count, pmt_load32_relaxed(&shard->count) + change);
}

PMT_INLINE enum pmt_block_put pmt_block_put_locked(struct pmt_block_map *map,
						   struct pmt_block_shard *shard,
						   struct pmt_block_slot block,
						   uint64_t *ret_old)
{
	if (PMT_UNLIKELY(pmt_load32_relaxed(&shard->count) >= shard->roomy_count))
		return pmt_block_put_crowded(map, shard, block, ret_old);
	struct pmt_block_slot *slots = pmt_block_slots(shard);
	struct pmt_block_slot *slot =
	    &slots[pmt_block_find(slots, pmt_block_mask(shard), block.address)];
	if (PMT_UNLIKELY(slot->address != 0)) {
		*ret_old = slot->value;
		slot->value = block.value;
		return PMT_PUT_REPLACED;
	}
	*slot = block;
	pmt_block_count_up(shard, 1);
	return PMT_PUT_NEW;
}

PMT_INLINE bool pmt_block_take_locked(struct pmt_block_shard *shard, uint64_t address,
				      uint64_t *ret_value)
{
	struct pmt_block_slot *slots = pmt_block_slots(shard);
	uint32_t mask = pmt_block_mask(shard), i;

	if (PMT_UNLIKELY(!slots))
		return false;
	i = pmt_block_find(slots, mask, address);
	if (PMT_UNLIKELY(!slots[i].address))
		return false;
	*ret_value = slots[i].value;
	if (slots[(i + 1) & mask].address)
		pmt_block_close_hole(slots, mask, i);
	else
		slots[i].address = 0;
	pmt_block_count_up(shard, UINT32_MAX);
	return true;
}

/* pmt_block_map_put, and never busy where is_alone: no other thread puts or takes. */
PMT_INLINE enum pmt_block_put pmt_block_map_put_here(struct pmt_block_map *map,
						     uint64_t address, uint64_t value,
						     uint64_t *ret_old, bool is_alone)
{
	struct pmt_block_shard *shard = pmt_block_shard_of(map, address);
	struct pmt_block_slot block = {address, value};

	if (PMT_UNLIKELY(!pmt_block_lock(shard, is_alone)))
		return PMT_PUT_BUSY;
	enum pmt_block_put result = pmt_block_put_locked(map, shard, block, ret_old);
	pmt_block_unlock(shard);
	return result;
}

/* pmt_block_map_take, likewise. */
PMT_INLINE enum pmt_block_take pmt_block_map_take_here(struct pmt_block_map *map,
						       uint64_t address,
						       uint64_t *ret_value, bool is_alone)
{
	struct pmt_block_shard *shard = pmt_block_shard_of(map, address);

	if (PMT_UNLIKELY(!pmt_block_lock(shard, is_alone)))
		return PMT_TAKE_BUSY;
	bool found = pmt_block_take_locked(shard, address, ret_value);
	pmt_block_unlock(shard);
	return PMT_LIKELY(found) ? PMT_TAKE_FOUND : PMT_TAKE_UNKNOWN;
}

#endif
