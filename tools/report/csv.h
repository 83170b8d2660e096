/* CSV as RFC 4180 has it: a header row, lines ended by CRLF would puzzle Unix tools so
 * they end with LF, cells quoted when they must be. An unmeasured figure is empty. */
#ifndef PMT_REPORT_CSV_H
#define PMT_REPORT_CSV_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "analysis/model.h"

/* Cells of a row: all but the first write their comma before themselves. */
struct pmt_csv {
	FILE *out;
	bool row_begun;
};

void pmt_csv_text(struct pmt_csv *csv, const char *text); /* NULL: empty */
void pmt_csv_integer(struct pmt_csv *csv, int64_t value);
void pmt_csv_empty(struct pmt_csv *csv);
void pmt_csv_integer_if(struct pmt_csv *csv, bool known, int64_t value);
void pmt_csv_end_row(struct pmt_csv *csv);

/* Function, file and line: three cells. */
void pmt_csv_function(struct pmt_csv *csv, const struct pmt_model *model,
		      uint32_t function);

/* Number of calls, empty where it is not known. */
void pmt_csv_calls(struct pmt_csv *csv, const struct pmt_figures *figures,
		   const struct pmt_model *model, uint32_t function);

/* The same for a call with all that it called. */
void pmt_csv_inclusive(struct pmt_csv *csv, const struct pmt_figures *figures,
		       const struct pmt_model *model);

/* The figures of a part, and their header cells with a prefix ("self_"). */
void pmt_csv_part(struct pmt_csv *csv, const struct pmt_figures *figures,
		  const struct pmt_model *model);
void pmt_csv_part_header(struct pmt_csv *csv, const char *prefix);

#endif
