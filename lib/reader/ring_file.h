/*
 * The ring of a traced process, read from outside: after a kill it holds what the drain
 * had not written yet. What is taken is copied into an unlinked temporary file and
 * becomes chunks of the index, so that a cursor joins ring and trace without knowing.
 */
#ifndef PMT_READER_RING_FILE_H
#define PMT_READER_RING_FILE_H

#include "base/attr.h"
#include "reader/trace.h"

/*
 * Finds the trace's ring and adds what it holds to the index. No ring, a foreign or a
 * bad one is no failure: trace->ring says which. 0 or -ENOMEM.
 */
int pmt_ring_file_salvage(struct pmt_trace *trace) PMT_MUST_CHECK;

/*
 * trace->fd turned out to be a ring file: opens the trace that it names in its place, or
 * none when there is none. 0, or a negative errno with *ret_problem filled.
 */
int pmt_ring_file_adopt(struct pmt_trace *trace,
			struct pmt_problem *ret_problem) PMT_MUST_CHECK;

#endif
