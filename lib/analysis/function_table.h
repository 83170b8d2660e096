/*
 * The functions of a trace with what each did itself and what it did with all that it
 * called, over all call paths. A recursive function counts once in its own inclusive
 * figures: what an inner call did is not added again for the outer ones.
 */
#ifndef PMT_ANALYSIS_FUNCTION_TABLE_H
#define PMT_ANALYSIS_FUNCTION_TABLE_H

#include <stdint.h>

#include "analysis/model.h"
#include "base/attr.h"

struct pmt_function_row {
	uint32_t function; /* index in model->functions */
	struct pmt_figures self;
	struct pmt_figures inclusive; /* call_count: without recursive calls */
};

/* A row for each function that a call path has, pseudo functions too, in the order of
 * their first call. *ret_rows is freed by the caller. 0 or -ENOMEM. */
int pmt_function_table_new(const struct pmt_model *model,
			   struct pmt_function_row **ret_rows,
			   uint32_t *ret_count) PMT_MUST_CHECK;

#endif
