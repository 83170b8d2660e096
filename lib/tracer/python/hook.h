/*
 * The hook of one CPython generation: which functions begin and end, on every thread of
 * an interpreter. hook_monitoring.c serves 3.12 and newer, hook_frame.c 3.8 to 3.11.
 */
#ifndef PMT_TRACER_PYTHON_HOOK_H
#define PMT_TRACER_PYTHON_HOOK_H

#include <stdbool.h>

struct pmt_options;

/* Installs the hook for the current interpreter. 0, -EBUSY when another tool holds all
 * places, -ENOTSUP when this interpreter lacks what is needed. No exception is left. */
int pmt_hook_monitoring_install_gil(const struct pmt_options *options);
int pmt_hook_frame_install_gil(void *interpreter);

/* Whether another evaluator stands where that one was put. */
bool pmt_hook_frame_is_replaced_gil(void *interpreter);

/* At audit events of sys.monitoring: notices, says and counts that our tool id is now
 * another's. */
void pmt_hook_monitoring_audit_gil(const char *event);

#endif
