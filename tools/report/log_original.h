/*
 * The log in the grammar of the original pymemtrace (Profile and Trace of cPyMemTrace),
 * so that its users' scripts keep working: one file a thread, lines SOF, HDR, FRST, PREV,
 * NEXT, MSG, LAST, EOF. doc/original-log.md says where we differ, and why.
 */
#ifndef PMT_REPORT_LOG_ORIGINAL_H
#define PMT_REPORT_LOG_ORIGINAL_H

#include "report/request.h"

/* Writes the files into the folder request->output_path (made if need be; "." without)
 * and names them on request->out. An exit code; has said why. */
int pmt_log_original_write(const struct pmt_report_request *request);

#endif
