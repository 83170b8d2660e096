/* What libFuzzer calls, and replay.c in builds without it. */
#ifndef PMT_FUZZ_TARGET_H
#define PMT_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

/* Runs one input; aborts when a rule is broken. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
