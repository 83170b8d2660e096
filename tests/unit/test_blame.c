/* Who has the blame for a block: outwards past the frames of the interpreter and libc. */
#include <check.h>
#include <stdlib.h>

#include "analysis/blame.h"
#include "format/format.h"
#include "support/run_suite.h"

static struct pmt_functions functions;
static struct pmt_tree tree;

static void setup(void)
{
	ck_assert_int_eq(pmt_functions_init(&functions), 0);
	ck_assert_int_eq(pmt_tree_init(&tree, PMT_FUNCTION_ALL, 100), 0);
}

static void teardown(void)
{
	pmt_functions_close(&functions);
	pmt_tree_close(&tree);
}

static uint32_t below(uint32_t parent, enum pmt_function_kind kind, bool is_runtime)
{
	uint32_t function, node;

	ck_assert_int_eq(pmt_functions_add(&functions, kind, "f", &function), 0);
	functions.items[function].is_runtime = is_runtime;
	ck_assert_int_eq(pmt_tree_child(&tree, parent, function, &node), 0);
	return node;
}

static uint32_t blamed(uint32_t node)
{
	return pmt_blamed_node(&tree, &functions, node);
}

START_TEST(test_past_the_runtime)
{
	uint32_t python = below(PMT_TREE_ROOT, PMT_FUNCTION_PYTHON, false);
	uint32_t outer = below(python, PMT_FUNCTION_C, true);
	uint32_t inner = below(outer, PMT_FUNCTION_C, true);
	uint32_t extension = below(outer, PMT_FUNCTION_C, false);
	uint32_t libc = below(extension, PMT_FUNCTION_C, true);

	ck_assert_uint_eq(blamed(python), python);
	ck_assert_uint_eq(blamed(outer), python);
	ck_assert_uint_eq(blamed(inner), python);
	ck_assert_uint_eq(blamed(extension), extension);
	ck_assert_uint_eq(blamed(libc), extension);
}
END_TEST

START_TEST(test_nobody_else_is_there)
{
	uint32_t thread = below(PMT_TREE_ROOT, PMT_FUNCTION_THREAD, false);
	uint32_t outer = below(thread, PMT_FUNCTION_C, true);
	uint32_t inner = below(outer, PMT_FUNCTION_C, true);
	uint32_t alone = below(PMT_TREE_ROOT, PMT_FUNCTION_C, true);

	ck_assert_uint_eq(blamed(inner), inner);
	ck_assert_uint_eq(blamed(outer), outer);
	ck_assert_uint_eq(blamed(alone), alone);
	ck_assert_uint_eq(blamed(PMT_TREE_ROOT), PMT_TREE_ROOT);
}
END_TEST

static const struct {
	const char *file;
	bool is_runtime;
} modules[] = {
    {"/usr/lib/libpython3.13.so.1.0", true},
    {"/usr/bin/python3.11", true},
    {"python", true},
    {"/lib/x86_64-linux-gnu/libc.so.6", true},
    {"/lib/libc-2.31.so", true},
    {"/lib64/ld-linux-x86-64.so.2", true},
    {"/usr/lib/libstdc++.so.6.0.30", true},
    {"/site-packages/numpy/_core/_multiarray_umath.so", false},
    {"/usr/lib/python3.11/lib-dynload/_json.so", false},
    {"/opt/app/libcache.so", false},
};

START_TEST(test_modules_by_their_names)
{
	for (size_t i = 0; i < sizeof(modules) / sizeof(*modules); i++) {
		struct pmt_code code = {.kind = PMT_CODE_NATIVE, .file = modules[i].file};

		ck_assert_msg(pmt_code_is_runtime(&code) == modules[i].is_runtime, "%s",
			      modules[i].file);
		code.kind = PMT_CODE_PYTHON; /* a script of that name */
		ck_assert(!pmt_code_is_runtime(&code));
	}
	ck_assert(!pmt_code_is_runtime(NULL));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("blame");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_past_the_runtime);
	tcase_add_test(tc, test_nobody_else_is_there);
	tcase_add_test(tc, test_modules_by_their_names);
	tcase_add_checked_fixture(tc, setup, teardown);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
