/* A scene, read into a model: what tests of the analysis begin with, and short questions
 * to it. */
#ifndef PMT_TESTS_SUPPORT_ANALYSED_H
#define PMT_TESTS_SUPPORT_ANALYSED_H

#include "analysis/analysis.h"
#include "analysis/function_table.h"

/* Ends the test when the scene cannot be read. options may be NULL. */
struct pmt_analysis test_analyse(const char *scene,
				 const struct pmt_analysis_options *options);

/* The function's row of the function table; all zero without one. */
struct pmt_function_row test_row(const struct pmt_analysis *a, const char *function);

/* The node at a path of names, "main/work/[unknown]"; 0 without one. */
uint32_t test_node(const struct pmt_analysis *a, const char *path);

/* Its own figures; all zero without such a node. */
struct pmt_figures test_self(const struct pmt_analysis *a, const char *path);

#endif
