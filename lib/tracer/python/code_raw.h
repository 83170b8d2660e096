/*
 * What a code object says of itself, read from its memory: inside malloc, where Python
 * may not be called, with or without the GIL. The code is of a frame of the calling
 * thread, so it lives.
 */
#ifndef PMT_TRACER_PYTHON_CODE_RAW_H
#define PMT_TRACER_PYTHON_CODE_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pmt_frame_layout;
struct pmt_thread;

/* Moves on when a code object dies that has an id: what was remembered by its address is
 * not to be used any more. The dying object's thread adds, all read, relaxed: a thread
 * that meets a new object at that address has synchronised with the death by the GIL. */
extern _Atomic uint64_t pmt_code_epoch;

/* Once, with the GIL: from now on the death of code objects is noticed. */
void pmt_code_raw_watch_gil(void);

/* The code object's id; at first sight its definition and line table go into the stream
 * of t before. PMT_CODE_UNKNOWN when there was no room, PMT_CODE_HIDDEN for a filtered
 * one. scratch has PMT_CODE_SCRATCH_BYTES. emitter.busy is set. */
enum { PMT_CODE_SCRATCH_BYTES = 32768 };
uint32_t pmt_code_raw_id_self(struct pmt_thread *t, uint64_t code, char *scratch);

/* The same for a hook, where the death of code objects is noticed by the above: with its
 * line table, which stacks need, and without an allocation. */
bool pmt_code_raw_is_watched(void);
uint32_t pmt_code_raw_register_gil(struct pmt_thread *t, uint64_t code);

/* A str object's text as UTF-8 (surrogateescape) in to[0..most), cut at a character;
 * "?" for one that is not in its compact form. Returns the size. */
size_t pmt_code_raw_text(const struct pmt_frame_layout *l, const void *unicode, char *to,
			 size_t most);

#endif
