/* A difference in its formats. */
#ifndef PMT_REPORT_DIFF_PRINT_H
#define PMT_REPORT_DIFF_PRINT_H

#include "analysis/diff.h"
#include "report/diff_trace.h"
#include "report/order.h"

/* Of a row's callers data tell so many: recursion is thousands of calls deep, and each of
 * its rows has all those above it. */
enum { PMT_DIFF_CALLERS_MAX = 128 };

struct pmt_diff_shown {
	const struct pmt_report_request *request;
	const struct pmt_diff_kind *kind;
	struct pmt_diff_trace sides[PMT_DIFF_SIDES];
	struct pmt_diff diff;
	unsigned column;         /* compared first */
	struct pmt_order *order; /* rows that differ, as they are shown */
	uint32_t count;          /* shown */
	uint32_t matched;        /* that differ, after the filter */
	uint32_t other_count;    /* in text not among these: differ in other figures */
	uint32_t new_count;      /* of all that differ */
	uint32_t gone_count;
};

/* Each is an exit code; has said why. */
int pmt_diff_print_text(const struct pmt_diff_shown *shown);
int pmt_diff_print_json(const struct pmt_diff_shown *shown);
int pmt_diff_print_csv(const struct pmt_diff_shown *shown);
/* "frames before after", as difffolded.pl has it. */
int pmt_diff_print_folded(const struct pmt_diff_shown *shown);

/* In shown.diff: on one side only. */
static inline bool pmt_diff_is_new(const struct pmt_diff *diff, uint32_t row)
{
	return diff->rows[row].rows[PMT_DIFF_BEFORE] == PMT_KEYED_NO_ROW;
}

static inline bool pmt_diff_is_gone(const struct pmt_diff *diff, uint32_t row)
{
	return diff->rows[row].rows[PMT_DIFF_AFTER] == PMT_KEYED_NO_ROW;
}

static inline const char *pmt_diff_state(const struct pmt_diff *diff, uint32_t row)
{
	return pmt_diff_is_new(diff, row)    ? "new"
	       : pmt_diff_is_gone(diff, row) ? "gone"
					     : "both";
}

/* The line that a side has the row at; 0: none. */
static inline uint64_t pmt_diff_line(const struct pmt_diff *diff, uint32_t row,
				     enum pmt_diff_side side)
{
	uint32_t at = diff->rows[row].rows[side];

	return at == PMT_KEYED_NO_ROW ? 0 : diff->tables[side]->rows[at].line;
}

/* The row as the label functions want it, its file by the name that both traces give it.
 */
struct pmt_function pmt_diff_function(const struct pmt_diff *diff, uint32_t row);

/* Whether figures of rows add up. */
static inline bool pmt_diff_has_sum(const struct pmt_diff_shown *shown)
{
	return !shown->request->sort_inclusive && !shown->kind->has_moments;
}

/* Of all rows, those that do not differ too. */
int64_t pmt_diff_total(const struct pmt_diff *diff, enum pmt_diff_side side,
		       unsigned column);

#endif
