/* Scenes as models; see analysed.h. */
#include "support/analysed.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support/scene.h"
#include "support/trace_writer.h"

struct pmt_analysis test_analyse(const char *scene,
				 const struct pmt_analysis_options *options)
{
	struct test_bytes trace = {NULL, 0, 0};
	struct pmt_analysis analysis;
	struct pmt_problem problem;

	test_scene_build(scene, PMT_CODEC_LZ4, &trace);
	int error = pmt_analysis_open(test_write_file("scene.bin", &trace), options,
				      &analysis, &problem);
	ck_assert_msg(error == 0, "%s", problem.text);
	test_bytes_close(&trace);
	return analysis;
}

struct pmt_function_row test_row(const struct pmt_analysis *a, const char *function)
{
	struct pmt_function_row *rows;
	struct pmt_function_row found = {0};
	uint32_t count;

	ck_assert_int_eq(pmt_function_table_new(a->model, &rows, &count), 0);
	for (uint32_t i = 0; i < count; i++) {
		const struct pmt_function *f =
		    &a->model->functions.items[rows[i].function];

		if (strcmp(f->name, function) == 0)
			found = rows[i];
	}
	free(rows);
	return found;
}

uint32_t test_node(const struct pmt_analysis *a, const char *path)
{
	const struct pmt_tree *tree = &a->model->tree;
	uint32_t node = PMT_TREE_ROOT;

	while (*path) {
		size_t size = strcspn(path, "/");
		uint32_t child = tree->paths[node].first_child;

		for (; child; child = tree->paths[child].next_sibling) {
			const char *name =
			    a->model->functions.items[tree->paths[child].function].name;

			if (strlen(name) == size && strncmp(name, path, size) == 0)
				break;
		}
		if (!child)
			return 0;
		node = child;
		path += size;
		path += *path == '/';
	}
	return node;
}

struct pmt_figures test_self(const struct pmt_analysis *a, const char *path)
{
	uint32_t node = test_node(a, path);

	return node ? a->model->tree.self[node] : (struct pmt_figures){0};
}
