/*
 * CPython 3.8 to 3.11: the frame evaluation function (PEP 523), chained to one that is
 * there already. It sees every Python call of all threads of an interpreter, generators
 * at each resumption, and survives sys.setprofile. Never on 3.12 and newer, where it
 * breaks recursion.
 *
 * How a frame began or ended is read from the frame itself; the offsets below are of
 * 64-bit builds and follow from the headers of each version.
 */
#include "python/hook.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "event/blocks.h"
#include "event/hook_way.h"
#include "os/say.h"
#include "python/api.h"
#include "python/code_ids.h"
#include "python/stack_guard.h"
#include "thread.h"

enum {
	FRAME_CODE =
	    32, /* f_code: PyFrameObject (3.8-3.10), _PyInterpreterFrame (3.11) */
	FRAME38_STACKTOP = 72, /* f_stacktop, 3.8 and 3.9: NULL unless suspended */
	FRAME38_LASTI = 104,   /* int f_lasti, bytes */
	FRAME310_LASTI = 96,   /* int f_lasti, code units */
	FRAME310_STATE = 108,  /* signed char f_state */
	FRAME311_IP = 56,      /* prev_instr */
	FRAME311_OWNER = 69,   /* char owner */
	FRAME311_GEN_STATE = -5 /* gi_frame_state lies before gi_iframe */,
	STATE_SUSPENDED = -1,
	OWNED_BY_GENERATOR = 1,
	RETURN_GENERATOR = 75, /* opcode of 3.11 */
	CODE38_FLAGS = 36,     /* int co_flags, 3.8 to 3.10 */
	CODE311_FLAGS = 48,
	CO_GENERATOR_LIKE = 0x20 | 0x80 | 0x200, /* generator, coroutine, async one */
	INTERPRETER_SCAN_WORDS = 512,
};

#define FIELD(type, base, offset) (*(type *)((char *)(base) + (offset)))

typedef void *eval3_fn(void *tstate, void *frame, int throwing);
typedef void *eval2_fn(void *frame, int throwing);

static eval3_fn *next3;
static eval2_fn *next2;
static eval2_fn **place_38; /* of the first interpreter */
static void *interpreter_38;
static unsigned aside_count; /* evaluations that stepped aside and are not back; GIL */
static int code_flags_offset;

static bool is_generator_like(const void *code)
{
	return (FIELD(const int, code, code_flags_offset) & CO_GENERATOR_LIKE) != 0;
}

/* --- 3.8 to 3.10: PyFrameObject ------------------------------------------------------
 */

static unsigned enter_op_object(const void *frame, int throwing)
{
	int last = pmt_py.minor == 10 ? FIELD(const int, frame, FRAME310_LASTI)
				      : FIELD(const int, frame, FRAME38_LASTI);

	if (throwing)
		return PMT_OP_THROW;
	return last >= 0 ? PMT_OP_RESUME : PMT_OP_START;
}

static unsigned leave_op_object(const void *frame, const void *code, const void *result)
{
	if (!result)
		return PMT_OP_UNWIND;
	if (!is_generator_like(code))
		return PMT_OP_RETURN;
	bool suspended =
	    pmt_py.minor == 10
		? FIELD(const signed char, frame, FRAME310_STATE) == STATE_SUSPENDED
		: FIELD(void *const, frame, FRAME38_STACKTOP) != NULL;
	return suspended ? PMT_OP_YIELD : PMT_OP_RETURN;
}

/* --- 3.11: _PyInterpreterFrame --------------------------------------------------------
 */

static bool belongs_to_generator(const void *frame)
{
	return FIELD(const signed char, frame, FRAME311_OWNER) == OWNED_BY_GENERATOR;
}

static unsigned enter_op_311(const void *frame, int throwing)
{
	if (throwing)
		return PMT_OP_THROW;
	if (!belongs_to_generator(frame))
		return PMT_OP_START;
	/* A fresh generator stands behind the instruction that made it. */
	const uint8_t *last = FIELD(const uint8_t *const, frame, FRAME311_IP);
	return *last == RETURN_GENERATOR ? PMT_OP_START : PMT_OP_RESUME;
}

static unsigned leave_op_311(bool generator, const void *frame, const void *result)
{
	if (!result)
		return PMT_OP_UNWIND;
	/* The generator outlives its frame: whoever resumed it holds it. */
	return generator && FIELD(const signed char, frame, FRAME311_GEN_STATE) ==
				STATE_SUSPENDED
		   ? PMT_OP_YIELD
		   : PMT_OP_RETURN;
}

/* --- the evaluators ------------------------------------------------------------------
 */

PMT_INLINE struct pmt_thread *enter(void *code, uint32_t *ret_id)
{
	struct pmt_thread *t = pmt_thread_self();

	*ret_id = t ? pmt_code_id_gil(t, code) : 0;
	return *ret_id == (uint32_t)PMT_CODE_HIDDEN ? NULL : t;
}

/*
 * A thread that has used its share of C stack (stack_guard.h) goes on without the hook,
 * at the cost that Python calls have by themselves; so do all threads of the interpreter
 * until it is back here. Everything below is one lost call at the present depth.
 */
static void step_aside(void)
{
	pmt_emit_lose(pmt_self, PMT_LOSS_DETACHED);
	pmt_say(PMT_SAY_STACK, "deep recursion: the deepest calls are not traced, ",
		"to leave the stack to the program", NULL);
}

static __attribute__((noinline)) void *eval_unhooked3(void *tstate, void *frame,
						      int throwing)
{
	void *interpreter = pmt_py.interpreter_get();
	void *mine = pmt_py.get_eval_frame(interpreter);

	step_aside();
	aside_count++;
	pmt_py.set_eval_frame(interpreter, *(void **)&next3);
	void *result = next3(tstate, frame, throwing);
	aside_count--;
	/* Unless another tool has taken the place meanwhile. */
	if (pmt_py.get_eval_frame(interpreter) == *(void **)&next3)
		pmt_py.set_eval_frame(interpreter, mine);
	return result;
}

/* 3.8 has no setter: the interpreter's structure holds its evaluator's address, once. */
static eval2_fn **find_38(void *interpreter, eval2_fn *evaluator)
{
	eval2_fn **words = interpreter;
	eval2_fn **hit = NULL;

	for (int i = 0; i < INTERPRETER_SCAN_WORDS; i++) {
		if (words[i] != evaluator)
			continue;
		if (hit)
			return NULL;
		hit = &words[i];
	}
	return hit;
}

static __attribute__((noinline)) void *eval_unhooked2(void *frame, int throwing,
						      eval2_fn *mine)
{
	eval2_fn **place = find_38(pmt_py.interpreter_get(), mine);

	step_aside();
	aside_count++;
	if (place)
		*place = next2;
	void *result = next2(frame, throwing);
	aside_count--;
	if (place && *place == next2)
		*place = mine;
	return result;
}

PMT_INLINE bool runs_short(void)
{
	struct pmt_thread *t = pmt_thread_self();

	return t && pmt_stack_guard_is_short_self(t);
}

/* After the call t may be another's: a fork inside it wiped our entry, which then opens
 * anew at the next event, and drops leaves of calls that it did not see begin. */
static void *eval_311(void *tstate, void *frame, int throwing)
{
	void *code = FIELD(void *, frame, FRAME_CODE);
	bool generator = belongs_to_generator(frame);
	uint32_t id;

	if (runs_short())
		return eval_unhooked3(tstate, frame, throwing);
	/* Calling a generator function runs the one instruction that makes the generator:
	 * no call yet, as sys.setprofile sees it. Where that may allocate under our eyes
	 * the function is taken in first (quicken.h). */
	if (!generator && is_generator_like(code)) {
		if (PMT_UNLIKELY(pmt_blocks_on))
			enter(code, &id);
		return next3(tstate, frame, throwing);
	}
	struct pmt_thread *t = enter(code, &id);
	if (!t)
		return next3(tstate, frame, throwing);
	pmt_hook_event(t, enter_op_311(frame, throwing), id);
	void *result = next3(tstate, frame, throwing);
	pmt_hook_event(t, leave_op_311(generator, frame, result), id);
	return result;
}

static void *eval_39(void *tstate, void *frame, int throwing)
{
	void *code = FIELD(void *, frame, FRAME_CODE);
	uint32_t id;

	if (runs_short())
		return eval_unhooked3(tstate, frame, throwing);
	struct pmt_thread *t = enter(code, &id);
	if (!t)
		return next3(tstate, frame, throwing);
	pmt_hook_event(t, enter_op_object(frame, throwing), id);
	void *result = next3(tstate, frame, throwing);
	pmt_hook_event(t, leave_op_object(frame, code, result), id);
	return result;
}

static void *eval_38(void *frame, int throwing)
{
	void *code = FIELD(void *, frame, FRAME_CODE);
	uint32_t id;

	if (runs_short())
		return eval_unhooked2(frame, throwing, eval_38);
	struct pmt_thread *t = enter(code, &id);
	if (!t)
		return next2(frame, throwing);
	pmt_hook_event(t, enter_op_object(frame, throwing), id);
	void *result = next2(frame, throwing);
	pmt_hook_event(t, leave_op_object(frame, code, result), id);
	return result;
}

static int install_38(void *interpreter)
{
	eval2_fn *evaluator;

	*(void **)&evaluator = *(void **)&pmt_py.eval_frame_default;
	eval2_fn **place = find_38(interpreter, evaluator);
	if (!place)
		return find_38(interpreter, eval_38) ? 0 : -EBUSY;
	next2 = evaluator;
	*place = eval_38;
	if (!place_38) {
		place_38 = place;
		interpreter_38 = interpreter;
	}
	return 0;
}

static eval3_fn *evaluator_of_version(void)
{
	return pmt_py.minor == 11 ? eval_311 : eval_39;
}

bool pmt_hook_frame_is_replaced_gil(void *interpreter)
{
	eval3_fn *mine = evaluator_of_version();

	if (aside_count || (!next3 && !next2))
		return false;
	if (pmt_py.minor == 8)
		return interpreter == interpreter_38 && *place_38 != eval_38;
	return pmt_py.get_eval_frame(interpreter) != *(void **)&mine;
}

int pmt_hook_frame_install_gil(void *interpreter)
{
	eval3_fn *mine = evaluator_of_version();

	code_flags_offset = pmt_py.minor == 11 ? CODE311_FLAGS : CODE38_FLAGS;
	if (!pmt_py.eval_frame_default)
		return -ENOTSUP;
	if (pmt_py.minor == 8)
		return install_38(interpreter);
	if (!pmt_py.set_eval_frame || !pmt_py.get_eval_frame)
		return -ENOTSUP;
	void *there = pmt_py.get_eval_frame(interpreter);
	if (there == *(void **)&mine)
		return 0;
	/* One chain for all interpreters: they share the evaluator in practice. */
	*(void **)&next3 = there;
	pmt_py.set_eval_frame(interpreter, *(void **)&mine);
	return 0;
}
