/*
 * The tables of the report's views as keyed tables: what a view shows of a trace, in the
 * terms in which traces are compared.
 */
#ifndef PMT_ANALYSIS_VIEW_TABLES_H
#define PMT_ANALYSIS_VIEW_TABLES_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/analysis.h"
#include "analysis/keyed_table.h"
#include "analysis/metric.h"
#include "base/attr.h"

/* Which figures, and whether those of a call with all that it called. */
struct pmt_view_table_options {
	const struct pmt_metric *metrics; /* at most PMT_KEYED_COLUMNS_MAX */
	size_t metric_count;
	bool inclusive;
};

/*
 * Each makes *ret_table, to be closed, of analysis->model; of a block model
 * (block_model.h) as well, where analysis is a copy with that one. 0 or -ENOMEM.
 */
int pmt_view_table_functions(const struct pmt_analysis *analysis,
			     const struct pmt_view_table_options *options,
			     struct pmt_keyed_table *ret_table) PMT_MUST_CHECK;
/* Of the calls above each row it has those that are rows themselves: whole paths. */
int pmt_view_table_tree(const struct pmt_analysis *analysis,
			const struct pmt_view_table_options *options,
			struct pmt_keyed_table *ret_table) PMT_MUST_CHECK;
/* inclusive has no meaning for lines. */
int pmt_view_table_lines(const struct pmt_analysis *analysis,
			 const struct pmt_view_table_options *options,
			 struct pmt_keyed_table *ret_table) PMT_MUST_CHECK;
/* Classes of sizes, of a history that is by_size; thread as in pmt_block_model_options.
 */
int pmt_view_table_sizes(const struct pmt_analysis *analysis, const char *thread,
			 struct pmt_keyed_table *ret_table) PMT_MUST_CHECK;
/* The figures of types are their own, too. */
int pmt_view_table_types(const struct pmt_analysis *analysis,
			 struct pmt_keyed_table *ret_table) PMT_MUST_CHECK;

#endif
