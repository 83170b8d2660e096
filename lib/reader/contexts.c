/* Contexts by stream and id; see contexts.h. Ids are whatever the file says. */
#include "reader/contexts.h"

#include <errno.h>
#include <stdlib.h>

#include "format/payload_blocks.h"

static struct pmt_contexts_of_stream *find_stream(const struct pmt_contexts *contexts,
						  uint32_t stream)
{
	uint32_t place = pmt_numbers_get(&contexts->by_stream, stream);

	return place == PMT_NUMBERS_NONE ? NULL : &contexts->streams[place];
}

/* Room for one more in an array that grows at powers of two; NULL: no memory. */
static void *room_for(void *items, size_t count, size_t item_bytes)
{
	if (count & (count - 1))
		return items;
	return reallocarray(items, count ? count * 2 : 1, item_bytes);
}

static struct pmt_contexts_of_stream *make_stream(struct pmt_contexts *contexts,
						  uint32_t stream)
{
	size_t count = contexts->count;
	struct pmt_contexts_of_stream *grown =
	    room_for(contexts->streams, count, sizeof(*grown));

	if (!grown)
		return NULL;
	contexts->streams = grown;
	if (pmt_numbers_put(&contexts->by_stream, stream, (uint32_t)count) != 0)
		return NULL;
	grown[count] = (struct pmt_contexts_of_stream){0};
	contexts->count++;
	return &grown[count];
}

static int append(struct pmt_contexts_of_stream *s, uint32_t id,
		  const struct pmt_context *context)
{
	struct pmt_context *grown = room_for(s->items, s->count, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	s->items = grown;
	if (pmt_numbers_put(&s->by_id, id, (uint32_t)s->count) != 0)
		return -ENOMEM;
	s->items[s->count++] = *context;
	return 0;
}

int pmt_contexts_add(struct pmt_contexts *contexts, uint32_t stream,
		     const struct pmt_record *r)
{
	struct pmt_stack_def def;

	if (!pmt_payload_get_stack(r, &def) || def.id == 0)
		return 0;
	struct pmt_contexts_of_stream *s = find_stream(contexts, stream);
	if (!s)
		s = make_stream(contexts, stream);
	if (!s)
		return -ENOMEM;
	if (pmt_numbers_get(&s->by_id, def.id) != PMT_NUMBERS_NONE)
		return 0;
	/* A parent that is not there yet would let a false file lead us in a circle. */
	bool known = pmt_numbers_get(&s->by_id, def.parent_id) != PMT_NUMBERS_NONE;
	struct pmt_context context = {known ? def.parent_id : 0, def.code_id,
				      def.code_offset};
	return append(s, def.id, &context);
}

const struct pmt_context *pmt_contexts_find(const struct pmt_contexts *contexts,
					    uint32_t stream, uint32_t id)
{
	const struct pmt_contexts_of_stream *s = find_stream(contexts, stream);
	uint32_t place = s ? pmt_numbers_get(&s->by_id, id) : PMT_NUMBERS_NONE;

	return place == PMT_NUMBERS_NONE ? NULL : &s->items[place];
}

void pmt_contexts_close(struct pmt_contexts *contexts)
{
	for (size_t i = 0; i < contexts->count; i++) {
		free(contexts->streams[i].items);
		pmt_numbers_close(&contexts->streams[i].by_id);
	}
	free(contexts->streams);
	pmt_numbers_close(&contexts->by_stream);
}
