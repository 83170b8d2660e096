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

struct pmt_code_def;

/* Writes what def says, unless a filter keeps it out; its file may be cut. Runs no
 * Python. */
enum pmt_defined pmt_define_write(struct pmt_thread *t, struct pmt_code_def *def);

/* No exception is set before and none is left after. */
enum pmt_defined pmt_define_code_gil(struct pmt_thread *t, uint32_t id,
				     struct _object *code);
enum pmt_defined pmt_define_c_function_gil(struct pmt_thread *t, uint32_t id,
					   struct _object *callable);

#endif
