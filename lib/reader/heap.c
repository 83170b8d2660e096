/* The merge's heap; see heap.h. */
#include "reader/heap.h"

#include <errno.h>
#include <stdlib.h>

int pmt_heap_init(struct pmt_heap *heap, size_t room)
{
	heap->count = 0;
	heap->keys = calloc(room + 1, sizeof(*heap->keys));
	return heap->keys ? 0 : -ENOMEM;
}

void pmt_heap_close(struct pmt_heap *heap)
{
	free(heap->keys);
	*heap = (struct pmt_heap){NULL, 0};
}

void pmt_heap_push(struct pmt_heap *heap, struct pmt_heap_key key)
{
	size_t i = heap->count++;

	while (i > 0 && pmt_heap_before(&key, &heap->keys[(i - 1) / 2])) {
		heap->keys[i] = heap->keys[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	heap->keys[i] = key;
}

bool pmt_heap_min(const struct pmt_heap *heap, struct pmt_heap_key *ret_key)
{
	if (heap->count == 0)
		return false;
	*ret_key = heap->keys[0];
	return true;
}

/* Lets key sink from the root to its place. */
static void sink(struct pmt_heap *heap, struct pmt_heap_key key)
{
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;
		if (child >= heap->count)
			break;
		if (child + 1 < heap->count &&
		    pmt_heap_before(&heap->keys[child + 1], &heap->keys[child]))
			child++;
		if (!pmt_heap_before(&heap->keys[child], &key))
			break;
		heap->keys[i] = heap->keys[child];
		i = child;
	}
	heap->keys[i] = key;
}

bool pmt_heap_pop(struct pmt_heap *heap, struct pmt_heap_key *ret_key)
{
	if (!pmt_heap_min(heap, ret_key))
		return false;
	heap->count--;
	if (heap->count > 0)
		sink(heap, heap->keys[heap->count]);
	return true;
}
