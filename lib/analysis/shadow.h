/*
 * The shadow stack of one stream: which calls are running, rebuilt from the enter and
 * leave records. It holds when records are missing: a leave without an enter (attached
 * in mid-run) is counted and ignored, and after a loss the frames that cannot be the
 * same any more are [unknown].
 */
#ifndef PMT_ANALYSIS_SHADOW_H
#define PMT_ANALYSIS_SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct pmt_shadow_frame {
	uint32_t node;     /* of the calling context tree */
	uint32_t function; /* index in the functions */
	uint32_t line;     /* running line by LINE records, 0 before the first */
	bool is_c;         /* a C function: C_CALL, C_RETURN, C_RAISE */
};

/* All zero is an empty stack that owns nothing. */
struct pmt_shadow {
	struct pmt_shadow_frame *frames;
	uint32_t depth;
	uint32_t python_depth; /* of these, frames that are not C functions */
	uint32_t capacity;
	uint64_t extra_leave_count; /* leaves with nothing to leave */
};

void pmt_shadow_close(struct pmt_shadow *shadow);

/* The running call, or NULL. */
static inline struct pmt_shadow_frame *pmt_shadow_top(struct pmt_shadow *shadow)
{
	return shadow->depth ? &shadow->frames[shadow->depth - 1] : NULL;
}

/* A call begins. 0; -ENOMEM; -EOVERFLOW beyond any depth CPython reaches. */
int pmt_shadow_push(struct pmt_shadow *shadow,
		    struct pmt_shadow_frame frame) PMT_MUST_CHECK;

/*
 * The running Python call ends, and with it C functions above it whose end was not
 * recorded. When nothing runs, only counts.
 */
void pmt_shadow_pop_python(struct pmt_shadow *shadow);

/* The running C function ends. When the running call is none, only counts. */
void pmt_shadow_pop_c(struct pmt_shadow *shadow);

/* Ends calls from the top until python_depth Python calls run; C functions on top of the
 * last of these end too. Fewer running calls are left as they are. */
void pmt_shadow_cut_to(struct pmt_shadow *shadow, uint64_t python_depth);

/* Records were lost: begins as many `unknown` calls as are missing to python_depth, on
 * top (fill) or, when the calls that run are newer than those, at the bottom (insert).
 * 0, -ENOMEM or -EOVERFLOW. */
int pmt_shadow_fill_to(struct pmt_shadow *shadow, uint64_t python_depth,
		       struct pmt_shadow_frame unknown) PMT_MUST_CHECK;
int pmt_shadow_insert_to(struct pmt_shadow *shadow, uint64_t python_depth,
			 struct pmt_shadow_frame unknown) PMT_MUST_CHECK;

#endif
