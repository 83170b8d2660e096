/*
 * CPython 3.12 and newer: sys.monitoring (PEP 669). The callbacks are objects of a heap
 * type with a vectorcall slot, which the interpreter calls without building arguments
 * (6 to 25 ns less per call than a method object, measured).
 *
 * Arguments begin with the code object; what follows differs per event.
 */
#include "python/hook.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/options.h"
#include "event/hook_way.h"
#include "os/say.h"
#include "python/api.h"
#include "python/c_function.h"
#include "python/code_ids.h"
#include "python/held_text.h"
#include "python/monitoring_place.h"
#include "run/run.h"
#include "thread.h"

enum {
	SLOT_TP_CALL = 50, /* Py_tp_call, Py_tp_members of typeslots.h */
	SLOT_TP_MEMBERS = 72,
	MEMBER_SSIZE = 19,    /* Py_T_PYSSIZET */
	MEMBER_READONLY = 1,  /* Py_READONLY */
	FLAG_VECTORCALL = 11, /* Py_TPFLAGS_HAVE_VECTORCALL, bit number */
	FLAG_DEFAULT = 18,    /* Py_TPFLAGS_HAVE_VERSION_TAG: PyType_FromSpec wants it */
};

#define TOOL_NAME "pymemtrace"

typedef struct _object *vectorcall_fn(struct _object *self, struct _object *const *args,
				      size_t flagged_count, struct _object *names);

/* PyObject_HEAD of a build with the GIL, then where vectorcall looks. */
struct callback_object {
	ssize_t reference_count;
	void *type;
	vectorcall_fn *call;
};

/*
 * Code that is filtered out stays so for its life: at this place of it we need not be
 * called again. Unless another tool calls restart_events(): then once more.
 */
static __attribute__((noinline)) struct _object *hidden(void)
{
	pmt_py.Py_IncRef(pmt_py.disable);
	return pmt_py.disable;
}

/* The interpreter takes no such answer for an event without a place of its own in the
 * code: it would raise ValueError and take our callback off. */
PMT_INLINE bool has_place(unsigned op)
{
	return op != PMT_OP_THROW && op != PMT_OP_UNWIND;
}

/* Py_None is immortal from 3.12 on: returning it takes no reference. */
PMT_INLINE struct _object *on_event(unsigned op, struct _object *const *args)
{
	struct pmt_thread *t = pmt_thread_self();

	if (PMT_LIKELY(t != NULL)) {
		uint32_t id = pmt_code_id_gil(t, args[0]);
		if (PMT_LIKELY(id != (uint32_t)PMT_CODE_HIDDEN))
			pmt_hook_event(t, op, id);
		else if (has_place(op))
			return hidden();
	}
	return pmt_py.none;
}

#define CALLBACK(name, op)                                                               \
	static struct _object *name(struct _object *self, struct _object *const *args,   \
				    size_t flagged_count, struct _object *names)         \
	{                                                                                \
		(void)self, (void)flagged_count, (void)names;                            \
		return on_event(op, args);                                               \
	}
CALLBACK(on_start, PMT_OP_START)
CALLBACK(on_resume, PMT_OP_RESUME)
CALLBACK(on_throw, PMT_OP_THROW)
CALLBACK(on_return, PMT_OP_RETURN)
CALLBACK(on_yield, PMT_OP_YIELD)
CALLBACK(on_unwind, PMT_OP_UNWIND)
#undef CALLBACK

/* --- C functions ----------------------------------------------------------------- */

enum { ARGUMENT_CODE = 0, ARGUMENT_CALLABLE = 2 };

/* C events of a hidden function's calls are hidden with it. */
PMT_INLINE struct _object *on_c_event(enum pmt_ext type, struct _object *const *args)
{
	struct pmt_thread *t = pmt_thread_self();

	if (!t)
		return pmt_py.none;
	if (pmt_code_id_gil(t, args[ARGUMENT_CODE]) != (uint32_t)PMT_CODE_HIDDEN)
		pmt_c_function_event_gil(t, type, args[ARGUMENT_CALLABLE]);
	else if (type == PMT_EXT_C_CALL) /* whose places those of its end are too */
		return hidden();
	return pmt_py.none;
}

#define CALLBACK(name, type)                                                             \
	static struct _object *name(struct _object *self, struct _object *const *args,   \
				    size_t flagged_count, struct _object *names)         \
	{                                                                                \
		(void)self, (void)flagged_count, (void)names;                            \
		return on_c_event(type, args);                                           \
	}
CALLBACK(on_c_call, PMT_EXT_C_CALL)
CALLBACK(on_c_return, PMT_EXT_C_RETURN)
CALLBACK(on_c_raise, PMT_EXT_C_RAISE)
#undef CALLBACK

/* --- lines ----------------------------------------------------------------------------
 */

static struct _object *on_line(struct _object *self, struct _object *const *args,
			       size_t flagged_count, struct _object *names)
{
	struct pmt_thread *t = pmt_thread_self();

	(void)self, (void)flagged_count, (void)names;
	if (!t)
		return pmt_py.none;
	if (pmt_code_id_gil(t, args[ARGUMENT_CODE]) == (uint32_t)PMT_CODE_HIDDEN)
		return hidden();
	long line = pmt_py.PyLong_AsLong(args[1]);
	if (line > 0)
		pmt_hook_event(t, PMT_OP_LINE, (uint64_t)line);
	return pmt_py.none;
}

enum event_use { USE_ALWAYS, USE_C_CALLS, USE_LINES };

static const struct event {
	const char *name;
	vectorcall_fn *call;
	enum event_use use;
	bool group_only; /* set by CALL, cannot be asked for alone */
} events[] = {
    {"PY_START", on_start, USE_ALWAYS, false},
    {"PY_RESUME", on_resume, USE_ALWAYS, false},
    {"PY_THROW", on_throw, USE_ALWAYS, false},
    {"PY_RETURN", on_return, USE_ALWAYS, false},
    {"PY_YIELD", on_yield, USE_ALWAYS, false},
    {"PY_UNWIND", on_unwind, USE_ALWAYS, false},
    {"CALL", on_c_call, USE_C_CALLS, false},
    {"C_RETURN", on_c_return, USE_C_CALLS, true},
    {"C_RAISE", on_c_raise, USE_C_CALLS, true},
    {"LINE", on_line, USE_LINES, false},
};
enum { EVENT_COUNT = sizeof(events) / sizeof(events[0]) };

static struct pmt_py_member callback_members[] = {
    {"__vectorcalloffset__", MEMBER_SSIZE, offsetof(struct callback_object, call),
     MEMBER_READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

/* A type per interpreter: heap types are not shared between them. */
static struct _object *make_type(void)
{
	struct pmt_py_slot slots[] = {
	    {SLOT_TP_CALL, NULL},
	    {SLOT_TP_MEMBERS, callback_members},
	    {0, NULL},
	};
	struct pmt_py_spec spec = {
	    .name = "pymemtrace.callback",
	    .basic_bytes = sizeof(struct callback_object),
	    .flags = 1u << FLAG_VECTORCALL | 1u << FLAG_DEFAULT,
	    .slots = slots,
	};

	slots[0].function = *(void **)&pmt_py.vectorcall_call;
	/* What it returns does not point to spec. */
	/* cppcheck-suppress returnDanglingLifetime */
	return pmt_py.PyType_FromSpec(&spec);
}

static struct _object *make_callback(struct _object *type, vectorcall_fn *call)
{
	struct _object *object = pmt_py.PyType_GenericAlloc(type, 0);

	if (object)
		((struct callback_object *)(void *)object)->call = call;
	return object;
}

static bool ok(struct _object *result)
{
	if (!result)
		return false;
	pmt_py.Py_DecRef(result);
	return true;
}

/* Any id but `without`: 5 first, which no tool is known to want. */
static int take_tool(struct _object *monitoring, int without)
{
	static const int order[] = {5, 4, 3, 1, 2, 0};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (order[i] == without)
			continue;
		if (ok(pmt_py.PyObject_CallMethod(monitoring, "use_tool_id", "is",
						  order[i], TOOL_NAME)))
			return order[i];
		pmt_py.PyErr_Clear();
	}
	return -EBUSY;
}

/* Registers the callback of one event, none when type is NULL; returns its bit, or 0 on
 * failure. */
static long register_event(struct _object *monitoring, int tool, struct _object *type,
			   const struct event *event)
{
	long bit = 0;
	struct _object *names = pmt_py.PyObject_GetAttrString(monitoring, "events");
	struct _object *number =
	    names ? pmt_py.PyObject_GetAttrString(names, event->name) : NULL;
	struct _object *callback = !number ? NULL
				   : type  ? make_callback(type, event->call)
					   : pmt_py.none;

	if (callback) {
		bit = pmt_py.PyLong_AsLong(number);
		struct _object *old = pmt_py.PyObject_CallMethod(
		    monitoring, "register_callback", "ilO", tool, bit, callback);
		if (!ok(old))
			bit = 0;
	}
	if (callback && type)
		pmt_py.Py_DecRef(callback);
	if (number)
		pmt_py.Py_DecRef(number);
	if (names)
		pmt_py.Py_DecRef(names);
	return bit;
}

static bool wanted(const struct event *event, const struct pmt_options *options)
{
	if (event->use == USE_C_CALLS)
		return options->c_calls;
	if (event->use == USE_LINES)
		return (options->modes & PMT_MODE_LINES) != 0;
	return true;
}

static int register_all(struct _object *monitoring, int tool, struct _object *type,
			const struct pmt_options *options)
{
	long mask = 0;

	for (size_t i = 0; i < EVENT_COUNT; i++) {
		if (!wanted(&events[i], options))
			continue;
		long bit = register_event(monitoring, tool, type, &events[i]);
		if (!bit)
			return -ENOTSUP;
		if (!events[i].group_only)
			mask |= bit;
	}
	return ok(pmt_py.PyObject_CallMethod(monitoring, "set_events", "il", tool, mask))
		   ? 0
		   : -ENOTSUP;
}

static int tool_taken = -1;
static const struct pmt_options *options_now;

static void say_lost(void)
{
	tool_taken = -1;
	if (pmt_run_is_on())
		pmt_area_count_loss(&pmt_run->area, PMT_LOSS_DETACHED, 1);
	pmt_say(
	    PMT_SAY_HOOK_LOST,
	    "the program took our place in sys.monitoring: calls are no longer traced",
	    NULL, NULL);
}

void pmt_hook_monitoring_audit_gil(const char *event)
{
	struct _object *monitoring, *name;

	if (tool_taken < 0 || strcmp(event, "sys.monitoring.register_callback") != 0 ||
	    pmt_py.PyErr_Occurred())
		return;
	monitoring = pmt_py.PySys_GetObject("monitoring");
	if (!monitoring || pmt_monitoring_place_is_hidden_gil(monitoring))
		return;
	name = pmt_py.PyObject_CallMethod(monitoring, "get_tool", "i", tool_taken);
	struct pmt_held_text held = pmt_held_text_gil(name);
	bool ours = held.text.size == sizeof(TOOL_NAME) - 1 &&
		    memcmp(held.text.bytes, TOOL_NAME, held.text.size) == 0;
	pmt_held_release_gil(&held);
	if (!ours)
		say_lost();
}

/* Takes an id but `without`, and the events. The id, or a negative errno. */
static int settle(struct _object *monitoring, int without)
{
	struct _object *type = make_type();
	int tool = type ? take_tool(monitoring, without) : -ENOTSUP;
	int result = tool < 0 ? tool : register_all(monitoring, tool, type, options_now);

	if (type)
		pmt_py.Py_DecRef(type); /* its callbacks keep it */
	if (result < 0 && pmt_py.PyErr_Occurred())
		pmt_py.PyErr_Clear();
	return result < 0 ? result : tool;
}

/* The program wants our id. Events that come in between are those of other audit hooks;
 * code that runs at this moment is instrumented anew at once. */
static int move_gil(struct _object *monitoring, int from)
{
	ok(pmt_py.PyObject_CallMethod(monitoring, "set_events", "ii", from, 0));
	for (size_t i = 0; i < EVENT_COUNT; i++)
		if (wanted(&events[i], options_now))
			register_event(monitoring, from, NULL, &events[i]);
	ok(pmt_py.PyObject_CallMethod(monitoring, "free_tool_id", "i", from));
	if (pmt_py.PyErr_Occurred())
		pmt_py.PyErr_Clear();
	int tool = settle(monitoring, from);
	if (tool < 0)
		say_lost();
	else
		tool_taken = tool;
	return tool;
}

int pmt_hook_monitoring_install_gil(const struct pmt_options *options)
{
	static const char *names[EVENT_COUNT + 1];
	struct _object *monitoring = pmt_py.PySys_GetObject("monitoring"); /* borrowed */

	if (!monitoring || !pmt_py.vectorcall_call)
		return -ENOTSUP;
	if (!pmt_py.disable) /* one for all interpreters */
		pmt_py.disable = pmt_py.PyObject_GetAttrString(monitoring, "DISABLE");
	if (!pmt_py.disable) {
		pmt_py.PyErr_Clear();
		return -ENOTSUP;
	}
	options_now = options;
	int tool = settle(monitoring, -1);
	if (tool < 0)
		return tool;
	tool_taken = tool;
	for (size_t i = 0; i < EVENT_COUNT; i++)
		names[i] = events[i].name;
	pmt_monitoring_place_init(names, move_gil);
	pmt_monitoring_place_hide_gil(monitoring, tool);
	return 0;
}
