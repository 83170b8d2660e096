/*
 * threading._active[ident]._name, read without running any Python code: a module of
 * sys.modules, a dictionary, an attribute of the instance; see thread_name.h.
 */
#include "python/thread_name.h"

#include <errno.h>

#include "event/emit.h"
#include "event/introduce.h"
#include "python/api.h"
#include "python/held_text.h"
#include "run/run.h"

/* The Thread object of the caller, borrowed from threading._active; NULL if unknown. */
static struct _object *borrow_thread_object(struct _object *active)
{
	struct _object *ident =
	    pmt_py.PyLong_FromUnsignedLong(pmt_py.PyThread_get_thread_ident());
	struct _object *thread = NULL;

	if (ident) {
		thread = pmt_py.PyDict_GetItemWithError(active, ident);
		pmt_py.Py_DecRef(ident);
	}
	return thread;
}

static struct pmt_held_text hold_name(void)
{
	struct pmt_held_text name = {NULL, {"", 0}};
	struct _object *modules = pmt_py.PyImport_GetModuleDict();
	struct _object *threading =
	    modules ? pmt_py.PyDict_GetItemString(modules, "threading") : NULL;
	struct _object *active =
	    threading ? pmt_py.PyObject_GetAttrString(threading, "_active") : NULL;
	struct _object *thread = active ? borrow_thread_object(active) : NULL;

	if (thread)
		name = pmt_held_attribute_gil(thread, "_name");
	if (active)
		pmt_py.Py_DecRef(active);
	if (pmt_py.PyErr_Occurred())
		pmt_py.PyErr_Clear();
	return name;
}

enum pmt_named pmt_thread_name_gil(struct pmt_thread *t)
{
	struct _object *type, *value, *traceback;
	struct pmt_deltas before = pmt_thread_begin_ours(t);
	int saved = errno;

	pmt_py.PyErr_Fetch(&type, &value, &traceback);
	struct pmt_held_text name = hold_name();
	enum pmt_named named = PMT_NAMED_NOT;
	if (!name.text.size && pmt_load32_relaxed(&t->os_tid) == (uint32_t)pmt_run->pid)
		name.text = (struct pmt_text){"MainThread", sizeof("MainThread") - 1};
	if (name.text.size) {
		pmt_introduce_name(t, name.text);
		named = pmt_options_select_thread(pmt_run->options, name.text.bytes,
						  name.text.size)
			    ? PMT_NAMED
			    : PMT_NAMED_UNSELECTED;
	}
	pmt_held_release_gil(&name);
	pmt_py.PyErr_Restore(type, value, traceback);
	pmt_thread_end_ours(t, &before);
	errno = saved;
	return named;
}
