/*
 * Attaching; see attach.h. The order matters and each step has broken something when
 * done elsewhere (measured on 3.8 to 3.15): an audit hook added by the constructor aborts
 * the exit under -X dev; one added in pthread_key_create is lost by 3.12. From the
 * pthread_cond_init of the GIL it works for shared, static, embedded and dlopen'ed
 * interpreters, and again after Py_Finalize.
 */

#include <config.h>

#include "python/attach.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

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
#include "python/frame_walk.h"
#include "python/gc_callback.h"
#include "python/gc_layout.h"
#include "python/hook.h"
#include "python/hook_legacy.h"
#include "python/hook_watch.h"
#include "python/monitoring_place.h"
#include "python/ref_tracer.h"
#include "python/thread_name.h"
#include "python/walk_check.h"
#include "run/identity.h"
#include "run/run.h"
#include "sample/sampling.h"
#include "thread.h"

enum { CALLERS_MAX = 16, INTERPRETERS_MAX = 256 };

static const struct pmt_options *options;
static const struct pmt_options_error *options_error;

static _Atomic uint32_t armed; /* our audit hook is in */
static _Atomic uint32_t attaching;
static const void *_Atomic judged[CALLERS_MAX]; /* callers that are no Python */
static bool watches; /* the frame evaluator: whether it is replaced; GIL */
static void *attached[INTERPRETERS_MAX]; /* with the GIL, or attaching set */

/* PyPy's C-API emulation has other names; its runtime's entry points are always there. */
static bool is_pypy(void)
{
	return dlsym(RTLD_DEFAULT, "rpython_startup_code") ||
	       dlsym(RTLD_DEFAULT, "pypy_main_startup");
}

void pmt_attach_prepare(const struct pmt_options *wanted,
			const struct pmt_options_error *error)
{
	options = wanted;
	options_error = error;
}

bool pmt_attach_is_python_process(void)
{
	return dlsym(RTLD_DEFAULT, "Py_GetVersion") || is_pypy();
}

/* Its place, or that of the first free one for NULL; -1: none. */
static int find_attached(const void *interpreter)
{
	for (int i = 0; i < INTERPRETERS_MAX; i++)
		if (attached[i] == interpreter)
			return i;
	return -1;
}

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

static void attach_gil(void *interpreter)
{
	struct pmt_thread *t = pmt_thread_self();
	struct pmt_deltas before = t ? t->sums : (struct pmt_deltas){0};

	if (t)
		t->emitter.ours++;
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
	if (t) {
		t->sums = before;
		pmt_sampling_restart_self(t);
		t->emitter.ours--;
	}
}

/* mode=objects: takes the place again that was taken from us. */
static void watch_domains_gil(void)
{
	struct pmt_thread *t = pmt_thread_self();

	if (PMT_LIKELY(!pmt_domains_changed_gil()) || !t || !pmt_run_is_on())
		return;
	struct pmt_deltas before = t->sums;
	t->emitter.ours++;
	pmt_domains_install_gil(PMT_DOMAINS_RECORD);
	t->emitter.ours--;
	t->sums = before;
}

/* Whatever looks at the interpreter's collections lets go of it. */
static void end_collections(void *interpreter)
{
	pmt_gc_callback_end_gil(interpreter);
	end_counts(interpreter);
}

static void watch_collections_gil(const void *interpreter)
{
	if (!pmt_cas32(&attaching, 0, 1))
		return;
	if (pmt_gc_callback_watch_gil(interpreter) == PMT_GC_CANNOT_WATCH)
		say_no_collections();
	pmt_store32_release(&attaching, 0);
}

static void forget_interpreter(void *interpreter)
{
	int place = interpreter ? find_attached(interpreter) : -1;

	if (place >= 0)
		attached[place] = NULL;
	pmt_monitoring_place_forget(interpreter);
	end_collections(interpreter);
}

/* Up to 3.14 an interpreter is initialized when it comes to import site; 3.15 says so
 * only behind that, when a good part of its modules is there. */
static bool is_ready_gil(const char *event, struct _object *args)
{
	struct _object *name;

	if (pmt_py.Py_IsInitialized())
		return true;
	if (pmt_py.minor < 15 || strcmp(event, "import") != 0 || !pmt_py.tuple_get ||
	    !pmt_py.text_compare)
		return false;
	name = pmt_py.tuple_get(args, 0);
	return name && pmt_py.text_compare(name, "site") == 0;
}

static void attach_current(const char *event, struct _object *args)
{
	void *interpreter = pmt_py.interpreter_get();

	if (!interpreter || find_attached(interpreter) >= 0 || pmt_py.PyErr_Occurred() ||
	    !is_ready_gil(event, args))
		return;
	if (!pmt_cas32(&attaching, 0, 1))
		return; /* our own calls raise audit events too */
	int place = find_attached(NULL);
	if (place >= 0) {
		if (place > 0)
			pmt_frames.has_subinterpreters = 1;
		attached[place] = interpreter;
		attach_gil(interpreter);
	}
	pmt_store32_release(&attaching, 0);
}

/*
 * Called for every audit event of the process, for ever: an audit hook cannot be taken
 * off. Budget once attached: two compares and one lookup.
 */
static int on_audit(const char *event, struct _object *args, void *unused)
{
	static void *last;

	(void)unused;
	if (event[0] == 'c' && strncmp(event, "cpython.", 8) == 0) {
		if (strcmp(event + 8, "_PySys_ClearAuditHooks") == 0) {
			/* The interpreter ends. What is written now, while it still holds
			 * its lock, does not delay the process between the two ends:
			 * there CPython 3.10 crashes if a daemon thread wakes. */
			if (watches && pmt_py.thread_state_unchecked())
				pmt_hook_watch_end_gil(pmt_py.interpreter_get());
			if (pmt_py.thread_state_unchecked())
				pmt_gc_callback_end_gil(pmt_py.interpreter_get());
			pmt_collection_counts_end_all();
			if (pmt_run_is_on())
				pmt_drain_flush();
			memset(attached, 0, sizeof(attached));
			last = NULL;
			pmt_store32_release(&armed, 0);
			return 0;
		}
		if (strcmp(event + 8, "PyInterpreterState_Clear") == 0) {
			last = NULL;
			if (pmt_py.thread_state_unchecked())
				forget_interpreter(pmt_py.interpreter_get());
			return 0;
		}
	}
	if (event[0] == 's' && pmt_hook_legacy_audit(event))
		return 0;
	if (PMT_UNLIKELY((pmt_blocks_on || pmt_sampling_mean) &&
			 pmt_load32_relaxed(&pmt_emit_drain_missing)))
		pmt_emit_want_drain(); /* no hook does it, and malloc must not */
	if (!pmt_py.thread_state_unchecked())
		return 0;
	if (PMT_UNLIKELY(pmt_ref_tracer_is_on()))
		pmt_ref_tracer_watch_gil();
	if (event[0] == 's' && pmt_py.minor >= 12)
		pmt_hook_monitoring_audit_gil(event);
	void *interpreter = pmt_py.interpreter_get();
	if (PMT_LIKELY(interpreter == last)) {
		if (options->modes & PMT_MODE_OBJECTS)
			watch_domains_gil();
		if (options->gc)
			watch_collections_gil(interpreter);
		if (watches)
			pmt_hook_watch_gil(interpreter);
		return 0;
	}
	int saved = errno;
	attach_current(event, args);
	if (find_attached(interpreter) >= 0)
		last = interpreter;
	errno = saved;
	return 0;
}

/* Counters and samples without a hook, where we cannot ask the interpreter for more. */
static void trace_without_hook(const char *why)
{
	if (options->modes == PMT_MODE_OFF || !pmt_cas32(&armed, 0, 1))
		return;
	say_unsupported(why);
	if (!pmt_run_start())
		return;
	if (pmt_options_sample_bytes(options))
		start_sampling();
	else if (options->modes & PMT_MODE_ALLOCS)
		start_blocks();
	pmt_drain_start();
}

static void say_configuration_error(void)
{
	char message[PMT_OPTIONS_MESSAGE_BYTES];

	if (pmt_identity.parent_pid)
		return; /* once a run: a Python process before us has said it */
	size_t size = pmt_options_complain(options_error, message);
	if (size && message[size - 1] == '\n')
		message[size - 1] = '\0';
	pmt_say(PMT_SAY_CONFIG, message, NULL, NULL);
}

static void arm(void *handle)
{
	const char *missing = NULL;
	int result = pmt_py_resolve(handle, &missing);

	if (result == -ENOENT && !is_pypy())
		return;
	if (options_error->fault != PMT_OPTIONS_FINE) {
		say_configuration_error();
		return;
	}
	pmt_counting = options->modes != PMT_MODE_OFF;
	if (!pmt_counting)
		return;
	if (result < 0) {
		trace_without_hook(" is not supported");
		return;
	}
	if (pmt_cas32(&armed, 0, 1) && pmt_py.PySys_AddAuditHook(on_audit, NULL) < 0)
		pmt_store32_release(&armed, 0);
}

void pmt_attach_at_start(void)
{
	if (is_pypy() || (dlsym(RTLD_DEFAULT, "Py_GetVersion") &&
			  !dlsym(RTLD_DEFAULT, "PySys_AddAuditHook")))
		arm(dlopen(NULL, RTLD_LAZY));
}

static bool seen_before(const void *caller)
{
	for (int i = 0; i < CALLERS_MAX; i++)
		if (atomic_load_explicit(&judged[i], memory_order_relaxed) == caller)
			return true;
	return false;
}

static void remember(const void *caller)
{
	static _Atomic uint32_t next;

	/* Relaxed: an entry lost in a race is judged again, no more. */
	atomic_store_explicit(&judged[pmt_add32_relaxed(&next, 1) % CALLERS_MAX], caller,
			      memory_order_relaxed);
}

void pmt_attach_judge(const void *caller)
{
	Dl_info info;
	int saved = errno;

	if (!options || pmt_load32_relaxed(&armed) || seen_before(caller))
		return;
	if (dladdr(caller, &info) && info.dli_fname) {
		/* NOLOAD: a reference to what is there. The main program goes by NULL. */
		void *handle = dlopen(info.dli_fname, RTLD_NOLOAD | RTLD_LAZY);
		if (!handle) {
			/* NOLINTNEXTLINE(concurrency-mt-unsafe): glibc's is per thread */
			dlerror();
			handle = dlopen(NULL, RTLD_LAZY);
		}
		if (handle && dlsym(handle, "Py_GetVersion"))
			arm(handle); /* the handle stays: our functions come from it */
		else
			remember(caller);
	}
	errno = saved;
}
