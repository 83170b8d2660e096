/*
 * The shared memory in which the rings live, as the tracer maps it and as the reader
 * finds it after a kill. One file a process: a header page, then slots, each a control
 * page and its data. A slot belongs to one stream at a time.
 *
 * Writers and readers of each shared field are named beside it. "producer" is the
 * thread that owns the slot, "drain" whoever holds the drain lock, "salvage" the reader
 * in another process after this one is gone.
 */
#ifndef PMT_FORMAT_RING_LAYOUT_H
#define PMT_FORMAT_RING_LAYOUT_H

#include <stdint.h>

#include "base/atomics.h"
#include "base/attr.h"
#include "format/format.h"

#define PMT_RING_MAGIC "PMTRING\n"

enum {
	PMT_RING_VERSION = 1,
	PMT_RING_PATH_BYTES = 2048,
	PMT_RING_CONTROL_BYTES = 4096,
	PMT_RING_SLOTS_MAX = 4096,
	/* One filler byte: the rest of the data area before it wraps is full of them. */
	PMT_RING_FILLER = 0xff,
};

/* Why events or bytes were lost; the order is part of the format. */
enum pmt_loss {
	PMT_LOSS_RING_FULL = 0, /* the drain did not keep up for 100 ms */
	PMT_LOSS_REENTERED,     /* a signal handler interrupted a push */
	PMT_LOSS_NO_RING,       /* no memory or no slot for another thread */
	PMT_LOSS_UNWRITABLE,    /* written nowhere when the process ended: bytes */
	PMT_LOSS_NO_NAME,       /* a function's name could not be recorded */
	PMT_LOSS_TREE_FULL,     /* detail=tree: calls counted at a parent */
	PMT_LOSS_DETACHED,      /* the hook was replaced or taken off */
	PMT_LOSS_NOT_WRITTEN,   /* a full ring, as the trace could not be written */
	/* detail=live */
	PMT_LOSS_BLOCKS_FULL, /* live_size=: blocks that count as freed at once */
	PMT_LOSS_BLOCK_BUSY,  /* blocks not followed, others were too long at theirs */
	PMT_LOSS_PLACES_FULL, /* allocations counted without their place */
	PMT_LOSS_COUNT,
};

struct pmt_ring_header {
	char magic[8];
	uint16_t version;
	uint16_t slot_control_bytes;
	uint32_t slot_data_bytes;             /* a power of two */
	struct pmt_file_header file;          /* what the trace's header says */
	char trace_path[PMT_RING_PATH_BYTES]; /* absolute */
	_Atomic uint32_t
	    slot_count;          /* tracer grows it, release after the slot is ready */
	_Atomic uint32_t closed; /* tracer, at the end: 1 = the trace holds everything */
	_Atomic uint64_t lost[PMT_LOSS_COUNT]; /* any thread adds */
};

enum pmt_slot_state {
	PMT_SLOT_FREE = 0,
	PMT_SLOT_ACTIVE = 1, /* has a producer */
	PMT_SLOT_DEAD = 2,   /* its thread is gone; the drain empties it, then frees it */
	PMT_SLOT_CONTEXTS = 3, /* no ring: a block of contexts, context_layout.h */
	PMT_SLOT_LIVE = 4,     /* no ring: a block of rows, live_layout.h */
};

struct pmt_ring_slot {
	_Atomic uint32_t state;
	uint32_t stream; /* producer, before state becomes active */
	uint32_t os_tid;
	uint32_t reserved;
	/* Producer writes, release: records up to head are whole. Drain, salvage acquire.
	 */
	_Alignas(PMT_CACHE_LINE_BYTES) _Atomic uint64_t head;
	/* Drain writes, release: after its write returned, bytes below tail may be
	 * overwritten. Producer and salvage acquire. */
	_Alignas(PMT_CACHE_LINE_BYTES) _Atomic uint64_t tail;
};

_Static_assert(sizeof(struct pmt_ring_header) <= PMT_RING_CONTROL_BYTES,
	       "the ring header fits its page");
_Static_assert(sizeof(struct pmt_ring_slot) <= PMT_RING_CONTROL_BYTES,
	       "the slot header fits its page");

#endif
