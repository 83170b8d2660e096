/* Numbers as people read them: "12.3 MiB", "1,234", "8.21 s". Never longer than
 * PMT_FIGURE_BYTES; at most 10 characters unless exact. */
#ifndef PMT_CLI_FIGURE_TEXT_H
#define PMT_CLI_FIGURE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

enum { PMT_FIGURE_BYTES = 40 };

/* All return text. exact: every digit, in groups of three. */
const char *pmt_figure_bytes(char text[PMT_FIGURE_BYTES], uint64_t bytes, bool exact);
/* With its sign, "+12.3 MiB"; zero has none. */
const char *pmt_figure_change(char text[PMT_FIGURE_BYTES], int64_t bytes, bool exact);
const char *pmt_figure_count(char text[PMT_FIGURE_BYTES], uint64_t count, bool exact);
const char *pmt_figure_duration(char text[PMT_FIGURE_BYTES], int64_t ns);
/* A share of 0..1 as "12.3%". */
const char *pmt_figure_share(char text[PMT_FIGURE_BYTES], double share);

#endif
