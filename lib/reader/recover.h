/*
 * Recovery: what the ring of a killed process still holds is folded into its trace, so
 * that one file tells everything, the ring can go, and the file can be moved.
 */
#ifndef PMT_READER_RECOVER_H
#define PMT_READER_RECOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "reader/trace.h"

/* INFO that recovery adds: whether the ring was there, so that nothing but what was under
 * way at the kill is missing, or gone with all that the drain had not written yet. */
#define PMT_RECOVERED_KEY  "recovered"
#define PMT_RECOVERED_RING "with its ring"
#define PMT_RECOVERED_FILE "without its ring"

struct pmt_recovery {
	const char *path; /* of the file with everything; the trace's or out_path */
	bool written;     /* false: there was nothing to fold in */
	bool end_added;   /* the trace had none, and its process was killed */
	bool ring_removed;
	uint64_t ring_bytes; /* stream bytes that came from the ring */
	uint64_t file_bytes; /* size of the written file */
};

/* Says which signal killed the process, for the end record that recovery adds: whoever
 * waited for it knows. */
void pmt_recover_set_signal(struct pmt_trace *trace, int number);

/*
 * Writes all readable chunks, then the ring's, then what only the ring's header knew
 * (losses). Where there is no end and it is known that the process was killed (it left
 * its ring open and is dead, or a signal was set) an end is added: INFO
 * PMT_RECOVERED_KEY, then PMT_END_SIGNAL with the number that was set, 0 if none. The
 * file appears whole or not at all.
 *
 * out_path NULL: in place of the trace; then the ring is removed, and nothing is done
 * when there is neither a ring nor an end to add. Otherwise into out_path, and trace and
 * ring stay.
 *
 * 0; -EBUSY in place of the trace of a running process; -ENOMEM; another negative errno
 * of a write. *ret_problem says what is wrong, *ret_recovery.path lives with the trace.
 */
int pmt_recover(struct pmt_trace *trace, const char *out_path,
		struct pmt_recovery *ret_recovery,
		struct pmt_problem *ret_problem) PMT_MUST_CHECK;

#endif
