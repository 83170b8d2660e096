/* Two comparisons for qsort. */
#include "report/order.h"

#include <stdlib.h>

static int by_index(const struct pmt_order *x, const struct pmt_order *y)
{
	return (x->index > y->index) - (x->index < y->index);
}

static int ascending(const void *a, const void *b)
{
	const struct pmt_order *x = a;
	const struct pmt_order *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return by_index(x, y);
}

static int descending(const void *a, const void *b)
{
	const struct pmt_order *x = a;
	const struct pmt_order *y = b;

	if (x->key != y->key)
		return x->key < y->key ? 1 : -1;
	return by_index(x, y);
}

void pmt_order_sort(struct pmt_order *items, uint32_t count, bool descends)
{
	if (count > 1)
		qsort(items, count, sizeof(*items), descends ? descending : ascending);
}
