/*
 * Definitions of functions; see define.h. Attributes of code objects are read with the
 * C-API's getters, which run no Python code.
 */
#include "python/define.h"

#include <string.h>

#include "event/emit.h"
#include "python/api.h"
#include "run/run.h"

enum { TEXT_BYTES_MAX = 16384 };

/* A text attribute as bytes; object holds them. */
struct held_text {
	struct _object *object;
	struct pmt_text text;
};

static struct held_text hold(struct _object *unicode)
{
	struct held_text held = {NULL, {"?", 1}};
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
		held.text.size = size < TEXT_BYTES_MAX ? (size_t)size : TEXT_BYTES_MAX;
	}
	pmt_py.Py_DecRef(unicode);
out:
	if (pmt_py.PyErr_Occurred())
		pmt_py.PyErr_Clear();
	return held;
}

static void release(struct held_text *held)
{
	if (held->object)
		pmt_py.Py_DecRef(held->object);
}

static struct held_text hold_attribute(struct _object *object, const char *name)
{
	return hold(pmt_py.PyObject_GetAttrString(object, name));
}

static uint64_t number_attribute(struct _object *object, const char *name)
{
	struct _object *number = pmt_py.PyObject_GetAttrString(object, name);
	long value = number ? pmt_py.PyLong_AsLong(number) : 0;

	if (number)
		pmt_py.Py_DecRef(number);
	if (pmt_py.PyErr_Occurred())
		pmt_py.PyErr_Clear();
	return value > 0 ? (uint64_t)value : 0;
}

static void cut_to_last_part(struct pmt_text *path)
{
	for (size_t i = path->size; i > 0; i--) {
		if (path->bytes[i - 1] == '/') {
			path->bytes += i;
			path->size -= i;
			return;
		}
	}
}

static enum pmt_defined write_definition(struct pmt_thread *t, struct pmt_code_def *def)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES + 2 * TEXT_BYTES_MAX];

	if (!t->emitter.live && !pmt_emitter_open_self(t))
		return PMT_DEFINED_NOT;
	const struct pmt_options *options = pmt_run->options; /* set by opening */
	if (!pmt_options_select_code(options, def->file.bytes, def->file.size,
				     def->name.bytes, def->name.size))
		return PMT_DEFINED_HIDDEN;
	if (options->redact)
		cut_to_last_part(&def->file);
	const uint8_t *end = pmt_payload_put_code(payload, def);
	if (!pmt_emit_extended(&t->emitter, NULL, PMT_EXT_CODE, payload,
			       (size_t)(end - payload)))
		return PMT_DEFINED_NOT;
	return PMT_DEFINED;
}

enum pmt_defined pmt_define_code_gil(struct pmt_thread *t, uint32_t id,
				     struct _object *code)
{
	struct held_text file = hold_attribute(code, "co_filename");
	struct held_text name =
	    hold_attribute(code, pmt_py.minor >= 11 ? "co_qualname" : "co_name");
	struct pmt_code_def def = {
	    .id = id,
	    .first_line = number_attribute(code, "co_firstlineno"),
	    .kind = PMT_CODE_PYTHON,
	    .file = file.text,
	    .name = name.text,
	};
	enum pmt_defined defined = write_definition(t, &def);

	release(&file);
	release(&name);
	return defined;
}

enum pmt_defined pmt_define_c_function_gil(struct pmt_thread *t, uint32_t id,
					   struct _object *callable)
{
	/* Of a bound method of a C type __qualname__ names the type: "list.append". */
	struct held_text name = hold_attribute(callable, "__qualname__");
	struct pmt_code_def def = {
	    .id = id,
	    .kind = PMT_CODE_C,
	    .file = {"", 0},
	    .name = name.text,
	};
	enum pmt_defined defined = write_definition(t, &def);

	release(&name);
	return defined;
}
