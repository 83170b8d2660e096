/*
 * Which blocks are live: from an address to a word that says what is known of the block.
 * Any thread, from within malloc and in signal handlers: what cannot be had at once is
 * refused, and the caller counts it. A forked child finds its parent's blocks there.
 *
 * Shards with a lock each, held for some instructions. A handler that interrupts a holder
 * must not come here: the emitter's `busy` keeps it out. One that interrupts the holder
 * on another thread's time is waited for up to some 100 ms, then the call gives up.
 */
#ifndef PMT_TRACER_LIVE_BLOCK_MAP_H
#define PMT_TRACER_LIVE_BLOCK_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/atomics.h"
#include "base/attr.h"

enum { PMT_BLOCK_SHARDS = 64 };

struct pmt_block_slot;

/* All but the lock: whoever holds the lock writes. Slots and mask are looked at without
 * it by who only wants them fetched. */
struct pmt_block_shard {
	_Alignas(PMT_CACHE_LINE_BYTES) _Atomic uint32_t lock;
	_Atomic uint32_t count; /* the holder writes, anybody reads */
	_Atomic uint32_t mask;  /* slots less one; 0: no slots yet */
	_Atomic uint32_t stuck; /* somebody gave up on the holder; who waited writes */
	uint32_t refused;       /* the kernel gave no memory: it is not asked again */
	uint32_t roomy_count;   /* so many, and room is to be made; 0: no slots yet */
	struct pmt_block_slot *_Atomic slots;
};

/* All zero but most_bytes is an empty map. */
struct pmt_block_map {
	uint64_t most_bytes;    /* of slots; set before the first put */
	_Atomic uint64_t bytes; /* of slots, now. Any thread adds */
	struct pmt_block_shard shards[PMT_BLOCK_SHARDS];
};

enum pmt_block_put {
	PMT_PUT_NEW,
	PMT_PUT_REPLACED, /* a block was there, whose end nobody told: *ret_old has it */
	PMT_PUT_FULL,     /* most_bytes, or no memory: not put */
	PMT_PUT_BUSY,     /* not put */
};

enum pmt_block_take {
	PMT_TAKE_FOUND,
	PMT_TAKE_UNKNOWN,
	PMT_TAKE_BUSY, /* it is there still, if it was */
};

/* After the block was got and before anybody else can free it.
 * Budget: an atomic exchange, and one or two cache lines of a table of 16 bytes a slot
 * that is 27 to 55 % full. */
enum pmt_block_put pmt_block_map_put(struct pmt_block_map *map, uint64_t address,
				     uint64_t value, uint64_t *ret_old);

/* Before the block is given back. */
enum pmt_block_take pmt_block_map_take(struct pmt_block_map *map, uint64_t address,
				       uint64_t *ret_value);

/* Blocks in it: while others put and take, at some moment of each shard. */
uint64_t pmt_block_map_count(const struct pmt_block_map *map);

/* In a forked child, on its only thread, before it puts or takes. What a thread of the
 * parent was just changing is forgotten: returns how many blocks that were. */
uint64_t pmt_block_map_after_fork(struct pmt_block_map *map);

/* Gives the memory back; the map is empty then. Nobody else is there. */
void pmt_block_map_close(struct pmt_block_map *map);

#endif
