/*
 * What blocks say of the functions that asked for them, against a naive account of a
 * random history: of the whole trace, as the views of calls have it, and of the live set
 * up to where Python ends, as the summary has it. Threads free each other's blocks,
 * objects lie in arenas or are blocks of malloc's, mappings go in parts, and frees go on
 * behind the end.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/block_model.h"
#include "support/analysed.h"
#include "support/run_suite.h"
#include "support/scene_text.h"
#include "tests/support/chance.h"

enum {
	ROUNDS = 20,
	STEPS = 600,
	THREADS = 3,
	FUNCTIONS = 4,
	SLOTS = 40,
	BEGIN = 1000,
	PAGE = 4096,
	PAGES = 8, /* of a mapping */
	SCENE_BYTES = STEPS * 160 + 4096,
};

enum kind { MALLOC, IN_ARENA, LARGE_OBJECT, MAPPED, KINDS };

/* A block, or nothing, at a slot's address. */
struct slot {
	bool is_live;
	enum kind kind;
	unsigned function;
	uint64_t bytes, usable;
	unsigned pages; /* of a mapping: a bit for each that is there */
};

struct history {
	struct scene_text scene;
	uint64_t now, clocks[THREADS];
	struct slot slots[SLOTS];
	struct pmt_figures all[FUNCTIONS];   /* by function, of the whole history */
	struct pmt_figures until[FUNCTIONS]; /* where Python ends */
	uint64_t leaked[FUNCTIONS];          /* live there */
};

/* The record's time, and the end of its line: each moves its thread's clock. */
static void say_time(struct history *h, unsigned thread)
{
	scene_text_say(&h->scene, " +%llu\n",
		       (unsigned long long)(h->now - h->clocks[thread]));
	h->clocks[thread] = h->now;
}

/* The sums of a thread ride on the record itself. */
static void release(struct history *h, struct slot *slot, unsigned long long address)
{
	struct pmt_figures *f = &h->all[slot->function];

	slot->is_live = false;
	scene_text_say(&h->scene, "free %llu", address);
	if (slot->usable) {
		f->freed_bytes += slot->usable;
		f->freed_count++;
		scene_text_say(&h->scene, " free=%llu/1",
			       (unsigned long long)slot->usable);
	}
}

/* Any pages of which one is there, at least. */
static void unmap(struct history *h, struct slot *slot, unsigned long long address)
{
	unsigned from = (unsigned)draw(PAGES);
	unsigned count = 1 + (unsigned)draw(PAGES - from);
	unsigned pages = ((1u << count) - 1) << from;

	if (!(slot->pages & pages)) {
		from = 0;
		count = PAGES;
		pages = (1u << PAGES) - 1;
	}
	int64_t bytes = (int64_t)__builtin_popcount(slot->pages & pages) * PAGE;
	slot->pages &= ~pages;
	slot->is_live = slot->pages != 0;
	h->all[slot->function].mapped_bytes -= bytes;
	scene_text_say(&h->scene, "munmap %llu %u map=%lld", address + from * PAGE,
		       count * PAGE, (long long)-bytes);
}

static void allocate(struct history *h, struct slot *slot, unsigned long long address)
{
	static const char *const words[KINDS] = {"", " domain=obj", " domain=mem", ""};
	enum kind kind = (enum kind)draw(KINDS);

	*slot = (struct slot){.is_live = true,
			      .kind = kind,
			      .function = (unsigned)draw(FUNCTIONS),
			      .bytes = 1 + draw(100000)};
	struct pmt_figures *f = &h->all[slot->function];
	if (kind == MAPPED) {
		slot->pages = (1u << PAGES) - 1;
		f->mapped_bytes += PAGES * PAGE;
		scene_text_say(&h->scene, "mmap %llu %u stack=%u map=%u", address,
			       PAGES * PAGE, slot->function + 1, PAGES * PAGE);
		return;
	}
	slot->usable = kind == IN_ARENA ? 0 : slot->bytes + draw(16);
	scene_text_say(&h->scene, "malloc %llu %llu stack=%u usable=%llu%s", address,
		       (unsigned long long)slot->bytes, slot->function + 1,
		       (unsigned long long)slot->usable, words[kind]);
	if (slot->usable) {
		f->allocated_bytes += slot->usable;
		f->allocated_count++;
		scene_text_say(&h->scene, " alloc=%llu/1",
			       (unsigned long long)slot->usable);
	}
	if (kind != MALLOC) {
		f->object_bytes += slot->bytes;
		f->object_count++;
		scene_text_say(&h->scene, " obj=%llu/1", (unsigned long long)slot->bytes);
	}
}

static void begin(struct history *h)
{
	h->now = BEGIN;
	scene_text_say(&h->scene, "process pid=9 at=%u\n", BEGIN);
	for (unsigned t = 0; t < THREADS; t++) {
		h->clocks[t] = BEGIN;
		scene_text_say(&h->scene, "stream %u at=%u tid=%u name=t%u\n", t + 1,
			       BEGIN, 100 + t, t);
		for (unsigned f = 1; f <= FUNCTIONS; f++) {
			if (t == 0)
				scene_text_say(&h->scene, "code %u a.py %u f%u\n", f, f,
					       f - 1);
			scene_text_say(&h->scene, "stack %u code=%u\n", f, f);
		}
	}
}

static uint64_t live_bytes(const struct slot *slot)
{
	if (!slot->is_live)
		return 0;
	return slot->kind == MALLOC   ? slot->usable
	       : slot->kind == MAPPED ? (uint64_t)__builtin_popcount(slot->pages) * PAGE
				      : slot->bytes;
}

static void end_python(struct history *h, unsigned thread)
{
	memcpy(h->until, h->all, sizeof(h->all));
	for (unsigned i = 0; i < SLOTS; i++)
		h->leaked[h->slots[i].function] += live_bytes(&h->slots[i]);
	scene_text_say(&h->scene, "checkpoint");
	say_time(h, thread);
	scene_text_say(&h->scene, "mark [Python ends]\n");
	h->now++;
}

/* Python ends before the step `end`: behind it nothing is allocated. */
static struct history *make_history(unsigned end)
{
	struct history *h = calloc(1, sizeof(*h));

	scene_text_begin(&h->scene, SCENE_BYTES);
	begin(h);
	for (unsigned i = 0; i < STEPS; i++) {
		unsigned number = (unsigned)draw(SLOTS);
		unsigned thread = (unsigned)draw(THREADS);
		struct slot *slot = &h->slots[number];
		unsigned long long address = 65536 + number * 1048576ull;

		h->now += 1 + draw(50);
		scene_text_say(&h->scene, "stream %u\n", thread + 1);
		if (i == end)
			end_python(h, thread);
		if (!slot->is_live && i >= end)
			continue;
		if (!slot->is_live)
			allocate(h, slot, address);
		else if (slot->kind == MAPPED)
			unmap(h, slot, address);
		else
			release(h, slot, address);
		say_time(h, thread);
	}
	return h;
}

static void check_figures(const struct pmt_figures *found,
			  const struct pmt_figures *expected)
{
	ck_assert_uint_eq(found->allocated_bytes, expected->allocated_bytes);
	ck_assert_uint_eq(found->allocated_count, expected->allocated_count);
	ck_assert_uint_eq(found->freed_bytes, expected->freed_bytes);
	ck_assert_uint_eq(found->freed_count, expected->freed_count);
	ck_assert_uint_eq(found->object_bytes, expected->object_bytes);
	ck_assert_uint_eq(found->object_count, expected->object_count);
	ck_assert_int_eq(found->mapped_bytes, expected->mapped_bytes);
}

/* Each function has what it asked for, and all nodes together what the sums have. */
static void check_tree(const struct pmt_analysis *a, const struct pmt_figures *expected)
{
	struct pmt_figures sum = {0};

	for (unsigned f = 0; f < FUNCTIONS; f++) {
		const struct pmt_figures found =
		    test_self(a, (char[]){'f', (char)('0' + f), '\0'});

		check_figures(&found, &expected[f]);
	}
	for (uint32_t i = 0; i < a->model->tree.count; i++)
		pmt_figures_add(&sum, &a->model->tree.self[i]);
	check_figures(&sum, &a->model->totals);
}

/* What is live by the model's own tree is what the views of blocks show. */
static void check_leaked(const struct pmt_analysis *a, const struct history *h)
{
	struct pmt_block_model_options options = {.figure = PMT_BLOCKS_LEAKED,
						  .spot = PMT_SPOT_FUNCTION};
	struct pmt_analysis shown = *a;

	ck_assert_int_eq(pmt_block_model_new(a, &options, &shown.model), 0);
	for (unsigned f = 0; f < FUNCTIONS; f++)
		ck_assert_uint_eq(test_self(&shown, (char[]){'f', (char)('0' + f), '\0'})
				      .allocated_bytes,
				  h->leaked[f]);
	pmt_block_model_free(shown.model);
}

/* By thread too nothing is left that is nobody's, whoever freed it. */
static void check_threads(const struct pmt_analysis *a)
{
	static const struct pmt_figures nothing = {0};
	char path[64];

	for (unsigned t = 0; t < THREADS; t++) {
		snprintf(path, sizeof(path), "[thread %u: t%u]/[outside Python]", t + 1,
			 t);
		const struct pmt_figures outside = test_self(a, path);
		check_figures(&outside, &nothing);
	}
}

/* A round of a random history, read with these options. */
static struct history *begin_round(int round, struct pmt_model_options model,
				   struct pmt_analysis *ret_analysis)
{
	struct pmt_analysis_options options = {.model = model};

	chance_state ^= (uint64_t)round << 40; /* each runs in a fork of the same */
	struct history *h = make_history((unsigned)draw(STEPS));
	*ret_analysis = test_analyse(h->scene.text, &options);
	return h;
}

static void end_round(struct history *h, struct pmt_analysis *a)
{
	pmt_analysis_close(a);
	free(h->scene.text);
	free(h);
}

START_TEST(functions_have_all_that_they_asked_for)
{
	struct pmt_analysis a;
	struct history *h = begin_round(_i, (struct pmt_model_options){0}, &a);

	check_tree(&a, h->all);
	end_round(h, &a);
}
END_TEST

START_TEST(the_live_set_ends_with_python)
{
	struct pmt_model_options model = {.with_block_history = true};
	struct pmt_analysis a;
	struct history *h = begin_round(_i, model, &a);

	check_tree(&a, h->until);
	check_leaked(&a, h);
	end_round(h, &a);
}
END_TEST

START_TEST(both_agree_where_both_go_to_the_end)
{
	struct pmt_model_options model = {.with_block_history = true,
					  .block_history = {.to_mark = PMT_TO_EXIT}};
	struct pmt_analysis a;
	struct history *h = begin_round(_i, model, &a);

	check_tree(&a, h->all);
	end_round(h, &a);
}
END_TEST

START_TEST(no_thread_keeps_what_another_freed)
{
	struct pmt_model_options model = {.by_thread = true,
					  .with_block_history = _i % 2,
					  .block_history = {.to_mark = PMT_TO_EXIT}};
	struct pmt_analysis a;
	struct history *h = begin_round(_i, model, &a);

	check_threads(&a);
	end_round(h, &a);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("block_accounts");
	TCase *tc = tcase_create("all");

	begin_chance();
	tcase_add_loop_test(tc, functions_have_all_that_they_asked_for, 0, ROUNDS);
	tcase_add_loop_test(tc, the_live_set_ends_with_python, 0, ROUNDS);
	tcase_add_loop_test(tc, both_agree_where_both_go_to_the_end, 0, ROUNDS);
	tcase_add_loop_test(tc, no_thread_keeps_what_another_freed, 0, ROUNDS);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
