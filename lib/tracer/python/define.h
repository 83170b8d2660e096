/* Writing a function's definition into the stream of the thread that met it first. */
#ifndef PMT_TRACER_PYTHON_DEFINE_H
#define PMT_TRACER_PYTHON_DEFINE_H

#include <stdint.h>

struct _object;
struct pmt_thread;

enum pmt_defined {
	PMT_DEFINED_NOT, /* no room in the ring, or the interpreter refused a name */
	PMT_DEFINED,
	PMT_DEFINED_HIDDEN, /* a filter keeps it out of the trace */
};

/* No exception is set before and none is left after. */
enum pmt_defined pmt_define_code_gil(struct pmt_thread *t, uint32_t id,
				     struct _object *code);
enum pmt_defined pmt_define_c_function_gil(struct pmt_thread *t, uint32_t id,
					   struct _object *callable);

#endif
