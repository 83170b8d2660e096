/* A hole in the frame evaluator of CPython 3.11.0 to 3.11.3, closed by quickening code
 * ourselves. */
#ifndef PMT_TRACER_PYTHON_QUICKEN_H
#define PMT_TRACER_PYTHON_QUICKEN_H

struct _object;

/* For a code object that has not run yet: where this interpreter would call __getitem__
 * past the frame evaluator, makes its subscripts always look. Nothing elsewhere. */
void pmt_quicken_gil(struct _object *code);

#endif
