/* The rows of lib/tracer/python/frame_layout.c as "minor name value" lines, for the test
 * that holds them to CPython's headers. */
#include <stdio.h>

#include "tracer/python/frame_layout.h"
#include "tracer/python/gc_layout.h"

static void print_collector(int minor)
{
	const struct pmt_gc_layout *l = pmt_gc_layout_of(minor);

	if (!l)
		return;
	if (!l->published_stats) /* from its begin on */
		printf("%d gc_item_counts %d\n", minor, (int)l->item_counts);
#define X(field)                                                                         \
	if (l->field)                                                                    \
		printf("%d gc_" #field " %d\n", minor, (int)l->field);
	PMT_GC_LAYOUT(X)
#undef X
	printf("%d gc_item_collected 8\n%d gc_item_uncollectable 16\n", minor, minor);
}

int main(void)
{
	for (int minor = 0; minor < 100; minor++) {
		const struct pmt_frame_layout *l = pmt_frame_layout_of(minor);

		if (!l)
			continue;
#define X(field)                                                                         \
	if (l->field != PMT_LAYOUT_NONE)                                                 \
		printf("%d " #field " %d\n", minor, (int)l->field);
		PMT_FRAME_LAYOUT(X)
#undef X
		print_collector(minor);
		printf("%d position_step %d\n", minor, l->position_step);
		if (l->has_shims)
			printf("%d shim_flag %d\n", minor, PMT_CODE_IS_SHIM);
		printf("%d type_dealloc %d\n", minor, PMT_TYPE_DEALLOC);
		printf("%d object_size %d\n", minor, PMT_OBJECT_SIZE);
		printf("%d bytes_data %d\n", minor, PMT_BYTES_DATA);
		printf("%d text_length %d\n", minor, PMT_TEXT_LENGTH);
		printf("%d text_state %d\n", minor, PMT_TEXT_STATE);
		printf("%d text_kind_bit %d\n", minor, PMT_TEXT_KIND_BIT);
		printf("%d text_compact_bit %d\n", minor, PMT_TEXT_COMPACT_BIT);
		printf("%d text_ascii_bit %d\n", minor, PMT_TEXT_ASCII_BIT);
	}
	return 0;
}
