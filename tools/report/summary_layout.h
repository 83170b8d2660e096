/* How much of the summary is shown, so that it fits the terminal: what was lost is always
 * said, and of everything else the least telling goes first. */
#ifndef PMT_REPORT_SUMMARY_LAYOUT_H
#define PMT_REPORT_SUMMARY_LAYOUT_H

#include <stdbool.h>

enum { PMT_SUMMARY_LIST_ROWS = 4, PMT_SUMMARY_LISTS = 4 };

/* What there is to show. */
struct pmt_summary_content {
	unsigned height_rows;     /* of the terminal; 0: no limit */
	unsigned fixed_lines;     /* header, losses, threads...: shown in any case */
	unsigned path_lines;      /* call paths under the peaks */
	unsigned list_rows_asked; /* by --limit: kept then; 0: as many as fit */
	unsigned list_rows[PMT_SUMMARY_LISTS]; /* a list without rows is not shown */
};

struct pmt_summary_layout {
	unsigned chart_rows; /* 0: no chart */
	unsigned list_rows;
	unsigned list_count; /* the first of them are shown */
	bool has_paths;
	bool has_blanks; /* empty lines between the parts */
};

struct pmt_summary_layout
pmt_summary_layout_fit(const struct pmt_summary_content *content);

/* Lines of the whole summary in that layout. */
unsigned pmt_summary_layout_lines(const struct pmt_summary_content *content,
				  const struct pmt_summary_layout *layout);

#endif
