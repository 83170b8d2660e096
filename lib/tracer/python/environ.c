/* See environ.h. All references to modules and dictionaries here are borrowed. */
#include "python/environ.h"

#include <stddef.h>

#include "python/api.h"
#include "run/identity.h"

static void remove_from(struct _object *dict, struct _object *key)
{
	if (pmt_py.PyDict_GetItemWithError(dict, key))
		pmt_py.PyDict_DelItem(dict, key);
	if (pmt_py.PyErr_Occurred())
		pmt_py.PyErr_Clear();
}

static struct _object *module(const char *name)
{
	struct _object *modules = pmt_py.PyImport_GetModuleDict();

	return modules ? pmt_py.PyDict_GetItemString(modules, name) : NULL;
}

void pmt_environ_hide_gil(void)
{
	struct _object *key = pmt_py.PyBytes_FromString(PMT_RUN_VARIABLE);
	struct _object *posix = module("posix");
	struct _object *os = module("os");

	if (key && posix) {
		struct _object *dict = pmt_py.PyObject_GetAttrString(posix, "environ");
		if (dict) {
			remove_from(dict, key);
			pmt_py.Py_DecRef(dict);
		}
	}
	if (key && os) {
		struct _object *environ = pmt_py.PyObject_GetAttrString(os, "environ");
		struct _object *data =
		    environ ? pmt_py.PyObject_GetAttrString(environ, "_data") : NULL;
		if (data) {
			remove_from(data, key);
			pmt_py.Py_DecRef(data);
		}
		if (environ)
			pmt_py.Py_DecRef(environ);
	}
	if (key)
		pmt_py.Py_DecRef(key);
	if (pmt_py.PyErr_Occurred())
		pmt_py.PyErr_Clear();
}
