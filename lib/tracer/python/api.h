/*
 * The interpreter, reached without linking to it: every function is looked up in the
 * very object that called us (shared libpython or static executable). Only what is
 * listed here is used of Python. Pointers are NULL where a version lacks a function.
 */
#ifndef PMT_TRACER_PYTHON_API_H
#define PMT_TRACER_PYTHON_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"

struct _object; /* PyObject, never looked into but where a version file says so */

/* PyRefTracer, 3.13 and newer */
typedef int pmt_ref_tracer_fn(struct _object *object, int event, void *data);

/* PyMemAllocatorEx, the same from 3.5 on. */
struct pmt_py_allocator {
	void *ctx;
	void *(*malloc)(void *ctx, size_t size);
	void *(*calloc)(void *ctx, size_t count, size_t size);
	void *(*realloc)(void *ctx, void *p, size_t size);
	void (*free)(void *ctx, void *p);
};

/* PyType_Spec and what it points to. */
struct pmt_py_slot {
	int slot;
	void *function;
};
struct pmt_py_spec {
	const char *name;
	int basic_bytes;
	int item_bytes;
	unsigned flags;
	struct pmt_py_slot *slots;
};
/* PyMethodDef */
struct pmt_py_method {
	const char *name;
	void *function;
	int flags;
	const char *doc;
};
struct pmt_py_member {
	const char *name;
	int type;
	ssize_t offset;
	int flags;
	const char *doc;
};

/* X(result, name, arguments): needed in every supported version. */
#define PMT_PY_REQUIRED(X)                                                               \
	X(int, Py_IsInitialized, (void))                                                 \
	X(const char *, Py_GetVersion, (void))                                           \
	X(int, PySys_AddAuditHook,                                                       \
	  (int (*)(const char *, struct _object *, void *), void *))                     \
	X(struct _object *, PySys_GetObject, (const char *))                             \
	X(struct _object *, PyObject_GetAttrString, (struct _object *, const char *))    \
	X(struct _object *, PyObject_CallMethod,                                         \
	  (struct _object *, const char *, const char *, ...))                           \
	X(struct _object *, PyUnicode_AsEncodedString,                                   \
	  (struct _object *, const char *, const char *))                                \
	X(int, PyBytes_AsStringAndSize, (struct _object *, char **, ssize_t *))          \
	X(struct _object *, PyBytes_FromString, (const char *))                          \
	X(long, PyLong_AsLong, (struct _object *))                                       \
	X(struct _object *, PyLong_FromUnsignedLong, (unsigned long))                    \
	X(struct _object *, PyImport_GetModuleDict, (void))                              \
	X(struct _object *, PyDict_GetItemString, (struct _object *, const char *))      \
	X(struct _object *, PyDict_GetItemWithError,                                     \
	  (struct _object *, struct _object *))                                          \
	X(int, PyDict_DelItem, (struct _object *, struct _object *))                     \
	X(struct _object *, PyErr_Occurred, (void))                                      \
	X(void, PyErr_Clear, (void))                                                     \
	X(void, PyErr_Fetch, (struct _object **, struct _object **, struct _object **))  \
	X(void, PyErr_Restore, (struct _object *, struct _object *, struct _object *))   \
	X(void, Py_IncRef, (struct _object *))                                           \
	X(void, Py_DecRef, (struct _object *))                                           \
	X(void, PyMem_GetAllocator, (int, struct pmt_py_allocator *))                    \
	X(void, PyMem_SetAllocator, (int, const struct pmt_py_allocator *))              \
	X(struct _object *, PyType_FromSpec, (struct pmt_py_spec *))                     \
	X(struct _object *, PyType_GenericAlloc, (struct _object *, ssize_t))            \
	X(unsigned long, PyThread_get_thread_ident, (void))

/* X(result, our name, arguments, first name to try, second or NULL) */
#define PMT_PY_RENAMED(X)                                                                \
	X(void *, thread_state_unchecked, (void), "_PyThreadState_UncheckedGet",         \
	  "PyThreadState_GetUnchecked")                                                  \
	X(void *, this_thread_state, (void), "PyGILState_GetThisThreadState", NULL)      \
	X(struct _object *, eval_get_frame, (void), "PyEval_GetFrame", NULL)             \
	X(void *, interpreter_get, (void), "PyInterpreterState_Get",                     \
	  "_PyInterpreterState_Get")                                                     \
	X(ssize_t, request_code_extra, (void (*)(void *)),                               \
	  "PyUnstable_Eval_RequestCodeExtraIndex", "_PyEval_RequestCodeExtraIndex")      \
	X(int, set_code_extra, (struct _object *, ssize_t, void *),                      \
	  "PyUnstable_Code_SetExtra", "_PyCode_SetExtra")                                \
	X(void *, eval_frame_default, (void), "_PyEval_EvalFrameDefault", NULL)          \
	X(void, set_eval_frame, (void *, void *),                                        \
	  "_PyInterpreterState_SetEvalFrameFunc", NULL)                                  \
	X(void *, get_eval_frame, (void *), "_PyInterpreterState_GetEvalFrameFunc",      \
	  NULL)                                                                          \
	X(void *, vectorcall_call, (void), "PyVectorcall_Call", NULL)                    \
	X(void, eval_set_profile,                                                        \
	  (int (*)(struct _object *, void *, int, struct _object *), struct _object *),  \
	  "PyEval_SetProfile", NULL)                                                     \
	X(void, eval_set_trace,                                                          \
	  (int (*)(struct _object *, void *, int, struct _object *), struct _object *),  \
	  "PyEval_SetTrace", NULL)                                                       \
	X(struct _object *, c_function_new,                                              \
	  (struct pmt_py_method *, struct _object *, struct _object *),                  \
	  "PyCFunction_NewEx", NULL)                                                     \
	X(void *, c_function_get, (struct _object *), "PyCFunction_GetFunction", NULL)   \
	X(int, set_attribute, (struct _object *, const char *, struct _object *),        \
	  "PyObject_SetAttrString", NULL)                                                \
	X(int, dict_set, (struct _object *, const char *, struct _object *),             \
	  "PyDict_SetItemString", NULL)                                                  \
	X(int, dict_delete, (struct _object *, const char *), "PyDict_DelItemString",    \
	  NULL)                                                                          \
	X(int, frame_line_number, (struct _object *), "PyFrame_GetLineNumber", NULL)     \
	X(int, is_finalizing, (void), "_Py_IsFinalizing", "Py_IsFinalizing")             \
	X(int, set_ref_tracer, (pmt_ref_tracer_fn *, void *), "PyRefTracer_SetTracer",   \
	  NULL)                                                                          \
	X(void *, get_ref_tracer, (void **), "PyRefTracer_GetTracer", NULL)              \
	X(struct _object *, import_module, (const char *), "PyImport_ImportModule",      \
	  NULL)                                                                          \
	X(ssize_t, list_size, (struct _object *), "PyList_Size", NULL)                   \
	X(struct _object *, list_get, (struct _object *, ssize_t), "PyList_GetItem",     \
	  NULL)                                                                          \
	X(struct _object *, tuple_get, (struct _object *, ssize_t), "PyTuple_GetItem",   \
	  NULL)                                                                          \
	X(int, list_append, (struct _object *, struct _object *), "PyList_Append", NULL) \
	X(int, dict_next,                                                                \
	  (struct _object *, ssize_t *, struct _object **, struct _object **),           \
	  "PyDict_Next", NULL)                                                           \
	X(int, text_compare, (struct _object *, const char *),                           \
	  "PyUnicode_CompareWithASCIIString", NULL)                                      \
	X(int64_t, interpreter_id, (void *), "PyInterpreterState_GetID", NULL)

struct pmt_py {
#define X(result, name, args) result(*name) args;
	PMT_PY_REQUIRED(X)
#undef X
#define X(result, name, args, first, second) result(*name) args;
	PMT_PY_RENAMED(X)
#undef X
	struct _object *none;
	struct _object *disable; /* sys.monitoring.DISABLE, 3.12 and newer; kept */
	void
	    *c_function_type; /* &PyCFunction_Type, &PyMethodDescr_Type: addresses only */
	void *c_method_type;
	void *long_type;
	void *method_descriptor_type;
	void *code_type;     /* &PyCode_Type */
	void *unicode_type;  /* &PyUnicode_Type */
	const void *runtime; /* &_PyRuntime, NULL where it is hidden */
	/* Where 3.13 and newer keep who finalizes, NULL till then; itself NULL: ask
	 * is_finalizing. */
	const void *const volatile *finalizing;
	int major;
	int minor;
	int micro;
	bool free_threaded;
};

extern PMT_HIDDEN struct pmt_py pmt_py;

/*
 * Looks everything up in handle (from dlopen). 0 when this is a CPython we can work with;
 * -ENOENT when it is no CPython; -ENOTSUP when a required function is not
 * there, with *ret_missing its name.
 */
int pmt_py_resolve(void *handle, const char **ret_missing);

/* Whether the interpreter has begun to end. Any thread. */
PMT_INLINE bool pmt_py_has_begun_to_end(void)
{
	if (PMT_LIKELY(pmt_py.finalizing != NULL))
		return *pmt_py.finalizing != NULL;
	return pmt_py.is_finalizing && pmt_py.is_finalizing();
}

/* Whether this version's hook is known: CPython 3.8 to 3.15 with the GIL. */
bool pmt_py_is_supported(void);

#endif
