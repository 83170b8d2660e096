/* Files in memory, because the reader opens paths. */
#ifndef PMT_FUZZ_MEMORY_FILE_H
#define PMT_FUZZ_MEMORY_FILE_H

#include <stddef.h>
#include <stdint.h>

struct fuzz_file {
	int fd;
	char path[40]; /* good while fd is open */
};

struct fuzz_file fuzz_file_make(const uint8_t *bytes, size_t size);
void fuzz_file_close(struct fuzz_file *file);

/* Reads a trace in every way and holds what must be true of any trace: positions only
 * grow; records and gaps together cover each stream; a merged pass gives as many events
 * as one pass a stream; what is missing is what the gaps say. */
struct pmt_trace;
void fuzz_read_all(struct pmt_trace *trace);

#endif
