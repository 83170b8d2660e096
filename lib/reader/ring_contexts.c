/*
 * Salvage of calling contexts; see ring_contexts.h. Their process may run on meanwhile:
 * each context is then of some moment of now, and a later record of it, if the drain
 * wrote one, is of a moment no less good.
 */
#include "reader/ring_contexts.h"

#include <errno.h>
#include <string.h>

#include "format/context_layout.h"
#include "reader/index.h"
#include "reader/trace_private.h"

enum {
	READ_COUNT = 512,
	RECORD_BYTES = PMT_PAYLOAD_FIXED_BYTES + 2 + PMT_VARINT_MAX_BYTES,
};

int pmt_ring_contexts_put_record(struct pmt_ring_copy *ring, enum pmt_ext type,
				 const uint8_t *payload, const uint8_t *end)
{
	uint8_t record[RECORD_BYTES] = {PMT_OP_EXTENDED, (uint8_t)type};
	struct pmt_text text = {(const char *)payload, (size_t)(end - payload)};
	size_t size = (size_t)(pmt_payload_put_text(record + 2, text) - record);

	if (fwrite(record, 1, size, ring->copy) != size)
		return -EIO;
	ring->copied_bytes += size;
	return 0;
}

static int write_records(struct pmt_ring_copy *ring, const struct pmt_context *contexts,
			 uint32_t count, uint32_t stream)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < count; i++) {
		const struct pmt_tree_node node =
		    pmt_context_to_node(&contexts[i], stream);

		if (!pmt_context_is_idle_root(&contexts[i]))
			rc = pmt_ring_contexts_put_record(
			    ring, PMT_EXT_TREE_NODE, payload,
			    pmt_payload_put_tree_node(payload, &node));
	}
	return rc;
}

static int copy_contexts(struct pmt_ring_copy *ring, uint64_t offset, uint32_t count,
			 uint32_t stream)
{
	struct pmt_context contexts[READ_COUNT];
	int rc = 0;

	while (rc == 0 && count > 0) {
		uint32_t want = count < READ_COUNT ? count : READ_COUNT;
		int64_t bytes = (int64_t)(want * sizeof(contexts[0]));

		if (pmt_trace_pread(ring->fd, contexts, (size_t)bytes, offset) != bytes) {
			pmt_ring_copy_say(
			    ring, offset,
			    "expected calling contexts, the file is too short");
			return 0;
		}
		rc = write_records(ring, contexts, want, stream);
		offset += (uint64_t)bytes;
		count -= want;
	}
	return rc;
}

int pmt_ring_contexts_add_chunk(struct pmt_ring_copy *ring, uint64_t begin)
{
	uint64_t size = ring->copied_bytes - begin;
	struct pmt_chunk chunk = {
	    .to = size,
	    .readable_to = size,
	    .offset = begin,
	    .stored_bytes = (uint32_t)size,
	    .codec = PMT_CODEC_NONE,
	    .source = PMT_SOURCE_RING,
	    .is_contexts = true,
	};

	return size ? pmt_index_add(ring->trace, &chunk) : 0;
}

int pmt_ring_contexts_take(struct pmt_ring_copy *ring, uint32_t i)
{
	uint64_t offset = pmt_ring_copy_slot_offset(ring, i);
	uint64_t begin = ring->copied_bytes;
	struct pmt_context_block block;

	if (pmt_trace_pread(ring->fd, &block, sizeof(block), offset) != sizeof(block)) {
		pmt_ring_copy_say(ring, offset, "expected a slot, the file is too short");
		return 0;
	}
	/* Acquire: partner of the owner's release, contexts below the count are whole. */
	uint32_t count = pmt_load32_acquire(&block.used_count);
	if (block.context_bytes != sizeof(struct pmt_context) ||
	    count > ring->header.slot_data_bytes / sizeof(struct pmt_context)) {
		pmt_ring_copy_say(ring, offset, "expected a block of calling contexts");
		return 0;
	}
	int rc = copy_contexts(ring, offset + ring->header.slot_control_bytes, count,
			       block.slot.stream);
	return rc ? rc : pmt_ring_contexts_add_chunk(ring, begin);
}

void pmt_ring_contexts_place(struct pmt_trace *trace)
{
	uint64_t position = 0;

	for (size_t i = 0; i < trace->chunk_count; i++) {
		const struct pmt_chunk *c = &trace->chunks[i];
		if (c->stream == 0 && !c->is_contexts && c->to > position)
			position = c->to;
	}
	for (size_t i = 0; i < trace->chunk_count; i++) {
		struct pmt_chunk *c = &trace->chunks[i];
		if (!c->is_contexts)
			continue;
		uint64_t size = c->to - c->from;
		c->from = position;
		position += size;
		c->to = c->readable_to = position;
	}
}
