/* Checksums made right, so that a fuzzer gets behind them. */
#ifndef PMT_FUZZ_SEAL_H
#define PMT_FUZZ_SEAL_H

#include <stddef.h>
#include <stdint.h>

/* Of the file header and of each chunk that begins where the one before it ends. */
void fuzz_seal(uint8_t *bytes, size_t size);

#endif
