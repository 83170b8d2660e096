/* Built-in functions and methods: those callables that sys.setprofile reports as C. */
#ifndef PMT_TRACER_PYTHON_C_FUNCTION_H
#define PMT_TRACER_PYTHON_C_FUNCTION_H

#include <stddef.h>
#include <stdint.h>

#include "event/hook_way.h"
#include "python/api.h"
#include "python/code_ids.h"

enum {
	PMT_OBJECT_TYPE = 8,            /* PyObject.ob_type, builds with the GIL */
	PMT_C_FUNCTION_DEF = 16,        /* PyCFunctionObject.m_ml */
	PMT_METHOD_DESCRIPTOR_DEF = 40, /* PyMethodDescrObject.d_method */
};
#define PMT_FIELD(type, base, offset) (*(type *)((char *)(base) + (offset)))

/* The PyMethodDef of a built-in function or method, NULL for any other callable. */
PMT_INLINE const void *pmt_c_function_def(struct _object *callable)
{
	const void *type = PMT_FIELD(void *, callable, PMT_OBJECT_TYPE);

	if (type == pmt_py.c_function_type || type == pmt_py.c_method_type)
		return PMT_FIELD(void *, callable, PMT_C_FUNCTION_DEF);
	if (type == pmt_py.method_descriptor_type)
		return PMT_FIELD(void *, callable, PMT_METHOD_DESCRIPTOR_DEF);
	return NULL;
}

/* Call, return or raise of callable, if it is one of these and not filtered out. */
PMT_INLINE void pmt_c_function_event_gil(struct pmt_thread *t, enum pmt_ext type,
					 struct _object *callable)
{
	const void *def = pmt_c_function_def(callable);

	if (!def)
		return;
	uint32_t id = pmt_code_id_find((uint64_t)(uintptr_t)def);
	if (PMT_UNLIKELY(id == PMT_CODE_UNKNOWN))
		id = pmt_code_id_register_c_gil(t, def, callable);
	if (id != (uint32_t)PMT_CODE_HIDDEN)
		pmt_hook_c_event(t, type, id);
}

#endif
