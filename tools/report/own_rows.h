/* Rows of what Python keeps for itself, apart from the program's. */
#ifndef PMT_REPORT_OWN_ROWS_H
#define PMT_REPORT_OWN_ROWS_H

#include "report/ranking.h"

/* Points into a ranking. */
struct pmt_own_rows {
	const struct pmt_function_row *rows;
	uint32_t count;
};

/* Moves Python's own rows behind all others, both in the order they had. Returns how many
 * the others are; without memory for it all are. */
uint32_t pmt_own_rows_part(const struct pmt_model *model, struct pmt_function_row *rows,
			   uint32_t count, struct pmt_own_rows *ret_own);

#endif
