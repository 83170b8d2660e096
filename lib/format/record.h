/*
 * Records: what a stream is made of. A record is a head byte, the operation's own
 * field, and the deltas whose flag is set; an extended record adds a type byte and a
 * payload with its length, so that a reader can pass over a type it does not know.
 *
 *   head       bits 0-2 operation, bits 3-7 flags TIME MALLOC OBJECT RSS MAPPED
 *   START RESUME THROW    varint function id          a call begins or goes on
 *   RETURN YIELD UNWIND   nothing                     the running call ends or pauses
 *   LINE       varint line number of the running function
 *   EXTENDED   type byte
 *   TIME       varint ticks since the stream's last time
 *   MALLOC     varints allocated bytes, allocated count, freed bytes, freed count
 *   OBJECT     varints object bytes, object count
 *   RSS        zigzag varint pages
 *   MAPPED     zigzag varints anonymous bytes, file bytes
 *   EXTENDED   varint payload length, payload
 *
 * Deltas are changes since the stream's previous record; they belong to the function
 * that ran until this record. In streams of blocks (enum pmt_form) the operations below
 * EXTENDED are others, see block_code.h. The byte 0xff is filler between records: an
 * extended record never carries all five flags, its time waits for the next one.
 */
#ifndef PMT_FORMAT_RECORD_H
#define PMT_FORMAT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/varint.h"
#include "format/block_code.h"
#include "format/format.h"

enum pmt_op {
	PMT_OP_START = 0,  /* even: enter */
	PMT_OP_RETURN = 1, /* odd: leave */
	PMT_OP_RESUME = 2,
	PMT_OP_YIELD = 3,
	PMT_OP_THROW = 4,
	PMT_OP_UNWIND = 5,
	PMT_OP_LINE = 6,
	PMT_OP_EXTENDED = 7,
};

enum pmt_record_flag {
	PMT_FLAG_TIME = 0x08,
	PMT_FLAG_MALLOC = 0x10,
	PMT_FLAG_OBJECT = 0x20,
	PMT_FLAG_RSS = 0x40,
	PMT_FLAG_MAPPED = 0x80,
	PMT_FLAG_ALL = 0xf8,
};

/* Types of extended records. A number is never reused. "bytes" is a length varint and
 * that many bytes; texts are UTF-8 (surrogateescape for undecodable file names). */
enum pmt_ext {
	/* calls of C functions: c_calls=1 */
	PMT_EXT_C_CALL = 0x01, /* varint function id */
	PMT_EXT_C_RETURN = 0x02,
	PMT_EXT_C_RAISE = 0x03,
	PMT_EXT_POINT = 0x04, /* min_rss, min_alloc: see struct pmt_point */
	/* definitions */
	PMT_EXT_CODE = 0x10,       /* see struct pmt_code_def */
	PMT_EXT_CODE_LINES = 0x11, /* varints function id, offset; bytes of line table */
	PMT_EXT_THREAD = 0x12,     /* see struct pmt_thread_def */
	PMT_EXT_INFO = 0x13,       /* bytes key, bytes value: facts about the process */
	PMT_EXT_STACK = 0x14,      /* struct pmt_stack_def, payload_blocks.h */
	PMT_EXT_TYPE = 0x15,       /* struct pmt_type_def, payload_types.h */
	/* the stream's own state */
	PMT_EXT_CHECKPOINT = 0x20, /* see struct pmt_checkpoint */
	/* varints enum pmt_loss, count, depth after it, lowest depth within it: calls
	 * above the lowest were left, what stands on it now is not known by name */
	PMT_EXT_LOSS = 0x21,
	PMT_EXT_END = 0x22, /* varint enum pmt_end, zigzag status, varint events */
	/* varint tid, a checkpoint's sums: a thread without a stream of its own */
	PMT_EXT_THREAD_SUMS = 0x23,
	/* varint depth: from here on the stream has no events, its calls are summed in
	 * TREE_NODE records; those that run now are their OPEN nodes */
	PMT_EXT_TREE_BEGIN = 0x24,
	/* from the program */
	PMT_EXT_MARK = 0x30,         /* bytes text */
	PMT_EXT_REGION_BEGIN = 0x31, /* bytes text */
	PMT_EXT_REGION_END = 0x32,   /* bytes text */
	PMT_EXT_PAUSE = 0x33,
	PMT_EXT_CONTINUE = 0x34, /* varints depth, lowest depth during the pause */
	PMT_EXT_GC = 0x35,       /* struct pmt_gc_event, payload_gc.h */
	/* stream 0 */
	PMT_EXT_SAMPLE = 0x40,      /* see struct pmt_sample */
	PMT_EXT_TREE_NODE = 0x41,   /* see struct pmt_tree_node */
	PMT_EXT_TYPE_COUNTS = 0x42, /* struct pmt_type_counts, payload_types.h */
	PMT_EXT_LIVE_STATE = 0x43,  /* struct pmt_live_state, payload_live.h */
	PMT_EXT_LIVE_PLACE = 0x44,  /* struct pmt_live_place, payload_live.h */
	PMT_EXT_GC_COUNTS = 0x45,   /* struct pmt_gc_counts, payload_gc.h */
	/* single blocks of memory: see payload_blocks.h */
	PMT_EXT_ALLOC = 0x50, /* struct pmt_block_alloc */
	PMT_EXT_FREE = 0x51,  /* struct pmt_block_free */
	PMT_EXT_FAULT = 0x52, /* struct pmt_fault */
	/* kept for what is to come: 0x16, 0x17, 0x53 and 0x54 objects made and gone */
};

struct pmt_deltas {
	uint64_t allocated_bytes;
	uint64_t allocated_count;
	uint64_t freed_bytes;
	uint64_t freed_count;
	uint64_t object_bytes;
	uint64_t object_count;
	int64_t rss_pages;
	int64_t mapped_bytes;
	int64_t file_mapped_bytes;
};

/* What moved from said to now. */
static inline struct pmt_deltas pmt_deltas_between(const struct pmt_deltas *said,
						   const struct pmt_deltas *now)
{
	return (struct pmt_deltas){
	    .allocated_bytes = now->allocated_bytes - said->allocated_bytes,
	    .allocated_count = now->allocated_count - said->allocated_count,
	    .freed_bytes = now->freed_bytes - said->freed_bytes,
	    .freed_count = now->freed_count - said->freed_count,
	    .object_bytes = now->object_bytes - said->object_bytes,
	    .object_count = now->object_count - said->object_count,
	    .rss_pages = now->rss_pages - said->rss_pages,
	    .mapped_bytes = now->mapped_bytes - said->mapped_bytes,
	    .file_mapped_bytes = now->file_mapped_bytes - said->file_mapped_bytes,
	};
}

/* One decoded record. payload points into the decoded bytes. */
struct pmt_record {
	uint8_t op;  /* enum pmt_op */
	uint8_t ext; /* enum pmt_ext when op is PMT_OP_EXTENDED */
	uint8_t flags;
	uint32_t code_id; /* START RESUME THROW */
	uint64_t line;    /* LINE */
	uint64_t ticks;   /* since the last time of the stream; 0 without TIME */
	struct pmt_deltas deltas;
	const uint8_t *payload;
	size_t payload_bytes;
	bool is_coded; /* ALLOC or FREE: `code` instead of a payload */
	struct pmt_block_code code;
};

static inline bool pmt_op_is_enter(unsigned op)
{
	return op == PMT_OP_START || op == PMT_OP_RESUME || op == PMT_OP_THROW;
}

static inline bool pmt_op_is_leave(unsigned op)
{
	return op == PMT_OP_RETURN || op == PMT_OP_YIELD || op == PMT_OP_UNWIND;
}

/* The longest record without a payload: what a producer reserves for an event. */
enum { PMT_RECORD_BYTES_MAX = 128 };

/*
 * Decodes the record at *p, passing over filler, and moves *p behind it. Returns 0;
 * -ENODATA when only filler was left (*p is then end); -EBADMSG when the bytes are no
 * record, with *p at the record that could not be read. Unless it returns 0, what is in
 * *ret_record is of no use.
 */
int pmt_record_decode(const uint8_t **p, const uint8_t *end,
		      struct pmt_record *ret_record) PMT_MUST_CHECK;

/* The same in a stream whose head bytes are of that form. Short records of blocks come as
 * ALLOC or FREE, coded. */
int pmt_record_decode_form(enum pmt_form form, const uint8_t **p, const uint8_t *end,
			   struct pmt_record *ret_record) PMT_MUST_CHECK;

/*
 * Writes a record's deltas behind its head and own field; returns the end and adds to
 * *head the flags of what was written. Cost when nothing changed: five tests.
 */
PMT_INLINE uint8_t *pmt_deltas_put(uint8_t *p, const struct pmt_deltas *d, uint8_t *head)
{
	if (d->allocated_count | d->freed_count | d->allocated_bytes | d->freed_bytes) {
		*head |= PMT_FLAG_MALLOC;
		p = pmt_varint_put(p, d->allocated_bytes);
		p = pmt_varint_put(p, d->allocated_count);
		p = pmt_varint_put(p, d->freed_bytes);
		p = pmt_varint_put(p, d->freed_count);
	}
	if (d->object_bytes | d->object_count) {
		*head |= PMT_FLAG_OBJECT;
		p = pmt_varint_put(p, d->object_bytes);
		p = pmt_varint_put(p, d->object_count);
	}
	if (d->rss_pages) {
		*head |= PMT_FLAG_RSS;
		p = pmt_varint_put(p, pmt_zigzag(d->rss_pages));
	}
	if (d->mapped_bytes | d->file_mapped_bytes) {
		*head |= PMT_FLAG_MAPPED;
		p = pmt_varint_put(p, pmt_zigzag(d->mapped_bytes));
		p = pmt_varint_put(p, pmt_zigzag(d->file_mapped_bytes));
	}
	return p;
}

#endif
