/*
 * mode=refs: every object that the interpreter makes and frees, by the reference tracer
 * of CPython 3.13 and newer. There is one a process; one that was there before us is
 * called behind ours, and one that the program sets later has the place.
 */
#ifndef PMT_TRACER_PYTHON_REF_TRACER_H
#define PMT_TRACER_PYTHON_REF_TRACER_H

#include <stdbool.h>

/* 0; -ENOTSUP where the interpreter has none; -ENOMEM. */
int pmt_ref_tracer_install_gil(void);

/* Whether it was installed: then, at audit events, it looks whether it still is. */
bool pmt_ref_tracer_is_on(void);
void pmt_ref_tracer_watch_gil(void);

#endif
