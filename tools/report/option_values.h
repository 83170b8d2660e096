/* What the value of an option means: a word or number of the command line goes into the
 * request. False when it is none of those the option takes, and the user was told which.
 */
#ifndef PMT_REPORT_OPTION_VALUES_H
#define PMT_REPORT_OPTION_VALUES_H

#include <stdbool.h>

#include "cli/terminal.h"
#include "report/request.h"

bool pmt_option_value_format(struct pmt_report_request *request, const char *value);
bool pmt_option_value_limit(struct pmt_report_request *request, const char *value);
bool pmt_option_value_min_share(struct pmt_report_request *request, const char *value);
bool pmt_option_value_trigger(struct pmt_report_request *request, const char *value);
bool pmt_option_value_within(struct pmt_report_request *request, const char *value);
bool pmt_option_value_by(struct pmt_report_request *request, const char *value);
bool pmt_option_value_of(struct pmt_report_request *request, const char *value);
bool pmt_option_value_width(struct pmt_report_request *request, const char *value);
bool pmt_option_value_color(enum pmt_color_choice *color, const char *value);

#endif
