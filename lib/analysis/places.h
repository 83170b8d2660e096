/*
 * The places that asked for memory: a thread, a calling context of it, a kind of memory,
 * and where that is wanted a class of sizes. For each what it has now, what it had at
 * certain moments of all together, and what it did over time. A moment costs nothing per
 * event: a place remembers what it had only when it changes for the first time since.
 */
#ifndef PMT_ANALYSIS_PLACES_H
#define PMT_ANALYSIS_PLACES_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/map.h"
#include "analysis/sample_scale.h"
#include "base/attr.h"

/* What a place asked for; the heap is all up to PMT_PLACE_OBJECT together. */
enum pmt_place_kind {
	PMT_PLACE_MALLOC = 0, /* of the malloc family */
	PMT_PLACE_MAPPED = 1, /* anonymous, private: Python's arenas too in mode=allocs */
	PMT_PLACE_RAW = 2,    /* of Python's domains: mode=objects */
	PMT_PLACE_MEM = 3,
	PMT_PLACE_OBJECT = 4,
	/* Not of the heap: */
	PMT_PLACE_FILE = 5,
	PMT_PLACE_RESERVED = 6,
	PMT_PLACE_SHARED = 7,
	PMT_PLACE_ARENA = 8, /* where the blocks of the domains lie: counted there */
	PMT_PLACE_KINDS,
};

/* Moments that are found while the events come: each replaces the one before it. */
enum pmt_place_moment {
	PMT_MOMENT_HEAP = 0, /* when the heap held most */
	PMT_MOMENT_RSS =
	    1, /* when the resident set was largest, by what was seen of it */
	PMT_MOMENTS,
};

/* A class of sizes c holds 2^(c-1) to 2^c - 1 bytes; 0 holds none. */
enum { PMT_SIZE_CLASSES = 65 };

/* In a sampled trace bytes and count are estimates, with a fraction. */
struct pmt_held {
	uint64_t bytes;
	uint64_t count;
	uint32_t bytes_part; /* 2^32nds */
	uint32_t count_part;
	uint64_t sample_count; /* blocks that were drawn; without sampling as count */
};

static inline void pmt_held_add(struct pmt_held *held, const struct pmt_held *more)
{
	pmt_share_add(&held->bytes, &held->bytes_part,
		      (struct pmt_share){more->bytes, more->bytes_part});
	pmt_share_add(&held->count, &held->count_part,
		      (struct pmt_share){more->count, more->count_part});
	held->sample_count += more->sample_count;
}

/* For printing. */
static inline uint64_t pmt_held_bytes(const struct pmt_held *held)
{
	return pmt_share_rounded(held->bytes, held->bytes_part);
}

static inline uint64_t pmt_held_count(const struct pmt_held *held)
{
	return pmt_share_rounded(held->count, held->count_part);
}

/* Blocks of malloc's that objects of Python's domains are: of large ones. */
struct pmt_place_beneath {
	uint64_t allocated_bytes;
	uint64_t allocated_count;
	uint64_t freed_bytes;
	uint64_t freed_count;
};

struct pmt_place {
	uint32_t stream;
	uint32_t context; /* of the stream: pmt_tables_context; 0: no Python */
	uint8_t kind;     /* enum pmt_place_kind */
	/* Of the bytes that were asked for; 0 where sizes are not wanted. */
	uint8_t size_class;
	/* All before `at` is what an event of the place changes, close together. */
	struct pmt_held live;
	uint64_t moment_number[PMT_MOMENTS]; /* the moment that at is about */
	struct pmt_held allocated;
	uint64_t requested_bytes;        /* what was asked for of allocated.bytes */
	struct pmt_held temporary;       /* freed soon, by the thread itself */
	struct pmt_held at[PMT_MOMENTS]; /* good after pmt_places_finish */
	struct pmt_place_beneath beneath;
	/* Of mappings, what other threads freed; negative: of theirs what this one did.
	 */
	int64_t freed_by_others_bytes;
};

struct pmt_place_moment_state {
	struct pmt_held heap; /* live then of all places of the heap */
	uint64_t number;
	uint64_t tick; /* 0: it never was */
};

/* All zero is empty and owns nothing. */
struct pmt_places {
	struct pmt_place *items;
	uint32_t count;
	uint32_t capacity;
	struct pmt_map by_key;
	struct pmt_held heap;  /* live of all places of the heap */
	uint64_t mapped_bytes; /* of these, of PMT_PLACE_MAPPED */
	struct pmt_place_moment_state moments[PMT_MOMENTS];
	uint64_t sample_mean_bytes; /* 0: the trace has every block */
};

void pmt_places_close(struct pmt_places *places);

static inline bool pmt_place_is_heap(const struct pmt_place *place)
{
	return place->kind <= PMT_PLACE_OBJECT;
}

static inline bool pmt_place_is_domain(uint8_t kind)
{
	return kind >= PMT_PLACE_RAW && kind <= PMT_PLACE_OBJECT;
}

/* Who serves places of the heap, in a word; NULL for other kinds. */
const char *pmt_place_domain(uint8_t kind);

static inline bool pmt_place_is_map(uint8_t kind)
{
	return kind == PMT_PLACE_MAPPED || kind >= PMT_PLACE_FILE;
}

/* The class of a size: 0 for 0, 1 for 1, 2 for 2 and 3, 3 for 4 to 7, ... */
static inline unsigned pmt_size_class(uint64_t bytes)
{
	return bytes ? 64 - (unsigned)__builtin_clzll(bytes) : 0;
}

/* The place; made at its first use. 0 or -ENOMEM. */
int pmt_places_get(struct pmt_places *places, uint32_t stream, uint32_t context,
		   enum pmt_place_kind kind, unsigned size_class,
		   uint32_t *ret_place) PMT_MUST_CHECK;

/* From now on get makes new places: those of before keep what they asked for. The peak
 * begins anew too, with what is live now. */
void pmt_places_begin_anew(struct pmt_places *places, uint64_t tick);

/* What is live now is what the moment is about, until it comes again. */
void pmt_places_note(struct pmt_places *places, enum pmt_place_moment moment,
		     uint64_t tick);

/* What a block of so many bytes stands for. */
uint64_t pmt_places_scale(const struct pmt_places *places, uint64_t block_bytes);

/* So many bytes were asked for, of a block of so many that comes now. */
void pmt_places_ask(struct pmt_places *places, uint32_t place, uint64_t requested_bytes,
		    uint64_t block_bytes);

/* Bytes come or go, as count blocks: 0 for a part of one. scale is the block's. */
void pmt_places_add(struct pmt_places *places, uint32_t place, uint64_t bytes,
		    uint64_t count, uint64_t scale, uint64_t tick);
void pmt_places_remove(struct pmt_places *places, uint32_t place, uint64_t bytes,
		       uint64_t count, uint64_t scale);

/* The thread `stream` frees bytes of a mapping of another's. 0 or -ENOMEM. */
int pmt_places_note_other(struct pmt_places *places, uint32_t place, uint32_t stream,
			  uint64_t bytes) PMT_MUST_CHECK;

/* A block is to be freed soon: of bytes that are no part of one. */
void pmt_places_note_temporary(struct pmt_places *places, uint32_t place, uint64_t bytes);

/* A block came and went at a moment that nobody knows. */
void pmt_places_pass(struct pmt_places *places, uint32_t place, uint64_t bytes,
		     bool is_temporary);

/* Behind the last event. */
void pmt_places_finish(struct pmt_places *places);

#endif
