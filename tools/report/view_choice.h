/* Which view is meant, and whether what was asked makes sense for it. */
#ifndef PMT_REPORT_VIEW_CHOICE_H
#define PMT_REPORT_VIEW_CHOICE_H

#include <stdbool.h>

#include "report/request.h"
#include "report/view.h"

/* NULL without a view of that name. */
const struct pmt_view *pmt_view_find(const char *word);

/* Says that there is none, and which may be meant. Returns false. */
bool pmt_view_refuse(const char *word);

/* Whether there is an option (enum pmt_report_option bits) that is not known; says which.
 */
bool pmt_view_refuse_options(const char *view, unsigned known, unsigned options_used);

/* Whether the view knows the options used (enum pmt_report_option bits), the format and
 * the sort key; has said what it does not know. */
bool pmt_view_accepts(const struct pmt_view *view,
		      const struct pmt_report_request *request, unsigned options_used);

#endif
