/* The words of the command line that are no options: which view, of which traces. */
#ifndef PMT_REPORT_WORDS_H
#define PMT_REPORT_WORDS_H

#include <stdbool.h>

#include "report/request.h"
#include "report/view.h"

/* [VIEW [moment]] [trace], or diff [VIEW] trace trace, into *request and *ret_view. False
 * when they make no sense, which has been said. wants_help: they are what help is asked
 * for.
 */
bool pmt_words_read(struct pmt_report_request *request, int count, char **words,
		    bool wants_help, const struct pmt_view **ret_view);

#endif
