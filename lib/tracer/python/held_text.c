/* Texts of the interpreter; see held_text.h. */
#include "python/held_text.h"

#include <stddef.h>
#include <sys/types.h>

#include "python/api.h"

struct pmt_held_text pmt_held_text_gil(struct _object *unicode)
{
	struct pmt_held_text held = {NULL, {"?", 1}};
	char *bytes;
	ssize_t size;

	if (!unicode)
		goto out;
	/* As file names came in; for a lone surrogate from elsewhere an escape. */
	held.object =
	    pmt_py.PyUnicode_AsEncodedString(unicode, "utf-8", "surrogateescape");
	if (!held.object) {
		pmt_py.PyErr_Clear();
		held.object = pmt_py.PyUnicode_AsEncodedString(unicode, "utf-8",
							       "backslashreplace");
	}
	if (held.object &&
	    pmt_py.PyBytes_AsStringAndSize(held.object, &bytes, &size) == 0) {
		held.text.bytes = bytes;
		held.text.size =
		    size < PMT_HELD_BYTES_MAX ? (size_t)size : PMT_HELD_BYTES_MAX;
	}
	pmt_py.Py_DecRef(unicode);
out:
	if (pmt_py.PyErr_Occurred())
		pmt_py.PyErr_Clear();
	return held;
}

void pmt_held_release_gil(struct pmt_held_text *held)
{
	if (held->object)
		pmt_py.Py_DecRef(held->object);
}

struct pmt_held_text pmt_held_attribute_gil(struct _object *object, const char *name)
{
	return pmt_held_text_gil(pmt_py.PyObject_GetAttrString(object, name));
}
