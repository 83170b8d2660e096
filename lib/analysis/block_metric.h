/*
 * The figures of a block model (block_model.h) by name, in the words of what it shows:
 * leaks, live at a moment, peak, churn. Bytes, a count, and a third one that is shown
 * where there is room.
 */
#ifndef PMT_ANALYSIS_BLOCK_METRIC_H
#define PMT_ANALYSIS_BLOCK_METRIC_H

#include "analysis/metric.h"

enum { PMT_BLOCK_METRICS = 3 };

extern const struct pmt_metric pmt_leak_metrics[PMT_BLOCK_METRICS];
extern const struct pmt_metric pmt_live_metrics[PMT_BLOCK_METRICS];
extern const struct pmt_metric pmt_peak_metrics[PMT_BLOCK_METRICS];
extern const struct pmt_metric pmt_churn_metrics[PMT_BLOCK_METRICS];

#endif
