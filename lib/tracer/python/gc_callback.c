/*
 * The function in gc.callbacks; see gc_callback.h. Comes in: ("start" or "stop", a dict
 * of numbers) on the thread that collects, with the GIL, where the interpreter collects
 * nothing more; goes out: records (event/collections.h). It makes no object and runs no
 * Python: the names in the dict are compared where they are. The dict is the
 * interpreter's, made for each call as soon as the list has an entry.
 *
 * Collections at the interpreter's end have no callbacks.
 */
#include "python/gc_callback.h"

#include <stddef.h>

#include "event/collections.h"
#include "os/clock.h"
#include "os/sys.h"
#include "python/api.h"
#include "python/c_function.h"
#include "thread.h"

enum {
	PLACES_MAX = 256,
	TRIES = 4096,    /* audit events */
	FASTCALL = 0x80, /* METH_FASTCALL */
};

/* One of each interpreter with a list. An interpreter writes and reads its own, with its
 * GIL; others compare the first field only. */
struct place {
	const void *_Atomic interpreter; /* release: the others are written */
	struct _object *list;            /* a reference; NULL: not in a list */
	struct _object *function;        /* the same */
	int tries;    /* that are left to get in; 0: we are, or never will be */
	int gone_pid; /* that said that the function was taken out; 0: it is there */
};
static struct place places[PLACES_MAX];

static bool is_word(struct _object *object, const char *word)
{
	return PMT_FIELD(void *, object, PMT_OBJECT_TYPE) == pmt_py.unicode_type &&
	       pmt_py.text_compare(object, word) == 0;
}

/* -1: no number, or more than one of C. */
static long number(struct _object *object)
{
	if (PMT_FIELD(void *, object, PMT_OBJECT_TYPE) != pmt_py.long_type)
		return -1; /* the program calls us: nothing of it is to run */
	long value = pmt_py.PyLong_AsLong(object);
	if (pmt_py.PyErr_Occurred())
		pmt_py.PyErr_Clear();
	return value;
}

/* Whether all that the record needs is in the dict. */
static bool read_numbers(struct _object *info, struct pmt_gc_event *event)
{
	struct _object *key, *value;
	long generation = -1, collected = -1, uncollectable = -1;
	ssize_t at = 0;

	while (pmt_py.dict_next(info, &at, &key, &value)) {
		if (is_word(key, "generation"))
			generation = number(value);
		else if (is_word(key, "collected"))
			collected = number(value);
		else if (is_word(key, "uncollectable"))
			uncollectable = number(value);
	}
	if (generation < 0 || generation > UINT8_MAX || collected < 0 ||
	    uncollectable < 0)
		return false;
	event->generation = (uint8_t)generation;
	event->collected = (uint64_t)collected;
	event->uncollectable = (uint64_t)uncollectable;
	return true;
}

static uint64_t interpreter_number(void)
{
	int64_t id = pmt_py.interpreter_id(pmt_py.interpreter_get());

	return id > 0 ? (uint64_t)id : 0;
}

static void take(struct _object *phase, struct _object *info)
{
	uint64_t tick = pmt_clock_ticks();
	struct pmt_thread *t = pmt_thread_self();
	struct pmt_gc_event event = {.interpreter = interpreter_number()};

	if (!t)
		return;
	if (is_word(phase, "start")) {
		event.phase = PMT_GC_START;
		t->collection_began = tick;
	} else if (is_word(phase, "stop")) {
		event.phase = PMT_GC_STOP;
		event.ticks = t->collection_began ? tick - t->collection_began : 0;
		t->collection_began = 0;
	} else {
		return;
	}
	if (read_numbers(info, &event))
		pmt_collection_say_self(t, tick, &event);
}

static struct _object *on_collection(struct _object *self, struct _object *const *args,
				     ssize_t count)
{
	(void)self;
	if (count == 2)
		take(args[0], args[1]);
	pmt_py.Py_IncRef(pmt_py.none);
	return pmt_py.none;
}

static struct pmt_py_method definition = {
    .name = "pymemtrace_collection",
    .function = (void *)on_collection,
    .flags = FASTCALL,
    .doc = "Records collections (PYMEMTRACE=gc=1).",
};

/* NULL: find the first free place. */
static struct place *find_place(const void *interpreter)
{
	for (int i = 0; i < PLACES_MAX; i++)
		if (atomic_load_explicit(&places[i].interpreter, memory_order_acquire) ==
		    interpreter)
			return &places[i];
	return NULL;
}

/* gc.callbacks, a new reference, or NULL. A program that did not import gc finds it not
 * imported. */
static struct _object *find_list(void)
{
	struct _object *modules = pmt_py.PyImport_GetModuleDict();
	bool was_there = modules && pmt_py.PyDict_GetItemString(modules, "gc");
	struct _object *module = pmt_py.import_module("gc");
	struct _object *list =
	    module ? pmt_py.PyObject_GetAttrString(module, "callbacks") : NULL;

	if (module && modules && !was_there)
		pmt_py.dict_delete(modules, "gc");
	if (module)
		pmt_py.Py_DecRef(module);
	if (pmt_py.PyErr_Occurred())
		pmt_py.PyErr_Clear();
	return list;
}

static bool is_ours(struct _object *function)
{
	return PMT_FIELD(void *, function, PMT_OBJECT_TYPE) == pmt_py.c_function_type &&
	       pmt_py.c_function_get(function) == (void *)on_collection;
}

static bool has_ours(struct _object *list)
{
	for (ssize_t i = 0, size = pmt_py.list_size(list); i < size; i++)
		if (is_ours(pmt_py.list_get(list, i)))
			return true;
	return false;
}

/* A function of ours at the end of the list, a new reference, or NULL. */
static struct _object *put_in(struct _object *list)
{
	struct _object *function = pmt_py.c_function_new(&definition, NULL, NULL);

	if (function && pmt_py.list_append(list, function) < 0) {
		pmt_py.Py_DecRef(function);
		function = NULL;
	}
	if (!function)
		pmt_py.PyErr_Clear();
	return function;
}

static bool has_all_names(void)
{
	return pmt_py.import_module && pmt_py.list_append && pmt_py.list_size &&
	       pmt_py.list_get && pmt_py.dict_next && pmt_py.dict_delete &&
	       pmt_py.text_compare && pmt_py.c_function_new && pmt_py.c_function_get &&
	       pmt_py.interpreter_id && pmt_py.long_type;
}

/* The interpreter's own place, else a free one that is now its own; NULL: none is left.
 */
static struct place *take_place(const void *interpreter)
{
	struct place *place = find_place(interpreter);

	if (!place)
		place = find_place(NULL);
	if (!place)
		return NULL;
	place->list = place->function = NULL;
	place->gone_pid = 0;
	place->tries = 0;
	atomic_store_explicit(&place->interpreter, interpreter, memory_order_release);
	return place;
}

bool pmt_gc_callback_install_gil(const void *interpreter)
{
	struct place *place = has_all_names() ? take_place(interpreter) : NULL;

	if (!place)
		return false;
	place->tries = TRIES;
	return true;
}

/* The first audit event of a subinterpreter comes before it can import anything. */
static enum pmt_gc_watched try_to_put_in(struct place *place)
{
	struct _object *list = find_list();

	place->tries--;
	if (!list)
		return place->tries ? PMT_GC_WATCHED : PMT_GC_CANNOT_WATCH;
	if (!has_ours(list)) { /* 3.8 has one list for all interpreters */
		place->function = put_in(list);
		place->list = place->function ? list : NULL;
	}
	place->tries = 0;
	if (!place->list)
		pmt_py.Py_DecRef(list);
	return PMT_GC_WATCHED;
}

/* Whether the program took our function out, or put it in again. */
static void look(struct place *place, struct pmt_thread *t)
{
	bool gone = !has_ours(place->list);

	if (PMT_LIKELY(!gone && !place->gone_pid))
		return;
	/* A forked child says it again, in its own trace. */
	int pid = gone ? pmt_sys_getpid() : 0;
	if (pid == place->gone_pid)
		return;
	place->gone_pid = pid;
	const struct pmt_gc_event event = {
	    .phase = gone ? PMT_GC_GONE : PMT_GC_BACK,
	    .interpreter = interpreter_number(),
	};
	pmt_collection_say_self(t, pmt_clock_ticks(), &event);
}

enum pmt_gc_watched pmt_gc_callback_watch_gil(const void *interpreter)
{
	struct place *place = find_place(interpreter);
	struct pmt_thread *t = pmt_self;

	if (!place || !t)
		return PMT_GC_WATCHED;
	if (PMT_UNLIKELY(place->tries && !pmt_py.PyErr_Occurred())) {
		struct pmt_deltas before = pmt_thread_begin_ours(t);
		enum pmt_gc_watched watched = try_to_put_in(place);
		pmt_thread_end_ours(t, &before);
		return watched;
	}
	if (place->list)
		look(place, t);
	return PMT_GC_WATCHED;
}

void pmt_gc_callback_end_gil(const void *interpreter)
{
	struct place *place = interpreter ? find_place(interpreter) : NULL;

	if (!place)
		return;
	struct _object *list = place->list, *function = place->function;
	if (list && pmt_self)
		look(place, pmt_self);
	atomic_store_explicit(&place->interpreter, NULL, memory_order_release);
	if (list) {
		pmt_py.Py_DecRef(list);
		pmt_py.Py_DecRef(function);
	}
}
