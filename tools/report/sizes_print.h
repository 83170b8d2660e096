/* Sizes in their formats: of all together first, then of each spot that is shown. */
#ifndef PMT_REPORT_SIZES_PRINT_H
#define PMT_REPORT_SIZES_PRINT_H

#include "analysis/sizes.h"
#include "report/request.h"

/* Rows of one spot, and what they are together. */
struct pmt_sizes_spot {
	uint32_t from, to;
	struct pmt_size_figures sum;
};

struct pmt_sizes_shown {
	const struct pmt_report_request *request;
	const struct pmt_analysis *a;
	struct pmt_sizes sizes;
	uint32_t all;                 /* rows of all together: the first */
	struct pmt_sizes_spot *spots; /* the others, in the order that is shown */
	uint32_t count;
	uint32_t matched;
};

/* The spot that a row is of. */
static inline const struct pmt_function *
pmt_sizes_function(const struct pmt_sizes_shown *s, uint32_t row)
{
	return &s->sizes.model->functions.items[s->sizes.rows[row].spot];
}

/* Exit codes. */
int pmt_sizes_print_text(const struct pmt_sizes_shown *s);
int pmt_sizes_print_json(const struct pmt_sizes_shown *s);
int pmt_sizes_print_csv(const struct pmt_sizes_shown *s);

#endif
