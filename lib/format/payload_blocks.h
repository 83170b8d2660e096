/*
 * Payloads of the records about single blocks of memory: allocations, frees, page faults
 * and the stacks that they refer to. Kept apart from payload.h, which every mode needs.
 *
 * An address is written as the difference to the address of the stream's previous record
 * with one, because neighbours are near; a checkpoint begins again at 0, so that a
 * reader finds its footing behind a gap.
 */
#ifndef PMT_FORMAT_PAYLOAD_BLOCKS_H
#define PMT_FORMAT_PAYLOAD_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "format/record.h"

/* The text of the mark that a trace of blocks has where the interpreter begins to end:
 * what is freed behind it the program did not free. */
#define PMT_MARK_PYTHON_ENDS "[Python ends]"

/* The INFO key of a trace that holds only blocks that were drawn: its value is the mean
 * of bytes, n. A block of s usable bytes is in it with the probability 1 - exp(-s / n).
 */
#define PMT_SAMPLE_KEY "sample"

/* Which family of calls a block belongs to. A number is never reused. */
enum pmt_block_kind {
	PMT_BLOCK_MALLOC = 0, /* malloc, calloc, free */
	PMT_BLOCK_REALLOC = 1,
	PMT_BLOCK_ALIGNED = 2,   /* posix_memalign and its kin */
	PMT_BLOCK_MMAP = 8,      /* mmap, munmap, mremap */
	PMT_BLOCK_FILE = 9,      /* the same of a file */
	PMT_BLOCK_RESERVED = 10, /* of addresses only: PROT_NONE */
	PMT_BLOCK_SHARED = 11,   /* of memory that other processes share, no file */
	PMT_BLOCK_ARENA = 12,    /* mmap of Python's allocator, for the objects below */
	PMT_BLOCK_RAW = 16,      /* of Python's domains (mode=objects) */
	PMT_BLOCK_MEM = 17,
	PMT_BLOCK_OBJECT = 18,
};

/* The word for a kind that people read; "?" for one of a newer writer. */
const char *pmt_block_kind_name(unsigned kind);

struct pmt_block_alloc {
	uint8_t kind; /* enum pmt_block_kind */
	uint32_t stack_id;
	uint64_t requested_bytes;
	uint64_t usable_bytes; /* 0: not known */
	int64_t address_step;
};

struct pmt_block_free {
	uint8_t kind;
	int64_t address_step;
	uint64_t bytes; /* of a part that was unmapped; 0: the whole block */
};

/* Pages that became resident. */
struct pmt_fault {
	uint32_t stack_id;
	uint64_t pages;
	int64_t address_step;
};

/* A calling context: its innermost frame, and the context of the caller. */
struct pmt_stack_def {
	uint32_t id;
	uint32_t parent_id; /* 0: none */
	uint32_t code_id;
	uint64_t code_offset; /* bytes into the bytecode: the line, by the line table */
};

/* Encoders write at p, which has PMT_PAYLOAD_FIXED_BYTES of room, and return the end. */
uint8_t *pmt_payload_put_alloc(uint8_t *p, const struct pmt_block_alloc *alloc);
uint8_t *pmt_payload_put_free(uint8_t *p, const struct pmt_block_free *release);
uint8_t *pmt_payload_put_fault(uint8_t *p, const struct pmt_fault *fault);
uint8_t *pmt_payload_put_stack(uint8_t *p, const struct pmt_stack_def *def);

/* Decoders: false when the payload is too short or a field too large. */
bool pmt_payload_get_alloc(const struct pmt_record *r, struct pmt_block_alloc *ret_alloc);
bool pmt_payload_get_free(const struct pmt_record *r, struct pmt_block_free *ret_release);
bool pmt_payload_get_fault(const struct pmt_record *r, struct pmt_fault *ret_fault);
bool pmt_payload_get_stack(const struct pmt_record *r, struct pmt_stack_def *ret_def);

#endif
