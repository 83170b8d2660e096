/*
 * min_rss and min_alloc: the rule against a model that keeps every event and looks back,
 * over random programs. What it writes, with which figures, how many were left out and
 * who ran until then must be equal.
 */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/run_suite.h"
#include "tracer/event/trigger.h"

enum { EVENTS = 4000, DEPTH_MAX = 64 };

struct event {
	unsigned op;
	uint64_t number;
	uint64_t depth;
	bool force;
	bool passed; /* not offered to be written */
	bool settle; /* something else is written behind it */
	struct pmt_deltas sums;
};

struct expected {
	int index;
	uint64_t skipped_count;
};

static struct event events[EVENTS];
static struct expected expected[2 * EVENTS];
static int expected_count;
static struct pmt_trigger trigger; /* 64 KiB */
static unsigned long long seed;

static unsigned draw(unsigned limit)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % limit;
}

static void move_sums(struct pmt_deltas *sums)
{
	unsigned what = draw(40);

	sums->object_count += draw(3);
	if (what < 10) {
		sums->allocated_bytes += draw(600);
		sums->allocated_count++;
		sums->freed_bytes += draw(500);
		sums->freed_count++;
	}
	if (what == 10) {
		sums->allocated_bytes += 5000;
		sums->allocated_count++;
	}
	if (what == 11) {
		sums->freed_bytes += 5000;
		sums->freed_count++;
	}
	if (what == 12 || what == 13)
		sums->rss_pages += (int)draw(20) - 10;
	if (what == 14)
		sums->rss_pages -= 30;
}

static void make_events(void)
{
	struct pmt_deltas sums = {0};
	uint64_t depth = 0;

	for (int i = 0; i < EVENTS; i++) {
		struct event *e = &events[i];
		unsigned kind = draw(10);

		*e = (struct event){.op = PMT_OP_LINE, .number = 1 + draw(99)};
		if ((kind < 4 && depth < DEPTH_MAX) || depth == 0) {
			e->op = draw(3) * 2;
			e->number = 1 + draw(20);
			depth++;
		} else if (kind < 8) {
			e->op = draw(3) * 2 + 1;
			depth--;
		}
		e->force = draw(200) == 0;
		e->passed = draw(150) == 0;
		e->settle = draw(100) == 0;
		e->depth = depth;
		move_sums(&sums);
		e->sums = sums;
	}
}

static bool has_moved(const struct pmt_trigger_limits *limits, int64_t pages,
		      int64_t kept, uint64_t allocated, uint64_t freed)
{
	if (limits->rss_pages && llabs(pages) >= limits->rss_pages)
		return true;
	return limits->alloc_bytes && (llabs(kept) >= limits->alloc_bytes ||
				       (int64_t)allocated >= limits->alloc_bytes ||
				       (int64_t)freed >= limits->alloc_bytes);
}

static void expect(int index, int *last)
{
	uint64_t skipped = 0;

	for (int i = *last + 1; i < index; i++)
		skipped += !events[i].passed;
	expected[expected_count++] = (struct expected){index, skipped};
	*last = index;
}

/* The model: of all events so far, which would be written. */
static void expect_all(const struct pmt_trigger_limits *limits)
{
	struct pmt_deltas none = {0};
	int last = -1;

	expected_count = 0;
	for (int i = 0; i < EVENTS; i++) {
		const struct event *e = &events[i];
		const struct pmt_deltas *w = last >= 0 ? &events[last].sums : &none;

		if (e->passed)
			continue;
		/* The event before, unless something came between. */
		bool before_known = i > 0 && !events[i - 1].passed;
		const struct pmt_deltas *b = before_known ? &events[i - 1].sums : w;
		bool moved =
		    has_moved(limits, e->sums.rss_pages - w->rss_pages,
			      (int64_t)(e->sums.allocated_bytes - w->allocated_bytes -
					(e->sums.freed_bytes - w->freed_bytes)),
			      e->sums.allocated_bytes - b->allocated_bytes,
			      e->sums.freed_bytes - b->freed_bytes);
		if (last < 0 || e->force || moved) {
			if (before_known && last >= 0 && last != i - 1)
				expect(i - 1, &last);
			expect(i, &last);
		} else if (e->settle) {
			expect(i, &last);
		}
	}
}

/* What runs before event i: the stack from the beginning. */
static void running_before(int index, uint32_t *ret_id, uint32_t *ret_line)
{
	uint32_t ids[DEPTH_MAX + 1] = {0}, lines[DEPTH_MAX + 1] = {0};
	int depth = 0;

	for (int i = 0; i < index; i++) {
		if (events[i].op == PMT_OP_LINE) {
			lines[depth] = (uint32_t)events[i].number;
		} else if (events[i].op % 2) {
			depth--;
		} else {
			ids[++depth] = (uint32_t)events[i].number;
			lines[depth] = 0;
		}
	}
	*ret_id = depth ? ids[depth] : 0;
	*ret_line = depth ? lines[depth] : 0;
}

static void check_point(const struct pmt_trigger_point *p, int n, const char *what)
{
	uint32_t id, line;

	ck_assert_msg(n < expected_count, "%s: more than %d points", what, n);
	const struct event *e = &events[expected[n].index];
	running_before(expected[n].index, &id, &line);
	ck_assert_msg(p->tick == (uint64_t)expected[n].index, "%s: point %d is event %d",
		      what, n, (int)p->tick);
	ck_assert_msg(memcmp(&p->sums, &e->sums, sizeof(e->sums)) == 0, "%s", what);
	ck_assert_msg(p->point.skipped_count == expected[n].skipped_count,
		      "%s: point %d: %" PRIu64 " skipped, not %" PRIu64, what, n,
		      p->point.skipped_count, expected[n].skipped_count);
	ck_assert_msg(p->point.op == e->op && p->point.depth == e->depth, "%s", what);
	ck_assert_msg(p->point.from_code_id == id && p->point.from_line == line,
		      "%s: point %d: %u:%u ran, not %u:%u", what, n,
		      p->point.from_code_id, (unsigned)p->point.from_line, id, line);
	ck_assert_msg(p->point.code_id ==
			  (pmt_op_is_enter(e->op) ? (uint32_t)e->number : id),
		      "%s", what);
	ck_assert_msg(p->point.line == (e->op == PMT_OP_LINE ? e->number : 0), "%s",
		      what);
}

static void run_rule(const struct pmt_trigger_limits *limits, const char *what)
{
	struct pmt_trigger_point out[2];
	int n = 0, quiet_count = 0;
	unsigned count;

	memset(&trigger, 0, sizeof(trigger));
	for (int i = 0; i < EVENTS; i++) {
		struct event *e = &events[i];
		struct pmt_trigger_event event = {e->op, e->number, e->depth, (uint64_t)i,
						  &e->sums};

		if (e->passed) {
			pmt_trigger_pass(&trigger, e->op, e->number);
			continue;
		}
		if (!e->force && pmt_trigger_is_quiet(&trigger, &e->sums)) {
			pmt_trigger_wait(&trigger, &event);
			quiet_count++;
			count = 0;
		} else {
			count = pmt_trigger_take(&trigger, limits, e->force, &event, out);
		}
		for (unsigned k = 0; k < count; k++)
			check_point(&out[k], n++, what);
		if (e->settle && pmt_trigger_take_pending(&trigger, out))
			check_point(out, n++, what);
	}
	ck_assert_int_gt(quiet_count, EVENTS / 10);
	ck_assert_msg(n == expected_count, "%s: %d points, not %d", what, n,
		      expected_count);
}

START_TEST(writes_what_a_look_back_would_write)
{
	static const struct pmt_trigger_limits limits[] = {
	    {10, 0}, {0, 4000}, {7, 2500}, {1, 0}, {1000, 1000000}};
	char what[64];

	seed = 1000 + (unsigned long long)_i;
	snprintf(what, sizeof(what), "seed %llu", seed);
	make_events();
	expect_all(&limits[_i % 5]);
	ck_assert_int_gt(expected_count, 5);
	ck_assert_int_lt(expected_count, EVENTS);
	run_rule(&limits[_i % 5], what);
}
END_TEST

/* Beyond its bound the stack counts: what comes back is known again. */
START_TEST(a_stack_too_deep_is_counted)
{
	struct pmt_open_calls *open = calloc(1, sizeof(*open));

	for (uint32_t i = 1; i <= PMT_OPEN_CALLS_MAX + 100; i++)
		pmt_open_calls_enter(open, i);
	ck_assert_uint_eq(pmt_open_calls_top(open).id, 0);
	pmt_open_calls_enter_c(open, 7);
	pmt_open_calls_leave_c(open);
	for (int i = 0; i < 100; i++)
		pmt_open_calls_leave(open);
	ck_assert_uint_eq(pmt_open_calls_top(open).id, PMT_OPEN_CALLS_MAX);
	pmt_open_calls_leave(open);
	ck_assert_uint_eq(pmt_open_calls_top(open).id, PMT_OPEN_CALLS_MAX - 1);
	free(open);
}
END_TEST

/* C functions stand between the Python calls; one whose end is missing ends with them. */
START_TEST(c_functions_end_with_their_caller)
{
	struct pmt_open_calls *open = calloc(1, sizeof(*open));

	pmt_open_calls_enter(open, 1);
	pmt_open_calls_line(open, 12);
	pmt_open_calls_enter_c(open, 2);
	pmt_open_calls_line(open, 13); /* not of the C function */
	ck_assert_uint_eq(pmt_open_calls_top(open).id, 2);
	pmt_open_calls_enter(open, 3);
	pmt_open_calls_leave_c(open); /* nothing of C runs here */
	pmt_open_calls_enter_c(open, 4);
	pmt_open_calls_leave(open);
	ck_assert_uint_eq(pmt_open_calls_top(open).id, 2);
	pmt_open_calls_leave_c(open);
	ck_assert_uint_eq(pmt_open_calls_top(open).id, 1);
	ck_assert_uint_eq(pmt_open_calls_top(open).line, 12);
	pmt_open_calls_leave(open);
	pmt_open_calls_leave(open);
	ck_assert_uint_eq(pmt_open_calls_top(open).id, 0);
	free(open);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trigger");
	TCase *tc = tcase_create("trigger");

	tcase_add_loop_test(tc, writes_what_a_look_back_would_write, 0, 40);
	tcase_add_test(tc, a_stack_too_deep_is_counted);
	tcase_add_test(tc, c_functions_end_with_their_caller);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
