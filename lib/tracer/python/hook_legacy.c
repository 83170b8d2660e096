/* Profile and trace functions of threads; see hook_legacy.h. */
#include "python/hook_legacy.h"

#include <errno.h>
#include <string.h>

#include "event/hook_way.h"
#include "os/say.h"
#include "python/api.h"
#include "python/c_function.h"
#include "python/code_ids.h"
#include "run/run.h"
#include "thread.h"

/* PyTrace_* of pystate.h. */
enum { TRACE_LINE = 2, TRACE_C_CALL = 4, TRACE_C_EXCEPTION = 5, TRACE_C_RETURN = 6 };

enum {
	FRAME_CODE = 32, /* PyFrameObject.f_code, 3.8 to 3.10 */
	FRAME311_INNER = 24 /* PyFrameObject.f_frame, 3.11: its f_code lies at 32 too */,
};

static bool wants_c_calls;
static bool wants_lines;
static PMT_TLS bool setting; /* our own call raises the audit event too */

static struct _object *code_of(struct _object *frame)
{
	void *inner = frame;

	if (pmt_py.minor == 11)
		inner = PMT_FIELD(void *, frame, FRAME311_INNER);
	return PMT_FIELD(struct _object *, inner, FRAME_CODE);
}

static bool is_hidden(struct pmt_thread *t, struct _object *frame)
{
	return pmt_code_id_gil(t, code_of(frame)) == (uint32_t)PMT_CODE_HIDDEN;
}

static int on_profile(struct _object *self, void *frame, int what, struct _object *arg)
{
	struct pmt_thread *t = what >= TRACE_C_CALL ? pmt_thread_self() : NULL;

	(void)self;
	if (!t || is_hidden(t, frame))
		return 0;
	if (what == TRACE_C_CALL)
		pmt_c_function_event_gil(t, PMT_EXT_C_CALL, arg);
	else if (what == TRACE_C_RETURN)
		pmt_c_function_event_gil(t, PMT_EXT_C_RETURN, arg);
	else if (what == TRACE_C_EXCEPTION)
		pmt_c_function_event_gil(t, PMT_EXT_C_RAISE, arg);
	return 0;
}

static int on_trace(struct _object *self, void *frame, int what, struct _object *arg)
{
	struct pmt_thread *t = what == TRACE_LINE ? pmt_thread_self() : NULL;

	(void)self, (void)arg;
	if (!t || is_hidden(t, frame))
		return 0;
	int line = pmt_py.frame_line_number(frame);
	if (line > 0)
		pmt_hook_event(t, PMT_OP_LINE, (uint64_t)line);
	return 0;
}

static void set_for_thread_gil(struct pmt_thread *t)
{
	struct pmt_deltas before = pmt_thread_begin_ours(t);

	setting = true;
	if (wants_c_calls)
		pmt_py.eval_set_profile(on_profile, NULL);
	if (wants_lines)
		pmt_py.eval_set_trace(on_trace, NULL);
	setting = false;
	pmt_thread_end_ours(t, &before);
}

int pmt_hook_legacy_install_gil(const struct pmt_options *options)
{
	wants_c_calls = options->c_calls;
	wants_lines = (options->modes & PMT_MODE_LINES) != 0;
	if (!wants_c_calls && !wants_lines)
		return 0;
	if (!pmt_py.eval_set_profile || !pmt_py.eval_set_trace ||
	    !pmt_py.frame_line_number)
		return -ENOTSUP;
	pmt_emit_opened = set_for_thread_gil;
	return 0;
}

bool pmt_hook_legacy_audit(const char *event)
{
	bool profile = strcmp(event, "sys.setprofile") == 0;
	bool trace = strcmp(event, "sys.settrace") == 0;

	if (!profile && !trace)
		return false;
	if (setting || !((profile && wants_c_calls) || (trace && wants_lines)))
		return true;
	if (pmt_run_is_on())
		pmt_area_count_loss(&pmt_run->area, PMT_LOSS_DETACHED, 1);
	pmt_say(PMT_SAY_HOOK_LOST,
		profile ? "the program set its own profile function: in that thread C "
			  "calls are no longer traced"
			: "the program set its own trace function: in that thread lines "
			  "are no longer traced",
		NULL, NULL);
	return true;
}
