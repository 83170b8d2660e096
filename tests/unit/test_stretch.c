/* From a mark to a mark: which ones count, what a model holds until there, and that both
 * moments together are the whole. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/stretch.h"
#include "format/format.h"
#include "support/analysed.h"
#include "support/run_suite.h"
#include "tests/support/chance.h"

enum { MARK = PMT_EXT_MARK, BEGIN = PMT_EXT_REGION_BEGIN, END = PMT_EXT_REGION_END };

static void meet(struct pmt_stretch *stretch, int ext, uint32_t stream, uint64_t tick,
		 const char *text)
{
	pmt_stretch_meet(stretch, (uint8_t)ext, stream, tick,
			 (struct pmt_text){text, strlen(text)});
}

static struct pmt_stretch stretch_of(const char *from, const char *to, const char *region)
{
	struct pmt_stretch_options options = {.from = from, .to = to, .region = region};
	struct pmt_stretch stretch;

	pmt_stretch_init(&stretch, &options);
	return stretch;
}

START_TEST(the_first_of_each_counts)
{
	struct pmt_stretch s = stretch_of("a", "b", NULL);

	meet(&s, MARK, 1, 1, "b");
	ck_assert(!s.has_begun && !s.has_ended);
	meet(&s, MARK, 1, 2, "a");
	ck_assert(pmt_stretch_is_at(&s, PMT_UNTIL_FROM));
	meet(&s, MARK, 1, 3, "a");
	meet(&s, MARK, 1, 4, "ab");
	ck_assert(!pmt_stretch_is_at(&s, PMT_UNTIL_TO));
	meet(&s, MARK, 2, 5, "b");
	meet(&s, MARK, 1, 6, "b");
	ck_assert(pmt_stretch_is_at(&s, PMT_UNTIL_TO));
	ck_assert_uint_eq(s.from_tick, 2);
	ck_assert_uint_eq(s.to_tick, 5);
	ck_assert_uint_eq(s.begin_count, 2);
}
END_TEST

START_TEST(from_and_to_may_be_one_name)
{
	struct pmt_stretch s = stretch_of("turn", "turn", NULL);

	meet(&s, MARK, 1, 1, "turn");
	ck_assert(s.has_begun && !s.has_ended);
	meet(&s, MARK, 1, 2, "turn");
	ck_assert(s.has_ended);
	ck_assert_uint_eq(s.to_tick, 2);
}
END_TEST

START_TEST(without_a_mark_it_is_the_begin_and_the_interpreters_end)
{
	struct pmt_stretch s = stretch_of(NULL, NULL, NULL);

	ck_assert(s.has_begun);
	meet(&s, MARK, 1, 1, "a");
	ck_assert(!s.has_ended);
	meet(&s, MARK, 1, 2, "[Python ends]");
	ck_assert(s.has_ended);
}
END_TEST

/* In its own thread, behind those of its name within it. */
START_TEST(a_region_ends_where_it_is_closed)
{
	struct pmt_stretch s = stretch_of(NULL, NULL, "r");

	meet(&s, END, 1, 1, "r");
	meet(&s, MARK, 1, 2, "r");
	ck_assert(!s.has_begun);
	meet(&s, BEGIN, 1, 3, "r");
	meet(&s, END, 2, 4, "r");
	meet(&s, BEGIN, 2, 5, "r");
	meet(&s, BEGIN, 1, 6, "r");
	meet(&s, END, 1, 7, "r");
	meet(&s, END, 1, 8, "other");
	ck_assert(s.has_begun && !s.has_ended);
	meet(&s, END, 1, 9, "r");
	ck_assert(s.has_ended);
	ck_assert_uint_eq(s.from_tick, 3);
	ck_assert_uint_eq(s.to_tick, 9);
	ck_assert_uint_eq(s.begin_count, 3);
}
END_TEST

static const char story[] = "stream 1 main\n"
			    "code 1 app.py 1 main\n"
			    "code 2 app.py 9 work\n"
			    "start 1 alloc=5/1\n"
			    "start 2 alloc=10/1 rss=2\n"
			    "start 2 alloc=100/1\n"
			    "mark a\n"
			    "return alloc=1000/3 rss=1\n"
			    "return alloc=20000/1\n"
			    "start 2\n"
			    "mark b\n"
			    "return alloc=300000/1\n"
			    "return free=7/2\n";

static struct pmt_analysis analyse_until(const char *scene, enum pmt_until until)
{
	struct pmt_analysis_options options = {
	    .model = {.stretch = {.from = "a", .to = "b"}, .until = until}};

	return test_analyse(scene, &options);
}

START_TEST(a_model_ends_at_a_mark)
{
	struct pmt_analysis from = analyse_until(story, PMT_UNTIL_FROM);
	struct pmt_analysis to = analyse_until(story, PMT_UNTIL_TO);

	ck_assert_uint_eq(test_self(&from, "main/work").allocated_bytes, 100);
	ck_assert_uint_eq(test_self(&from, "main/work").call_count, 1);
	ck_assert_uint_eq(from.model->totals.allocated_bytes, 115);
	ck_assert_uint_eq(test_self(&to, "main/work").allocated_bytes, 20100);
	ck_assert_uint_eq(test_self(&to, "main/work/work").allocated_bytes, 1000);
	ck_assert_uint_eq(test_self(&to, "main/work").call_count, 2);
	ck_assert_uint_eq(test_self(&to, "main").freed_count, 0);
	ck_assert_uint_eq(to.model->totals.rss_up_pages, 3);
	/* What is behind it is counted all the same: the trace is whole. */
	ck_assert_uint_eq(from.model->counts.events, to.model->counts.events);
	ck_assert(from.losses.complete && to.losses.complete);
	pmt_analysis_close(&from);
	pmt_analysis_close(&to);
}
END_TEST

/* --- random programs: what happened until `from`, and behind it until `to` --- */

enum { EVENTS = 200, ROUNDS = 40, SCENE_BYTES = EVENTS * 64 };

struct truth {
	uint64_t allocated[2]; /* until from, until to */
};

/* A thread that calls, returns, allocates and sets marks. */
static void write_scene(char *text, struct truth *truth)
{
	unsigned from = (unsigned)draw(EVENTS / 2), to = from + 1 + (unsigned)draw(90);
	size_t used = (size_t)sprintf(text, "stream 1\ncode 1 app.py 1 f\n"
					    "code 2 app.py 9 g\n");
	uint64_t sum = 0;
	unsigned depth = 0;

	for (unsigned i = 0; i < EVENTS; i++) {
		unsigned bytes = (unsigned)draw(1000);

		if (i == from || i == to) {
			truth->allocated[i == to] = sum;
			used += (size_t)sprintf(text + used, "mark %s\n",
						i == from ? "a" : "b");
			continue;
		}
		bool returns = depth > 0 && draw(2) == 0;
		depth = returns ? depth - 1 : depth + 1;
		used += (size_t)sprintf(text + used, "%s +1us alloc=%u/1\n",
					returns   ? "return"
					: draw(2) ? "start 1"
						  : "start 2",
					bytes);
		sum += bytes;
	}
}

START_TEST(of_random_programs)
{
	static char text[SCENE_BYTES];
	struct truth truth;

	begin_chance();
	for (unsigned round = 0; round < ROUNDS; round++) {
		write_scene(text, &truth);
		struct pmt_analysis from = analyse_until(text, PMT_UNTIL_FROM);
		struct pmt_analysis to = analyse_until(text, PMT_UNTIL_TO);

		ck_assert_uint_eq(from.model->totals.allocated_bytes, truth.allocated[0]);
		ck_assert_uint_eq(to.model->totals.allocated_bytes, truth.allocated[1]);
		pmt_analysis_close(&from);
		pmt_analysis_close(&to);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stretch");
	TCase *tcase = tcase_create("stretch");

	tcase_add_test(tcase, the_first_of_each_counts);
	tcase_add_test(tcase, from_and_to_may_be_one_name);
	tcase_add_test(tcase, without_a_mark_it_is_the_begin_and_the_interpreters_end);
	tcase_add_test(tcase, a_region_ends_where_it_is_closed);
	tcase_add_test(tcase, a_model_ends_at_a_mark);
	tcase_add_test(tcase, of_random_programs);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
