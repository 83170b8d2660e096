/*
 * The shared memory that holds the process's rings: one file with a header and a slot a
 * thread, laid out by format/ring_layout.h. No descriptor stays open: each growth opens
 * the file by its path, checks that it is still ours, maps and closes.
 */
#ifndef PMT_TRACER_RING_AREA_H
#define PMT_TRACER_RING_AREA_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/options.h"
#include "format/context_layout.h"
#include "format/live_layout.h"
#include "format/ring_layout.h"

struct pmt_slot_map {
	struct pmt_ring_slot *slot;
	uint8_t *data;
	bool is_private; /* no file behind it: what it holds goes with the process */
};

struct pmt_area {
	struct pmt_ring_header *header; /* NULL: no area */
	char path[PMT_RING_PATH_BYTES]; /* empty: private memory, a kill loses the tail */
	dev_t device;
	ino_t inode;
	_Atomic uint32_t growing; /* one grower at a time */
	_Atomic uint32_t next_stream;
	struct pmt_slot_map slots[PMT_RING_SLOTS_MAX];
};

/*
 * Creates the area: in /dev/shm, else beside the trace, else in private memory, as the
 * option `ring` says. Fills the header from file and trace_path. Returns 0; -ENOMEM when
 * not even private memory is to be had.
 */
int pmt_area_open(struct pmt_area *area, const struct pmt_options *options,
		  const struct pmt_file_header *file, const char *trace_path);

/* Whether the next slot taken will be one that was used before. A hint: it may be gone.
 */
bool pmt_area_has_free_slot(struct pmt_area *area);

/* Takes a slot for a new stream: a free one, or the file grows; where it cannot, private
 * memory. NULL when there is no memory or no slot. The stream's number is in the slot;
 * its head and tail are 0. */
struct pmt_slot_map *pmt_area_take_slot(struct pmt_area *area, uint32_t os_tid);

/* Takes a slot for calling contexts of this stream, none used yet: its data begins
 * PMT_RING_CONTROL_BYTES behind the block. NULL as above. */
struct pmt_context_block *pmt_area_take_contexts(struct pmt_area *area, uint32_t stream);

/* Gives it back; what it holds is in the trace or in another stream's ring. */
void pmt_area_free_contexts(struct pmt_context_block *block);

/* Takes a slot for rows of what is live, all of them cleared; the block's number is as
 * told. NULL as above. */
struct pmt_live_block *pmt_area_take_live(struct pmt_area *area, uint32_t number);

/* Gives one back that was taken in vain. */
void pmt_area_free_live(struct pmt_live_block *block);

/* The drain, once a dead slot is empty. */
void pmt_area_free_slot(struct pmt_slot_map *map);

static inline uint32_t pmt_area_slot_count(const struct pmt_area *area)
{
	/* Acquire pairs with the grower's release: the slots below are mapped. */
	return area->header ? pmt_load32_acquire(&area->header->slot_count) : 0;
}

static inline void pmt_area_count_loss(struct pmt_area *area, enum pmt_loss cause,
				       uint64_t count)
{
	if (area->header)
		pmt_add_relaxed(&area->header->lost[cause], count);
}

/* What the drain has not written, over all slots in the file or all others. A chunk may
 * have failed and a later, smaller one gone through: the trace's last error does not
 * tell. */
uint64_t pmt_area_unread_bytes(const struct pmt_area *area, bool is_private);

/* Says in the header that the trace holds everything and removes the file. */
void pmt_area_close(struct pmt_area *area);

#endif
