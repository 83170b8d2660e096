/*
 * C calls and lines on CPython 3.8 to 3.11, which have no sys.monitoring: the profile and
 * trace functions of each thread, beside the frame evaluator that traces the calls. They
 * are set at a thread's first event; a program that sets its own takes ours off, which
 * is said and counted.
 */
#ifndef PMT_TRACER_PYTHON_HOOK_LEGACY_H
#define PMT_TRACER_PYTHON_HOOK_LEGACY_H

#include <stdbool.h>

#include "base/options.h"

/* Prepares for all threads. 0, or -ENOTSUP when the interpreter lacks a function. */
int pmt_hook_legacy_install_gil(const struct pmt_options *options);

/* Audit events sys.setprofile and sys.settrace: true when the event was ours to look
 * at. */
bool pmt_hook_legacy_audit(const char *event);

#endif
