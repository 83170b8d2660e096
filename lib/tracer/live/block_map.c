/* What is rare of the map of blocks: waiting, growing, moving; see block_slots.h. */
#include "live/block_map.h"

#include <string.h>

#include "live/block_slots.h"
#include "os/patience.h"
#include "rss/own_memory.h"

enum { FIRST_SLOTS = 256 };

/* Once given up on the holder, it is only looked at, until it goes on. */
PMT_NOINLINE bool pmt_block_lock_slow(struct pmt_block_shard *shard)
{
	int tries =
	    pmt_load32_relaxed(&shard->stuck) ? PMT_PATIENCE_LOOKS : PMT_PATIENCE_ALL;

	for (int i = 0; i < tries; i++) {
		if (pmt_load32_relaxed(&shard->lock) == 0 &&
		    pmt_cas32(&shard->lock, 0, 1)) {
			pmt_store32_release(&shard->stuck, 0);
			return true;
		}
		pmt_patience_wait(i);
	}
	pmt_store32_release(&shard->stuck, 1);
	return false;
}

static uint64_t bytes_of(uint64_t slots)
{
	return slots * sizeof(struct pmt_block_slot);
}

static uint64_t slot_count(const struct pmt_block_shard *shard)
{
	return pmt_block_slots(shard) ? (uint64_t)pmt_block_mask(shard) + 1 : 0;
}

/* Twice the slots; false: there are as many as there can be. */
static bool grow(struct pmt_block_map *map, struct pmt_block_shard *shard)
{
	uint64_t old_count = slot_count(shard);
	uint64_t count = old_count ? old_count * 2 : FIRST_SLOTS;
	uint64_t more = bytes_of(count - old_count);
	struct pmt_block_slot *old = pmt_block_slots(shard), *slots = NULL;

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
			slots[pmt_block_find(slots, (uint32_t)count - 1,
					     old[i].address)] = old[i];
	atomic_store_explicit(&shard->slots, slots, memory_order_relaxed);
	atomic_store_explicit(&shard->mask, (uint32_t)count - 1, memory_order_relaxed);
	/* Eleven twentieths are used at most. */
	shard->roomy_count = (uint32_t)(count * 11 / 20);
	if (old)
		pmt_own_unmap(old, bytes_of(old_count));
	return true;
}

/* Where it cannot grow three quarters are used. */
PMT_NOINLINE enum pmt_block_put pmt_block_put_crowded(struct pmt_block_map *map,
						      struct pmt_block_shard *shard,
						      struct pmt_block_slot block,
						      uint64_t *ret_old)
{
	bool grown = grow(map, shard);
	uint32_t used = pmt_load32_relaxed(&shard->count);
	struct pmt_block_slot *slots = pmt_block_slots(shard);

	if (!slots)
		return PMT_PUT_FULL;
	struct pmt_block_slot *slot =
	    &slots[pmt_block_find(slots, pmt_block_mask(shard), block.address)];
	if (slot->address) {
		*ret_old = slot->value;
		slot->value = block.value;
		return PMT_PUT_REPLACED;
	}
	if (!grown && (uint64_t)used * 4 >= slot_count(shard) * 3)
		return PMT_PUT_FULL;
	*slot = block;
	pmt_block_count_up(shard, 1);
	return PMT_PUT_NEW;
}

enum pmt_block_put pmt_block_map_put(struct pmt_block_map *map, uint64_t address,
				     uint64_t value, uint64_t *ret_old)
{
	return pmt_block_map_put_here(map, address, value, ret_old, false);
}

/* What stands behind the hole moves up, unless it is where it belongs. */
void pmt_block_close_hole(struct pmt_block_slot *slots, uint32_t mask, uint32_t hole)
{
	for (uint32_t i = (hole + 1) & mask; slots[i].address; i = (i + 1) & mask) {
		uint32_t home = pmt_block_home(mask, slots[i].address);

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
	return pmt_block_map_take_here(map, address, ret_value, false);
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
		if (pmt_block_slots(shard))
			memset(pmt_block_slots(shard), 0, bytes_of(slot_count(shard)));
		pmt_store32_release(&shard->count, 0);
		pmt_block_unlock(shard);
	}
	return forgotten;
}

void pmt_block_map_close(struct pmt_block_map *map)
{
	for (uint32_t i = 0; i < PMT_BLOCK_SHARDS; i++) {
		struct pmt_block_shard *shard = &map->shards[i];

		if (pmt_block_slots(shard))
			pmt_own_unmap(pmt_block_slots(shard),
				      bytes_of(slot_count(shard)));
		memset(shard, 0, sizeof(*shard));
	}
	pmt_store_relaxed(&map->bytes, 0);
}
