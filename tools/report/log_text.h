/* Events that are no calls, in words for the log. */
#ifndef PMT_REPORT_LOG_TEXT_H
#define PMT_REPORT_LOG_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "format/payload_gc.h"
#include "reader/cursor.h"

/* "MARK", "SAMPLE", "LOSS"...: the word of an extended record. */
const char *pmt_log_text_name(uint8_t ext);

/* "GC_START", "GC_STOP"...: the word of a GC record. */
const char *pmt_log_text_gc_name(const struct pmt_record *r);

/* "GC", NULL before the first of a generation: then there is nothing to say. */
const char *pmt_log_text_gc_counts_name(const struct pmt_record *r);

/* What there is to say of a collection that took so long. Returns text. */
const char *pmt_log_text_gc(const struct pmt_gc_event *event, int64_t duration_ns,
			    char *text, size_t size);

/* What there is to say of it: the text of a mark, the numbers of a sample. Returns
 * text. */
const char *pmt_log_text_words(const struct pmt_event *event, char *text, size_t size);

#endif
