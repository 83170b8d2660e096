/* Order and names of threads. */
#include "report/threads.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/order.h"

int pmt_threads_order(const struct pmt_analysis *a, uint32_t **ret_order,
		      uint32_t *ret_count)
{
	const struct pmt_streams *streams = &a->model->streams;
	uint32_t *order = malloc((streams->count + 1) * sizeof(*order));
	struct pmt_order *keyed = malloc((streams->count + 1) * sizeof(*keyed));
	uint32_t count = 0;

	if (!order || !keyed) {
		free(order);
		free(keyed);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < streams->count; i++) {
		const struct pmt_stream_state *s = &streams->items[i];

		if (pmt_streams_is_thread(s))
			keyed[count++] =
			    (struct pmt_order){(int64_t)s->totals.allocated_bytes, i};
	}
	pmt_order_sort(keyed, count, true);
	for (uint32_t i = 0; i < count; i++)
		order[i] = keyed[i].index;
	free(keyed);
	*ret_order = order;
	*ret_count = count;
	return 0;
}

const char *pmt_threads_name(const struct pmt_analysis *a,
			     const struct pmt_stream_state *stream, char *text,
			     size_t size)
{
	const struct pmt_thread_info *t = pmt_tables_thread(a->tables, stream->number);

	if (stream->number == 0)
		snprintf(text, size, "threads without Python");
	else if (!t || !t->defined)
		snprintf(text, size, "%u", stream->number);
	else if (t->name && t->name[0])
		snprintf(text, size, "%u %s (%u)", stream->number, t->name, t->os_tid);
	else
		snprintf(text, size, "%u (%u)", stream->number, t->os_tid);
	return text;
}
