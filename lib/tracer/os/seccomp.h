/*
 * A filter that the program sets up for itself as it runs may kill on calls it did not
 * expect. One that was there from the start may refuse, but let the tracer begin.
 */
#ifndef PMT_TRACER_OS_SECCOMP_H
#define PMT_TRACER_OS_SECCOMP_H

#include <stdbool.h>

/* When tracing begins, before threads. */
void pmt_seccomp_note(void);

/* Whether the calling thread has been filtered since then: calls that Python itself never
 * makes are not to be tried. Costs one call, prctl. */
bool pmt_seccomp_is_new(void);

#endif
