/*
 * The callback; see ref_tracer.h. Comes in: any thread with a GIL, in the middle of
 * making or freeing an object; goes out: counts (event/types.h). It calls nothing of
 * Python but the question whether the interpreter ends, from where on nothing is counted:
 * what it frees then the program did not free.
 *
 * Budget: one lock of nobody else's, a load and a store in the map of objects, two adds.
 */
#include "python/ref_tracer.h"

#include <errno.h>

#include "event/emit.h"
#include "event/hook_way.h"
#include "event/types.h"
#include "os/say.h"
#include "python/api.h"
#include "python/domains.h"
#include "python/frame_walk.h"
#include "python/type_names.h"
#include "run/run.h"

/* PyRefTracerEvent; 3.15 tells a tracer that it was taken off, without an object. */
enum { REF_CREATE = 0, REF_DESTROY = 1 };

enum { LOOK_EVERY = 4096 };

/* Written with the GIL before the callback is set. */
static pmt_ref_tracer_fn *previous;
static void *previous_data;
static bool is_on;
static bool has_ended; /* the interpreter ends */
static bool is_lost;   /* the program has the place */
static uint32_t looks;

static void lose(void)
{
	if (is_lost)
		return;
	is_lost = true;
	if (pmt_run_is_on())
		pmt_area_count_loss(&pmt_run->area, PMT_LOSS_DETACHED, 1);
	pmt_say(PMT_SAY_HOOK_LOST,
		"the program set its own reference tracer (tracemalloc does): objects "
		"are no longer counted by type",
		NULL, NULL);
}

/* Names and counts begin in a forked child with its first object. */
static bool begin_slow(void)
{
	int saved = errno;
	bool on = pmt_run_is_on() || pmt_run_start();

	if (on)
		pmt_types_begin();
	errno = saved;
	return on;
}

/* Now and then: without a hook for calls nobody else asks. */
static void look_for_drain(void)
{
	if (++looks % LOOK_EVERY == 0 && pmt_load32_relaxed(&pmt_emit_drain_missing))
		pmt_emit_want_drain();
}

static uint32_t id_of(const struct _object *type)
{
	static char scratch[2 * PMT_TYPE_NAME_BYTES_MAX]; /* under the lock */
	uint32_t id = pmt_types_find((uintptr_t)type);

	if (PMT_LIKELY(id))
		return id;
	const struct pmt_type_def def = pmt_type_name(type, scratch);
	return pmt_types_add((uintptr_t)type, &def);
}

/* Of the block that was just allocated for it; 0 when it comes from a free list. */
static uint64_t block_bytes(const struct _object *object)
{
	const struct pmt_noted_block *block = &pmt_noted_block;

	return (uintptr_t)object - block->at < block->size ? block->size : 0;
}

static void count(const struct _object *object, int event)
{
	const struct _object *type = pmt_type_of(object);
	int saved = errno;

	pmt_types_lock();
	uint32_t id = id_of(type);
	/* A type's address means that type while it lives. */
	if (PMT_UNLIKELY(pmt_type_is_of_types(type)))
		pmt_types_forget((uintptr_t)object);
	if (event == REF_DESTROY)
		pmt_types_deleted((uintptr_t)object, id);
	else
		pmt_types_created((uintptr_t)object, id, block_bytes(object),
				  pmt_type_object_bytes(type));
	pmt_types_unlock();
	errno = saved;
}

static bool does_end(void)
{
	if (!has_ended && pmt_py_has_begun_to_end())
		has_ended = true;
	return has_ended;
}

static bool is_counted(int event)
{
	const struct pmt_thread *t = pmt_self;

	if (does_end())
		return false;
	if (event == REF_CREATE && ((t && t->emitter.ours) ||
				    pmt_load32_relaxed(&pmt_hook_way) & PMT_WAY_PAUSED))
		return false;
	return PMT_LIKELY(pmt_types_have_begun()) || begin_slow();
}

static int on_reference(struct _object *object, int event, void *unused)
{
	(void)unused;
	if (PMT_UNLIKELY(event > REF_DESTROY || !object)) {
		if (!does_end()) /* then tracemalloc takes all of them off */
			lose();
	} else if (is_counted(event)) {
		count(object, event);
		look_for_drain();
	}
	return previous ? previous(object, event, previous_data) : 0;
}

int pmt_ref_tracer_install_gil(void)
{
	void *data = NULL;

	if (pmt_py.minor < 13 || !pmt_py.set_ref_tracer || !pmt_py.get_ref_tracer)
		return -ENOTSUP;
	const struct pmt_frame_layout *layout = pmt_frame_layout_of(pmt_py.minor);
	if (!layout)
		return -ENOTSUP;
	if (!pmt_types_open())
		return -ENOMEM;
	if (!pmt_frames.layout.minor)
		pmt_frames.layout = *layout;
	pmt_ref_tracer_fn *now = (pmt_ref_tracer_fn *)pmt_py.get_ref_tracer(&data);
	if (now == on_reference && !has_ended)
		return 0; /* a subinterpreter: one for the process */
	pmt_type_names_learn_gil();
	if (now != on_reference) {
		previous = now;
		previous_data = data;
	}
	if (has_ended) /* in another life */
		pmt_types_forget_all();
	has_ended = is_lost = false;
	pmt_types_begin();
	is_on = true;
	return pmt_py.set_ref_tracer(on_reference, NULL) < 0 ? -ENOTSUP : 0;
}

bool pmt_ref_tracer_is_on(void)
{
	return is_on;
}

void pmt_ref_tracer_watch_gil(void)
{
	void *data = NULL;

	if (!is_lost && !has_ended &&
	    (pmt_ref_tracer_fn *)pmt_py.get_ref_tracer(&data) != on_reference)
		lose();
}
