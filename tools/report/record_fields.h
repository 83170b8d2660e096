/*
 * A record in words: the name of its kind and its fields, for views that show the trace
 * as it is. Written from a table of its own, field by field as doc/format.md has them,
 * so that it shows bytes that the decoders of lib/format would refuse.
 */
#ifndef PMT_REPORT_RECORD_FIELDS_H
#define PMT_REPORT_RECORD_FIELDS_H

#include "format/record.h"
#include "report/fields.h"

/* "START", "CHECKPOINT", ..., "UNKNOWN" for a type of a newer writer. */
const char *pmt_record_name(const struct pmt_record *r);

/* Its own field, time, changes and payload. */
void pmt_record_fields(struct pmt_fields *f, const struct pmt_record *r);

/* The changes in words of the reports: those that are not zero, but of RSS. */
void pmt_record_changes(struct pmt_fields *f, const struct pmt_deltas *d);

#endif
