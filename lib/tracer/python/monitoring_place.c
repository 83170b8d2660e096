/*
 * Hiding our tool id; see monitoring_place.h. In the module's dictionary stand functions
 * of the same type, name, signature and text as the interpreter's own, which they call.
 * They are called with the GIL, seldom, and never by the hook.
 */
#include "python/monitoring_place.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "python/api.h"

enum {
	FLAG_FASTCALL = 0x80, /* METH_FASTCALL, METH_NOARGS, METH_O of methodobject.h */
	FLAG_NO_ARGUMENTS = 0x4,
	FLAG_ONE = 0x8,
	PLACES_MAX = 32,
};

typedef struct _object *fast_fn(struct _object *self, struct _object *const *args,
				ssize_t count);
typedef struct _object *one_fn(struct _object *self, struct _object *argument);

/* PyObject_HEAD of a build with the GIL and, in a PyCFunctionObject, its definition. */
struct head {
	ssize_t reference_count;
	void *type;
};
struct c_function {
	struct head head;
	struct pmt_py_method *definition;
};

/* By interpreter; with the GIL. The last entry is pushed out when all are taken. */
static struct place {
	const struct _object *monitoring; /* NULL: free */
	const void *interpreter;
	int tool; /* -1: none of the ids is ours */
} places[PLACES_MAX];

static const char *const *event_names;
static pmt_monitoring_move_fn *move;

static struct place *find_place(const struct _object *monitoring)
{
	for (unsigned i = 0; i < PLACES_MAX; i++)
		if (places[i].monitoring == monitoring)
			return &places[i];
	return NULL;
}

/* The place that the argument names, or NULL. Other than plain ints are the original's
 * to judge. */
static struct place *named_place(const struct _object *self, struct _object *argument)
{
	struct place *place = find_place(self);

	if (!place || place->tool < 0 ||
	    ((struct head *)(void *)argument)->type != pmt_py.long_type)
		return NULL;
	long number = pmt_py.PyLong_AsLong(argument);
	if (number == -1 && pmt_py.PyErr_Occurred())
		pmt_py.PyErr_Clear(); /* too large: the original says so */
	return number == place->tool ? place : NULL;
}

static void make_room(struct _object *self, struct place *place)
{
	int from = place->tool;

	place->tool = -1; /* our own calls are not the program's */
	place->tool = move(self, from);
}

/* --- the functions ------------------------------------------------------------------ */

enum function {
	USE_TOOL_ID,
	SET_EVENTS,
	SET_LOCAL_EVENTS,
	REGISTER_CALLBACK,
	GET_TOOL,
	GET_EVENTS,
	FREE_TOOL_ID,
	CLEAR_TOOL_ID,
	ALL_EVENTS,
	FUNCTION_COUNT,
};

static struct pmt_py_method originals[FUNCTION_COUNT];

/* Those that begin to use an id, or would fail as long as nobody does. */
static struct _object *call_fast(enum function function, struct _object *self,
				 struct _object *const *args, ssize_t count)
{
	struct place *place = count > 0 ? named_place(self, args[0]) : NULL;

	if (place)
		make_room(self, place);
	return (*(fast_fn **)&originals[function].function)(self, args, count);
}

/* Of an id that nobody uses, get_tool, free_tool_id and clear_tool_id give None. */
static struct _object *call_one(enum function function, struct _object *self,
				struct _object *argument)
{
	if (!named_place(self, argument))
		return (*(one_fn **)&originals[function].function)(self, argument);
	if (function == GET_EVENTS)
		return pmt_py.PyLong_FromUnsignedLong(0);
	return pmt_py.none; /* immortal from 3.12 on */
}

#define CALLS_FAST(name, function)                                                       \
	static struct _object *name(struct _object *self, struct _object *const *args,   \
				    ssize_t count)                                       \
	{                                                                                \
		return call_fast(function, self, args, count);                           \
	}
#define CALLS_ONE(name, function)                                                        \
	static struct _object *name(struct _object *self, struct _object *argument)      \
	{                                                                                \
		return call_one(function, self, argument);                               \
	}
CALLS_FAST(use_tool_id, USE_TOOL_ID)
CALLS_FAST(set_events, SET_EVENTS)
CALLS_FAST(set_local_events, SET_LOCAL_EVENTS)
CALLS_FAST(register_callback, REGISTER_CALLBACK)
CALLS_ONE(get_tool, GET_TOOL)
CALLS_ONE(get_events, GET_EVENTS)
CALLS_ONE(free_tool_id, FREE_TOOL_ID)
CALLS_ONE(clear_tool_id, CLEAR_TOOL_ID)
#undef CALLS_FAST
#undef CALLS_ONE

/* Takes our bit out of one entry of {event name: bits of tools}. */
static void hide_event(struct _object *events, const char *name, int tool)
{
	struct _object *bits = pmt_py.PyDict_GetItemString(events, name); /* borrowed */
	long rest = bits ? pmt_py.PyLong_AsLong(bits) & ~(1L << tool) : 0;

	if (!bits)
		return;
	if (!rest) {
		pmt_py.dict_delete(events, name);
		return;
	}
	bits = pmt_py.PyLong_FromUnsignedLong((unsigned long)rest);
	if (bits) {
		pmt_py.dict_set(events, name, bits);
		pmt_py.Py_DecRef(bits);
	}
}

static struct _object *all_events(struct _object *self, struct _object *unused)
{
	one_fn *const *original = (one_fn *const *)&originals[ALL_EVENTS].function;
	struct _object *events = (*original)(self, unused);
	struct place *place = find_place(self);

	if (events && place && place->tool >= 0)
		for (const char *const *name = event_names; *name; name++)
			hide_event(events, *name, place->tool);
	return events;
}

/* Ours; the interpreter's functions point to them for good. */
static struct pmt_py_method replacements[FUNCTION_COUNT] = {
    [USE_TOOL_ID] = {"use_tool_id", (void *)use_tool_id, FLAG_FASTCALL, NULL},
    [SET_EVENTS] = {"set_events", (void *)set_events, FLAG_FASTCALL, NULL},
    [SET_LOCAL_EVENTS] = {"set_local_events", (void *)set_local_events, FLAG_FASTCALL,
			  NULL},
    [REGISTER_CALLBACK] = {"register_callback", (void *)register_callback, FLAG_FASTCALL,
			   NULL},
    [GET_TOOL] = {"get_tool", (void *)get_tool, FLAG_ONE, NULL},
    [GET_EVENTS] = {"get_events", (void *)get_events, FLAG_ONE, NULL},
    [FREE_TOOL_ID] = {"free_tool_id", (void *)free_tool_id, FLAG_ONE, NULL},
    [CLEAR_TOOL_ID] = {"clear_tool_id", (void *)clear_tool_id, FLAG_ONE, NULL},
    [ALL_EVENTS] = {"_all_events", (void *)all_events, FLAG_NO_ARGUMENTS, NULL},
};

/* --- putting them there ---------------------------------------------------------------
 */

/* Whether the interpreter's function is what we know how to stand for; keeps it. */
static bool know_original(enum function function, struct _object *found)
{
	struct pmt_py_method *ours = &replacements[function];
	struct c_function *object = (struct c_function *)(void *)found;

	if (object->head.type != pmt_py.c_function_type)
		return false;
	const struct pmt_py_method *theirs = object->definition;
	if (theirs->function == ours->function)
		return true; /* an attachment again, to the same module */
	if (!theirs->name || strcmp(theirs->name, ours->name) != 0 ||
	    theirs->function != pmt_py.c_function_get(found) ||
	    theirs->flags != ours->flags)
		return false;
	originals[function] = *theirs;
	ours->doc = theirs->doc;
	return true;
}

static bool know_originals(struct _object *monitoring)
{
	for (int i = 0; i < FUNCTION_COUNT; i++) {
		struct _object *found =
		    pmt_py.PyObject_GetAttrString(monitoring, replacements[i].name);

		if (!found) {
			pmt_py.PyErr_Clear();
			if (i == CLEAR_TOOL_ID && pmt_py.minor < 14)
				continue;
			return false;
		}
		bool known = know_original((enum function)i, found);
		pmt_py.Py_DecRef(found);
		if (!known)
			return false;
	}
	return true;
}

static void replace(struct _object *monitoring, struct pmt_py_method *definition)
{
	struct _object *module_name =
	    pmt_py.PyObject_GetAttrString(monitoring, "__name__");
	struct _object *function =
	    module_name ? pmt_py.c_function_new(definition, monitoring, module_name)
			: NULL;

	if (function) {
		pmt_py.set_attribute(monitoring, definition->name, function);
		pmt_py.Py_DecRef(function);
	}
	if (module_name)
		pmt_py.Py_DecRef(module_name);
	if (pmt_py.PyErr_Occurred())
		pmt_py.PyErr_Clear();
}

void pmt_monitoring_place_init(const char *const *names, pmt_monitoring_move_fn *mover)
{
	event_names = names;
	move = mover;
}

bool pmt_monitoring_place_hide_gil(struct _object *monitoring, int tool)
{
	struct place *place = find_place(monitoring);

	if (!pmt_py.c_function_new || !pmt_py.c_function_get || !pmt_py.set_attribute ||
	    !pmt_py.dict_set || !pmt_py.dict_delete || !pmt_py.long_type ||
	    !know_originals(monitoring))
		return false;
	for (int i = 0; i < FUNCTION_COUNT; i++)
		if (originals[i].function)
			replace(monitoring, &replacements[i]);
	if (!place)
		place = find_place(NULL);
	if (!place)
		place = &places[PLACES_MAX - 1];
	*place = (struct place){monitoring, pmt_py.interpreter_get(), tool};
	return true;
}

void pmt_monitoring_place_forget(const void *interpreter)
{
	for (unsigned i = 0; i < PLACES_MAX; i++)
		if (places[i].monitoring && places[i].interpreter == interpreter)
			places[i] = (struct place){NULL, NULL, -1};
}

bool pmt_monitoring_place_is_hidden_gil(const struct _object *monitoring)
{
	return find_place(monitoring) != NULL;
}
