/*
 * Blocks in a byte or two. What a program allocates it mostly allocated before: from the
 * same stack, as large, at an address that was free a moment ago. Writer and reader keep
 * the same small memory of the stream's blocks, and a record says only how the block
 * differs from what that memory expects:
 *
 *   signatures  256 of (stack, kind, sizes), by a hash of stack, kind and requested
 *               bytes; and for each which one came behind it the last time
 *   places      4096 addresses, by a hash of the address, with what is known of the
 *               block there; 1024 of them, the latest of each four, have a number
 *   free lists  of those freed lately, by usable bytes, as glibc keeps them: seven in
 *               the thread's cache, the last one first; the others of small ones behind,
 *               from where they go to the cache by eight, and so turn round
 *   order       blocks count as they are made; the next one freed is expected as far from
 *               the last one freed as it was after the same two steps before
 *
 * Both sides change the memory by the same function at each record, whatever its form,
 * and begin with an empty one at each checkpoint, where a reader finds its footing behind
 * a gap. Its 115 KiB are the caller's, zeros at first.
 *
 * Budget: 4 ns a record.
 */
#ifndef PMT_FORMAT_BLOCK_CODING_H
#define PMT_FORMAT_BLOCK_CODING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "format/block_code.h"
#include "format/payload_blocks.h"

enum {
	PMT_CODING_SIGNATURES = 256,
	PMT_CODING_PLACES = 4096,
	PMT_CODING_NUMBERS = 1024,
	PMT_CODING_CLASSES = 164,
	PMT_CODING_STEPS = 256,
	PMT_CODING_NODES = 4096,
	/* The longest form: head, kind, stack, three numbers. */
	PMT_CODE_BYTES_MAX = 48,
};

/* Two words to compare. */
struct pmt_coding_signature {
	uint64_t asked; /* stack id above requested bytes */
	uint64_t given; /* kind above usable bytes */
};

struct pmt_coding_place {
	uint64_t address;
	uint32_t made; /* which block it is, by count; 0: it is free */
	uint16_t unused;
	uint8_t size_class; /* PMT_CODING_CLASSES: not known */
	uint8_t kind;
};

struct pmt_coding_free_lists {
	uint16_t cache; /* the first node; 0: none */
	uint16_t behind;
	uint16_t cache_count;
};

struct pmt_block_coding {
	uint64_t last_made; /* addresses */
	uint64_t last_freed;
	uint64_t behind_last_made;
	uint32_t made_count;
	uint32_t freed; /* the last freed, by count */
	int32_t step;   /* from the one before */
	uint8_t steps;  /* hash of the last two steps */
	uint8_t last_signature;
	uint8_t after[PMT_CODING_SIGNATURES];
	int32_t step_after[PMT_CODING_STEPS]; /* by hash of the two before */
	uint16_t spare_node;                  /* the first of a list; 0: none */
	uint16_t node_count;                  /* used or spare */
	struct pmt_coding_free_lists free_lists[PMT_CODING_CLASSES];
	/* Of free lists: the address in sixteens, and the next node above it. */
	uint64_t nodes[PMT_CODING_NODES + 1];
	struct pmt_coding_signature signatures[PMT_CODING_SIGNATURES];
	struct pmt_coding_place places[PMT_CODING_PLACES];
	uint16_t index_of_made[PMT_CODING_PLACES]; /* of those made lately, by count */
	uint8_t latest[PMT_CODING_NUMBERS];        /* low bits of the index */
};

/* A node has room for so many bits. */
#define PMT_CODE_ADDRESS_END ((uint64_t)1 << 52)

/* Whether a block can be coded, or be in the memory at all; others are EXTENDED records
 * that leave it as it is. */
PMT_INLINE bool pmt_code_fits(uint64_t address, uint64_t requested_bytes,
			      uint64_t usable_bytes)
{
	return !(address & 15) && address && address < PMT_CODE_ADDRESS_END &&
	       (requested_bytes | usable_bytes) <= UINT32_MAX;
}

/*
 * Writes the record at p, which has PMT_CODE_BYTES_MAX of room, and puts the block into
 * the memory; returns the end. The block fits. *p is the head, to which the caller may
 * add PMT_FLAG_TIME with its field behind.
 */
uint8_t *pmt_code_put_alloc(struct pmt_block_coding *c, uint8_t *p,
			    const struct pmt_block_alloc *alloc, uint64_t address);
uint8_t *pmt_code_put_free(struct pmt_block_coding *c, uint8_t *p, uint8_t kind,
			   uint64_t address);

/* A block that was written otherwise comes into the memory, if it fits. */
void pmt_code_note_alloc(struct pmt_block_coding *c, const struct pmt_block_alloc *alloc,
			 uint64_t address);
void pmt_code_note_free(struct pmt_block_coding *c, const struct pmt_block_free *release,
			uint64_t address);

/* What the code means, with the memory, where the block is put too. */
uint64_t pmt_code_resolve_alloc(struct pmt_block_coding *c,
				const struct pmt_block_code *code,
				struct pmt_block_alloc *ret_alloc);
uint64_t pmt_code_resolve_free(struct pmt_block_coding *c,
			       const struct pmt_block_code *code,
			       struct pmt_block_free *ret_release);

#endif
