/* One pass over the rings. Callers hold the drain lock. */
#ifndef PMT_TRACER_DRAIN_PASS_H
#define PMT_TRACER_DRAIN_PASS_H

#include <stdbool.h>
#include <stdint.h>

#include "format/record.h"

/* Writes out rings that hold at least `least` bytes (dead ones always). Returns the
 * bytes taken. */
uint64_t pmt_pass_take_locked(uint64_t least);

/* Writes out what stream 0 holds. False: nothing could be written. */
bool pmt_pass_take_process_locked(void);

/* What stream 0 holds and would die with the process: not written, and its ring no file.
 */
uint64_t pmt_pass_process_mortal_bytes(void);

/* Puts a record into stream 0, and writes out what it holds when there is no room. False:
 * neither could be done. */
bool pmt_pass_write_process_locked(enum pmt_ext type, const uint8_t *payload,
				   const uint8_t *end);

/* Marks the slots of threads that no longer exist as dead and closes their account. */
void pmt_pass_reap_locked(void);

/* Not to be called with the lock held: looks for threads that died since the last pass,
 * so that their slots can be used again. Returns at once when the drain is at work. */
void pmt_pass_free_slots(void);

#endif
