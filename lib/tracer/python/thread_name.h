/* What Python's threading calls a thread. */
#ifndef PMT_TRACER_PYTHON_THREAD_NAME_H
#define PMT_TRACER_PYTHON_THREAD_NAME_H

#include "event/emit.h"

/* pmt_emit_name_thread: writes a second thread record with the name, if threading is
 * imported and knows the thread; the main thread's is known without. */
enum pmt_named pmt_thread_name_gil(struct pmt_thread *t);

#endif
