/*
 * What a recovered trace says at its end, in the place of a process that could not: the
 * losses that only the ring's header counted, and how it ended.
 */
#ifndef PMT_READER_LAST_WORDS_H
#define PMT_READER_LAST_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "format/record.h"
#include "reader/chunk_writer.h"
#include "reader/trace.h"

/* What the events tell, for the last words. All zero at first. */
struct pmt_last_words {
	uint64_t lost[PMT_LOSS_COUNT]; /* by LOSS records */
	uint64_t events;
};

/* Reads all events. 0 or -ENOMEM. */
int pmt_last_words_count(struct pmt_trace *trace,
			 struct pmt_last_words *ret_count) PMT_MUST_CHECK;

/* Without an end although the process is dead, and not because the file is cut. */
bool pmt_last_words_was_killed(const struct pmt_trace *trace);

/* Losses and end, as far as they are missing, behind stream 0. 0 or a negative errno. */
int pmt_last_words_write(struct pmt_trace *trace, struct pmt_chunk_writer *writer,
			 const struct pmt_last_words *count) PMT_MUST_CHECK;

#endif
