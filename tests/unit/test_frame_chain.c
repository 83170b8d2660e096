/*
 * Stacks of made-up frames that grow, shrink, go on and are changed for others: the chain
 * that saw the ones before must say what one that saw nothing says, and never follow a
 * frame that is gone.
 */
#include <check.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "support/chance.h"
#include "support/run_suite.h"
#include "tracer/stack/frame_chain.h"

enum { FRAMES = 3000, STEPS = 4000, SEED = 77 };

struct frame {
	void *code;
	const struct frame *previous;
	uint64_t position;
	int32_t last_instruction;
};

struct stack {
	struct frame frames[FRAMES];
	uint32_t depth;
};

static struct pmt_frame_layout layout_of(bool by_address)
{
	struct pmt_frame_layout l = {.minor = 12};

	l.frame_code = offsetof(struct frame, code);
	l.frame_previous = offsetof(struct frame, previous);
	l.frame_position = by_address ? offsetof(struct frame, position)
				      : offsetof(struct frame, last_instruction);
	l.code_units = by_address ? 0 : PMT_LAYOUT_NONE;
	return l;
}

static const struct frame *top_of(const struct stack *s)
{
	return s->depth ? &s->frames[s->depth - 1] : NULL;
}

static void go_on(struct frame *f)
{
	f->position = draw(5);
	f->last_instruction = (int32_t)draw(5);
}

static void call(struct stack *s)
{
	if (s->depth == FRAMES)
		return;
	struct frame *f = &s->frames[s->depth];
	f->previous = top_of(s);
	f->code = &s->frames[draw(4)];
	go_on(f);
	s->depth++;
}

/* What is left of a frame must not be read: it leads nowhere. */
static void leave(struct stack *s)
{
	if (s->depth) {
		s->depth--;
		memset(&s->frames[s->depth], 0xff, sizeof(struct frame));
	}
}

static void change(struct stack *s)
{
	uint64_t what = draw(100), times = draw(what < 3 ? FRAMES : 10);

	if (what < 40 || what == 1) {
		while (times--)
			call(s);
	} else if (what < 80 || what == 2) {
		while (times--)
			leave(s);
	} else if (what < 95 && s->depth) {
		go_on(&s->frames[s->depth - 1]);
	} else if (s->depth) { /* returned to, and called from again */
		go_on(&s->frames[draw(s->depth)]);
	}
}

/* As who asks does: first without a call. */
static uint64_t hash_of(struct pmt_frame_chain *chain, const struct pmt_frame_layout *l,
			const struct frame *frame, uint64_t seed)
{
	uint64_t hash;

	if (frame && pmt_frame_chain_hash_again_self(chain, l, frame, seed, &hash))
		return hash;
	return pmt_frame_chain_hash_self(chain, l, frame, seed);
}

START_TEST(says_what_a_new_one_says)
{
	struct stack *stacks = calloc(2, sizeof(*stacks));
	struct pmt_frame_chain *kept = calloc(2, sizeof(*kept));
	struct pmt_frame_layout l = layout_of(_i);
	uint64_t seed = SEED, hash;

	for (int step = 0; step < STEPS; step++) {
		struct stack *s = &stacks[draw(20) == 0]; /* greenlets change */
		struct pmt_frame_chain *fresh = calloc(1, sizeof(*fresh));

		change(s);
		if (draw(200) == 0)
			seed++;
		uint64_t expected = pmt_frame_chain_hash_self(fresh, &l, top_of(s), seed);
		ck_assert_uint_eq(pmt_frame_chain_hash_self(kept, &l, top_of(s), seed),
				  expected);
		ck_assert_uint_eq(pmt_frame_chain_hash_self(kept, &l, top_of(s), seed),
				  expected);
		ck_assert_uint_eq(hash_of(&kept[1], &l, top_of(s), seed), expected);
		if (s->depth && s->depth <= PMT_CHAIN_FRAMES_MAX) {
			ck_assert(pmt_frame_chain_hash_again_self(&kept[1], &l, top_of(s),
								  seed, &hash));
			ck_assert_uint_eq(hash, expected);
		}
		free(fresh);
	}
	free(kept);
	free(stacks);
}
END_TEST

START_TEST(each_change_changes_the_number)
{
	struct stack *s = calloc(1, sizeof(*s));
	struct pmt_frame_chain *chain = calloc(1, sizeof(*chain));
	struct pmt_frame_layout l = layout_of(_i);

	for (int i = 0; i < 30; i++)
		call(s);
	uint64_t before = pmt_frame_chain_hash_self(chain, &l, top_of(s), SEED);
	ck_assert_uint_ne(pmt_frame_chain_hash_self(chain, &l, top_of(s), SEED + 1),
			  before);
	ck_assert_uint_eq(pmt_frame_chain_hash_self(chain, &l, top_of(s), SEED), before);
	for (int i = 0; i < 30; i++) {
		s->frames[i].position++;
		s->frames[i].last_instruction++;
		uint64_t now = pmt_frame_chain_hash_self(chain, &l, top_of(s), SEED);
		ck_assert_uint_ne(now, before);
		before = now;
	}
	for (int i = 0; i < 30; i++) {
		leave(s);
		uint64_t now = pmt_frame_chain_hash_self(chain, &l, top_of(s), SEED);
		ck_assert_uint_ne(now, before);
		before = now;
	}
	ck_assert_uint_eq(before, SEED);
	free(chain);
	free(s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("frame_chain");
	TCase *tc = tcase_create("frame_chain");

	begin_chance();
	tcase_add_loop_test(tc, says_what_a_new_one_says, 0, 2);
	tcase_add_loop_test(tc, each_change_changes_the_number, 0, 2);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
