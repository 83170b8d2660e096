/*
 * Payloads of the records about what is live, summed in the traced process (mode=allocs
 * with detail=live). Encoders and decoders as in payload.h.
 *
 * The process writes its state now and then: one LIVE_STATE, then a LIVE_PLACE for each
 * place that has changed since it was last written. A later record of a place replaces an
 * earlier one.
 */
#ifndef PMT_FORMAT_PAYLOAD_LIVE_H
#define PMT_FORMAT_PAYLOAD_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "format/payload.h"

/* Why a state was written. A number is never reused. */
enum pmt_live_reason {
	PMT_LIVE_PERIODIC = 0,
	PMT_LIVE_PYTHON_ENDS =
	    1, /* before the interpreter frees what the program holds */
	PMT_LIVE_END = 2,
	PMT_LIVE_ASKED = 3,    /* dump_signal=, pymemtrace_dump() */
	PMT_LIVE_SALVAGED = 4, /* by the reader, from the ring of a killed process */
};

struct pmt_live_state {
	uint8_t reason; /* enum pmt_live_reason */
	uint64_t peak_bytes;
	uint64_t peak_tick;             /* to a tick of the coarse clock; 0: not known */
	uint64_t table_bytes;           /* of the map of blocks; 0: not known */
	uint64_t unknown_free_count;    /* of blocks that were there before */
	uint64_t missed_free_count;     /* found out when the address came again */
	uint64_t other_thread_count;    /* freed by another thread than their own */
	uint64_t inherited_count;       /* the parent's, when a fork made this process */
	uint64_t inherited_freed_count; /* of these, here */
	uint64_t inherited_freed_bytes;
};

struct pmt_live_sum {
	uint64_t bytes;
	uint64_t count;
};

/* What a thread asked for at one calling context. */
struct pmt_live_place {
	uint32_t stream;
	uint32_t stack_id; /* of that stream; 0: no Python, or no room to tell */
	uint8_t kind;      /* enum pmt_block_kind, of each family the first */
	struct pmt_live_sum allocated;
	struct pmt_live_sum live;
	struct pmt_live_sum at_peak;   /* live when the heap held most */
	struct pmt_live_sum temporary; /* freed before their thread allocated again */
};

uint8_t *pmt_payload_put_live_state(uint8_t *p, const struct pmt_live_state *state);
uint8_t *pmt_payload_put_live_place(uint8_t *p, const struct pmt_live_place *place);

bool pmt_payload_get_live_state(const struct pmt_record *r,
				struct pmt_live_state *ret_state);
bool pmt_payload_get_live_place(const struct pmt_record *r,
				struct pmt_live_place *ret_place);

#endif
