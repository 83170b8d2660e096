/* Who writes in a stream, and what process this is; see introduce.h. */
#include <config.h>

#include "event/introduce.h"

#include <fcntl.h>
#include <string.h>

#include "event/emit.h"
#include "format/payload_blocks.h"
#include "os/process_stat.h"
#include "os/sys.h"
#include "os/text.h"
#include "rss/own_memory.h"
#include "run/identity.h"
#include "run/run.h"

enum { VALUE_BYTES_MAX = 8192, NAME_BYTES_MAX = 512 };

static void put_thread(struct pmt_thread *t, struct pmt_text name)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES + NAME_BYTES_MAX];
	uint32_t tid = pmt_load32_relaxed(&t->os_tid);
	struct pmt_thread_def def = {
	    .os_tid = tid,
	    .rss_method = (uint8_t)t->rss.method,
	    .is_main = tid == (uint32_t)pmt_run->pid,
	    .name = name,
	};

	if (def.name.size > NAME_BYTES_MAX)
		def.name.size = NAME_BYTES_MAX;
	const uint8_t *end = pmt_payload_put_thread(payload, &def);
	pmt_emit_extended(&t->emitter, NULL, PMT_EXT_THREAD, payload,
			  (size_t)(end - payload));
}

void pmt_introduce_name(struct pmt_thread *t, struct pmt_text name)
{
	put_thread(t, name);
}

void pmt_introduce_thread(struct pmt_thread *t, uint32_t os_tid)
{
	char path[64], name[64];
	struct pmt_text_buffer text;

	pmt_text_begin(&text, path, sizeof(path));
	pmt_text_put(&text, "/proc/self/task/");
	pmt_text_put_u64(&text, os_tid);
	pmt_text_put(&text, "/comm");
	ssize_t size = pmt_process_read_file(path, name, sizeof(name));
	if (size > 0 && name[size - 1] == '\n')
		size--;
	/* The checkpoint's own deltas: what the thread did before its first event. */
	pmt_emit_checkpoint(&t->emitter, &t->sums);
	put_thread(t, (struct pmt_text){name, size > 0 ? (size_t)size : 0});
	if (!(pmt_run->options->modes & PMT_MODE_CALLS)) {
		t->emitter.named = 1; /* Python cannot be asked from within malloc */
		return;
	}
	t->emitter.ring.limit = 0; /* its name is asked for soon: by the slow path */
	/* A block may come before the thread's first call: that is still to be greeted.
	 */
	t->emitter.ring.is_slow = pmt_options_has_both(pmt_run->options);
	if (pmt_run->options->threads.count) {
		pmt_emit_pause(&t->emitter);
		t->emitter.muted = 1;
	}
}

static void put_info(struct pmt_emitter *e, const char *key, const char *value,
		     size_t value_bytes)
{
	struct pmt_text key_text = {key, strlen(key)};

	if (value_bytes > VALUE_BYTES_MAX)
		value_bytes = VALUE_BYTES_MAX;
	uint8_t *payload = pmt_emit_begin_placed(
	    e, PMT_EXT_INFO, PMT_PAYLOAD_FIXED_BYTES + key_text.size + value_bytes);
	if (!payload)
		return;
	uint8_t *p = pmt_payload_put_text(payload, key_text);
	p = pmt_payload_put_text(p, (struct pmt_text){value, value_bytes});
	pmt_emit_end_placed(e, payload, p);
}

static void put_text(struct pmt_emitter *e, const char *key, const char *value)
{
	put_info(e, key, value, strlen(value));
}

static void put_number(struct pmt_emitter *e, const char *key, uint64_t value)
{
	char digits[32];
	struct pmt_text_buffer text;

	pmt_text_begin(&text, digits, sizeof(digits));
	pmt_text_put_u64(&text, value);
	put_info(e, key, text.bytes, text.used);
}

/* A path, or with redact only its last part: folders tell users and projects. */
static void put_path(struct pmt_emitter *e, const char *key, struct pmt_text path,
		     bool redact)
{
	size_t from = path.size;

	while (from > 0 && path.bytes[from - 1] != '/')
		from--;
	if (!redact)
		from = 0;
	put_info(e, key, path.bytes + from, path.size - from);
}

/* In /dev/shm its name tells nothing; one beside the trace is found there without. */
static void put_ring(struct pmt_emitter *e, const char *path, bool redact)
{
	static const char shared[] = "/dev/shm/";

	if (!redact || !path[0] || strncmp(path, shared, sizeof(shared) - 1) == 0)
		put_text(e, "ring", path);
}

/* The command line as the kernel has it, arguments separated by NUL. Once a process,
 * while nobody else can be here; the thread's stack may be small. */
static void put_command(struct pmt_emitter *e, bool redact)
{
	static char text[VALUE_BYTES_MAX];

	ssize_t size = pmt_sys_readlinkat(AT_FDCWD, "/proc/self/exe", text, sizeof(text));
	if (size > 0)
		put_path(e, "exe", (struct pmt_text){text, (size_t)size}, redact);
	if (redact)
		return;
	size = pmt_process_read_file("/proc/self/cmdline", text, sizeof(text));
	if (size > 0)
		put_info(e, "argv", text, (size_t)size - (text[size - 1] == '\0'));
}

static const char *mode_name(const struct pmt_options *o)
{
	static char names[64];
	struct pmt_text_buffer text;
	const char *words[] = {
	    o->modes & PMT_MODE_LINES   ? "lines"
	    : o->modes & PMT_MODE_CALLS ? "calls"
					: NULL,
	    o->modes & PMT_MODE_OBJECTS  ? "objects"
	    : o->modes & PMT_MODE_ALLOCS ? "allocs"
					 : NULL,
	    o->modes & PMT_MODE_REFS ? "refs" : NULL,
	};

	pmt_text_begin(&text, names, sizeof(names));
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (words[i] && text.used)
			pmt_text_put(&text, "+");
		if (words[i])
			pmt_text_put(&text, words[i]);
	}
	if (pmt_options_do_live(o))
		pmt_text_put(&text, ",detail=live");
	else if (pmt_options_do_sum(o))
		pmt_text_put(&text, ",detail=tree");
	return names;
}

void pmt_introduce_process(struct pmt_run *run)
{
	struct pmt_emitter *e = &run->process;
	const struct pmt_options *o = run->options;

	pmt_emit_checkpoint(e, NULL);
	put_text(e, "version", PACKAGE_VERSION);
	put_number(e, "pid", (uint64_t)run->pid);
	put_number(e, "parent_pid", (uint64_t)pmt_identity.parent_pid);
	put_path(e, "trace_path",
		 (struct pmt_text){run->trace.path, strlen(run->trace.path)}, o->redact);
	put_ring(e, run->area.path, o->redact);
	put_text(e, "mode", mode_name(o));
	put_number(e, "c_calls", o->c_calls);
	if (o->native)
		put_number(e, "native", 1);
	if (o->gc)
		put_number(e, "gc", 1);
	if (pmt_options_sample_bytes(o))
		put_number(e, PMT_SAMPLE_KEY, pmt_options_sample_bytes(o));
	put_number(e, "interval_ms", o->interval_ns / 1000000);
	put_number(e, "min_rss", o->min_rss_bytes);
	put_number(e, "min_alloc", o->min_alloc_bytes);
	put_number(e, "filtered", o->include.count + o->exclude.count + o->threads.count);
	put_number(e, "redacted", o->redact);
	put_number(e, "rss_begin_pages", pmt_rss_last_pages());
	put_command(e, o->redact);
}

void pmt_introduce_text(struct pmt_run *run, const char *key, const char *value)
{
	put_text(&run->process, key, value);
}

void pmt_introduce_own_memory(struct pmt_run *run)
{
	put_number(&run->process, "tracer_pages", pmt_own_pages());
}

void pmt_introduce_full(struct pmt_run *run)
{
	put_number(&run->process, "max_size_reached_tick", pmt_clock_ticks());
}

void pmt_introduce_rss_check(struct pmt_run *run)
{
	struct pmt_rss_check check;

	pmt_rss_check_read(&check);
	put_number(&run->process, "rss_check_method", check.method);
	put_number(&run->process, "rss_check_reads", check.read_count);
	put_number(&run->process, "rss_check_missed", check.missed_count);
	put_number(&run->process, "rss_check_missed_pages_max", check.missed_pages_max);
}

void pmt_run_add_info(const char *key, const char *value)
{
	if (!pmt_run_is_on())
		return;
	pmt_drain_lock();
	put_text(&pmt_run->process, key, value);
	pmt_drain_unlock();
}
