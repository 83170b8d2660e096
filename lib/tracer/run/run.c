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
	h->version = options->modes & (PMT_MODE_ALLOCS | PMT_MODE_OBJECTS) &&
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

/* And what came of it. */
static void say_end(const struct pmt_run *run, uint64_t events)
{
	char line[200];
	struct pmt_text_buffer text;
	uint64_t lost = 0;

	for (unsigned cause = 0; cause < PMT_LOSS_COUNT; cause++)
		if (cause != PMT_LOSS_UNWRITABLE)
			lost += pmt_load_relaxed(&run->area.header->lost[cause]);
	pmt_text_begin(&text, line, sizeof(line));
	pmt_text_put_u64(&text, events);
	pmt_text_put(&text, " events of running threads, ");
	pmt_text_put_u64(&text, lost);
	pmt_text_put(&text, " lost; RSS method ");
	pmt_text_put(&text, pmt_self ? pmt_rss_method_name(
					   (enum pmt_rss_method)pmt_self->rss.method)
				     : "unknown");
	pmt_say(PMT_SAY_VERBOSE_END, line, "; the trace is ", run->trace.path);
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
	pmt_rss_start(options->rss);
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

/* Losses that no stream has a record of, or not yet. */
static void write_losses(struct pmt_run *run)
{
	uint8_t payload[4 * PMT_VARINT_MAX_BYTES];

	for (unsigned cause = 0; cause < PMT_LOSS_COUNT; cause++) {
		uint64_t lost = pmt_load_relaxed(&run->area.header->lost[cause]) -
				pmt_load_relaxed(&run->said_lost[cause]);
		if (!lost)
			continue;
		uint8_t *p = pmt_varint_put(payload, cause);
		p = pmt_varint_put(p, lost);
		p = pmt_varint_put(p, 0);
		p = pmt_varint_put(p, 0);
		if (pmt_emit_extended(&run->process, NULL, PMT_EXT_LOSS, payload,
				      (size_t)(p - payload)))
			pmt_add_relaxed(&run->said_lost[cause], lost);
	}
}

/* Everything that is known now goes to the trace, then how it ended. */
static void write_the_rest(struct pmt_run *run, unsigned reason, int64_t status)
{
	struct pmt_thread *t = pmt_self;
	uint8_t payload[3 * PMT_VARINT_MAX_BYTES];
	uint64_t events = 0;

	pmt_drain_lock();
	pmt_pass_take_locked(1);
	/* What could not be written now dies with a ring that is no file. */
	pmt_area_count_loss(&run->area, PMT_LOSS_UNWRITABLE,
			    pmt_area_unread_bytes(&run->area, true));
	pmt_pass_reap_locked();
	if (t && t->emitter.live) {
		pmt_points_settle(t);
		pmt_rss_read_last_self(t);
		pmt_context_settle(t);
		pmt_emit_checkpoint(&t->emitter, &t->sums);
	}
	pmt_contexts_write_all_locked();
	pmt_types_write_locked();
	pmt_live_write_locked(PMT_LIVE_END);
	for (uint32_t i = 0; (t = pmt_thread_at(i)) != NULL; i++) {
		if (t->emitter.live) {
			events += t->emitter.event_count;
			/* An exec may fail, and then the thread goes on. */
			if (t != pmt_self && reason != PMT_END_EXEC)
				pmt_points_add_rest(run, t);
		} else if (pmt_load32_acquire(&t->os_tid)) {
			pmt_run_add_native_sums(run, t);
		}
	}
	write_losses(run);
	if (pmt_load32_relaxed(&run->drain.refused))
		pmt_introduce_text(run, "drain", "refused");
	if (run->options->rss == PMT_RSS_WANTED_EACH)
		pmt_introduce_rss_check(run);
	pmt_introduce_own_memory(run);
	pmt_sample_take_locked();
	uint8_t *p = pmt_varint_put(payload, reason);
	p = pmt_varint_put(p, pmt_zigzag(status));
	p = pmt_varint_put(p, events);
	pmt_emit_extended(&run->process, NULL, PMT_EXT_END, payload,
			  (size_t)(p - payload));
	pmt_pass_take_locked(1);
	pmt_drain_unlock();
	if (run->options->verbose)
		say_end(run, events);
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

static bool is_mine(const struct pmt_run *run)
{
	/* A vfork child shares our memory and must not touch it. */
	return run && pmt_load32_acquire(&run->state) == PMT_RUN_ON &&
	       run->pid == pmt_sys_getpid();
}

/* The forking thread writes it, in a process that has no other yet. */
static _Atomic uint32_t forked_pid;

void pmt_run_note_fork(void)
{
	pmt_sampling_after_fork();
	if (pmt_identity.has_traced)
		pmt_store32_release(&forked_pid, (uint32_t)pmt_sys_getpid());
}

/* A child by fork(3) of a traced process that ends before its first Python event, but has
 * done something. In a vfork child the noted pid is another's: it stays as it is. */
static bool is_untold_child(const struct pmt_run *run)
{
	const struct pmt_deltas *d = pmt_self ? &pmt_self->sums : NULL;

	return run && d && pmt_load32_acquire(&run->state) == PMT_RUN_NONE &&
	       (d->allocated_count | d->freed_count | d->object_count |
		(uint64_t)d->mapped_bytes) &&
	       pmt_load32_relaxed(&forked_pid) == (uint32_t)pmt_sys_getpid();
}

void pmt_run_end(unsigned reason, int64_t status)
{
	struct pmt_run *run = pmt_run;
	int saved = errno;

	if (is_untold_child(run))
		pmt_run_start();
	if (!is_mine(run) || pmt_drain_is_held_by_me() ||
	    !pmt_cas32(&run->state, PMT_RUN_ON, PMT_RUN_CLOSED))
		return;
	pmt_drain_stop();
	write_the_rest(run, reason, status);
	if (!pmt_area_unread_bytes(&run->area, false))
		pmt_area_close(&run->area);
	errno = saved;
}

void pmt_run_suspend_for_exec(void)
{
	struct pmt_run *run = pmt_run;
	int saved = errno;

	if (!is_mine(run) || pmt_drain_is_held_by_me())
		return;
	pmt_drain_stop();
	write_the_rest(run, PMT_END_EXEC, 0);
	if (!pmt_area_unread_bytes(&run->area, false)) {
		pmt_area_close(&run->area);
		/* Should exec fail after all, we go on without a file behind the ring. */
		run->area.path[0] = '\0';
	}
	errno = saved;
}

void pmt_run_add_native_sums(struct pmt_run *run, struct pmt_thread *t)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	/* Said again, as after an exec that failed, it is what came since. */
	const struct pmt_deltas now = t->sums;
	const struct pmt_deltas rest = pmt_deltas_between(&t->emitter.emitted, &now);

	if (!(rest.allocated_count | rest.freed_count | (uint64_t)rest.mapped_bytes))
		return;
	t->emitter.emitted = now;
	uint8_t *p = pmt_varint_put(payload, pmt_load32_relaxed(&t->os_tid));
	p = pmt_payload_put_sums(p, &rest);
	pmt_emit_extended(&run->process, NULL, PMT_EXT_THREAD_SUMS, payload,
			  (size_t)(p - payload));
}
