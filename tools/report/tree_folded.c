/* The tree as folded stacks. */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/exit_code.h"
#include "cli/message.h"
#include "report/label.h"
#include "report/tree_text.h"

/* Frames from the outermost in; fills path from its end. Returns its beginning. */
static uint32_t collect_path(const struct pmt_tree *tree, uint32_t node, uint32_t *path,
			     uint32_t size)
{
	while (node != PMT_TREE_ROOT && size > 0) {
		path[--size] = node;
		node = tree->paths[node].parent;
	}
	return size;
}

int pmt_tree_folded_print(struct pmt_tree_view *view)
{
	const struct pmt_model *model = view->a->model;
	const struct pmt_tree *tree = &model->tree;
	FILE *out = view->request->out;
	uint32_t *path = malloc((tree->count + 1) * sizeof(*path));
	int64_t negative = 0;
	struct pmt_tree_step step;

	if (!path)
		return PMT_EXIT_UNREADABLE;
	while (view->limit-- > 0 && pmt_tree_walk_next(&view->walk, &step)) {
		int64_t value =
		    view->walk.metric->get(&tree->self[step.node], model->page_bytes);
		uint32_t end = step.depth + 1;
		uint32_t at = collect_path(tree, step.node, path, end);

		if (value <= 0) {
			negative += value;
			continue;
		}
		for (uint32_t i = at; i < end; i++) {
			const struct pmt_function *f =
			    &model->functions.items[tree->paths[path[i]].function];

			if (i > at)
				fputc(';', out);
			pmt_label_print_folded(out, f);
		}
		fprintf(out, " %" PRId64 "\n", value);
	}
	free(path);
	if (negative < 0)
		pmt_message_warning("folded stacks hold no negative values: %" PRId64
				    " of %s in all left out",
				    negative, view->walk.metric->key);
	return PMT_EXIT_OK;
}
