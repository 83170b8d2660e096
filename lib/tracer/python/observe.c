/* What is switched on when an interpreter is found; see observe.h. */
#include "python/observe.h"

#include <errno.h>

#include "event/blocks.h"
#include "event/hook_way.h"
#include "event/points.h"
#include "interpose/glibc_heap.h"
#include "live/live.h"
#include "native/native.h"
#include "os/say.h"
#include "os/sys.h"
#include "os/text.h"
#include "python/api.h"
#include "python/code_ids.h"
#include "python/code_raw.h"
#include "python/domains.h"
#include "python/environ.h"
#include "python/gc_callback.h"
#include "python/gc_layout.h"
#include "python/hook.h"
#include "python/hook_legacy.h"
#include "python/hook_watch.h"
#include "python/monitoring_place.h"
#include "python/ref_tracer.h"
#include "python/thread_name.h"
#include "python/walk_check.h"
#include "run/run.h"
#include "sample/sampling.h"
#include "thread.h"

static const struct pmt_options *options;
static bool watches; /* the frame evaluator: whether it is replaced; GIL */

static void say_of_version(enum pmt_say subject, const char *why, const char *what)
{
	char version[32];
	struct pmt_text_buffer text;

	pmt_text_begin(&text, version, sizeof(version));
	pmt_text_put(&text, pmt_py.major ? "Python " : "PyPy");
	if (pmt_py.major) {
		pmt_text_put_u64(&text, (uint64_t)pmt_py.major);
		pmt_text_put(&text, ".");
		pmt_text_put_u64(&text, (uint64_t)pmt_py.minor);
	}
	pmt_say(subject, version, why, what);
}

static void say_unsupported(const char *why)
{
	say_of_version(PMT_SAY_NOT_SUPPORTED, why,
		       ": calls are not traced, counters and samples are");
}

static void say_no_stacks(const char *why)
{
	say_of_version(PMT_SAY_NOT_SUPPORTED, why,
		       ": allocations are recorded without their Python stacks");
}

static void install_hook(void *interpreter)
{
	int result = -ENOTSUP;

	if (!pmt_py_is_supported()) {
		say_unsupported(pmt_py.free_threaded ? " without the GIL is not supported"
						     : " is not supported");
		return;
	}
	if (pmt_code_ids_init() < 0) {
		say_unsupported(": no memory for its functions");
		return;
	}
	pmt_code_ids_attach_gil(interpreter);
	pmt_emit_name_thread = pmt_thread_name_gil;
	if (pmt_py.minor >= 12)
		result = pmt_hook_monitoring_install_gil(options);
	else
		result = pmt_hook_legacy_install_gil(options);
	if (pmt_py.minor < 12 && result == 0)
		result = pmt_hook_frame_install_gil(interpreter);
	if (pmt_py.minor < 12 && result == 0) {
		watches = true;
		pmt_hook_watch_start(options);
	}
	if (result == -EBUSY)
		say_unsupported(": other tools hold all places of its hook");
	else if (result < 0)
		say_unsupported(": its hook could not be installed");
	else if (options->verbose)
		say_of_version(PMT_SAY_VERBOSE_PYTHON, ": calls are seen by ",
			       pmt_py.minor >= 12 ? "sys.monitoring"
						  : "frame evaluation");
}

/* Once a process: what marks changed since then stays. */
static void set_way(void)
{
	static bool is_set;
	uint32_t way = PMT_WAY_STREAM;

	if (is_set)
		return;
	is_set = true;
	if (options->start == PMT_START_PAUSED)
		way |= PMT_WAY_PAUSED;
	if (options->modes & PMT_MODE_CALLS &&
	    pmt_points_start(options, pmt_run->page_bytes))
		way |= PMT_WAY_POINTS;
	atomic_fetch_or_explicit(&pmt_hook_way, way, memory_order_release);
}

static void start_blocks(void)
{
	pmt_live_on = pmt_options_do_live(options);
	pmt_blocks_start();
}

static void start_sampling(void)
{
	pmt_sampling_start(pmt_options_sample_bytes(options), options->live_size_bytes);
}

/* mode=allocs: stacks of blocks, if they can be trusted. The wrappers go the slow way. */
static void begin_stacks(void)
{
	if (pmt_code_ids_init() < 0) {
		say_no_stacks(": no memory for its functions");
		return;
	}
	const char *why = pmt_walk_check_gil();
	if (why)
		say_no_stacks(why);
	else
		pmt_code_raw_watch_gil();
	const char *why_not = options->native ? pmt_native_start() : NULL;
	if (why_not)
		pmt_say(PMT_SAY_NATIVE, "stacks have no C frames", why_not, NULL);
}

/* From here on blocks are recorded. */
static void record_blocks(void)
{
	bool samples = pmt_options_sample_bytes(options) > 0;

	if (samples)
		pmt_glibc_fast = 0;
	else
		start_blocks();
	begin_stacks();
	if (samples)
		start_sampling();
}

/* mode=refs: objects are counted by type. */
static void count_types(void)
{
	int result = pmt_ref_tracer_install_gil();

	if (result == -ENOMEM)
		pmt_say(PMT_SAY_NOT_SUPPORTED, "no memory to count objects by type in",
			NULL, NULL);
	else if (result < 0)
		say_of_version(PMT_SAY_NOT_SUPPORTED,
			       " tells nobody of its objects: mode=refs needs CPython "
			       "3.13 or newer",
			       ", only counters and samples are recorded");
}

/* 3.13 and newer: collections are counted by the interpreter itself. */
static void watch_counts(void *interpreter)
{
	struct pmt_counted_generation where[PMT_COUNTED_GENERATIONS];

	if (!pmt_py.free_threaded && pmt_py.interpreter_id &&
	    pmt_gc_layout_find(pmt_py.minor, pmt_py.runtime, interpreter, where))
		pmt_collection_counts_watch((uint64_t)pmt_py.interpreter_id(interpreter),
					    where);
}

static void end_counts(void *interpreter)
{
	if (interpreter && pmt_py.interpreter_id)
		pmt_collection_counts_end((uint64_t)pmt_py.interpreter_id(interpreter));
}

static void say_no_collections(void)
{
	say_of_version(PMT_SAY_NOT_SUPPORTED, " has no gc.callbacks that gc=1 could use",
		       ": collections are not recorded");
}

/* gc=1: collections are events. */
static void see_collections(const void *interpreter)
{
	if (!pmt_py_is_supported() || !pmt_gc_callback_install_gil(interpreter) ||
	    pmt_gc_callback_watch_gil(interpreter) == PMT_GC_CANNOT_WATCH)
		say_no_collections();
}

void pmt_observe_gil(const struct pmt_options *wanted, void *interpreter)
{
	struct pmt_thread *t = pmt_thread_self();
	struct pmt_deltas before = pmt_thread_begin_ours(t);

	options = wanted;
	if (pmt_run_start()) {
		if (options->modes & (PMT_MODE_CALLS | PMT_MODE_REFS) &&
		    !(options->modes & PMT_MODE_OBJECTS))
			pmt_domains_install_gil(options->modes & PMT_MODE_REFS
						    ? PMT_DOMAINS_NOTE
						    : PMT_DOMAINS_COUNT);
		pmt_environ_hide_gil();
		pmt_run_know_python(pmt_py.Py_GetVersion());
		set_way();
		watch_counts(interpreter);
		if (options->gc) /* before the hook: it imports a module */
			see_collections(interpreter);
		/* Before the hook: it says how functions are read, and calls one. */
		if (options->modes & PMT_MODE_ALLOCS && !pmt_blocks_on &&
		    !pmt_sampling_mean)
			record_blocks();
		if (options->modes & PMT_MODE_CALLS)
			install_hook(interpreter);
		if (options->modes & PMT_MODE_OBJECTS)
			pmt_domains_install_gil(PMT_DOMAINS_RECORD);
		if (options->modes & PMT_MODE_REFS)
			count_types();
		pmt_drain_start();
	}
	pmt_thread_end_ours(t, &before);
	if (t)
		pmt_sampling_restart_self(t);
}

/* mode=objects: takes the place again that was taken from us. */
static void watch_domains_gil(void)
{
	struct pmt_thread *t = pmt_thread_self();

	if (PMT_LIKELY(!pmt_domains_changed_gil()) || !t || !pmt_run_is_on())
		return;
	struct pmt_deltas before = pmt_thread_begin_ours(t);
	pmt_domains_install_gil(PMT_DOMAINS_RECORD);
	pmt_thread_end_ours(t, &before);
}

/* Whatever looks at the interpreter's collections lets go of it. */
static void end_collections(void *interpreter)
{
	pmt_gc_callback_end_gil(interpreter);
	end_counts(interpreter);
}

void pmt_observe_watch_gil(void *interpreter)
{
	if (options->modes & PMT_MODE_OBJECTS)
		watch_domains_gil();
	if (watches)
		pmt_hook_watch_gil(interpreter);
}

void pmt_observe_watch_collections_gil(const void *interpreter)
{
	if (pmt_gc_callback_watch_gil(interpreter) == PMT_GC_CANNOT_WATCH)
		say_no_collections();
}

void pmt_observe_forget_gil(void *interpreter)
{
	pmt_monitoring_place_forget(interpreter);
	end_collections(interpreter);
}

void pmt_observe_end(void *interpreter)
{
	if (watches && interpreter)
		pmt_hook_watch_end_gil(interpreter);
	if (interpreter)
		pmt_gc_callback_end_gil(interpreter);
	pmt_collection_counts_end_all();
}

void pmt_observe_without_hook(const struct pmt_options *wanted, const char *why)
{
	options = wanted;
	say_unsupported(why);
	if (!pmt_run_start())
		return;
	if (pmt_options_sample_bytes(options))
		start_sampling();
	else if (options->modes & PMT_MODE_ALLOCS)
		start_blocks();
	pmt_drain_start();
}
