/*
 * Where each CPython minor version keeps the frames of a thread and what a code object
 * says of itself: the one place that knows. Builds with the GIL, 64 bits, little-endian;
 * nothing of it moves within a minor version once that is released.
 *
 * Held to each version's own headers by tests/blackbox/test_frame_layout.py, on 3.13 and
 * newer to the interpreter's own _Py_DebugOffsets when we attach, and on all to a walk
 * over a frame that is known (python/walk_check.c), which on 3.15 also tries the field
 * that stack/frame_anchor.h uses.
 */
#ifndef PMT_TRACER_PYTHON_FRAME_LAYOUT_H
#define PMT_TRACER_PYTHON_FRAME_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

enum {
	PMT_LAYOUT_NONE = 0xffff, /* this version has no such field */
	PMT_TYPE_DEALLOC = 48,    /* PyTypeObject.tp_dealloc */
	PMT_OBJECT_SIZE = 16,     /* PyVarObject.ob_size: of bytes its length */
	PMT_BYTES_DATA = 32,      /* PyBytesObject.ob_sval */
	PMT_TEXT_LENGTH = 16,     /* PyASCIIObject.length */
	PMT_TEXT_STATE = 32,      /* PyASCIIObject.state and its bits */
	PMT_TEXT_KIND_BIT = 2,
	PMT_TEXT_COMPACT_BIT = 5,
	PMT_TEXT_ASCII_BIT = 6,
	/* Frames with this owner or a higher one are the interpreter's own. */
	PMT_OWNER_FIRST_HIDDEN = 3,
	/* co_flags of the frame that 3.13+ puts below an inlined __init__. */
	PMT_CODE_IS_SHIM = 0x2000000,
};

/* X(field): offsets in bytes; frame_position is f_lasti or a pointer into the code. */
#define PMT_FRAME_LAYOUT(X)                                                              \
	X(tstate_thread_id)                                                              \
	X(tstate_frame)        /* of the frame, or of the structure that has it */       \
	X(tstate_anchor)       /* last_profiled_frame */                                 \
	X(tstate_anchor_moves) /* last_profiled_frame_seq */                             \
	X(cframe_frame)                                                                  \
	X(frame_previous)                                                                \
	X(frame_code)                                                                    \
	X(frame_position)                                                                \
	X(frame_owner)                                                                   \
	X(frame_is_entry) /* 3.11: an evaluator of its own began with it */              \
	X(code_flags)                                                                    \
	X(code_first_line)                                                               \
	X(code_file)                                                                     \
	X(code_name) /* the qualified one where there is one */                          \
	X(code_line_table)                                                               \
	X(code_units) /* the instructions that frame_position points into */             \
	X(text_ascii) /* PyASCIIObject's size: its characters follow */                  \
	X(text_compact)

struct pmt_frame_layout {
	uint8_t minor;
	uint8_t position_step; /* bytes that frame_position counts in where it is a number
				*/
	uint8_t line_table;    /* enum pmt_line_table */
	bool has_shims;
#define X(field) uint16_t field;
	PMT_FRAME_LAYOUT(X)
#undef X
};

/* The row of a minor version, NULL for one that is not known. */
const struct pmt_frame_layout *pmt_frame_layout_of(int minor);

/* Whether the table that CPython 3.13+ publishes about itself (at `offsets`, the begin of
 * _PyRuntime) agrees with the row; true where a version has no such table. */
bool pmt_frame_layout_agrees(const struct pmt_frame_layout *layout, const void *offsets);

/* Whether the row has the anchor, and that table agrees. */
bool pmt_frame_layout_has_anchor(const struct pmt_frame_layout *layout,
				 const void *offsets);

#endif
