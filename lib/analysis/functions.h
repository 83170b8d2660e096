/*
 * Which functions a trace speaks of. A code object's id becomes a function: two ids of
 * the same name, file and first line (a function defined again, an eval'd expression)
 * are one. Pseudo functions, in brackets, stand for what no Python function did.
 */
#ifndef PMT_ANALYSIS_FUNCTIONS_H
#define PMT_ANALYSIS_FUNCTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/map.h"
#include "base/attr.h"
#include "reader/tables.h"

enum pmt_function_kind {
	PMT_FUNCTION_PYTHON = 0,
	PMT_FUNCTION_C,
	PMT_FUNCTION_PSEUDO,
	PMT_FUNCTION_THREAD, /* the root of a thread's calls when threads are kept apart
			      */
};

/* Indexes of the functions that are always there. */
enum {
	PMT_FUNCTION_ALL = 0,     /* the root of all paths */
	PMT_FUNCTION_OUTSIDE = 1, /* what happened with no Python function running */
	PMT_FUNCTION_UNKNOWN = 2, /* frames and changes whose records were lost */
	PMT_FUNCTION_SKIPPED = 3, /* changes of events that min_rss, min_alloc left out */
	PMT_FUNCTION_PAUSED = 4,  /* changes while the program had tracing paused */
	PMT_FUNCTION_NATIVE = 5,  /* threads that never ran Python */
	PMT_FUNCTION_FIRST_REAL = 6,
};

struct pmt_function {
	const char *name;    /* owned by the functions; NULL until it is defined */
	const char *file;    /* NULL when there is none */
	uint64_t first_line; /* 0 when there is none */
	uint64_t line_of;    /* of a spot that is a line: its function's first; else 0 */
	uint32_t alias;      /* itself, or the equal function that was there first */
	uint32_t code_id;    /* the first that led here */
	uint8_t kind;        /* enum pmt_function_kind */
	bool is_runtime;     /* of the interpreter or the C library; see blame.h */
};

struct pmt_functions {
	struct pmt_function *items;
	uint32_t count;
	uint32_t capacity;
	struct pmt_map by_code_id;
	struct pmt_map by_identity;
	uint32_t unnamed_count; /* ids whose definition was not seen when first used */
};

/* 0 or -ENOMEM; then call close all the same. */
int pmt_functions_init(struct pmt_functions *functions) PMT_MUST_CHECK;
void pmt_functions_close(struct pmt_functions *functions);

/* False for pseudo functions and threads: nobody calls those. */
static inline bool pmt_functions_have_calls(const struct pmt_functions *functions,
					    uint32_t function)
{
	uint8_t kind = functions->items[function].kind;

	return kind == PMT_FUNCTION_PYTHON || kind == PMT_FUNCTION_C;
}

/* The function of a code id; makes one at its first use. 0 or -ENOMEM. */
int pmt_functions_of_code(struct pmt_functions *functions, uint32_t code_id,
			  const struct pmt_tables *tables,
			  uint32_t *ret_function) PMT_MUST_CHECK;

/* A new function that no code id leads to. name is copied. 0 or -ENOMEM. */
int pmt_functions_add(struct pmt_functions *functions, enum pmt_function_kind kind,
		      const char *name, uint32_t *ret_function) PMT_MUST_CHECK;

/* When the trace was read: names those whose definition came late, and sets alias where
 * such a one equals another. 0 or -ENOMEM. */
int pmt_functions_finish(struct pmt_functions *functions,
			 const struct pmt_tables *tables) PMT_MUST_CHECK;

#endif
