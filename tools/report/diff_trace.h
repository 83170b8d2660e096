/*
 * One side of a difference: a trace, read and reduced to the table that is compared, and
 * what must be said about the trace itself. The trace is closed by then, so that two
 * large ones are not in memory together.
 */
#ifndef PMT_REPORT_DIFF_TRACE_H
#define PMT_REPORT_DIFF_TRACE_H

#include <jansson.h>

#include "analysis/keyed_table.h"
#include "analysis/losses.h"
#include "analysis/stretch.h"
#include "report/diff_kinds.h"
#include "report/request.h"

struct pmt_diff_trace {
	const char *path; /* borrowed */
	char *label;      /* path, or path and moment */
	char *mode;
	unsigned python_minor; /* of CPython 3; 0: not known */
	struct pmt_keyed_table table;
	struct pmt_losses losses;
	json_t *trace; /* "trace" of the documents */
	char *truth;   /* what is missing of it, as text; "" */
	/* Of a moment: */
	int64_t moment_ns;    /* since the trace's begin */
	uint64_t begin_count; /* marks or regions of the name that it begins with */
	bool has_rss;
	int64_t rss_bytes;     /* change since the trace's begin */
	uint64_t tracer_bytes; /* resident, of the tracer's own; 0: not known */
};

/* Reads the trace at path; until: one moment of it, where *kind may be NULL and becomes
 * what fits the trace. An exit code; has said why. Then close it. */
int pmt_diff_trace_read(const struct pmt_report_request *request, const char *path,
			enum pmt_until until, const struct pmt_diff_kind **kind,
			struct pmt_diff_trace *ret_side);
void pmt_diff_trace_close(struct pmt_diff_trace *side);

#endif
