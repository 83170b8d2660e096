/* What an event is to the log: its word, and whether it enters or leaves a call. */
#ifndef PMT_REPORT_LOG_EVENT_H
#define PMT_REPORT_LOG_EVENT_H

#include <stdbool.h>

#include "reader/cursor.h"

/* "CALL", "RETURN", "MARK"...; NULL when it is not shown. *ret_is_call: an enter, leave
 * or line, of Python or C. */
const char *pmt_log_event_word(const struct pmt_event *event, bool *ret_is_call);

/* It leaves a call: what it says is of the one that ran before it. */
bool pmt_log_event_leaves(const struct pmt_event *event);

/* A point: it stands for events that were not written, and there is no stack. */
bool pmt_log_event_is_point(const struct pmt_event *event);

/* The original knows seven events; ours that it has no word for are their kin. Of calls
 * and points. */
const char *pmt_log_event_original_word(const struct pmt_event *event);

/* Text of a program or of the tracer, which the original's log has as a message. */
bool pmt_log_event_is_message(const struct pmt_event *event);

#endif
