/*
 * JSON documents of the views, by jansson. Every document is an object with "trace" (what
 * was traced and how complete it is) and the view's own member; doc/json.md describes
 * them all. A figure that was not measured is null, never 0.
 */
#ifndef PMT_REPORT_JSON_H
#define PMT_REPORT_JSON_H

#include <jansson.h>
#include <stdio.h>

#include "analysis/analysis.h"
#include "analysis/function_table.h"

/* A text from a trace; what is no UTF-8 becomes U+FFFD. null for NULL. */
json_t *pmt_json_text(const char *text);

/* "end": {"how", "status"}; null without one, the status of an unknown signal too. */
json_t *pmt_json_end(bool ended, enum pmt_end how, int64_t status);

/* The trace's meta object. */
json_t *pmt_json_trace(const struct pmt_analysis *analysis);

/* The figures of a part ("self", "inclusive", "totals"). */
json_t *pmt_json_part(const struct pmt_figures *figures, const struct pmt_model *model);

/* The same for a call with all that it called: null where the trace has no call paths. */
json_t *pmt_json_inclusive(const struct pmt_figures *figures,
			   const struct pmt_model *model);

/* "calls": the number, or null where calls were not measured or function is none. */
json_t *pmt_json_calls(const struct pmt_figures *figures, const struct pmt_model *model,
		       uint32_t function);

/* Sets "function", "file" and "line" of an object. */
void pmt_json_set_function(json_t *object, const struct pmt_model *model,
			   uint32_t function);

/* One of the view "functions": function, file, line, calls, self, inclusive. */
json_t *pmt_json_function_row(const struct pmt_model *model,
			      const struct pmt_function_row *row);

/* The calls from the outermost to node, each with function, file and line. */
json_t *pmt_json_path(const struct pmt_model *model, uint32_t node);

/* Writes the document and releases it. An exit code; has said why. */
int pmt_json_print(FILE *out, json_t *document);

#endif
