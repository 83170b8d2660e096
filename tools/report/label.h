/* How a function is written in a line of text: "load  app/data.py:31". */
#ifndef PMT_REPORT_LABEL_H
#define PMT_REPORT_LABEL_H

#include <stdint.h>

#include "analysis/functions.h"
#include "report/request.h"
#include "report/source.h"

/*
 * Writes name, and file and line dimmed, in at most columns columns: as much of the
 * file's end as fits. Returns the columns used.
 */
unsigned pmt_label_print(const struct pmt_report_request *request,
			 const struct pmt_function *function, unsigned columns);

/* The same with a line of the function instead of its first one. */
unsigned pmt_label_print_line(const struct pmt_report_request *request,
			      const struct pmt_function *function, uint64_t line,
			      unsigned columns);

/* A text from the trace, made harmless, in at most columns columns. */
unsigned pmt_label_print_text(const struct pmt_report_request *request, const char *text,
			      unsigned columns);

/* The same, keeping the end of a text that is too long. */
unsigned pmt_label_print_end(const struct pmt_report_request *request, const char *text,
			     unsigned columns);

/* Below a row whose label has so many columns at the right: the line of the source, where
 * it is there. */
void pmt_label_print_source(const struct pmt_report_request *request,
			    struct pmt_source *source, const char *file, uint64_t line,
			    unsigned columns);

/* "load (data.py:31)" for folded stacks: no semicolon, no newline. */
void pmt_label_print_folded(FILE *out, const struct pmt_function *function);

#endif
