/*
 * The figures that views show and compare, by name: one table for sort keys, text
 * columns, JSON members, CSV columns and weights of folded stacks, so that a figure has
 * the same name and meaning everywhere.
 */
#ifndef PMT_ANALYSIS_METRIC_H
#define PMT_ANALYSIS_METRIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/figures.h"
#include "analysis/model.h"

enum pmt_metric_unit {
	PMT_UNIT_COUNT,
	PMT_UNIT_BYTES,
	PMT_UNIT_CHANGE, /* bytes with a sign */
	PMT_UNIT_TIME,   /* nanoseconds */
};

struct pmt_metric {
	const char *key;     /* of --sort: "rss-net" */
	const char *member;  /* in JSON and CSV: "rss_net_bytes" */
	const char *heading; /* of a text column */
	enum pmt_metric_unit unit;
	bool in_parts; /* one of the figures of every JSON part */
	int64_t (*get)(const struct pmt_figures *figures, uint32_t page_bytes);
	bool (*is_measured)(const struct pmt_measured *measured);
};

extern const struct pmt_metric pmt_metrics[];
extern const size_t pmt_metric_count;

/* All keys of --sort that are figures, separated by spaces. */
#define PMT_METRIC_KEYS                                                                  \
	"rss-net rss-up rss-down allocated allocated-count freed freed-count net "       \
	"objects "                                                                       \
	"object-count calls mapped file-mapped"

/* NULL for a key that is no figure. */
const struct pmt_metric *pmt_metric_find(const char *key);

#endif
