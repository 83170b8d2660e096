/* Each stream's open ones, and a queue of those with a deadline: as streams come merged
 * by time, deadlines come in their order. */
#include "analysis/block_deadlines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_NUMBERS = 16, FIRST_KNOWN = 64 };

void pmt_block_deadlines_close(struct pmt_block_deadlines *d)
{
	for (uint32_t i = 0; i < d->stream_count; i++)
		free(d->streams[i].numbers);
	free(d->streams);
	free(d->known);
	pmt_stream_index_close(&d->index);
	*d = (struct pmt_block_deadlines){0};
}

static int find(struct pmt_block_deadlines *d, uint32_t stream,
		struct pmt_deadline_stream **ret_stream)
{
	uint32_t at;
	int error = pmt_stream_index_get(&d->index, stream, &at);

	if (!error && at == d->stream_count) {
		struct pmt_deadline_stream *streams =
		    reallocarray(d->streams, at + 1, sizeof(*streams));

		if (!streams)
			return -ENOMEM;
		streams[at] = (struct pmt_deadline_stream){0};
		d->streams = streams;
		d->stream_count++;
	}
	if (!error)
		*ret_stream = &d->streams[at];
	return error;
}

static int reserve(struct pmt_block_deadlines *d, size_t more)
{
	size_t capacity = d->capacity ? d->capacity : FIRST_KNOWN;

	if (d->first > 0 && d->first >= d->count / 2) {
		memmove(d->known, d->known + d->first,
			(d->count - d->first) * sizeof(*d->known));
		d->count -= d->first;
		d->first = 0;
	}
	while (capacity < d->count + more)
		capacity *= 2;
	if (capacity == d->capacity)
		return 0;
	struct pmt_deadline *known = reallocarray(d->known, capacity, sizeof(*known));
	if (!known)
		return -ENOMEM;
	d->known = known;
	d->capacity = capacity;
	return 0;
}

int pmt_block_deadlines_see(struct pmt_block_deadlines *d, uint32_t stream, uint64_t tick)
{
	struct pmt_deadline_stream *s;
	int error = find(d, stream, &s);

	if (error || tick <= s->tick)
		return error;
	s->tick = tick;
	if (s->count == 0)
		return 0;
	error = reserve(d, s->count);
	if (error)
		return error;
	for (uint32_t i = 0; i < s->count; i++)
		d->known[d->count++] =
		    (struct pmt_deadline){s->numbers[i], tick + d->bound_ticks};
	s->count = 0;
	return 0;
}

int pmt_block_deadlines_note(struct pmt_block_deadlines *d, uint32_t stream,
			     uint64_t number)
{
	struct pmt_deadline_stream *s;
	int error = find(d, stream, &s);

	if (error)
		return error;
	if (s->count == s->capacity) {
		uint32_t capacity = s->capacity ? s->capacity * 2 : FIRST_NUMBERS;
		uint64_t *numbers = reallocarray(s->numbers, capacity, sizeof(*numbers));

		if (!numbers)
			return -ENOMEM;
		s->numbers = numbers;
		s->capacity = capacity;
	}
	s->numbers[s->count++] = number;
	return 0;
}

uint64_t pmt_block_deadlines_take(struct pmt_block_deadlines *d, uint64_t now_tick)
{
	if (d->first == d->count || now_tick <= d->known[d->first].tick)
		return 0;
	return d->known[d->first++].number;
}
