/* The calling contexts (STACK records) of a trace, by stream and id; a part of struct
 * pmt_tables. */
#ifndef PMT_READER_CONTEXTS_H
#define PMT_READER_CONTEXTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "format/record.h"
#include "reader/numbers.h"

/* A function at a place, and the context it was called from. */
struct pmt_context {
	uint32_t parent_id; /* of the same stream; 0: none */
	uint32_t code_id;
	uint64_t code_offset; /* into its bytecode: pmt_code_line */
};

struct pmt_contexts_of_stream {
	struct pmt_context *items;
	size_t count;
	struct pmt_numbers by_id;
};

/* All zero is empty and owns nothing. */
struct pmt_contexts {
	struct pmt_contexts_of_stream *streams;
	size_t count;
	struct pmt_numbers by_stream;
};

/* Takes a STACK record; one that makes no sense, or whose id the stream has already, is
 * passed over. 0 or -ENOMEM. */
int pmt_contexts_add(struct pmt_contexts *contexts, uint32_t stream,
		     const struct pmt_record *r) PMT_MUST_CHECK;

/* NULL: not defined, or lost. The way up ends: a parent was defined before its child. */
const struct pmt_context *pmt_contexts_find(const struct pmt_contexts *contexts,
					    uint32_t stream, uint32_t id);
void pmt_contexts_close(struct pmt_contexts *contexts);

#endif
