/*
 * The check; see walk_check.h. A function of importlib, in Python and always there, calls
 * a type that allocates a known size: in that malloc, as later in the program's, the
 * thread's frames are read, by the kernel while they are not trusted. With the GIL, once.
 */
#include "python/walk_check.h"

#include <string.h>

#include "os/sys.h"
#include "python/api.h"
#include "python/code_raw.h"
#include "python/frame_walk.h"
#include "python/held_text.h"
#include "python/state_word.h"

enum {
	ASKED_BYTES = 200000, /* larger than anything else that the call allocates */
	FRAMES = 64,          /* compared, of the innermost */
	STEPS = 256,
	TEXT_BYTES = 256,
};

size_t pmt_walk_check_bytes;

static struct {
	struct pmt_frame_layout layout;
	struct pmt_frame_place seen[FRAMES];
	size_t seen_count;
	bool is_entry; /* as the innermost frame says; see frame_is_entry */
	/* Where the anchor is tried: whose, what was left there, what comes next. */
	char *anchor_state;
	uint64_t anchor_frame;
	uint64_t anchor_next;
	uint64_t anchor_moves;
} check;

/* --- reading, in malloc --- */

static bool read_word(uint64_t *ret_word, uint64_t at, uint16_t offset, size_t size)
{
	*ret_word = 0;
	return pmt_sys_read_own(ret_word, (const void *)(uintptr_t)(at + offset), size);
}

static bool read_position(const struct pmt_frame_layout *l, uint64_t frame, uint64_t code,
			  uint32_t *ret_offset)
{
	uint64_t at;
	bool is_number = l->code_units == PMT_LAYOUT_NONE;

	if (!read_word(&at, frame, l->frame_position, is_number ? 4 : 8))
		return false;
	at = is_number ? (uint64_t)((int64_t)(int32_t)at * l->position_step)
		       : at - code - l->code_units;
	*ret_offset = (int64_t)at < 0 ? 0 : (uint32_t)at;
	return true;
}

/* C code called the check's function, so an evaluator of its own runs it. */
static bool read_is_entry(const struct pmt_frame_layout *l, uint64_t frame)
{
	uint64_t is_entry;

	if (l->frame_is_entry == PMT_LAYOUT_NONE)
		return true;
	return read_word(&is_entry, frame, l->frame_is_entry, 1) && is_entry == 1;
}

/* One frame: whether it could be read, and with *ret_shown whether it is a function's. */
static bool read_frame(const struct pmt_frame_layout *l, uint64_t frame,
		       struct pmt_frame_place *ret_place, bool *ret_shown)
{
	uint64_t owner = 0, code, type, flags;

	*ret_shown = false;
	if (l->frame_owner != PMT_LAYOUT_NONE &&
	    !read_word(&owner, frame, l->frame_owner, 1))
		return false;
	if (owner >= PMT_OWNER_FIRST_HIDDEN)
		return true;
	if (!read_word(&code, frame, l->frame_code, 8))
		return false;
	code &= ~(uint64_t)7;
	if (!read_word(&type, code, 8, 8) || type != (uintptr_t)pmt_py.code_type ||
	    !read_word(&flags, code, l->code_flags, 4) ||
	    !read_position(l, frame, code, &ret_place->offset))
		return false;
	ret_place->code = code;
	*ret_shown = !(l->has_shims && flags & PMT_CODE_IS_SHIM);
	return true;
}

/* Leaves the innermost frame in the anchor, when that is free. Where it lies the
 * interpreter has said itself. */
static void leave_anchor(const struct pmt_frame_layout *l, uint64_t state, uint64_t frame)
{
	char *at = (char *)(uintptr_t)state; /* NOLINT(performance-no-int-to-ptr) */

	if (l->tstate_anchor == PMT_LAYOUT_NONE ||
	    PMT_FRAME_FIELD(uint64_t, at, l->tstate_anchor) ||
	    !read_word(&check.anchor_next, frame, l->frame_previous, 8))
		return;
	check.anchor_state = at;
	check.anchor_frame = frame;
	check.anchor_moves = PMT_FRAME_FIELD(uint64_t, at, l->tstate_anchor_moves);
	*(uint64_t *)(at + l->tstate_anchor) = frame;
}

void pmt_walk_check_take(void)
{
	const struct pmt_frame_layout *l = &check.layout;
	uint64_t state = (uint64_t)(uintptr_t)pmt_py.this_thread_state();
	uint64_t frame;
	bool shown;

	pmt_walk_check_bytes = 0;
	check.seen_count = 0;
	if (!state || !read_word(&frame, state, l->tstate_frame, 8))
		return;
	if (l->cframe_frame != PMT_LAYOUT_NONE &&
	    !read_word(&frame, frame, l->cframe_frame, 8))
		return;
	check.is_entry = read_is_entry(l, frame);
	leave_anchor(l, state, frame);
	for (int i = 0; frame && i < STEPS && check.seen_count < FRAMES; i++) {
		struct pmt_frame_place *place = &check.seen[check.seen_count];

		if (!read_frame(l, frame, place, &shown) ||
		    !read_word(&frame, frame, l->frame_previous, 8)) {
			check.seen_count = 0;
			return;
		}
		check.seen_count += shown;
	}
}

/* --- what the API says --- */

static struct _object *attribute(struct _object *object, const char *name)
{
	struct _object *value =
	    object ? pmt_py.PyObject_GetAttrString(object, name) : NULL;

	if (!value)
		pmt_py.PyErr_Clear();
	return value;
}

static int64_t number_of(struct _object *object, const char *name)
{
	struct _object *number = attribute(object, name);
	int64_t value = number ? pmt_py.PyLong_AsLong(number) : INT64_MIN;

	if (number)
		pmt_py.Py_DecRef(number);
	if (pmt_py.PyErr_Occurred())
		pmt_py.PyErr_Clear();
	return value;
}

static bool is_place(const struct pmt_frame_place *place, struct _object *frame)
{
	struct _object *code = attribute(frame, "f_code");
	int64_t offset = number_of(frame, "f_lasti");
	bool same = place->code == (uint64_t)(uintptr_t)code &&
		    place->offset == (uint64_t)(offset < 0 ? 0 : offset);

	if (code)
		pmt_py.Py_DecRef(code);
	return same;
}

/* The frames that were there before the check called its function: behind its own. */
static bool outer_frames_agree(void)
{
	struct _object *frame = pmt_py.eval_get_frame(); /* borrowed; NULL: none */
	struct _object *held = NULL;
	size_t i = 1;
	bool same = true;

	for (; same && frame && frame != pmt_py.none && i < check.seen_count; i++) {
		same = is_place(&check.seen[i], frame);
		struct _object *back = attribute(frame, "f_back");
		if (held)
			pmt_py.Py_DecRef(held);
		frame = held = back;
	}
	same = same && i == check.seen_count &&
	       (i == FRAMES || !frame || frame == pmt_py.none);
	if (held)
		pmt_py.Py_DecRef(held);
	return same;
}

static bool text_agrees(const struct pmt_frame_layout *l, struct _object *code,
			const char *name, uint16_t offset)
{
	char raw[TEXT_BYTES];
	struct pmt_held_text held = pmt_held_attribute_gil(code, name);
	size_t size =
	    pmt_code_raw_text(l, PMT_FRAME_FIELD(void *, code, offset), raw, sizeof(raw));
	bool same = size == held.text.size && memcmp(raw, held.text.bytes, size) == 0;

	pmt_held_release_gil(&held);
	return same;
}

static bool code_agrees(const struct pmt_frame_layout *l, struct _object *code)
{
	bool has_qualified_name = l->minor >= 11;
	struct _object *table =
	    attribute(code, l->minor >= 10 ? "co_linetable" : "co_lnotab");
	bool same = PMT_FRAME_FIELD(void *, code, l->code_line_table) == (void *)table &&
		    PMT_FRAME_FIELD(int32_t, code, l->code_first_line) ==
			number_of(code, "co_firstlineno") &&
		    text_agrees(l, code, "co_filename", l->code_file) &&
		    text_agrees(l, code, has_qualified_name ? "co_qualname" : "co_name",
				l->code_name);

	if (table)
		pmt_py.Py_DecRef(table);
	return same;
}

/* --- the check --- */

/* Calls it; true when the frames were seen. */
static bool call_known_function(struct _object *bootstrap, struct _object *bytearray)
{
	check.seen_count = 0;
	pmt_walk_check_bytes = ASKED_BYTES;
	struct _object *made =
	    pmt_py.PyObject_CallMethod(bootstrap, "_call_with_frames_removed", "On",
				       bytearray, (ssize_t)ASKED_BYTES);
	pmt_walk_check_bytes = 0;
	if (made)
		pmt_py.Py_DecRef(made);
	if (pmt_py.PyErr_Occurred())
		pmt_py.PyErr_Clear();
	return made && check.seen_count > 0;
}

/* Whether it went outwards, and said so, when its frame was left. It is emptied. */
static bool anchor_moved(void)
{
	const struct pmt_frame_layout *l = &check.layout;
	char *at = check.anchor_state;

	if (!at)
		return false;
	uint64_t frame = PMT_FRAME_FIELD(uint64_t, at, l->tstate_anchor);
	if (frame == check.anchor_frame || frame == check.anchor_next)
		*(uint64_t *)(at + l->tstate_anchor) = 0;
	return frame == check.anchor_next && frame != check.anchor_frame &&
	       PMT_FRAME_FIELD(uint64_t, at, l->tstate_anchor_moves) ==
		   check.anchor_moves + 1;
}

static const char *compare(struct _object *bootstrap, struct _object *bytearray)
{
	struct _object *function = attribute(bootstrap, "_call_with_frames_removed");
	struct _object *code = attribute(function, "__code__");
	const char *why = NULL;

	if (!code || !bytearray)
		why = " has no importlib to check the reading of frames with";
	else if (!call_known_function(bootstrap, bytearray))
		why = ": its frames could not be read";
	else if (check.seen[0].code != (uint64_t)(uintptr_t)code || !check.is_entry ||
		 !outer_frames_agree())
		why = ": its frames are not where they were expected";
	else if (!code_agrees(&check.layout, code))
		why = ": its functions are not laid out as expected";
	if (code)
		pmt_py.Py_DecRef(code);
	if (function)
		pmt_py.Py_DecRef(function);
	return why;
}

const char *pmt_walk_check_gil(void)
{
	const struct pmt_frame_layout *layout = pmt_frame_layout_of(pmt_py.minor);

	if (!pmt_py_is_supported() || !layout)
		return pmt_py.free_threaded ? " without the GIL is not supported"
					    : " is not known";
	if (!pmt_py.this_thread_state || !pmt_py.thread_state_unchecked ||
	    !pmt_py.eval_get_frame || !pmt_py.code_type)
		return " lacks what is needed to read its frames";
	if (!pmt_frame_layout_agrees(layout, pmt_py.runtime))
		return " says that its frames are not where they were expected";
	struct _object *modules = pmt_py.PyImport_GetModuleDict();
	struct _object *bootstrap =
	    modules ? pmt_py.PyDict_GetItemString(modules, "_frozen_importlib") : NULL;
	struct _object *builtins =
	    modules ? pmt_py.PyDict_GetItemString(modules, "builtins") : NULL;
	struct _object *bytearray = attribute(builtins, "bytearray");
	check.layout = *layout;
	check.anchor_state = NULL;
	if (!pmt_frame_layout_has_anchor(layout, pmt_py.runtime))
		check.layout.tstate_anchor = PMT_LAYOUT_NONE;
	const char *why = compare(bootstrap, bytearray);
	if (!anchor_moved())
		check.layout.tstate_anchor = PMT_LAYOUT_NONE;
	if (bytearray)
		pmt_py.Py_DecRef(bytearray);
	if (!why) {
		pmt_frames.layout = check.layout;
		pmt_state_word_find_gil();
	}
	return why;
}
