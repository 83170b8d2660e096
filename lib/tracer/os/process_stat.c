/* Reading /proc/PID/stat and status; see process_stat.h. */
#include "os/process_stat.h"

#include <fcntl.h>
#include <string.h>

#include "os/sys.h"
#include "os/text.h"

ssize_t pmt_process_read_file(const char *path, char *text, size_t size)
{
	int fd = pmt_sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	size_t used = 0;
	ssize_t got = 0;

	if (fd < 0)
		return fd;
	while (used < size - 1) {
		got = pmt_sys_read(fd, text + used, size - 1 - used);
		if (got <= 0)
			break;
		used += (size_t)got;
	}
	pmt_sys_close(fd);
	text[used] = '\0';
	return got < 0 ? got : (ssize_t)used;
}

/* Field number of /proc/PID/stat, as proc(5) counts them, behind the command's name. */
enum {
	FIELD_STATE = 3,
	FIELD_MINFLT = 10,
	FIELD_MAJFLT = 12,
	FIELD_UTIME = 14,
	FIELD_STIME = 15,
	FIELD_NUM_THREADS = 20,
	FIELD_STARTTIME = 22,
	FIELD_VSIZE = 23,
	FIELD_RSS = 24,
};

static void take_field(struct pmt_process_stat *stat, int field, uint64_t value)
{
	switch (field) {
	case FIELD_MINFLT:
		stat->minor_faults = value;
		break;
	case FIELD_MAJFLT:
		stat->major_faults = value;
		break;
	case FIELD_UTIME:
		stat->user_ticks = value;
		break;
	case FIELD_STIME:
		stat->system_ticks = value;
		break;
	case FIELD_NUM_THREADS:
		stat->thread_count = value;
		break;
	case FIELD_STARTTIME:
		stat->start = value;
		break;
	case FIELD_VSIZE:
		stat->vms_bytes = value;
		break;
	case FIELD_RSS:
		stat->rss_pages = value;
		break;
	default:
		break;
	}
}

bool pmt_process_stat_read(pid_t pid, struct pmt_process_stat *ret_stat)
{
	struct pmt_process_stat stat = {.state = '?'};
	char path[64], text[1024];
	struct pmt_text_buffer name;

	pmt_text_begin(&name, path, sizeof(path));
	pmt_text_put(&name, "/proc/");
	if (pid)
		pmt_text_put_u64(&name, (uint64_t)pid);
	else
		pmt_text_put(&name, "self");
	pmt_text_put(&name, "/stat");
	if (pmt_process_read_file(path, text, sizeof(text)) <= 0)
		return false;
	/* The command's name may hold anything, blanks and parentheses too: it ends at
	 * the last one. */
	const char *p = strrchr(text, ')');
	if (!p || p[1] != ' ')
		return false;
	p += 2;
	stat.state = *p;
	for (int field = FIELD_STATE + 1; field <= FIELD_RSS; field++) {
		while (*p && *p != ' ')
			p++;
		while (*p == ' ' || *p == '-')
			p++;
		const char *digits = p;
		take_field(&stat, field, pmt_text_get_u64(&digits));
	}
	*ret_stat = stat;
	return true;
}

uint64_t pmt_process_rss_peak_bytes(void)
{
	char text[4096];

	if (pmt_process_read_file("/proc/self/status", text, sizeof(text)) <= 0)
		return 0;
	const char *p = strstr(text, "VmHWM:");
	if (!p)
		return 0;
	p += strlen("VmHWM:");
	while (*p == ' ' || *p == '\t')
		p++;
	return pmt_text_get_u64(&p) * 1024;
}
