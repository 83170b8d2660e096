/* What is known about the traced process: its words for the summary's first lines, the
 * processes view and the JSON meta object. */
#ifndef PMT_REPORT_FACTS_H
#define PMT_REPORT_FACTS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/analysis.h"

/* The command line, arguments separated by spaces, cut to size. "" when unknown. */
const char *pmt_facts_command(const struct pmt_tables *tables, char *text, size_t size);

/* The command line as an array; null when unknown. */
json_t *pmt_facts_argv(const struct pmt_tables *tables);

/* "killed by signal 9 (SIGKILL)"; for 0 "killed, signal not known". */
const char *pmt_facts_signal(int64_t number, char *text, size_t size);

/* "exit status 0", "killed by signal 9 (SIGKILL)", "no end: killed, or still running"...
 */
const char *pmt_facts_end(const struct pmt_losses *losses, char *text, size_t size);

enum { PMT_GAP_TEXT_BYTES = 300 };

/* "positions 84 to 168 of stream 1, 1.0 ms to 2.0 ms, 12 events". */
const char *pmt_facts_gap(const struct pmt_analysis *a, const struct pmt_gap *gap,
			  char *text, size_t size);

/* "calls", "lines"..., as the tracer wrote it; "unknown" without it. */
const char *pmt_facts_mode(const struct pmt_tables *tables);

/* UTC time of a tick, "2026-11-22T20:40:02Z"; "" when unknown. */
const char *pmt_facts_time(const struct pmt_clock *clock, uint64_t tick, char *text,
			   size_t size);

/* The run's id as 32 hexadecimal digits. */
const char *pmt_facts_run_id(const struct pmt_file_header *header, char text[33]);

#endif
