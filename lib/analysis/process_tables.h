/*
 * Keyed tables (keyed_table.h) about the process rather than its code: its headline
 * figures, its threads, the processes of its run, and its memory at each of its marks.
 */
#ifndef PMT_ANALYSIS_PROCESS_TABLES_H
#define PMT_ANALYSIS_PROCESS_TABLES_H

#include "analysis/analysis.h"
#include "analysis/keyed_table.h"
#include "base/attr.h"

/* Each makes *ret_table, to be closed. 0 or -ENOMEM. */

/* One row with a column for each figure: peaks, ends, totals, how long. */
int pmt_process_table_headline(const struct pmt_analysis *analysis,
			       struct pmt_keyed_table *ret_table) PMT_MUST_CHECK;

/* By name, as numbers are others each time; what threads of one name did is added up. */
int pmt_process_table_threads(const struct pmt_analysis *analysis,
			      struct pmt_keyed_table *ret_table) PMT_MUST_CHECK;

/* By command line, below the process that started it. */
int pmt_process_table_family(const struct pmt_analysis *analysis,
			     struct pmt_keyed_table *ret_table) PMT_MUST_CHECK;

/* The moments where most was resident and not live, and where it was the most for each
 * live byte; of a trace read with_block_history. */
int pmt_process_table_fragmentation(const struct pmt_analysis *analysis,
				    struct pmt_keyed_table *ret_table) PMT_MUST_CHECK;

/* Time, resident set and heap at each mark, at both ends of each region and at the end:
 * changes since the trace's begin. The second of one text meets the second. */
int pmt_process_table_moments(const struct pmt_analysis *analysis,
			      struct pmt_keyed_table *ret_table) PMT_MUST_CHECK;

#endif
