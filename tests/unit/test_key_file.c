/* A file by the name that it has on every machine. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/key_file.h"
#include "support/analysed.h"
#include "support/run_suite.h"

static void is_key(const char *folder, const char *file, const char *key,
		   const char *shown)
{
	char text[PMT_KEY_FILE_BYTES];
	const char *found = pmt_key_file(folder, file, text);

	ck_assert_str_eq(found, key);
	ck_assert_str_eq(pmt_key_file_shown(found), shown);
}

START_TEST(installed_files_are_apart_from_the_programs)
{
	is_key("/srv/app/", "/srv/app/json/decoder.py", "json/decoder.py",
	       "json/decoder.py");
	is_key("/srv/app/", "/usr/lib/python3.13/json/decoder.py",
	       "<python>/json/decoder.py", "json/decoder.py");
	is_key("/srv/app/", "/srv/app/venv/lib/python3.8/site-packages/a/b.py",
	       "<python>/a/b.py", "a/b.py");
	is_key("/srv/app/", "/srv/apple/a.py", "/srv/apple/a.py", "/srv/apple/a.py");
	is_key(NULL, "/srv/app/a.py", "/srv/app/a.py", "/srv/app/a.py");
	is_key("/srv/app/", "<frozen runpy>", "<frozen runpy>", "<frozen runpy>");
	ck_assert_ptr_null(pmt_key_file("/srv/", NULL, NULL));
	ck_assert_ptr_null(pmt_key_file_shown(NULL));
}
END_TEST

/* The folder of a program that was started so and whose module has that file. */
static void is_folder(const char *argv, const char *file, const char *folder)
{
	char scene[600];

	snprintf(scene, sizeof(scene),
		 "info argv %s\nstream 1 main\ncode 1 /x/lib.py 1 <module>\n"
		 "code 2 %s 1 <module>\ncode 3 %s 5 work\nstart 1\nstart 2\n"
		 "start 3\n",
		 argv, file, file);
	struct pmt_analysis a = test_analyse(scene, NULL);
	char *found;

	ck_assert_int_eq(pmt_script_folder(a.tables, &a.model->functions, &found), 0);
	if (folder)
		ck_assert_str_eq(found, folder);
	else
		ck_assert_ptr_null(found);
	free(found);
	pmt_analysis_close(&a);
}

START_TEST(the_script_tells_its_folder)
{
	is_folder("python3|/srv/app/run.py|--fast", "/srv/app/run.py", "/srv/app/");
	is_folder("python3|run.py", "/srv/app/run.py", "/srv/app/");
	is_folder("python3|app/run.py", "app/run.py", "app/");
	is_folder("python3|-u|-W|error|-Xdev|run.py|x.py", "/srv/run.py", "/srv/");
	/* Not the end of another name, not what python -m or -c runs. */
	is_folder("python3|run.py", "/srv/rerun.py", NULL);
	is_folder("python3|run.py", "run.py", NULL);
	is_folder("python3|-m|run.py", "/srv/run.py", NULL);
	is_folder("python3|-c|import run|run.py", "/srv/run.py", NULL);
	is_folder("python3", "/srv/run.py", NULL);
	is_folder("python3|-W", "/srv/run.py", NULL);
	is_folder("python3|-u", "/srv/run.py", NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("key_file");
	TCase *tcase = tcase_create("key_file");

	tcase_add_test(tcase, installed_files_are_apart_from_the_programs);
	tcase_add_test(tcase, the_script_tells_its_folder);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
