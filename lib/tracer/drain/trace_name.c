/*
 * Names of traces. Two rules decide: never write into a file that a living process or
 * this run owns, and never destroy what is not a trace.
 */
#include "drain/trace_name.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "format/ring_layout.h"
#include "os/process_stat.h"
#include "os/sys.h"
#include "os/text.h"

enum { GENERATIONS_MAX = 1000, PATH_BYTES = PMT_RING_PATH_BYTES + 8 };

enum claim {
	CLAIM_CREATED,
	CLAIM_TAKEN,   /* by a living process or this run */
	CLAIM_FOREIGN, /* no trace, or another user's that we may not move */
	CLAIM_FAILED,
};

static bool is_alive(const struct pmt_file_header *owner)
{
	struct pmt_process_stat stat;

	if (!pmt_process_stat_read(0, &stat)) /* no /proc: rather too careful */
		return pmt_sys_kill((pid_t)owner->pid, 0) != -ESRCH;
	return pmt_process_stat_read((pid_t)owner->pid, &stat) && stat.state != 'Z' &&
	       stat.start == owner->process_start;
}

/* Reads the header of an existing trace; false when the file is none. */
static bool read_owner(const char *path, struct pmt_file_header *owner)
{
	int fd = pmt_sys_openat(AT_FDCWD, path,
				O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0);

	if (fd < 0)
		return false;
	ssize_t got = pmt_sys_pread(fd, owner, sizeof(*owner), 0);
	pmt_sys_close(fd);
	return got == (ssize_t)sizeof(*owner) &&
	       memcmp(owner->magic, PMT_TRACE_MAGIC, PMT_TRACE_MAGIC_BYTES) == 0;
}

/* The ring that a killed process left behind, by the name area.c gave it. */
static void remove_ring_of(const char *trace_path)
{
	struct pmt_file_header owner;
	char path[128];
	struct pmt_text_buffer text;

	if (!read_owner(trace_path, &owner))
		return;
	pmt_text_begin(&text, path, sizeof(path));
	pmt_text_put(&text, "/dev/shm/pymemtrace-");
	pmt_text_put_hex(&text, owner.run_id, 8);
	pmt_text_put(&text, "-");
	pmt_text_put_u64(&text, owner.pid);
	pmt_text_put(&text, "-");
	pmt_text_put_u64(&text, owner.generation);
	pmt_text_put(&text, ".ring");
	pmt_sys_unlinkat(AT_FDCWD, path, 0);
}

/* path -> path.old; an older .old goes, and with it what its ring still held. */
static int move_away(const char *path)
{
	char old[PATH_BYTES];
	struct pmt_text_buffer text;

	pmt_text_begin(&text, old, sizeof(old));
	pmt_text_put(&text, path);
	pmt_text_put(&text, ".old");
	if (text.cut)
		return -ENAMETOOLONG;
	remove_ring_of(old);
	return pmt_sys_renameat(AT_FDCWD, path, AT_FDCWD, old, 0);
}

static int create(const char *path)
{
	return pmt_sys_openat(AT_FDCWD, path,
			      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static int claim(const char *path, const struct pmt_file_header *header, int *ret_fd)
{
	struct pmt_file_header owner;
	struct stat st;

	*ret_fd = create(path);
	if (*ret_fd >= 0)
		return CLAIM_CREATED;
	if (*ret_fd != -EEXIST)
		return CLAIM_FAILED;
	if (pmt_sys_fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(st.st_mode)) {
		*ret_fd = S_ISLNK(st.st_mode) ? -ELOOP : -EINVAL;
		return CLAIM_FAILED;
	}
	if (st.st_size != 0) {
		if (!read_owner(path, &owner))
			return CLAIM_FOREIGN;
		if (memcmp(owner.run_id, header->run_id, PMT_RUN_ID_BYTES) == 0 ||
		    is_alive(&owner))
			return CLAIM_TAKEN;
	}
	*ret_fd = move_away(path);
	if (*ret_fd == -EPERM || *ret_fd == -EACCES) /* in a sticky folder */
		return CLAIM_FOREIGN;
	if (*ret_fd < 0)
		return CLAIM_FAILED;
	*ret_fd = create(path);
	return *ret_fd >= 0 ? CLAIM_CREATED : CLAIM_TAKEN;
}

static void put_name(struct pmt_text_buffer *text, char *path, size_t size,
		     const char *wanted, const struct pmt_file_header *header,
		     int attempt)
{
	pmt_text_begin(text, path, size);
	pmt_text_put(text, wanted);
	if (attempt > 0) {
		pmt_text_put(text, ".");
		pmt_text_put_u64(text, header->pid);
	}
	if (attempt > 1) {
		pmt_text_put(text, ".");
		pmt_text_put_u64(text, (uint64_t)attempt - 1);
	}
}

int pmt_trace_name_create(char *path, size_t size, const char *wanted,
			  struct pmt_file_header *header, bool *ret_is_foreign)
{
	struct pmt_text_buffer text;
	int fd = -EEXIST;
	bool is_foreign = false;

	for (int attempt = 0; attempt < GENERATIONS_MAX; attempt++) {
		put_name(&text, path, size, wanted, header, attempt);
		if (text.cut)
			return -ENAMETOOLONG;
		switch (claim(path, header, &fd)) {
		case CLAIM_CREATED:
			header->generation = (uint32_t)attempt;
			*ret_is_foreign = is_foreign;
			return fd;
		case CLAIM_FAILED:
			return fd;
		case CLAIM_FOREIGN:
			is_foreign |= attempt == 0;
			break;
		default:
			break;
		}
	}
	return -EEXIST;
}
