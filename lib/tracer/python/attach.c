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
#include "event/emit.h"
#include "os/say.h"
#include "os/sys.h"
#include "python/api.h"
#include "python/frame_walk.h"
#include "python/hook.h"
#include "python/hook_legacy.h"
#include "python/observe.h"
#include "python/ref_tracer.h"
#include "run/identity.h"
#include "run/run.h"
#include "sample/sampling.h"

enum { CALLERS_MAX = 16, INTERPRETERS_MAX = 256 };

static const struct pmt_options *options;
static const struct pmt_options_error *options_error;

static _Atomic uint32_t armed; /* our audit hook is in */
static _Atomic uint32_t attaching;
static const void *_Atomic judged[CALLERS_MAX]; /* callers that are no Python */
static void *attached[INTERPRETERS_MAX];        /* with the GIL, or attaching set */

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

/* Guarded: putting our function back raises audit events too. */
static void watch_collections_gil(const void *interpreter)
{
	if (!pmt_cas32(&attaching, 0, 1))
		return;
	pmt_observe_watch_collections_gil(interpreter);
	pmt_store32_release(&attaching, 0);
}

static void forget_interpreter(void *interpreter)
{
	int place = interpreter ? find_attached(interpreter) : -1;

	if (place >= 0)
		attached[place] = NULL;
	pmt_observe_forget_gil(interpreter);
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
		pmt_observe_gil(options, interpreter);
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
			pmt_observe_end(pmt_py.thread_state_unchecked()
					    ? pmt_py.interpreter_get()
					    : NULL);
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
		pmt_observe_watch_gil(interpreter);
		if (options->gc)
			watch_collections_gil(interpreter);
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
	pmt_observe_without_hook(options, why);
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
