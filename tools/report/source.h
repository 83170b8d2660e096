/* Lines of source files, where the files are (still) there. */
#ifndef PMT_REPORT_SOURCE_H
#define PMT_REPORT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pmt_source_file;

/* All zero is an empty cache that owns nothing. */
struct pmt_source {
	struct pmt_source_file *files;
	size_t count;
	uint64_t
	    traced_ns; /* files changed after this instant are not what ran; 0: any */
	uint64_t changed_count; /* files found changed */
};

void pmt_source_close(struct pmt_source *source);

/* The text of a line (from 1) without indentation and newline; NULL when the file is not
 * there, is none, or is shorter. Valid until close. */
const char *pmt_source_line(struct pmt_source *source, const char *path, uint64_t line);

#endif
