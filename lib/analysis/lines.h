/*
 * Figures per source line, from LINE records (mode=lines): what happened while a line
 * was the running one, callees not included.
 */
#ifndef PMT_ANALYSIS_LINES_H
#define PMT_ANALYSIS_LINES_H

#include <stdint.h>

#include "analysis/figures.h"
#include "analysis/map.h"
#include "base/attr.h"

struct pmt_line {
	uint32_t function;
	uint32_t number;
	uint64_t hit_count;      /* times it began */
	struct pmt_figures self; /* call_count stays 0 */
};

/* All zero is an empty table that owns nothing. */
struct pmt_lines {
	struct pmt_line *items;
	uint32_t count;
	uint32_t capacity;
	struct pmt_map index; /* function and number -> item */
};

void pmt_lines_close(struct pmt_lines *lines);

/* The entry of a line, made at its first use; valid until the next call. 0 or -ENOMEM. */
int pmt_lines_get(struct pmt_lines *lines, uint32_t function, uint32_t number,
		  struct pmt_line **ret_line) PMT_MUST_CHECK;

#endif
