/*
 * Open hashing with linear probing; what stands behind a hole moves up, so that a table
 * of blocks that come and go stays as good as new.
 *
 * Blocks of the same KiB have their places in 512 bytes: a program that allocates or
 * frees one block after another finds the lines that it needs in the cache. The smallest
 * block that a malloc gives takes 32 bytes, or two share a place. More neighbours would
 * be faster for large blocks and slow for many of the smallest, whose groups leave no
 * gaps; fuller tables too.
 */
#include "live/block_map.h"

#include <string.h>
#include <time.h>

#include "os/sys.h"
#include "rss/own_memory.h"

enum {
	FIRST_SLOTS = 256,
	GROUP_BITS = 5, /* slots of neighbouring blocks */
	NEAR_BITS = 10, /* of the address, within which blocks are neighbours */
	UNIT_BITS = NEAR_BITS - GROUP_BITS,
	SHARD_BITS = 6,
	SPINS = 64,
	YIELDS = 100,
	NAPS = 1000,
	NAP_NS = 50000, /* 50 ms in all, and what the timer adds */
};

_Static_assert(1 << SHARD_BITS == PMT_BLOCK_SHARDS, "the bits choose a shard");

struct pmt_block_slot {
	uint64_t address; /* 0: empty */
	uint64_t value;
};

static uint64_t hash_of(uint64_t address)
{
	return (address >> NEAR_BITS) * 0x9e3779b97f4a7c15u;
}

static struct pmt_block_shard *shard_of(struct pmt_block_map *map, uint64_t address)
{
	return &map->shards[hash_of(address) >> (64 - SHARD_BITS)];
}

static uint32_t home_of(uint32_t mask, uint64_t address)
{
	uint32_t group = (uint32_t)(hash_of(address) >> (64 - SHARD_BITS - 32));
	uint32_t within = (uint32_t)(address >> UNIT_BITS) & ((1u << GROUP_BITS) - 1);

	return (group << GROUP_BITS | within) & mask;
}

/* Whoever holds it may have been interrupted, by a handler that waits for us; or by other
 * programs, and then comes again. Once given up, it is only looked at, until it goes on.
 */
static PMT_NOINLINE bool lock_slow(struct pmt_block_shard *shard)
{
	static const struct timespec nap = {0, NAP_NS};
	int tries = pmt_load32_relaxed(&shard->stuck) ? SPINS : SPINS + YIELDS + NAPS;

	for (int i = 0; i < tries; i++) {
		if (pmt_load32_relaxed(&shard->lock) == 0 &&
		    pmt_cas32(&shard->lock, 0, 1)) {
			pmt_store32_release(&shard->stuck, 0);
			return true;
		}
		if (i >= SPINS + YIELDS)
			pmt_sys_clock_nanosleep(CLOCK_MONOTONIC, 0, &nap);
		else if (i >= SPINS)
			pmt_sys_sched_yield();
	}
	pmt_store32_release(&shard->stuck, 1);
	return false;
}

PMT_INLINE bool lock(struct pmt_block_shard *shard)
{
	return PMT_LIKELY(pmt_cas32(&shard->lock, 0, 1)) || lock_slow(shard);
}

PMT_INLINE void unlock(struct pmt_block_shard *shard)
{
	pmt_store32_release(&shard->lock, 0);
}

/* Only the holder writes the count: no exchange is needed. */
static void count_up(struct pmt_block_shard *shard, uint32_t change)
{
	pmt_store32_release(&shard->count, pmt_load32_relaxed(&shard->count) + change);
}

/* Where the address is, or the empty slot where it would go. */
PMT_INLINE struct pmt_block_slot *find(struct pmt_block_slot *slots, uint32_t mask,
				       uint64_t address)
{
	uint32_t i = home_of(mask, address);

	while (slots[i].address && slots[i].address != address)
		i = (i + 1) & mask;
	return &slots[i];
}

/* Relaxed: the lock orders them. */
PMT_INLINE struct pmt_block_slot *slots_of(const struct pmt_block_shard *shard)
{
	return atomic_load_explicit((struct pmt_block_slot * _Atomic *)&shard->slots,
				    memory_order_relaxed);
}

PMT_INLINE uint32_t mask_of(const struct pmt_block_shard *shard)
{
	return pmt_load32_relaxed(&shard->mask);
}

/* The slots of one moment with the mask of another may be anywhere: a fetch does no harm
 * there either. */
void pmt_block_map_expect(struct pmt_block_map *map, uint64_t address)
{
	const struct pmt_block_shard *shard = shard_of(map, address);
	uintptr_t slots = (uintptr_t)slots_of(shard);

	__builtin_prefetch((const void *)(slots + home_of(mask_of(shard), address) *
						      sizeof(struct pmt_block_slot)),
			   1);
}

static uint64_t bytes_of(uint64_t slots)
{
	return slots * sizeof(struct pmt_block_slot);
}

/* Twice the slots; false: there are as many as there can be. */
static bool grow(struct pmt_block_map *map, struct pmt_block_shard *shard)
{
	uint64_t old_count = slots_of(shard) ? (uint64_t)mask_of(shard) + 1 : 0;
	uint64_t count = old_count ? old_count * 2 : FIRST_SLOTS;
	uint64_t more = bytes_of(count - old_count);
	struct pmt_block_slot *old = slots_of(shard), *slots = NULL;

	if (shard->refused || count > UINT32_MAX)
		return false;
	if (pmt_add_relaxed(&map->bytes, more) + more <= map->most_bytes) {
		slots = pmt_own_map(bytes_of(count), PMT_OWN_INHERITED);
		shard->refused = !slots;
	}
	if (!slots) {
		pmt_add_relaxed(&map->bytes, -more);
		return false;
	}
	for (uint64_t i = 0; i < old_count; i++)
		if (old[i].address)
			*find(slots, (uint32_t)count - 1, old[i].address) = old[i];
	atomic_store_explicit(&shard->slots, slots, memory_order_relaxed);
	atomic_store_explicit(&shard->mask, (uint32_t)count - 1, memory_order_relaxed);
	if (old)
		pmt_own_unmap(old, bytes_of(old_count));
	return true;
}

/* Eleven twentieths are used at most; three quarters where it cannot grow. */
static PMT_NOINLINE bool make_room(struct pmt_block_map *map,
				   struct pmt_block_shard *shard)
{
	uint64_t used = pmt_load32_relaxed(&shard->count);

	if (grow(map, shard))
		return true;
	return slots_of(shard) && used * 4 < ((uint64_t)mask_of(shard) + 1) * 3;
}

PMT_INLINE bool has_room(const struct pmt_block_shard *shard)
{
	uint64_t used = pmt_load32_relaxed(&shard->count);

	return slots_of(shard) && used * 20 < ((uint64_t)mask_of(shard) + 1) * 11;
}

PMT_INLINE enum pmt_block_put put_locked(struct pmt_block_map *map,
					 struct pmt_block_shard *shard,
					 struct pmt_block_slot block, uint64_t *ret_old)
{
	bool roomy = PMT_LIKELY(has_room(shard)) || make_room(map, shard);

	if (PMT_UNLIKELY(!slots_of(shard)))
		return PMT_PUT_FULL;
	struct pmt_block_slot *slot =
	    find(slots_of(shard), mask_of(shard), block.address);
	if (PMT_UNLIKELY(slot->address != 0)) {
		*ret_old = slot->value;
		slot->value = block.value;
		return PMT_PUT_REPLACED;
	}
	if (PMT_UNLIKELY(!roomy))
		return PMT_PUT_FULL;
	*slot = block;
	count_up(shard, 1);
	return PMT_PUT_NEW;
}

enum pmt_block_put pmt_block_map_put(struct pmt_block_map *map, uint64_t address,
				     uint64_t value, uint64_t *ret_old)
{
	struct pmt_block_shard *shard = shard_of(map, address);
	struct pmt_block_slot block = {address, value};

	if (PMT_UNLIKELY(!lock(shard)))
		return PMT_PUT_BUSY;
	enum pmt_block_put result = put_locked(map, shard, block, ret_old);
	unlock(shard);
	return result;
}

/* What stands behind the hole moves up, unless it is where it belongs. */
static void close_hole(struct pmt_block_slot *slots, uint32_t mask, uint32_t hole)
{
	for (uint32_t i = (hole + 1) & mask; slots[i].address; i = (i + 1) & mask) {
		uint32_t home = home_of(mask, slots[i].address);

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		slots[hole] = slots[i];
		hole = i;
	}
	slots[hole].address = 0;
}

enum pmt_block_take pmt_block_map_take(struct pmt_block_map *map, uint64_t address,
				       uint64_t *ret_value)
{
	struct pmt_block_shard *shard = shard_of(map, address);
	enum pmt_block_take result = PMT_TAKE_UNKNOWN;

	if (PMT_UNLIKELY(!lock(shard)))
		return PMT_TAKE_BUSY;
	if (PMT_LIKELY(slots_of(shard) != NULL)) {
		struct pmt_block_slot *slot =
		    find(slots_of(shard), mask_of(shard), address);
		if (PMT_LIKELY(slot->address != 0)) {
			*ret_value = slot->value;
			close_hole(slots_of(shard), mask_of(shard),
				   (uint32_t)(slot - slots_of(shard)));
			count_up(shard, UINT32_MAX);
			result = PMT_TAKE_FOUND;
		}
	}
	unlock(shard);
	return result;
}

uint64_t pmt_block_map_count(const struct pmt_block_map *map)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < PMT_BLOCK_SHARDS; i++)
		count += pmt_load32_acquire(&map->shards[i].count);
	return count;
}

/* A table that is being copied when the fork comes is still there, its copy is not ours
 * to find: its pages are never touched again. */
uint64_t pmt_block_map_after_fork(struct pmt_block_map *map)
{
	uint64_t forgotten = 0;

	for (uint32_t i = 0; i < PMT_BLOCK_SHARDS; i++) {
		struct pmt_block_shard *shard = &map->shards[i];

		if (!pmt_load32_relaxed(&shard->lock))
			continue;
		forgotten += pmt_load32_relaxed(&shard->count);
		if (slots_of(shard))
			memset(slots_of(shard), 0,
			       bytes_of((uint64_t)mask_of(shard) + 1));
		pmt_store32_release(&shard->count, 0);
		unlock(shard);
	}
	return forgotten;
}

void pmt_block_map_close(struct pmt_block_map *map)
{
	for (uint32_t i = 0; i < PMT_BLOCK_SHARDS; i++) {
		struct pmt_block_shard *shard = &map->shards[i];

		if (slots_of(shard))
			pmt_own_unmap(slots_of(shard),
				      bytes_of((uint64_t)mask_of(shard) + 1));
		memset(shard, 0, sizeof(*shard));
	}
	pmt_store_relaxed(&map->bytes, 0);
}
