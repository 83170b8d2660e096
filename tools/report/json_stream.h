/* A document whose member is one long array, written element by element so that a large
 * trace needs no memory for it: {"trace": {...}, "functions": [ ... ]}. */
#ifndef PMT_REPORT_JSON_STREAM_H
#define PMT_REPORT_JSON_STREAM_H

#include <stdbool.h>

#include "report/json.h"

struct pmt_json_stream {
	FILE *out;
	bool has_element;
	bool failed; /* memory ran out */
};

void pmt_json_stream_begin(struct pmt_json_stream *stream, FILE *out,
			   const struct pmt_analysis *analysis, const char *member);

/* The same behind the members of head, an object, which is released. */
void pmt_json_stream_begin_behind(struct pmt_json_stream *stream, FILE *out, json_t *head,
				  const char *member);

/* Writes and releases an element. */
void pmt_json_stream_add(struct pmt_json_stream *stream, json_t *element);

/* Ends the document. An exit code; has said why. */
int pmt_json_stream_end(struct pmt_json_stream *stream);

#endif
