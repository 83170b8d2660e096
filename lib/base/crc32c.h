/* CRC-32C (Castagnoli, reflected polynomial 0x82f63b78), the checksum of chunks. */
#ifndef PMT_BASE_CRC32C_H
#define PMT_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Continues crc (0 to begin) over size bytes; returns the new checksum. Async-signal-safe
 * once pmt_crc32c_init has run; init is idempotent and single-threaded. */
void pmt_crc32c_init(void);
uint32_t pmt_crc32c(uint32_t crc, const void *data, size_t size);

#endif
