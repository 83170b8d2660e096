/*
 * Our place among the tools of sys.monitoring, kept out of the program's sight: a program
 * that looks finds no tool and no events there, and one that wants that very id gets it,
 * as we move to another.
 */
#ifndef PMT_TRACER_PYTHON_MONITORING_PLACE_H
#define PMT_TRACER_PYTHON_MONITORING_PLACE_H

#include <stdbool.h>

struct _object;

/* Leaves the id `from`, which is not hidden meanwhile, for another; the new one or a
 * negative errno. No exception is left. */
typedef int pmt_monitoring_move_fn(struct _object *monitoring, int from);

/* Events whose bit is taken out of what _all_events shows; ends with NULL. */
void pmt_monitoring_place_init(const char *const *event_names,
			       pmt_monitoring_move_fn *move);

/* Hides tool in this interpreter's sys.monitoring. False: everything is as it was. */
bool pmt_monitoring_place_hide_gil(struct _object *monitoring, int tool);

bool pmt_monitoring_place_is_hidden_gil(const struct _object *monitoring);

/* The interpreter ends: its place is free again. */
void pmt_monitoring_place_forget(const void *interpreter);

#endif
