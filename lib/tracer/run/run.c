/* Beginning and ending the trace of a process; see run.h. */
#include "run/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "drain/contexts.h"
#include "drain/live.h"
#include "drain/own_thread.h"
#include "drain/pass.h"
#include "drain/sample.h"
#include "drain/types.h"
#include "event/context.h"
#include "event/hook_way.h"
#include "event/introduce.h"
#include "event/points.h"
#include "format/payload.h"
#include "live/live.h"
#include "os/process_stat.h"
#include "os/say.h"
#include "os/sys.h"
#include "os/text.h"
#include "rss/own_memory.h"
#include "run/identity.h"
#include "sample/sampling.h"

struct pmt_run *pmt_run;

static const struct pmt_options *options;

int pmt_run_prepare(const struct pmt_options *wanted)
{
	void *at = pmt_sys_mmap(NULL, sizeof(struct pmt_run), PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pmt_sys_is_error(at))
		return -ENOMEM;
	int error = pmt_sys_madvise(at, sizeof(struct pmt_run), MADV_WIPEONFORK);
	if (error < 0) {
		pmt_sys_munmap(at, sizeof(struct pmt_run));
		/* Linux before 4.14: a child would write our files. */
		return error == -EINVAL ? -ENOTSUP : error;
	}
	options = wanted;
	pmt_crc32c_init();
	pmt_run = at;
	return 0;
}

/* Written at the attachment; a forked child begins its trace with it. */
static const char *python_version;

void pmt_run_know_python(const char *version)
{
	python_version = version;
	pmt_run_add_info("python_version", version);
}

/* exit(3)'s argument; 0 until then. */
static int exit_status;

static void keep_exit_status(int status, void *unused)
{
	(void)unused;
	exit_status = status;
}

/*
 * Handlers run last in, first out, and the one that runs our destructor goes in behind
 * our constructor: ours must go in later still to be asked first. A forked child
 * inherits it.
 */
static void watch_exit(void)
{
	static bool watching;

	if (!watching)
		on_exit(keep_exit_status, NULL);
	watching = true;
}

int pmt_run_exit_status(void)
{
	return exit_status;
}

static void fill_header(struct pmt_run *run)
{
	struct pmt_file_header *h = &run->header;
	struct pmt_process_stat stat = {0};

	pmt_process_stat_read(0, &stat);
	memcpy(h->magic, PMT_TRACE_MAGIC, PMT_TRACE_MAGIC_BYTES);
	/* Short records are either of calls or of blocks. */
	h->version = options->modes & (PMT_MODE_ALLOCS | PMT_MODE_OBJECTS) &&
			     !(options->modes & PMT_MODE_CALLS) &&
			     !pmt_options_sample_bytes(options)
			 ? PMT_FORMAT_VERSION
			 : PMT_FORMAT_VERSION_CALLS;
	h->header_bytes = sizeof(*h);
	memcpy(h->run_id, pmt_identity.run_id, PMT_RUN_ID_BYTES);
	h->pid = (uint32_t)run->pid;
	h->process_start = stat.start;
	h->ticks_per_second = pmt_clock_ticks_per_second();
	h->page_bytes = (uint32_t)run->page_bytes;
}

static int open_all(struct pmt_run *run)
{
	char wanted[PMT_RING_PATH_BYTES];
	int result =
	    pmt_identity_trace_path(options, (uint32_t)run->pid, wanted, sizeof(wanted));

	if (result < 0)
		return result;
	fill_header(run);
	result = pmt_trace_file_create(&run->trace, options, wanted, &run->header);
	if (result < 0) {
		pmt_say(PMT_SAY_NO_TRACE, wanted,
			": no trace can be written here: ", pmt_say_errno(result));
		return result;
	}
	if (run->trace.is_elsewhere && !pmt_identity.parent_pid)
		pmt_say(PMT_SAY_OTHER_NAME, wanted,
			" is not ours to replace: the trace is ", run->trace.path);
	result = pmt_area_open(&run->area, options, &run->header, run->trace.path);
	if (result < 0 ||
	    !pmt_emitter_open(&run->process, &run->area, (uint32_t)run->pid)) {
		pmt_say(PMT_SAY_NO_TRACE, "no memory for the ring; running untraced",
			NULL, NULL);
		return -ENOMEM;
	}
	return 0;
}

/* Before the account of the program begins. */
static void make_ours_resident(struct pmt_run *run)
{
	if (run->pid != pmt_identity.first_pid) {
		pmt_rss_after_fork(); /* the tables, too */
		pmt_thread_after_fork();
	} else {
		pmt_own_populate_wiped(run, sizeof(*run));
	}
	pmt_own_populate_library();
	pmt_own_thread_rehearse();
}

/* A forked child begins as its parent did, though that may have come to max_size. */
static void choose_way(void)
{
	/* Relaxed: each thread notices at its next event. */
	if (pmt_options_do_sum(options))
		atomic_fetch_or_explicit(&pmt_hook_way, PMT_WAY_TREE,
					 memory_order_relaxed);
	else
		atomic_fetch_and_explicit(&pmt_hook_way, ~(uint32_t)PMT_WAY_TREE,
					  memory_order_relaxed);
}

/* verbose=1: what was found and chosen. */
static void say_begin(const struct pmt_run *run)
{
	const char *ring = run->area.path;

	pmt_say(PMT_SAY_VERBOSE, "tracing to ", run->trace.path, NULL);
	pmt_say(PMT_SAY_VERBOSE_RING, "ring in ",
		ring[0] ? ring : "private memory: a kill loses what is not written yet",
		NULL);
}

bool pmt_run_start(void)
{
	struct pmt_run *run = pmt_run;
	int saved = errno;

	if (!run || !pmt_cas32(&run->state, PMT_RUN_NONE, PMT_RUN_STARTING))
		return pmt_run_is_on();
	run->pid = pmt_sys_getpid();
	run->options = options;
	run->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	run->clock_ticks_per_second = (uint64_t)sysconf(_SC_CLK_TCK);
	make_ours_resident(run);
	pmt_identity_adopt(run->pid);
	watch_exit();
	if (open_all(run) < 0) {
		pmt_store32_release(&run->state, PMT_RUN_REFUSED);
		errno = saved;
		return false;
	}
	choose_way();
	if (pmt_options_do_live(options))
		pmt_live_open(run, run->pid != pmt_identity.first_pid);
	pmt_rss_start(pmt_options_rss(options));
	if (options->rss != PMT_RSS_WANTED_OFF && !pmt_rss_last_pages())
		pmt_say(PMT_SAY_PROC,
			"/proc cannot be read: resident set and samples are "
			"missing from the trace",
			NULL, NULL);
	pmt_introduce_process(run);
	pmt_sample_take_locked(); /* nobody else can be here yet */
	/* The drain may start once CPython has looked for threads after its fork. */
	pmt_store_relaxed(&run->drain.not_before_ns,
			  pmt_clock_monotonic_ns() + (run->pid == pmt_identity.first_pid
							  ? 0
							  : PMT_DRAIN_AFTER_FORK_NS));
	pmt_store32_release(&pmt_emit_drain_missing, 1);
	pmt_store32_release(&run->state, PMT_RUN_ON);
	if (python_version)
		pmt_run_add_info("python_version", python_version);
	if (options->verbose)
		say_begin(run);
	errno = saved;
	return true;
}

void pmt_run_go_on_summing_locked(struct pmt_run *run)
{
	run->is_full = true;
	pmt_introduce_full(run);
	if (pmt_options_can_sum(run->options))
		/* Relaxed: each thread notices at its next event. */
		atomic_fetch_or_explicit(&pmt_hook_way, PMT_WAY_TREE,
					 memory_order_relaxed);
}
