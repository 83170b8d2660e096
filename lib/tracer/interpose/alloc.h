/* What the wrappers of malloc share with those of memalign and its kin. */
#ifndef PMT_TRACER_INTERPOSE_ALLOC_H
#define PMT_TRACER_INTERPOSE_ALLOC_H

#include <stddef.h>

/* Counts a block that the real allocator has just given, NULL included. */
void pmt_alloc_count_new_self(void *p);

/* Usable bytes of a block of the real allocator. */
size_t pmt_alloc_usable(void *p);

/* Of the family, but in no header that all systems have. */
void cfree(void *p);
void free_sized(void *p, size_t size);
void free_aligned_sized(void *p, size_t align, size_t size);

#endif
