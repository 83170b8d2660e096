/*
 * Whether another tool took the place of our frame evaluator (PEP 523, CPython 3.8 to
 * 3.11). One that calls ours in turn does no harm; of one that does not, what is lost is
 * counted as detached and said once.
 */
#ifndef PMT_TRACER_PYTHON_HOOK_WATCH_H
#define PMT_TRACER_PYTHON_HOOK_WATCH_H

struct pmt_options;

/* With the hook. */
void pmt_hook_watch_start(const struct pmt_options *options);

/* At each audit event of an attached interpreter: one load and a compare. */
void pmt_hook_watch_gil(void *interpreter);

/* As the interpreter ends. */
void pmt_hook_watch_end_gil(void *interpreter);

#endif
