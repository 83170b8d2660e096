/* From the richest layout to the barest, the first that fits. */
#include "report/summary_layout.h"

#include <stddef.h>

enum {
	AXIS_LINES = 2,
	BLANKS = 2,      /* behind the header, before the threads */
	PROMPT_LINES = 1 /* the shell's, under the summary */
};

/* A list that goes is asked for by `functions --sort`; a chart by `timeline`. */
static const struct pmt_summary_layout steps[] = {
    {5, 4, 4, true, true},   {5, 3, 4, true, true},   {4, 2, 4, true, true},
    {3, 2, 4, true, true},   {3, 2, 4, false, true},  {3, 1, 4, false, true},
    {2, 1, 4, false, true},  {2, 1, 4, false, false}, {0, 1, 4, false, false},
    {0, 1, 3, false, false}, {0, 1, 2, false, false}, {0, 1, 1, false, false},
    {0, 0, 0, false, false},
};

unsigned pmt_summary_layout_lines(const struct pmt_summary_content *content,
				  const struct pmt_summary_layout *layout)
{
	unsigned lines = content->fixed_lines;

	lines += layout->has_blanks ? BLANKS : 0;
	lines += layout->has_paths ? content->path_lines : 0;
	lines += layout->chart_rows ? layout->chart_rows + AXIS_LINES : 0;
	for (unsigned i = 0; i < layout->list_count; i++) {
		unsigned rows = content->list_rows[i];

		if (rows == 0)
			continue;
		lines += 1 + (rows < layout->list_rows ? rows : layout->list_rows);
		lines += layout->has_blanks;
	}
	return lines;
}

struct pmt_summary_layout
pmt_summary_layout_fit(const struct pmt_summary_content *content)
{
	struct pmt_summary_layout layout = steps[0];

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		layout = steps[i];
		if (content->list_rows_asked) {
			layout.list_rows = content->list_rows_asked;
			layout.list_count = PMT_SUMMARY_LISTS;
		}
		if (content->height_rows == 0 ||
		    pmt_summary_layout_lines(content, &layout) + PROMPT_LINES <=
			content->height_rows)
			break;
	}
	return layout;
}
