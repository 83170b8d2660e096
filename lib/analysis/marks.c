/* A bounded list of marks. */
#include "analysis/marks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void pmt_marks_close(struct pmt_marks *marks)
{
	for (uint32_t i = 0; i < marks->count; i++)
		free((char *)marks->items[i].text);
	free(marks->items);
	*marks = (struct pmt_marks){0};
}

int pmt_marks_add(struct pmt_marks *marks, const struct pmt_mark *mark,
		  struct pmt_text text)
{
	size_t size = text.size < PMT_MARK_TEXT_BYTES ? text.size : PMT_MARK_TEXT_BYTES;

	marks->total_count++;
	if (marks->count == PMT_MARKS_KEPT)
		return 0;
	if (marks->count == marks->capacity) {
		uint32_t capacity = marks->capacity ? marks->capacity * 2 : 16;
		struct pmt_mark *items = realloc(marks->items, capacity * sizeof(*items));

		if (!items)
			return -ENOMEM;
		marks->items = items;
		marks->capacity = capacity;
	}
	char *copy = strndup(text.bytes, size);
	if (!copy)
		return -ENOMEM;
	struct pmt_mark *kept = &marks->items[marks->count++];
	*kept = *mark;
	kept->text = copy;
	return 0;
}
