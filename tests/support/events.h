/* What a reader gave, as one line of text an event: easy to compare and to print. */
#ifndef PMT_TESTS_SUPPORT_EVENTS_H
#define PMT_TESTS_SUPPORT_EVENTS_H

#include "reader/cursor.h"
#include "reader/trace.h"

/* All events of a pass as text; the caller frees. stream -1: merged. Fails the test when
 * the cursor ends early. */
char *test_events_text(struct pmt_trace *trace, int64_t stream);

#endif
