/* Lines, appended in pieces of 64 KiB. */
#include "report/log_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GATHER_BYTES = 64 << 10 };

void pmt_log_fault_note(struct pmt_log_fault *fault, const char *path, int error)
{
	if (fault->error)
		return;
	fault->error = error;
	snprintf(fault->path, sizeof(fault->path), "%s", path);
}

int pmt_log_file_init(struct pmt_log_file *file, char *path)
{
	char *gathered = malloc(GATHER_BYTES + 1);

	if (!gathered)
		return -ENOMEM;
	*file = (struct pmt_log_file){.path = path, .gathered = gathered};
	return 0;
}

void pmt_log_file_flush(struct pmt_log_file *file, struct pmt_log_fault *fault)
{
	FILE *f = fopen(file->path, file->on_disk ? "ae" : "we");

	if (!f) {
		pmt_log_fault_note(fault, file->path, errno);
		return;
	}
	file->on_disk = true;
	errno = 0;
	size_t put = fwrite(file->gathered, 1, file->gathered_bytes, f);
	bool failed = put != file->gathered_bytes;
	if (fclose(f) != 0 || failed)
		pmt_log_fault_note(fault, file->path, errno ? errno : EIO);
	file->gathered_bytes = 0;
}

void pmt_log_file_add(struct pmt_log_file *file, struct pmt_log_fault *fault,
		      const char *word, const char *rest)
{
	size_t need = strlen(word) + strlen(rest) + 2;

	if (file->gathered_bytes + need > GATHER_BYTES)
		pmt_log_file_flush(file, fault);
	file->gathered_bytes += (size_t)snprintf(file->gathered + file->gathered_bytes,
						 need, "%s%s\n", word, rest);
}

void pmt_log_file_close(struct pmt_log_file *file)
{
	free(file->gathered);
	free(file->path);
	*file = (struct pmt_log_file){0};
}
