/* Collections of the cyclic garbage collector, for the views that sum them up. */
#ifndef PMT_REPORT_COLLECTIONS_H
#define PMT_REPORT_COLLECTIONS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/analysis.h"

/* Whether the trace has events of them (gc=1), or what the interpreter counted. */
bool pmt_collections_are_known(const struct pmt_analysis *a);

/* How many there were, and the objects that they collected. */
uint64_t pmt_collections_count(const struct pmt_analysis *a, uint64_t *ret_collected);

/* All of them in a line: how many, of each generation, in what time, with what found.
 * Returns text. */
const char *pmt_collections_line(const struct pmt_analysis *a, char *text, size_t size);

/* The same as an object, a new reference; null where they are not known. */
json_t *pmt_collections_json(const struct pmt_analysis *a);

#endif
