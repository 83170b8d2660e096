/*
 * Counts of Python's objects by type (mode=refs): how many were made, how many of them
 * are gone, and their bytes. The interpreter's callback (python/ref_tracer.c) writes,
 * the drain reads without a lock and turns them into records (drain/types.c).
 *
 * A map tells for each live object, by its address, what it was counted as: an object
 * that was there before we came is told apart, and one whose end the interpreter did not
 * tell is noticed when its address comes again. It takes a quarter of the memory that
 * the objects lie in. After a fork the child counts from zero.
 */
#ifndef PMT_TRACER_EVENT_TYPES_H
#define PMT_TRACER_EVENT_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/atomics.h"
#include "format/payload_types.h"

struct pmt_type {
	/* Whoever holds the lock writes; the drain reads, relaxed: each is whole. */
	_Atomic uint64_t new_count;
	_Atomic uint64_t new_bytes;
	_Atomic uint64_t deleted_count;
	_Atomic uint64_t deleted_bytes;
	_Atomic uint64_t earlier_count;
	_Atomic uint64_t missed_count;
	/* Written before the table's count grows, then fixed. */
	uint64_t basic_bytes;
	uint64_t item_bytes;
	uint32_t name_off;
	uint16_t module_bytes;
	uint16_t name_bytes;
	/* What the newest record said, as the sum of its counts: the drain and threads at
	 * their marks write and read, relaxed. Two at a time may say the same twice. */
	_Atomic uint64_t said_sum;
	bool is_defined; /* the drain's: its name is in the trace */
};

/* Makes the table; false without memory. Once, before the callback is set. */
bool pmt_types_open(void);

/* Whether mode=refs counts in this process. */
bool pmt_types_are_on(void);

/* Counting begins, again after a finalization; in a forked child the table is empty. */
void pmt_types_begin(void);
bool pmt_types_have_begun(void);

/* The interpreter ended, and another begins: what lived at any address is no more. Counts
 * stay. Takes the lock. */
void pmt_types_forget_all(void);

/* One caller at a time between these; a wait of some instructions. */
void pmt_types_lock(void);
void pmt_types_unlock(void);

/* The id of the type at this address, 0: not seen yet. Lock held, as in all below. */
uint32_t pmt_types_find(uint64_t address);
/* Gives it one: that of the type of the same name, else a new one, else OTHERS. */
uint32_t pmt_types_add(uint64_t address, const struct pmt_type_def *def);
/* The type is gone: another may have its address. */
void pmt_types_forget(uint64_t address);

/* bytes: of the block that was allocated for it. 0: an old block is used again, whose
 * size the map may still know; else least_bytes are counted. */
void pmt_types_created(uint64_t object, uint32_t id, uint64_t bytes,
		       uint64_t least_bytes);
void pmt_types_deleted(uint64_t object, uint32_t id);

/* For those who write records: types 1 to count - 1. */
uint32_t pmt_types_count(void);
struct pmt_type *pmt_types_at(uint32_t id);
struct pmt_type_counts pmt_types_read(uint32_t id);
/* Grows with each change of the counts. */
uint64_t pmt_types_sum(const struct pmt_type_counts *counts);
struct pmt_type_def pmt_types_define(uint32_t id);

#endif
