/* Writing the counts of types into the trace; the caller holds the drain lock. */
#ifndef PMT_TRACER_DRAIN_TYPES_H
#define PMT_TRACER_DRAIN_TYPES_H

#include <stdbool.h>

/* Those that changed since they were last written, each with its name before. False: the
 * trace takes no more now. */
bool pmt_types_write_locked(void);

#endif
