/*
 * Definitions of functions; see define.h. Attributes of code objects are read with the
 * C-API's getters, which run no Python code.
 */
#include "python/define.h"

#include <string.h>

#include "event/emit.h"
#include "python/api.h"
#include "python/held_text.h"
#include "run/run.h"

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

enum pmt_defined pmt_define_write(struct pmt_thread *t, struct pmt_code_def *def)
{
	if (!t->emitter.live && !pmt_emitter_open_self(t))
		return PMT_DEFINED_NOT;
	const struct pmt_options *options = pmt_run->options; /* set by opening */
	if (!pmt_options_select_code(options, def->file.bytes, def->file.size,
				     def->name.bytes, def->name.size))
		return PMT_DEFINED_HIDDEN;
	if (options->redact)
		cut_to_last_part(&def->file);
	uint8_t *payload = pmt_emit_begin_placed(&t->emitter, PMT_EXT_CODE,
						 PMT_PAYLOAD_FIXED_BYTES +
						     def->file.size + def->name.size);
	if (!payload)
		return PMT_DEFINED_NOT;
	pmt_emit_end_placed(&t->emitter, payload, pmt_payload_put_code(payload, def));
	return PMT_DEFINED;
}

enum pmt_defined pmt_define_code_gil(struct pmt_thread *t, uint32_t id,
				     struct _object *code)
{
	struct pmt_held_text file = pmt_held_attribute_gil(code, "co_filename");
	struct pmt_held_text name =
	    pmt_held_attribute_gil(code, pmt_py.minor >= 11 ? "co_qualname" : "co_name");
	struct pmt_code_def def = {
	    .id = id,
	    .first_line = number_attribute(code, "co_firstlineno"),
	    .kind = PMT_CODE_PYTHON,
	    .file = file.text,
	    .name = name.text,
	};
	enum pmt_defined defined = pmt_define_write(t, &def);

	pmt_held_release_gil(&file);
	pmt_held_release_gil(&name);
	return defined;
}

enum pmt_defined pmt_define_c_function_gil(struct pmt_thread *t, uint32_t id,
					   struct _object *callable)
{
	/* Of a bound method of a C type __qualname__ names the type: "list.append". */
	struct pmt_held_text name = pmt_held_attribute_gil(callable, "__qualname__");
	struct pmt_code_def def = {
	    .id = id,
	    .kind = PMT_CODE_C,
	    .file = {"", 0},
	    .name = name.text,
	};
	enum pmt_defined defined = pmt_define_write(t, &def);

	pmt_held_release_gil(&name);
	return defined;
}
