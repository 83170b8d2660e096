/* Events that are no calls, in words for the log. */
#ifndef PMT_REPORT_LOG_TEXT_H
#define PMT_REPORT_LOG_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "reader/cursor.h"

/* "MARK", "SAMPLE", "LOSS"...: the word of an extended record. */
const char *pmt_log_text_name(uint8_t ext);

/* What there is to say of it: the text of a mark, the numbers of a sample. Returns
 * text. */
const char *pmt_log_text_words(const struct pmt_event *event, char *text, size_t size);

#endif
