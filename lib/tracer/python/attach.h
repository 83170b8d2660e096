/*
 * Getting in: noticing that this process runs Python and taking our place when its
 * interpreter is ready, once for each interpreter.
 */
#ifndef PMT_TRACER_PYTHON_ATTACH_H
#define PMT_TRACER_PYTHON_ATTACH_H

#include <stdbool.h>

#include "base/options.h"

/* From the constructor: what shall be done when Python appears; error is what was wrong
 * with the configuration, to be said by a Python process only. */
void pmt_attach_prepare(const struct pmt_options *options,
			const struct pmt_options_error *error);

/* From the constructor, after prepare: an interpreter that raises no audit events (PyPy,
 * before 3.8) is traced without a hook from here on: counters, RSS and samples. */
void pmt_attach_at_start(void);

/*
 * Looks at one caller of pthread_cond_init: CPython creates its GIL there, after its
 * runtime and allocators are set up and before anything runs. Cheap for callers seen
 * before; takes the loader's lock otherwise. errno kept.
 */
void pmt_attach_judge(const void *caller);

/* True when the main program or a library loaded with it is a Python interpreter. */
bool pmt_attach_is_python_process(void);

#endif
