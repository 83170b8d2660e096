/* Blocks from records to the model that the views show: whose, from which mark to which.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/block_model.h"
#include "support/analysed.h"
#include "support/run_suite.h"

static const char *const scene = "process pid=100\n"
				 "stream 1 at=1ms tid=100 main\n"
				 "code 1 a.py 1 <module>\n"
				 "code 2 a.py 5 keep\n"
				 "stack 1 code=1\n"
				 "stack 2 parent=1 code=2\n"
				 "malloc 4096 1000 stack=2 +1us\n"
				 "malloc 8192 500 stack=2 +1us\n"
				 "free 8192 +1us\n"
				 "mark one\n"
				 "malloc 8192 70 stack=2 +1us\n"
				 "mmap 65536 12288 stack=1 +1us\n"
				 "munmap 69632 4096 +1us\n"
				 "mmap 1048576 4096 stack=1 kind=reserved +1us\n"
				 "mark two\n"
				 "malloc 12288 9 stack=0 +1us\n"
				 "mark [Python ends]\n"
				 "free 4096 +1us\n"
				 "free 8192 +1us\n";

struct expected {
	const char *from, *to;
	uint64_t keep, module, outside; /* leaked bytes */
};

static uint64_t leaked(const struct pmt_model *model, const char *name)
{
	struct pmt_function_row *rows;
	uint64_t bytes = 0;
	uint32_t count;

	ck_assert_int_eq(pmt_function_table_new(model, &rows, &count), 0);
	for (uint32_t i = 0; i < count; i++)
		if (strcmp(model->functions.items[rows[i].function].name, name) == 0)
			bytes += rows[i].self.allocated_bytes;
	free(rows);
	return bytes;
}

START_TEST(marks_say_from_where_to_where)
{
	static const struct expected cases[] = {
	    {NULL, NULL, 1070, 8192, 9}, {NULL, "exit", 0, 8192, 9},
	    {"one", NULL, 70, 8192, 9},  {"one", "two", 70, 8192, 0},
	    {"two", "exit", 0, 0, 9},    {NULL, "one", 1000, 0, 0},
	};
	const struct expected *e = &cases[_i];
	struct pmt_analysis_options options = {
	    .model = {.with_block_history = true,
		      .block_history = {.from_mark = e->from, .to_mark = e->to}}};
	struct pmt_block_model_options shown = {.figure = PMT_BLOCKS_LEAKED};
	struct pmt_analysis a = test_analyse(scene, &options);
	struct pmt_model *model;

	ck_assert_int_eq(pmt_block_model_new(&a, &shown, &model), 0);
	ck_assert_uint_eq(leaked(model, "keep"), e->keep);
	ck_assert_uint_eq(leaked(model, "<module>"), e->module);
	ck_assert_uint_eq(leaked(model, "[outside Python]"), e->outside);
	pmt_block_model_free(model);
	pmt_analysis_close(&a);
}
END_TEST

START_TEST(the_peak_is_of_the_heap)
{
	struct pmt_analysis_options options = {.model = {.with_block_history = true}};
	struct pmt_block_model_options shown = {.figure = PMT_BLOCKS_AT_PEAK};
	struct pmt_analysis a = test_analyse(scene, &options);
	struct pmt_model *model;

	ck_assert_uint_eq(
	    a.model->block_history.set.places.moments[PMT_MOMENT_HEAP].heap.bytes,
	    1000 + 70 + 12288);
	ck_assert_int_eq(pmt_block_model_new(&a, &shown, &model), 0);
	ck_assert_uint_eq(leaked(model, "keep"), 1070);
	ck_assert_uint_eq(leaked(model, "<module>"), 12288);
	pmt_block_model_free(model);
	pmt_analysis_close(&a);
}
END_TEST

/* Of a trace with calls each figure has one source, and together they are the sums. */
static const char *const both =
    "process pid=100\n"
    "stream 1 at=1ms tid=100 main\n"
    "code 1 a.py 1 <module>\n"
    "code 2 a.py 5 keep\n"
    "code 3 a.py 9 drop\n"
    "stack 1 code=1\n"
    "stack 2 parent=1 code=2\n"
    "start 1 +1us\n"
    "start 2 +1us alloc=5/1 rss=1\n" /* before the first block: of the call that ran */
    "malloc 4096 1000 stack=2 +1us\n"
    "malloc 8192 500 stack=2 +1us alloc=1500/2 rss=2\n" /* sums on a block */
    "return +1us obj=64/2 rss=4\n"
    "start 3 +1us\n"
    "free 8192 +1us\n"
    "free 65536 +1us\n" /* a block from before the trace */
    "return +1us free=570/2 rss=-3\n"
    "mmap 1048576 12288 stack=1 +1us\n"
    "malloc 16384 40 stack=0 +1us\n"
    "start 3 +1us map=12288 alloc=40/1\n"
    "pause\n"
    "continue 2 1\n"
    "return +1us alloc=300/3 rss=8\n" /* in the pause */
    "return +1us\n";

static void check_self(const struct pmt_analysis *a, const char *path,
		       const struct pmt_figures *expected)
{
	struct pmt_figures found = test_self(a, path);

	ck_assert_msg(found.call_count == expected->call_count, "%s", path);
	ck_assert_msg(found.allocated_bytes == expected->allocated_bytes, "%s: %llu",
		      path, (unsigned long long)found.allocated_bytes);
	ck_assert_msg(found.allocated_count == expected->allocated_count, "%s", path);
	ck_assert_msg(found.freed_bytes == expected->freed_bytes, "%s", path);
	ck_assert_msg(found.freed_count == expected->freed_count, "%s", path);
	ck_assert_msg(found.object_bytes == expected->object_bytes, "%s", path);
	ck_assert_msg(found.object_count == expected->object_count, "%s", path);
	ck_assert_msg(found.rss_up_pages == expected->rss_up_pages, "%s", path);
	ck_assert_msg(found.rss_down_pages == expected->rss_down_pages, "%s", path);
	ck_assert_msg(found.mapped_bytes == expected->mapped_bytes, "%s", path);
}

START_TEST(calls_and_blocks_have_one_source_each)
{
	static const struct {
		const char *path;
		struct pmt_figures self;
	} cases[] = {
	    {"<module>",
	     {.call_count = 1,
	      .allocated_bytes = 5,
	      .allocated_count = 1,
	      .rss_up_pages = 1,
	      .mapped_bytes = 12288}},
	    {"<module>/keep",
	     {.call_count = 1,
	      .allocated_bytes = 1500,
	      .allocated_count = 2,
	      .freed_bytes = 500,
	      .freed_count = 1,
	      .object_bytes = 64,
	      .object_count = 2,
	      .rss_up_pages = 6}},
	    {"<module>/drop", {.call_count = 2, .rss_down_pages = 3}},
	    {"[outside Python]",
	     {.allocated_bytes = 40,
	      .allocated_count = 1,
	      .freed_bytes = 70,
	      .freed_count = 1}},
	    {"[paused]",
	     {.allocated_bytes = 300, .allocated_count = 3, .rss_up_pages = 8}},
	};
	struct pmt_analysis_options options = {.model = {.with_block_history = true}};
	struct pmt_analysis a = test_analyse(both, &options);
	const struct pmt_figures *totals = &a.model->totals;
	struct pmt_figures sum = {0};

	ck_assert(a.model->measured.calls && a.model->measured.blocks);
	ck_assert(!pmt_model_is_of_blocks(a.model));
	ck_assert(pmt_model_lines_are_of_blocks(a.model));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check_self(&a, cases[i].path, &cases[i].self);
	for (uint32_t i = 0; i < a.model->tree.count; i++)
		pmt_figures_add(&sum, &a.model->tree.self[i]);
	ck_assert_uint_eq(sum.allocated_bytes, totals->allocated_bytes);
	ck_assert_uint_eq(sum.allocated_count, totals->allocated_count);
	ck_assert_uint_eq(sum.freed_bytes, totals->freed_bytes);
	ck_assert_uint_eq(sum.freed_count, totals->freed_count);
	ck_assert_uint_eq(sum.object_count, totals->object_count);
	ck_assert_uint_eq(sum.rss_up_pages, totals->rss_up_pages);
	ck_assert_uint_eq(sum.rss_down_pages, totals->rss_down_pages);
	ck_assert_int_eq(sum.mapped_bytes, totals->mapped_bytes);
	pmt_analysis_close(&a);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("blocks");
	TCase *tc = tcase_create("blocks");

	tcase_add_loop_test(tc, marks_say_from_where_to_where, 0, 6);
	tcase_add_test(tc, the_peak_is_of_the_heap);
	tcase_add_test(tc, calls_and_blocks_have_one_source_each);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
