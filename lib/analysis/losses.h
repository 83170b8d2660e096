/*
 * Is this trace the whole truth? What was lost while it was made, what is damaged or
 * missing now, how the process ended: the numbers behind the loud part of every report
 * and behind --strict.
 */
#ifndef PMT_ANALYSIS_LOSSES_H
#define PMT_ANALYSIS_LOSSES_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/model.h"
#include "format/ring_layout.h"
#include "reader/tables.h"
#include "reader/trace.h"

struct pmt_losses {
	bool complete; /* ended by itself, nothing lost, missing, damaged */
	bool ended;    /* an end record: how and status are known */
	bool running;  /* no end record because the process still runs */
	enum pmt_end how;
	int64_t status; /* of SIGNAL: its number, 0 when nobody knows it */
	/* By cause; [PMT_LOSS_COUNT]: causes that this version does not know. */
	uint64_t lost[PMT_LOSS_COUNT + 1];
	uint64_t lost_count;    /* all of them, but PMT_LOSS_UNWRITABLE, which is bytes */
	uint64_t missing_bytes; /* of the streams: in no readable chunk */
	uint64_t gap_count;
	uint64_t problem_count;     /* damaged places of the file */
	uint64_t extra_leave_count; /* leaves of calls that began before the trace */
	uint64_t folded_count;      /* calls counted at another path: tree too large */
	uint64_t pause_count;
};

/* The process came to an end that it could still record: no kill, no crash. */
bool pmt_end_is_own(bool ended, enum pmt_end how);

struct pmt_losses pmt_losses_of(const struct pmt_trace *trace,
				const struct pmt_tables *tables,
				const struct pmt_model *model);

/* The word of a cause in JSON ("ring_full"); "other" for PMT_LOSS_COUNT. */
const char *pmt_loss_name(unsigned cause);

/* The word of an end in JSON ("exit", "signal"...). */
const char *pmt_end_name(enum pmt_end how);

#endif
