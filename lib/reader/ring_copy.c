/*
 * Salvage. The process may be dead (nothing moves any more) or alive (head, tail and the
 * drain move while we look). Both are read the same way:
 *
 *   tail, head with acquire; copy [tail, head); tail again
 *
 * What lies between the two tails may have been overwritten while it was copied, but it
 * is in the trace by then, because the tail moves only after the write returned; it is
 * dropped here. The caller indexes the trace afterwards.
 */
#include "reader/ring_copy.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "reader/index.h"
#include "reader/ring_contexts.h"
#include "reader/ring_live.h"
#include "reader/trace_private.h"

enum {
	COPY_BYTES = 64 << 10,
	SLOT_READ_TRIES = 16,
};

/* The words of a slot's control page that matter here, read at one moment. */
struct slot {
	uint32_t state;
	uint32_t stream;
	uint64_t head;
	uint64_t tail;
};

void pmt_ring_copy_say(const struct pmt_ring_copy *ring, uint64_t offset,
		       const char *text)
{
	struct pmt_problem *p = pmt_trace_new_problem(ring->trace);

	pmt_problem_set(p, PMT_PROBLEM_DAMAGED, ring->path, offset, "%s", text);
}

uint64_t pmt_ring_copy_slot_offset(const struct pmt_ring_copy *ring, uint32_t i)
{
	return PMT_RING_CONTROL_BYTES +
	       (uint64_t)i * ((uint64_t)ring->header.slot_control_bytes +
			      ring->header.slot_data_bytes);
}

/*
 * Reads a slot's words until two readings agree: pread does not promise that a word
 * arrives whole. The fence stands for the acquire of tail and head: partner of the
 * producer's release of head (bytes below it are whole) and of the drain's of tail
 * (bytes below it are in the trace).
 */
static bool read_slot(const struct pmt_ring_copy *ring, uint32_t i, struct slot *ret_slot)
{
	struct pmt_ring_slot a, b;

	for (int tries = 0; tries < SLOT_READ_TRIES; tries++) {
		if (pmt_trace_pread(ring->fd, &a, sizeof(a),
				    pmt_ring_copy_slot_offset(ring, i)) != sizeof(a) ||
		    pmt_trace_pread(ring->fd, &b, sizeof(b),
				    pmt_ring_copy_slot_offset(ring, i)) != sizeof(b))
			return false;
		/* Two copies of the same bytes of a file: padding may count too. */
		/* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison,cert-*) */
		if (memcmp(&a, &b, sizeof(a)) == 0)
			break;
	}
	*ret_slot = (struct slot){
	    .state = pmt_load32_relaxed(&b.state),
	    .stream = b.stream,
	    .head = pmt_load_relaxed(&b.head),
	    .tail = pmt_load_relaxed(&b.tail),
	};
	atomic_thread_fence(memory_order_acquire);
	return true;
}

/* Appends size bytes at offset of the ring file to the copy. */
static int copy_bytes(struct pmt_ring_copy *ring, uint64_t offset, uint64_t size)
{
	uint8_t buffer[COPY_BYTES];

	while (size > 0) {
		size_t want = size < sizeof(buffer) ? (size_t)size : sizeof(buffer);
		int64_t got = pmt_trace_pread(ring->fd, buffer, want, offset);
		if (got != (int64_t)want)
			return got < 0 ? (int)got : -ENODATA;
		if (fwrite(buffer, 1, want, ring->copy) != want)
			return -EIO;
		offset += want;
		size -= want;
		ring->copied_bytes += want;
	}
	return 0;
}

/* Copies stream positions [from, to) of slot i: in one piece or, round the end, two. */
static int copy_span(struct pmt_ring_copy *ring, uint32_t i, uint64_t from, uint64_t to)
{
	uint64_t size = ring->header.slot_data_bytes;
	uint64_t data =
	    pmt_ring_copy_slot_offset(ring, i) + ring->header.slot_control_bytes;
	uint64_t begin = from & (size - 1);
	uint64_t first = size - begin < to - from ? size - begin : to - from;
	int rc = copy_bytes(ring, data + begin, first);

	return rc ? rc : copy_bytes(ring, data, to - from - first);
}

static bool slot_in_use(const struct slot *s)
{
	return s->state == PMT_SLOT_ACTIVE || s->state == PMT_SLOT_DEAD;
}

/* The copied bytes as chunks no larger than a cursor's buffer should be: one. */
static int add_chunk(struct pmt_ring_copy *ring, const struct slot *s, uint64_t from,
		     uint64_t offset)
{
	struct pmt_chunk chunk = {
	    .from = from,
	    .to = s->head,
	    .readable_to = s->head,
	    .offset = offset,
	    .stream = s->stream,
	    .stored_bytes = (uint32_t)(s->head - from),
	    .codec = PMT_CODEC_NONE,
	    .form = ring->header.file.version > PMT_FORMAT_VERSION_CALLS ? PMT_FORM_BLOCKS
									 : PMT_FORM_CALLS,
	    .source = PMT_SOURCE_RING,
	};

	return pmt_index_add(ring->trace, &chunk);
}

static int take_slot(struct pmt_ring_copy *ring, uint32_t i)
{
	struct slot before, after;
	uint64_t copy_begin = ring->copied_bytes;

	if (!read_slot(ring, i, &before)) {
		pmt_ring_copy_say(ring, pmt_ring_copy_slot_offset(ring, i),
				  "expected a slot, the file is too short");
		return 0;
	}
	if (before.state == PMT_SLOT_CONTEXTS)
		return pmt_ring_contexts_take(ring, i);
	if (!slot_in_use(&before) || before.head == before.tail)
		return 0;
	if (before.head < before.tail ||
	    before.head - before.tail > ring->header.slot_data_bytes) {
		pmt_ring_copy_say(ring, pmt_ring_copy_slot_offset(ring, i),
				  "expected head and tail within one slot's size");
		return 0;
	}
	int rc = copy_span(ring, i, before.tail, before.head);
	if (rc == -ENODATA) {
		pmt_ring_copy_say(ring, pmt_ring_copy_slot_offset(ring, i),
				  "expected data, the file is too short");
		return 0;
	}
	if (rc != 0)
		return rc;
	/* Partner of the drain's release of tail, as above. */
	atomic_thread_fence(memory_order_acquire);
	if (!read_slot(ring, i, &after) || after.stream != before.stream ||
	    !slot_in_use(&after) || after.tail - before.tail >= before.head - before.tail)
		return 0; /* the drain took all of it meanwhile */
	return add_chunk(ring, &before, after.tail,
			 copy_begin + (after.tail - before.tail));
}

static int take_slots(struct pmt_ring_copy *ring)
{
	uint32_t count = pmt_load32_relaxed(&ring->header.slot_count);
	int rc = 0;

	if (count > PMT_RING_SLOTS_MAX) {
		pmt_ring_copy_say(ring, offsetof(struct pmt_ring_header, slot_count),
				  "expected at most 4096 slots");
		count = PMT_RING_SLOTS_MAX;
	}
	while (count > 0 &&
	       pmt_ring_copy_slot_offset(ring, count - 1) >= ring->file_bytes)
		count--;
	ring->trace->ring.slot_count = count;
	for (uint32_t i = 0; rc == 0 && i < count; i++)
		rc = take_slot(ring, i);
	return rc ? rc : pmt_ring_live_take(ring, count);
}

/* Makes the copy and keeps its descriptor; the stream is only for writing it. */
int pmt_ring_copy_make(struct pmt_ring_copy *ring)
{
	int rc;

	ring->copy = tmpfile();
	if (!ring->copy)
		return -errno;
	rc = take_slots(ring);
	if (rc == 0 && fflush(ring->copy) != 0)
		rc = -errno;
	if (rc == 0)
		ring->trace->ring_copy_fd = dup(fileno(ring->copy));
	if (rc == 0 && ring->trace->ring_copy_fd < 0)
		rc = -errno;
	fclose(ring->copy);
	return rc;
}
