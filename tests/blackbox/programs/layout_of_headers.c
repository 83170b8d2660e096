/* What CPython's own headers say of the fields that lib/tracer/python/frame_layout.c has,
 * as "name value" lines. Built by test_frame_layout.py against each interpreter. */
#define Py_BUILD_CORE 1
#include <Python.h>

#include <frameobject.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#if PY_VERSION_HEX >= 0x030b0000
#include <internal/pycore_code.h>
#include <internal/pycore_frame.h>
#endif
#if PY_VERSION_HEX >= 0x030d0000
#include <internal/pycore_runtime.h>
#endif
#if PY_VERSION_HEX >= 0x030e0000
#include <internal/pycore_interpframe.h>
#endif

#define SAY(name, value)      printf("%s %ld\n", name, (long)(value))
#define AT(name, type, field) SAY(name, offsetof(type, field))

static void say_frames(void)
{
	AT("tstate_thread_id", PyThreadState, thread_id);
#if PY_VERSION_HEX < 0x030b0000
	AT("tstate_frame", PyThreadState, frame);
	AT("frame_previous", PyFrameObject, f_back);
	AT("frame_code", PyFrameObject, f_code);
	AT("frame_position", PyFrameObject, f_lasti);
#else
#if PY_VERSION_HEX < 0x030d0000
	AT("tstate_frame", PyThreadState, cframe);
	AT("cframe_frame", _PyCFrame, current_frame);
	AT("frame_code", _PyInterpreterFrame, f_code);
#if PY_VERSION_HEX < 0x030c0000
	AT("frame_is_entry", _PyInterpreterFrame, is_entry);
#endif
	AT("frame_position", _PyInterpreterFrame, prev_instr);
#else
	AT("tstate_frame", PyThreadState, current_frame);
	AT("frame_code", _PyInterpreterFrame, f_executable);
	AT("frame_position", _PyInterpreterFrame, instr_ptr);
	SAY("shim_flag", CO_NO_MONITORING_EVENTS);
#endif
	AT("frame_previous", _PyInterpreterFrame, previous);
	AT("frame_owner", _PyInterpreterFrame, owner);
#endif
	SAY("position_step", (PY_VERSION_HEX >> 16) == 0x030a ? 2 : 1);
}

static void say_code(void)
{
	AT("code_flags", PyCodeObject, co_flags);
	AT("code_first_line", PyCodeObject, co_firstlineno);
	AT("code_file", PyCodeObject, co_filename);
#if PY_VERSION_HEX >= 0x030b0000
	AT("code_name", PyCodeObject, co_qualname);
	AT("code_units", PyCodeObject, co_code_adaptive);
#else
	AT("code_name", PyCodeObject, co_name);
#endif
#if PY_VERSION_HEX >= 0x030a0000
	AT("code_line_table", PyCodeObject, co_linetable);
#else
	AT("code_line_table", PyCodeObject, co_lnotab);
#endif
}

/* The lowest bit of a bit-field. */
#define BIT(name, field)                                                                 \
	do {                                                                             \
		PyASCIIObject text;                                                      \
		unsigned word;                                                           \
		memset(&text, 0, sizeof(text));                                          \
		text.state.field = 1;                                                    \
		memcpy(&word, &text.state, sizeof(word));                                \
		SAY(name, __builtin_ctz(word));                                          \
	} while (0)

int main(void)
{
	say_frames();
	say_code();
	SAY("text_ascii", sizeof(PyASCIIObject));
	SAY("text_compact", sizeof(PyCompactUnicodeObject));
	AT("text_length", PyASCIIObject, length);
	AT("text_state", PyASCIIObject, state);
	BIT("text_kind_bit", kind);
	BIT("text_compact_bit", compact);
	BIT("text_ascii_bit", ascii);
	AT("type_dealloc", PyTypeObject, tp_dealloc);
	AT("object_size", PyVarObject, ob_size);
	AT("bytes_data", PyBytesObject, ob_sval);
	return 0;
}
