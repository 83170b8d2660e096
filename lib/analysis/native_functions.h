/*
 * C frames as functions of a model: the functions at a place of a module, inlined ones
 * too, looked up once for each place that is met.
 */
#ifndef PMT_ANALYSIS_NATIVE_FUNCTIONS_H
#define PMT_ANALYSIS_NATIVE_FUNCTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "analysis/functions.h"
#include "analysis/map.h"
#include "base/attr.h"
#include "reader/tables.h"

/* What makes two C frames one function. */
enum pmt_native_spot {
	PMT_NATIVE_LINE = 0, /* name, file and line; first_line is the line */
	PMT_NATIVE_FUNCTION, /* name, and file and line of its definition */
	PMT_NATIVE_FILE,     /* the file alone, where it is known */
};

struct pmt_native_frame {
	uint32_t function;
	uint32_t line; /* 0: not known */
};

struct pmt_native_symbols;

/* All zero is empty and owns nothing, and means lines. */
struct pmt_native_functions {
	enum pmt_native_spot spot;
	struct pmt_native_symbols *symbols; /* made when the first C frame comes */
	struct pmt_map by_name;             /* hash of what a frame is -> function */
	struct pmt_map chains;              /* module and address -> place in frames */
	struct pmt_native_frame *frames;    /* .function a count, and so many frames */
	size_t used;
	size_t capacity;
};

void pmt_native_functions_close(struct pmt_native_functions *native);

/* The frames at an address of a module (kind PMT_CODE_NATIVE), the outermost first, at
 * least one; good until the next call. Makes what functions do not have yet. 0 or
 * -ENOMEM. */
int pmt_native_functions_at(struct pmt_native_functions *native,
			    struct pmt_functions *functions,
			    const struct pmt_code *module, uint64_t address,
			    const struct pmt_native_frame **ret_frames,
			    uint32_t *ret_count) PMT_MUST_CHECK;

#endif
