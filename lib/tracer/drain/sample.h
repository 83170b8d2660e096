/* The interval sample: what /proc and our own counters say of the whole process. */
#ifndef PMT_TRACER_DRAIN_SAMPLE_H
#define PMT_TRACER_DRAIN_SAMPLE_H

/* Writes one sample record into stream 0. */
void pmt_sample_take_locked(void);

#endif
