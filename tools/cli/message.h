/*
 * What a tool says about itself, on stderr: "pymemtrace-report: error: ..." and hints
 * that tell what to do. Results never go through here.
 */
#ifndef PMT_CLI_MESSAGE_H
#define PMT_CLI_MESSAGE_H

#include "base/attr.h"

/* Names the program in every message; the string must outlive the program. */
void pmt_message_program(const char *name);

void pmt_message_error(const char *format, ...) PMT_PRINTF(1, 2);
void pmt_message_warning(const char *format, ...) PMT_PRINTF(1, 2);

/* Ends a usage error: where the options are listed. */
void pmt_message_see_help(void);

#endif
