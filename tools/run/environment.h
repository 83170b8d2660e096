/* What the program finds in its environment because of us. */
#ifndef PMT_RUN_ENVIRONMENT_H
#define PMT_RUN_ENVIRONMENT_H

#include <stdint.h>

#include "base/attr.h"
#include "format/format.h"

/*
 * Sets LD_PRELOAD (the library in front of what is there), PYMEMTRACE and, where we are
 * not part of a run already, PYMEMTRACE_RUN with a fresh run id, by which the traces are
 * found afterwards. 0, or a negative errno.
 */
int pmt_environment_set(const char *library, const char *settings,
			uint8_t ret_run_id[PMT_RUN_ID_BYTES]) PMT_MUST_CHECK;

#endif
