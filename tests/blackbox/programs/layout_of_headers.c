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
#if PY_VERSION_HEX >= 0x030f0000
	AT("tstate_anchor", PyThreadState, last_profiled_frame);
	AT("tstate_anchor_moves", PyThreadState, last_profiled_frame_seq);
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

#if PY_VERSION_HEX >= 0x030d0000
/* The counts of collections; names of tests/support/print_layout.c. */
static void say_collector(void)
{
	AT("gc_published_gc", _Py_DebugOffsets, interpreter_state.gc);
	AT("gc_published_collecting", _Py_DebugOffsets, gc.collecting);
	AT("gc_collecting", struct _gc_runtime_state, collecting);
	AT("gc_stats", struct _gc_runtime_state, generation_stats);
	SAY("gc_item_size", sizeof(struct gc_generation_stats));
#if PY_VERSION_HEX < 0x030f0000
	SAY("gc_item_counts", offsetof(struct gc_generation_stats, collections));
#else
	AT("gc_published_stats", _Py_DebugOffsets, gc.generation_stats);
	AT("gc_published_stats_size", _Py_DebugOffsets, gc.generation_stats_size);
	SAY("gc_stats_size", sizeof(struct gc_stats));
	AT("gc_young_newest", struct gc_stats, young.index);
	AT("gc_old_items", struct gc_stats, old[0].items);
	AT("gc_old_newest", struct gc_stats, old[0].index);
	AT("gc_oldest_items", struct gc_stats, old[1].items);
	AT("gc_item_counts", struct gc_generation_stats, collections);
	AT("gc_item_seconds", struct gc_generation_stats, duration);
#endif
	/* Three words in a row. */
	SAY("gc_item_collected", offsetof(struct gc_generation_stats, collected) -
				     offsetof(struct gc_generation_stats, collections));
	SAY("gc_item_uncollectable",
	    offsetof(struct gc_generation_stats, uncollectable) -
		offsetof(struct gc_generation_stats, collections));
}
#endif

int main(void)
{
#if PY_VERSION_HEX >= 0x030d0000
	say_collector();
#endif
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
