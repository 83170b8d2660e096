/*
 * What the machine allows: page-fault counting by perf (the RSS method rests on it), a
 * ring in shared memory, and the limits that a traced process can run into.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/figure_text.h"
#include "run/check.h"

enum { UNKNOWN = -100 };

/* The first number in a file of /proc, or UNKNOWN. */
static int read_number(const char *path)
{
	char text[32];
	FILE *file = fopen(path, "re");
	int number = UNKNOWN;

	if (!file)
		return number;
	if (fgets(text, sizeof(text), file))
		number = (int)strtol(text, NULL, 10);
	fclose(file);
	return number;
}

/* Opens and maps a counter of page faults as the tracer does, and makes it count.
 * 0, or the negative errno of what was refused; -ENODATA when the count stood still. */
static int try_faults(bool with_kernel)
{
	struct perf_event_attr attr = {
	    .type = PERF_TYPE_SOFTWARE,
	    .size = sizeof(attr),
	    .config = PERF_COUNT_SW_PAGE_FAULTS,
	    .sample_period = 1,
	    .exclude_kernel = !with_kernel,
	    .exclude_hv = 1,
	    .write_backward = 1,
	    .watermark = 1,
	    .wakeup_watermark = UINT32_MAX,
	};
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	int fd =
	    (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	int result = -ENODATA;

	if (fd < 0)
		return -errno;
	struct perf_event_mmap_page *page =
	    mmap(NULL, 2 * page_bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED) {
		result = -errno;
		close(fd);
		return result;
	}
	close(fd);
	uint64_t before = *(volatile __u64 *)&page->data_head;
	char *fresh = mmap(NULL, page_bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (fresh != MAP_FAILED) {
		*(volatile char *)fresh = 1;
		if (*(volatile __u64 *)&page->data_head != before)
			result = 0;
		munmap(fresh, page_bytes);
	}
	munmap(page, 2 * page_bytes);
	return result;
}

/* Each thread's counter is mapped, and an unprivileged user may map only so much. */
static void check_perf_threads(void)
{
	int kib_per_cpu = read_number("/proc/sys/kernel/perf_event_mlock_kb");
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct rlimit locked;
	uint64_t threads;

	if (geteuid() == 0 || kib_per_cpu < 0 || getrlimit(RLIMIT_MEMLOCK, &locked) < 0 ||
	    locked.rlim_cur == RLIM_INFINITY)
		return;
	threads = ((uint64_t)kib_per_cpu * 1024 * (uint64_t)cpus + locked.rlim_cur) /
		  (2 * (uint64_t)sysconf(_SC_PAGESIZE));
	pmt_check_print(threads < 256 ? PMT_CHECK_FAIR : PMT_CHECK_GOOD, "perf memory",
			"enough for some %" PRIu64 " threads of this user at a time; "
			"further ones fall back to the clock",
			threads);
	if (threads < 256)
		pmt_check_print_remedy("ulimit -l unlimited, or as root: sysctl "
				       "kernel.perf_event_mlock_kb=8192");
}

static void refuse_perf(int error, int paranoid)
{
	pmt_check_print(
	    PMT_CHECK_FAIR, "page faults",
	    "perf_event_open: %s (kernel.perf_event_paranoid=%d); RSS is read "
	    "by a clock of 100 us instead: rss=clock, some pages of mean error",
	    strerror(-error), paranoid);
	if (error == -ENOSYS || (error == -EPERM && paranoid < 3) || error == -ENOENT)
		pmt_check_print_remedy(
		    "in a container: allow the system call, with docker "
		    "--cap-add=PERFMON");
	else
		pmt_check_print_remedy("as root: sysctl kernel.perf_event_paranoid=1 for "
				       "exact, 2 for nearly exact; or run as root");
}

static void check_perf(void)
{
	int paranoid = read_number("/proc/sys/kernel/perf_event_paranoid");
	int with_kernel = try_faults(true);
	int user_only = with_kernel == 0 ? 0 : try_faults(false);

	if (with_kernel == 0) {
		pmt_check_print(
		    PMT_CHECK_GOOD, "page faults",
		    "counted, those in system calls too "
		    "(kernel.perf_event_paranoid=%d): rss=exact, every change "
		    "of RSS is charged to the call that made it",
		    paranoid);
		check_perf_threads();
	} else if (user_only == 0) {
		pmt_check_print(
		    PMT_CHECK_FAIR, "page faults",
		    "counted, but not those in system calls "
		    "(kernel.perf_event_paranoid=%d): rss=trigger, large reads "
		    "count as a sign of them",
		    paranoid);
		pmt_check_print_remedy("as root: sysctl kernel.perf_event_paranoid=1, or "
				       "run with CAP_PERFMON, for rss=exact");
		check_perf_threads();
	} else {
		refuse_perf(user_only, paranoid);
	}
}

/* The tracer leaves the last quarter to others; see the rings' own code. */
static void check_shared_memory(uint64_t ring_bytes)
{
	struct statvfs fs;
	char of[PMT_FIGURE_BYTES], is_free[PMT_FIGURE_BYTES];

	if (statvfs("/dev/shm", &fs) < 0 || access("/dev/shm", W_OK) < 0) {
		pmt_check_print(PMT_CHECK_FAIR, "/dev/shm",
				"cannot be used (%s): events wait in a file beside the "
				"trace, which is slower",
				strerror(errno));
		pmt_check_print_remedy(
		    "mount a tmpfs there, or choose ring=file yourself");
		return;
	}
	uint64_t total = (uint64_t)fs.f_blocks * fs.f_frsize;
	uint64_t usable = (uint64_t)fs.f_bavail * fs.f_frsize;
	uint64_t kept = total / 4;
	uint64_t threads = usable > kept ? (usable - kept) / ring_bytes : 0;

	pmt_check_print(threads < 16 ? PMT_CHECK_FAIR : PMT_CHECK_GOOD, "/dev/shm",
			"%s free of %s: rings for %" PRIu64
			" threads, which a kill -9 does not lose",
			pmt_figure_bytes(is_free, usable, false),
			pmt_figure_bytes(of, total, false), threads);
	if (threads < 16)
		pmt_check_print_remedy(
		    "make room there (docker: --shm-size=1g), or choose "
		    "ring=file: of further threads a kill loses the last "
		    "second");
}

static void check_limit(int which, const char *name, uint64_t enough, const char *effect)
{
	struct rlimit limit;
	char text[PMT_FIGURE_BYTES];

	if (getrlimit((__rlimit_resource_t)which, &limit) < 0 ||
	    limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= enough)
		return;
	pmt_check_print(PMT_CHECK_FAIR, name, "%s: %s",
			pmt_figure_bytes(text, limit.rlim_cur, false), effect);
	pmt_check_print_remedy("ulimit %s unlimited",
			       which == RLIMIT_FSIZE ? "-f" : "-v");
}

void pmt_check_machine(const struct pmt_options *options)
{
	check_perf();
	check_shared_memory(options->ring_size_bytes);
	if (access("/proc/self/statm", R_OK) < 0) {
		pmt_check_print(PMT_CHECK_BAD, "/proc",
				"/proc/self/statm cannot be read: no RSS, no samples");
		pmt_check_print_remedy("mount -t proc proc /proc");
	}
	check_limit(
	    RLIMIT_FSIZE, "file size",
	    options->max_size_bytes ? options->max_size_bytes : UINT64_MAX,
	    "the trace ends there, and the process gets SIGXFSZ for a larger one");
	check_limit(RLIMIT_AS, "address space", UINT64_C(1) << 30,
		    "the tracer maps some 10 MiB and 1.2 MiB a thread");
}
