/*
 * Where CPython 3.13 and newer count their collections, within an interpreter's state.
 * Held to each version's own headers by tests/blackbox/test_frame_layout.py, and to the
 * interpreter's own _Py_DebugOffsets when we attach.
 */
#ifndef PMT_TRACER_PYTHON_GC_LAYOUT_H
#define PMT_TRACER_PYTHON_GC_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "event/collection_counts.h"

/* X(field): offsets in bytes, 0 where a version has no such field. */
#define PMT_GC_LAYOUT(X)                                                                 \
	X(published_gc) /* in _Py_DebugOffsets: of the collector in an interpreter */    \
	X(published_collecting)                                                          \
	X(published_stats)                                                               \
	X(published_stats_size)                                                          \
	X(collecting) /* in the collector's state */                                     \
	X(stats)      /* of the counts, or of a pointer to them */                       \
	X(stats_size)                                                                    \
	X(young_newest) /* in what is pointed to: of the index of the newest item */     \
	X(old_items)                                                                     \
	X(old_newest)                                                                    \
	X(oldest_items)                                                                  \
	X(item_size)                                                                     \
	X(item_counts)                                                                   \
	X(item_seconds)

struct pmt_gc_layout {
	uint8_t minor;
#define X(field) uint16_t field;
	PMT_GC_LAYOUT(X)
#undef X
};

/* The row of a minor version, NULL for one that is not known. */
const struct pmt_gc_layout *pmt_gc_layout_of(int minor);

/* Where that interpreter of this minor version counts; false if it is not known, or the
 * version says that it is elsewhere. runtime: &_PyRuntime or NULL. */
bool pmt_gc_layout_find(int minor, const void *runtime, const void *interpreter,
			struct pmt_counted_generation ret_where[static 3]);

#endif
