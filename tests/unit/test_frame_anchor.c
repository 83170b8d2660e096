/*
 * A made-up interpreter that keeps its mark as CPython 3.15 does: moved when the very
 * frame that it names is left, but not by a shim of C. Whatever the stacks do, the anchor
 * must say what a chain says that saw nothing; and it must not read what it need not.
 */
#include <check.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "support/chance.h"
#include "support/run_suite.h"
#include "tracer/python/api.h"
#include "tracer/stack/frame_anchor.h"

enum { FRAMES = 3000, STEPS = 6000, STACKS = 3, SEED = 77, SHIM = 3 };

struct frame {
	struct frame *previous;
	uint64_t position;
	uint8_t owner;
};

struct state {
	struct frame *top;
	struct frame *anchor;
	uint64_t moves;
};

/* Frames of calls lie one behind the other, shims on the C stack: no frame of a function
 * ever lies where a shim lay. A generator's own has a place of its own. */
struct stack {
	struct frame frames[FRAMES];
	struct frame shims[FRAMES];
	uint32_t used;
	struct frame *top;
};

static struct state state;
static void *current_state; /* what _PyThreadState_UncheckedGet says */

static void *unchecked(void)
{
	return current_state;
}

static const struct pmt_frame_layout layout = {
    .minor = 15,
    .tstate_frame = offsetof(struct state, top),
    .tstate_anchor = offsetof(struct state, anchor),
    .tstate_anchor_moves = offsetof(struct state, moves),
    .cframe_frame = PMT_LAYOUT_NONE,
    .frame_previous = offsetof(struct frame, previous),
    .frame_position = offsetof(struct frame, position),
    .frame_owner = offsetof(struct frame, owner),
};

struct test {
	struct stack stacks[STACKS]; /* greenlets: one of them is on */
	struct frame generators[4];
	struct stack *on;
	struct pmt_frame_anchor anchor;
	struct pmt_frame_chain chain;
	uint64_t seed;
};

static struct test *new_test(void)
{
	struct test *t = calloc(1, sizeof(*t));

	pmt_py.thread_state_unchecked = unchecked;
	current_state = &state;
	state = (struct state){0};
	t->on = &t->stacks[0];
	t->seed = SEED;
	return t;
}

static void push(struct test *t, struct frame *f, uint8_t owner)
{
	*f = (struct frame){t->on->top, draw(5), owner};
	t->on->top = state.top = f;
}

static void call(struct test *t)
{
	if (t->on->used == FRAMES)
		return;
	/* The outermost frame is the interpreter's own, as in CPython. */
	bool is_shim = !t->on->top || draw(6) == 0;
	uint32_t i = t->on->used++;
	push(t, is_shim ? &t->on->shims[i] : &t->on->frames[i],
	     is_shim ? SHIM : (uint8_t)draw(2));
}

static void resume(struct test *t)
{
	struct frame *f = &t->generators[draw(4)];

	if (!f->previous && t->on->top)
		push(t, f, 1);
}

/* What is left of a frame must not be followed. */
static void forget(struct test *t, struct frame *f)
{
	t->on->used--;
	memset(f, 0xff, sizeof(*f));
}

static void leave(struct test *t)
{
	struct frame *f = t->on->top;

	if (!f)
		return;
	t->on->top = state.top = f->previous;
	if (state.anchor == f && f->owner != SHIM) {
		state.anchor = f->previous;
		state.moves++;
	}
	if (f >= t->generators && f < t->generators + 4)
		f->previous = NULL;
	else
		forget(t, f);
}

static void go_on(struct test *t)
{
	if (t->on->top)
		t->on->top->position = draw(5);
}

static void change(struct test *t)
{
	uint64_t what = draw(100), times = draw(what < 2 ? FRAMES : 10);

	if (what == 99) { /* a greenlet */
		t->on = &t->stacks[draw(STACKS)];
		state.top = t->on->top;
	} else if (what < 35) {
		while (times--)
			call(t);
	} else if (what < 45) {
		resume(t);
	} else if (what < 85) {
		while (times--) {
			leave(t);
			go_on(t);
		}
	} else {
		go_on(t);
	}
}

/* A profiler in another process, which notes what it last saw on top. */
static void sample(struct test *t)
{
	state.anchor = t->on->top;
}

static uint64_t ask(struct test *t)
{
	return pmt_frame_anchor_hash_self(&t->anchor, &t->chain, &layout, &state,
					  t->on->top, t->seed);
}

static uint64_t expected(const struct test *t)
{
	struct pmt_frame_chain *fresh = calloc(1, sizeof(*fresh));
	uint64_t hash = pmt_frame_chain_hash_self(fresh, &layout, t->on->top, t->seed);

	free(fresh);
	return hash;
}

START_TEST(says_what_a_new_chain_says)
{
	struct test *t = new_test();

	for (int step = 0; step < STEPS; step++) {
		change(t);
		if (draw(200) == 0)
			t->seed++;
		/* Without the interpreter's lock now and then: nothing is written. */
		current_state = draw(10) ? &state : NULL;
		struct state before = state;
		if (t->on->top) {
			ck_assert_uint_eq(ask(t), expected(t));
			ck_assert_uint_eq(ask(t), expected(t));
		}
		ck_assert_ptr_eq(state.top, before.top);
		if (!current_state) {
			ck_assert_ptr_eq(state.anchor, before.anchor);
			ck_assert_uint_eq(state.moves, before.moves);
		}
	}
	free(t);
}
END_TEST

START_TEST(reads_the_innermost_frames_only)
{
	struct test *t = new_test();

	for (uint32_t i = 0; i < 500; i++)
		push(t, &t->on->frames[t->on->used++], i ? 0 : SHIM);
	uint64_t hash = ask(t);
	ck_assert_ptr_eq(state.anchor, t->on->top);
	/* Nobody can tell that these moved: they cannot. */
	for (int i = 1; i < 490; i++)
		t->on->frames[i].position += 7;
	ck_assert_uint_eq(ask(t), hash);
	leave(t);
	ck_assert_uint_ne(ask(t), expected(t));
	ck_assert_ptr_eq(state.anchor, t->on->top);
	/* In a child everything of ours is gone, but not what is in the interpreter. */
	t->anchor = (struct pmt_frame_anchor){0};
	t->chain.count = 0;
	pmt_frame_anchor_after_fork();
	ck_assert_uint_eq(ask(t), expected(t));
	ck_assert_ptr_eq(state.anchor, t->on->top);
	free(t);
}
END_TEST

START_TEST(marks_the_caller_of_c_that_calls_back)
{
	struct test *t = new_test();

	for (uint32_t i = 0; i < 20; i++)
		push(t, &t->on->frames[t->on->used++], i ? 0 : SHIM);
	struct frame *caller = t->on->top;
	for (int i = 0; i < 5; i++) {
		push(t, &t->on->frames[t->on->used++], SHIM);
		push(t, &t->on->frames[t->on->used++], 0);
		ck_assert_uint_eq(ask(t), expected(t));
		ck_assert_ptr_eq(state.anchor, caller);
		leave(t);
		leave(t);
	}
	free(t);
}
END_TEST

/* These run last, each in a process of its own: what is noticed stays so. */
START_TEST(leaves_alone_what_is_anothers)
{
	static struct frame anothers;
	struct test *t = new_test();
	int begin = _i == 0 ? 0 : 50; /* it was there first, or came later */
	bool came = false;

	for (int step = 0; step < STEPS; step++) {
		change(t);
		if (step == begin) {
			while (t->on->used > 500)
				leave(t);
			while (t->on->used < 10)
				call(t);
			if (_i)
				ask(t);
			state.anchor = _i == 2 ? NULL : &anothers; /* its first act */
		}
		if (!t->on->top)
			continue;
		if (step > begin && draw(4) == 0)
			sample(t);
		struct state before = state;
		ck_assert_uint_eq(ask(t), expected(t));
		came = came || step > begin;
		if (came) {
			ck_assert_ptr_eq(state.anchor, before.anchor);
			ck_assert_uint_eq(state.moves, before.moves);
		}
	}
	ck_assert(came);
	free(t);
}
END_TEST

START_TEST(begins_anew_with_a_new_state)
{
	struct test *t = new_test();

	for (uint32_t i = 0; i < 20; i++)
		push(t, &t->on->frames[t->on->used++], i ? 0 : SHIM);
	ck_assert_uint_eq(ask(t), expected(t));
	ck_assert_ptr_eq(state.anchor, t->on->top);
	state.anchor = NULL; /* freed, and made again at the same address */
	state.moves = 0;
	for (int i = 1; i < 15; i++)
		t->on->frames[i].position += 7;
	ck_assert_uint_eq(ask(t), expected(t));
	ck_assert_ptr_eq(state.anchor, t->on->top);
	free(t);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("frame_anchor");
	TCase *tc = tcase_create("frame_anchor");

	begin_chance();
	tcase_add_test(tc, says_what_a_new_chain_says);
	tcase_add_test(tc, reads_the_innermost_frames_only);
	tcase_add_test(tc, marks_the_caller_of_c_that_calls_back);
	tcase_add_test(tc, begins_anew_with_a_new_state);
	tcase_add_loop_test(tc, leaves_alone_what_is_anothers, 0, 3);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
