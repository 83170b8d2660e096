/* Blocks from records to the model that the views show: whose, from which mark to which.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/block_model.h"
#include "support/analysed.h"

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

int main(void)
{
	Suite *suite = suite_create("blocks");
	TCase *tc = tcase_create("blocks");

	tcase_add_loop_test(tc, marks_say_from_where_to_where, 0, 6);
	tcase_add_test(tc, the_peak_is_of_the_heap);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
