/* What the wrappers of malloc share with those of memalign and its kin. */
#ifndef PMT_TRACER_INTERPOSE_ALLOC_H
#define PMT_TRACER_INTERPOSE_ALLOC_H

#include <stddef.h>

#include "format/payload_blocks.h"

/* Counts a block that the real allocator has just given, NULL included, and records it
 * where blocks are recorded. */
void pmt_alloc_note_new_self(void *p, size_t requested_bytes, enum pmt_block_kind kind);

/* Usable bytes of a block of the real allocator. */
size_t pmt_alloc_usable(void *p);

/* Of the family, but in no header that all systems have. */
void cfree(void *p);
void free_sized(void *p, size_t size);
void free_aligned_sized(void *p, size_t align, size_t size);

#endif
