/*
 * The trace file itself: opened only when it is a regular file, its header checked
 * before anything else is believed.
 */
#include "config.h"

#include "reader/trace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "reader/ring_file.h"
#include "reader/trace_private.h"

int64_t pmt_trace_pread(int fd, void *buffer, size_t size, uint64_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got =
		    pread(fd, (char *)buffer + done, size - done, (off_t)(offset + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (int64_t)done;
}

/* O_NONBLOCK, so that a FIFO is refused instead of waited for. */
int pmt_trace_file_open_regular(const char *path, uint64_t *ret_bytes,
				struct pmt_problem *p)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		pmt_problem_set_errno(p, path, 0, "cannot open", errno);
		return -1;
	}
	if (fstat(fd, &st) != 0) {
		pmt_problem_set_errno(p, path, 0, "cannot stat", errno);
	} else if (!S_ISREG(st.st_mode)) {
		pmt_problem_set(p, PMT_PROBLEM_NOT_A_FILE, path, 0,
				"expected a trace file, this is a %s",
				S_ISDIR(st.st_mode)    ? "directory"
				: S_ISFIFO(st.st_mode) ? "pipe"
				: S_ISSOCK(st.st_mode) ? "socket"
						       : "device");
	} else if (st.st_size == 0) {
		pmt_problem_set(p, PMT_PROBLEM_EMPTY, path, 0,
				"the file is empty: nothing was traced into it");
	} else {
		*ret_bytes = (uint64_t)st.st_size;
		return fd;
	}
	close(fd);
	return -1;
}

/* A header whose checksum is wrong: what can be used safely is kept. */
static void mend_header(struct pmt_file_header *h)
{
	h->version = PMT_FORMAT_VERSION;
	h->header_bytes = sizeof(*h);
	if (h->page_bytes < 4096 || h->page_bytes > (1u << 20) ||
	    (h->page_bytes & (h->page_bytes - 1)))
		h->page_bytes = 4096;
	if (h->ticks_per_second < 1000 || h->ticks_per_second > 100000000000u)
		h->ticks_per_second = 1000000000u;
}

static void say_bad_header(struct pmt_trace *trace, uint32_t crc)
{
	struct pmt_problem *p = pmt_trace_new_problem(trace);

	pmt_problem_set(p, PMT_PROBLEM_DAMAGED, trace->path, 0,
			"expected a file header with checksum 0x%08x, found 0x%08x; "
			"pid and run may be wrong",
			crc, trace->header.crc);
	p->bytes = sizeof(trace->header);
}

/* Checks the header that was read into trace->header; got of its bytes were there. */
static int judge_header(struct pmt_trace *trace, int64_t got, struct pmt_problem *p)
{
	struct pmt_file_header *h = &trace->header;
	size_t magic_bytes =
	    got < PMT_TRACE_MAGIC_BYTES ? (size_t)got : PMT_TRACE_MAGIC_BYTES;

	if (memcmp(h->magic, PMT_TRACE_MAGIC, magic_bytes) != 0) {
		pmt_problem_set(
		    p, PMT_PROBLEM_NOT_A_TRACE, trace->path, 0,
		    "this is no pymemtrace trace: expected the bytes PMTRACE");
		return -EBADMSG;
	}
	if (got < (int64_t)sizeof(*h)) {
		pmt_problem_set(p, PMT_PROBLEM_CUT, trace->path, (uint64_t)got,
				"expected a file header of %zu bytes, the file ends "
				"after %lld",
				sizeof(*h), (long long)got);
		return -EBADMSG;
	}
	uint32_t crc = pmt_crc32c(0, h, sizeof(*h) - sizeof(h->crc));
	if (crc != h->crc) {
		say_bad_header(trace, crc);
		mend_header(h);
	} else if (h->version > PMT_FORMAT_VERSION) {
		pmt_problem_set(p, PMT_PROBLEM_NEWER, trace->path, 8,
				"format version %u was written by a newer pymemtrace; "
				"this one reads up to version %u",
				h->version, PMT_FORMAT_VERSION);
		return -EBADMSG;
	} else if (h->version == 0 || h->header_bytes < sizeof(*h) ||
		   h->ticks_per_second == 0 || h->page_bytes == 0) {
		pmt_problem_set(p, PMT_PROBLEM_DAMAGED, trace->path, 8,
				"expected a file header of version 1 with a tick rate "
				"and a page size");
		return -EBADMSG;
	}
	return 0;
}

/* After the header the index begins. */
static int read_header(struct pmt_trace *trace, struct pmt_problem *p)
{
	int64_t got =
	    pmt_trace_pread(trace->fd, &trace->header, sizeof(trace->header), 0);

	if (got < 0) {
		pmt_problem_set_errno(p, trace->path, 0, "cannot read", (int)-got);
		return (int)got;
	}
	int rc = judge_header(trace, got, p);
	trace->scanned_to = trace->header.header_bytes;
	return rc;
}

int pmt_trace_file_open(struct pmt_trace *trace, struct pmt_problem *ret_problem)
{
	char magic[PMT_TRACE_MAGIC_BYTES];

	trace->fd =
	    pmt_trace_file_open_regular(trace->path, &trace->file_bytes, ret_problem);
	if (trace->fd < 0)
		return -EBADF;
	int64_t got = pmt_trace_pread(trace->fd, magic, sizeof(magic), 0);
	if (got == sizeof(magic) && memcmp(magic, PMT_RING_MAGIC, sizeof(magic)) == 0)
		return pmt_ring_file_adopt(trace, ret_problem);
	return read_header(trace, ret_problem);
}
