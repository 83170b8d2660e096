/* Parting rows; see own_rows.h. */
#include "report/own_rows.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/pythons_own.h"

uint32_t pmt_own_rows_part(const struct pmt_model *model, struct pmt_function_row *rows,
			   uint32_t count, struct pmt_own_rows *ret_own)
{
	struct pmt_function_row *own = malloc((count + 1) * sizeof(*own));
	uint32_t own_count = 0, other_count = 0;

	*ret_own = (struct pmt_own_rows){0};
	if (!own)
		return count;
	for (uint32_t i = 0; i < count; i++) {
		const struct pmt_function *f = &model->functions.items[rows[i].function];

		if (pmt_function_is_pythons_own(f))
			own[own_count++] = rows[i];
		else
			rows[other_count++] = rows[i];
	}
	memcpy(rows + other_count, own, own_count * sizeof(*own));
	free(own);
	*ret_own = (struct pmt_own_rows){rows + other_count, own_count};
	return other_count;
}
