/* The view "info" as JSON. */
#ifndef PMT_REPORT_INFO_JSON_H
#define PMT_REPORT_INFO_JSON_H

#include "analysis/analysis.h"
#include "report/request.h"

/* An exit code; has said why. */
int pmt_info_json_print(const struct pmt_report_request *request,
			const struct pmt_analysis *a);

#endif
