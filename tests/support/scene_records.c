/* Statements of a scene that write records with a payload, or say who writes. */
#include "support/scene_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/payload_blocks.h"
#include "format/payload_gc.h"
#include "format/payload_types.h"
#include "support/trace_writer.h"

static void put_payload(struct scene_stream *s, unsigned ext,
			const struct pmt_deltas *deltas, uint64_t ticks,
			const uint8_t *payload, const uint8_t *end)
{
	struct pmt_record r = {
	    .op = PMT_OP_EXTENDED,
	    .ext = (uint8_t)ext,
	    .ticks = ticks,
	    .payload = payload,
	    .payload_bytes = (size_t)(end - payload),
	};

	if (deltas)
		r.deltas = *deltas;
	s->tick += ticks;
	test_put_record(&s->records, &r);
}

void scene_put_numbers(struct scene_stream *s, unsigned ext,
		       const struct pmt_deltas *deltas, uint64_t ticks,
		       const uint64_t *numbers, unsigned count)
{
	uint8_t payload[64];
	uint8_t *p = payload;

	for (unsigned i = 0; i < count; i++)
		p = pmt_varint_put(p, numbers[i]);
	put_payload(s, ext, deltas, ticks, payload, p);
}

void scene_put_checkpoint(struct scene_stream *s)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	struct pmt_checkpoint point = {
	    .tick = s->tick,
	    .monotonic_ns = s->tick,
	    .realtime_ns = TEST_REALTIME_ORIGIN_NS + s->tick,
	    .depth = s->depth,
	    .event_count = s->event_count,
	    .sums = s->sums,
	};

	s->last_address = 0;
	put_payload(s, PMT_EXT_CHECKPOINT, NULL, 0, payload,
		    pmt_payload_put_checkpoint(payload, &point));
}

struct scene_stream *scene_find_stream(struct scene *scene, uint32_t number)
{
	for (unsigned i = 0; i < scene->count; i++) {
		if (scene->streams[i].number == number)
			return &scene->streams[i];
	}
	return NULL;
}

struct scene_stream *scene_new_stream(struct scene *scene, const struct scene_words *w,
				      uint32_t number, uint64_t tick)
{
	if (scene->count == STREAMS_MAX)
		scene_words_fail(w, "too many streams");
	struct scene_stream *s = &scene->streams[scene->count++];
	s->number = number;
	s->tick = tick;
	scene_put_checkpoint(s);
	return s;
}

static void put_thread(struct scene_stream *s, const struct scene_words *w)
{
	static const char *const methods[] = {"off", "exact", "trigger", "clock", "each"};
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES + SCENE_LINE_BYTES];
	const char *name = scene_words_value(w, "name");
	const char *rss = scene_words_value(w, "rss");
	struct pmt_thread_def def = {
	    .os_tid = (uint32_t)scene_words_value_number(w, "tid", 100 + s->number),
	    .is_main = scene_words_has(w, "main"),
	    .rss_method = PMT_RSS_EXACT,
	    .name = {name ? name : "", name ? strlen(name) : 0},
	};

	for (uint8_t i = 0; rss && i < 5; i++) {
		if (strcmp(rss, methods[i]) == 0)
			def.rss_method = i;
	}
	put_payload(s, PMT_EXT_THREAD, NULL, 0, payload,
		    pmt_payload_put_thread(payload, &def));
}

static void do_stream(struct scene *scene, const struct scene_words *w)
{
	uint32_t number = (uint32_t)scene_words_at(w, 1);

	scene->now = scene_find_stream(scene, number);
	if (scene->now)
		return;
	scene->now = scene_new_stream(
	    scene, w, number,
	    (uint64_t)scene_words_value_number(w, "at", (int64_t)scene->tick));
	put_thread(scene->now, w);
}

static void do_code(struct scene *scene, const struct scene_words *w, int is_c)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES + 2 * SCENE_LINE_BYTES];
	char name[SCENE_LINE_BYTES], file[SCENE_LINE_BYTES] = "";

	snprintf(name, sizeof(name), "%s", scene_words_behind(w, is_c ? 1 : 3));
	if (!is_c && strcmp(w->words[2], "-") != 0)
		snprintf(file, sizeof(file), "%s", w->words[2]);
	scene_words_unescape(name);
	scene_words_unescape(file);
	struct pmt_code_def def = {
	    .id = (uint32_t)scene_words_at(w, 1),
	    .first_line = is_c ? 0 : scene_words_at(w, 3),
	    .kind = is_c ? PMT_CODE_C : PMT_CODE_PYTHON,
	    .file = {file, strlen(file)},
	    .name = {name, strlen(name)},
	};

	put_payload(scene->now, PMT_EXT_CODE, NULL, 0, payload,
		    pmt_payload_put_code(payload, &def));
}

static void do_module(struct scene *scene, const struct scene_words *w)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES + 2 * SCENE_LINE_BYTES];
	const char *build_id = strcmp(w->words[3], "-") == 0 ? "" : w->words[3];
	char file[SCENE_LINE_BYTES];

	snprintf(file, sizeof(file), "%s", w->words[2]);
	scene_words_unescape(file);
	struct pmt_code_def def = {
	    .id = (uint32_t)scene_words_at(w, 1),
	    .first_line = scene_words_at(w, 4),
	    .kind = PMT_CODE_NATIVE,
	    .file = {file, strlen(file)},
	    .name = {build_id, strlen(build_id)},
	};

	put_payload(scene->now, PMT_EXT_CODE, NULL, 0, payload,
		    pmt_payload_put_code(payload, &def));
}

/* In values, "|" stands for the NUL between arguments. */
static void do_info(struct scene *scene, const struct scene_words *w)
{
	uint8_t payload[2 * SCENE_LINE_BYTES];
	char value[SCENE_LINE_BYTES];
	size_t size = strlen(scene_words_behind(w, 1));

	memcpy(value, scene_words_behind(w, 1), size);
	for (size_t i = 0; i < size; i++)
		value[i] = value[i] == '|' ? '\0' : value[i];
	uint8_t *p = pmt_payload_put_text(
	    payload, (struct pmt_text){w->words[1], strlen(w->words[1])});
	p = pmt_payload_put_text(p, (struct pmt_text){value, size});
	put_payload(&scene->streams[0], PMT_EXT_INFO, NULL, 0, payload, p);
}

static void do_sample(struct scene *scene, const struct scene_words *w)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	struct scene_stream *s = &scene->streams[0];
	s->tick = scene->tick + scene_words_ticks(w);
	struct pmt_sample sample = {
	    .tick = s->tick,
	    .rss_bytes = (uint64_t)scene_words_value_number(w, "rss", 0),
	    .vms_bytes = (uint64_t)scene_words_value_number(w, "vms", 0),
	    .shared_bytes = (uint64_t)scene_words_value_number(w, "shared", 0),
	    .minor_faults = (uint64_t)scene_words_value_number(w, "minor", 0),
	    .major_faults = (uint64_t)scene_words_value_number(w, "major", 0),
	    .user_ms = (uint64_t)scene_words_value_number(w, "user", 0),
	    .system_ms = (uint64_t)scene_words_value_number(w, "system", 0),
	    .rss_peak_bytes = (uint64_t)scene_words_value_number(
		w, "peak", scene_words_value_number(w, "rss", 0)),
	    .heap_bytes = scene_words_value_number(w, "heap", 0),
	    .mapped_bytes = scene_words_value_number(w, "mapped", 0),
	    .thread_count = (uint64_t)scene_words_value_number(w, "threads", 1),
	};

	put_payload(s, PMT_EXT_SAMPLE, NULL, 0, payload,
		    pmt_payload_put_sample(payload, &sample));
}

static void do_node(struct scene *scene, const struct scene_words *w)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	struct scene_stream *s = &scene->streams[0];
	struct pmt_tree_node node = {
	    .stream = (uint32_t)scene_words_value_number(w, "stream", 1),
	    .id = (uint32_t)scene_words_value_number(w, "id", 1),
	    .parent = (uint32_t)scene_words_value_number(w, "parent", 0),
	    .code_id = (uint32_t)scene_words_value_number(w, "code", 0),
	    .call_count = (uint64_t)scene_words_value_number(w, "calls", 0),
	    .self = scene_words_deltas(w),
	    .rss_up_pages = (uint64_t)scene_words_value_number(w, "up", 0),
	};

	put_payload(s, PMT_EXT_TREE_NODE, NULL, 0, payload,
		    pmt_payload_put_tree_node(payload, &node));
}

static void do_sums(struct scene *scene, const struct scene_words *w)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	struct pmt_deltas sums = scene_words_deltas(w);
	uint8_t *p =
	    pmt_varint_put(payload, (uint64_t)scene_words_value_number(w, "tid", 100));

	put_payload(&scene->streams[0], PMT_EXT_THREAD_SUMS, NULL, 0, payload,
		    pmt_payload_put_sums(p, &sums));
}

static void do_text(struct scene *scene, const struct scene_words *w, unsigned ext)
{
	char text[SCENE_LINE_BYTES];

	snprintf(text, sizeof(text), "%s", scene_words_behind(w, 0));
	test_put_mark(&scene->now->records, ext, 0, scene_words_unescape(text));
}

int scene_find_word(const char *const *words, const char *word)
{
	for (int i = 0; words[i]; i++) {
		if (strcmp(words[i], word) == 0)
			return i;
	}
	return -1;
}

const char *const scene_op_words[] = {"start", "return", "resume", "yield",
				      "throw", "unwind", "line",   NULL};

static void do_loss(struct scene *scene, const struct scene_words *w)
{
	static const char *const causes[] = {"ring_full",  "reentered",   "no_ring",
					     "unwritable", "no_name",     "tree_full",
					     "detached",   "not_written", NULL};
	int cause = scene_find_word(causes, w->words[1]);
	uint64_t numbers[4] = {(uint64_t)cause};

	if (cause < 0)
		scene_words_fail(w, "no such cause");
	for (unsigned i = 2; i < w->count && i < 5; i++)
		numbers[i - 1] = scene_words_at(w, i);
	if (w->count > 3) { /* of events: the stream's count has them */
		scene->now->depth = numbers[2];
		scene->now->event_count += numbers[1];
	}
	scene_put_numbers(scene->now, PMT_EXT_LOSS, NULL, 0, numbers, w->count - 1);
}

static void do_point(struct scene *scene, const struct scene_words *w)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	const char *op = scene_words_value(w, "op");
	struct pmt_deltas deltas = scene_words_deltas(w);
	struct pmt_point point = {
	    .op = (uint8_t)(op ? scene_find_word(scene_op_words, op) : PMT_OP_START),
	    .code_id = (uint32_t)scene_words_value_number(w, "code", 0),
	    .from_code_id = (uint32_t)scene_words_value_number(w, "from", 0),
	    .depth = (uint64_t)scene_words_value_number(w, "depth", 0),
	    .skipped_count = (uint64_t)scene_words_value_number(w, "skipped", 0),
	    .line = (uint64_t)scene_words_value_number(w, "line", 0),
	    .from_line = (uint64_t)scene_words_value_number(w, "from_line", 0),
	};

	put_payload(scene->now, PMT_EXT_POINT, &deltas, scene_words_ticks(w), payload,
		    pmt_payload_put_point(payload, &point));
}

/* The process begins later than others of its run: its first checkpoint again. */
static void begin_at(struct scene *scene, uint64_t tick)
{
	struct scene_stream *s = &scene->streams[0];

	test_bytes_close(&s->records);
	s->tick = scene->tick = tick;
	scene_put_checkpoint(s);
}

static void do_process(struct scene *scene, const struct scene_words *w)
{
	const char *how = scene_words_value(w, "how");
	static const char *const ends[] = {"none", "exit",   "quick_exit",
					   "exec", "signal", NULL};

	scene->header.pid =
	    (uint32_t)scene_words_value_number(w, "pid", scene->header.pid);
	scene->header.page_bytes =
	    (uint32_t)scene_words_value_number(w, "page", scene->header.page_bytes);
	scene->header.generation =
	    (uint32_t)scene_words_value_number(w, "generation", scene->header.generation);
	scene->status = scene_words_value_number(w, "status", 0);
	if (scene_words_value(w, "at"))
		begin_at(scene, (uint64_t)scene_words_value_number(w, "at", 0));
	if (how)
		scene->how = scene_find_word(ends, how);
}

static int64_t step_to(struct scene_stream *s, uint64_t address)
{
	int64_t step = (int64_t)(address - s->last_address);

	s->last_address = address;
	return step;
}

static void put_alloc(struct scene *scene, const struct scene_words *w, unsigned kind)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	struct pmt_deltas deltas = scene_words_deltas(w);
	struct pmt_block_alloc alloc = {
	    .kind = (uint8_t)kind,
	    .stack_id = (uint32_t)scene_words_value_number(w, "stack", 0),
	    .requested_bytes = scene_words_at(w, 2),
	    .usable_bytes = scene_words_value_number(w, "usable", scene_words_at(w, 2)),
	    .address_step = step_to(scene->now, scene_words_at(w, 1)),
	};

	put_payload(scene->now, PMT_EXT_ALLOC, &deltas, scene_words_ticks(w), payload,
		    pmt_payload_put_alloc(payload, &alloc));
}

static void put_free(struct scene *scene, const struct scene_words *w, unsigned kind,
		     uint64_t bytes)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	struct pmt_deltas deltas = scene_words_deltas(w);
	struct pmt_block_free release = {
	    .kind = (uint8_t)kind,
	    .address_step = step_to(scene->now, scene_words_at(w, 1)),
	    .bytes = bytes,
	};

	put_payload(scene->now, PMT_EXT_FREE, &deltas, scene_words_ticks(w), payload,
		    pmt_payload_put_free(payload, &release));
}

static void do_malloc(struct scene *scene, const struct scene_words *w)
{
	static const char *const domains[] = {"raw", "mem", "obj", NULL};
	const char *word = scene_words_value(w, "domain");
	int domain = word ? scene_find_word(domains, word) : 0;

	if (domain < 0)
		scene_words_fail(w, "no such domain");
	put_alloc(scene, w, word ? PMT_BLOCK_RAW + (unsigned)domain : PMT_BLOCK_MALLOC);
}

static void do_free(struct scene *scene, const struct scene_words *w)
{
	put_free(scene, w, PMT_BLOCK_MALLOC, 0);
}

static void do_mmap(struct scene *scene, const struct scene_words *w)
{
	static const char *const kinds[] = {"mmap",   "file",  "reserved",
					    "shared", "arena", NULL};
	const char *word = scene_words_value(w, "kind");
	int kind = word ? scene_find_word(kinds, word) : 0;

	if (kind < 0)
		scene_words_fail(w, "no such kind");
	put_alloc(scene, w, PMT_BLOCK_MMAP + (unsigned)kind);
}

static void do_munmap(struct scene *scene, const struct scene_words *w)
{
	put_free(scene, w, PMT_BLOCK_MMAP, scene_words_at(w, 2));
}

static void do_stack(struct scene *scene, const struct scene_words *w)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	struct pmt_stack_def def = {
	    .id = (uint32_t)scene_words_at(w, 1),
	    .parent_id = (uint32_t)scene_words_value_number(w, "parent", 0),
	    .code_id = (uint32_t)scene_words_value_number(w, "code", 0),
	    .code_offset = (uint64_t)scene_words_value_number(w, "offset", 0),
	};

	put_payload(scene->now, PMT_EXT_STACK, NULL, 0, payload,
		    pmt_payload_put_stack(payload, &def));
}

static struct pmt_text text_of(const char *text)
{
	return (struct pmt_text){text ? text : "", text ? strlen(text) : 0};
}

static void do_type(struct scene *scene, const struct scene_words *w)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES + 2 * SCENE_LINE_BYTES];
	struct pmt_type_def def = {
	    .id = (uint32_t)scene_words_at(w, 1),
	    .basic_bytes = (uint64_t)scene_words_value_number(w, "basic", 0),
	    .item_bytes = (uint64_t)scene_words_value_number(w, "item", 0),
	    .module = text_of(scene_words_value(w, "module")),
	};

	if (w->count < 3)
		scene_words_fail(w, "a type has a name");
	def.name = text_of(scene_words_unescape(w->words[2]));
	put_payload(&scene->streams[0], PMT_EXT_TYPE, NULL, 0, payload,
		    pmt_payload_put_type(payload, &def));
}

static void do_counts(struct scene *scene, const struct scene_words *w)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	struct pmt_type_counts counts = {
	    .id = (uint32_t)scene_words_at(w, 1),
	    .new_count = (uint64_t)scene_words_value_number(w, "new", 0),
	    .new_bytes = (uint64_t)scene_words_value_number(w, "new_bytes", 0),
	    .deleted_count = (uint64_t)scene_words_value_number(w, "deleted", 0),
	    .deleted_bytes = (uint64_t)scene_words_value_number(w, "deleted_bytes", 0),
	    .earlier_count = (uint64_t)scene_words_value_number(w, "earlier", 0),
	    .missed_count = (uint64_t)scene_words_value_number(w, "missed", 0),
	};

	put_payload(&scene->streams[0], PMT_EXT_TYPE_COUNTS, NULL, 0, payload,
		    pmt_payload_put_type_counts(payload, &counts));
}

static void do_gc(struct scene *scene, const struct scene_words *w)
{
	static const char *const phases[] = {"start", "stop", "gone", "back"};
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES], phase = 0;
	struct pmt_deltas deltas = scene_words_deltas(w);

	if (w->count < 3)
		scene_words_fail(w, "a collection has a phase and a generation");
	while (strcmp(phases[phase], w->words[1]) != 0)
		if (++phase == 4)
			scene_words_fail(w, "start, stop, gone or back");
	struct pmt_gc_event event = {
	    .phase = phase,
	    .generation = (uint8_t)scene_words_at(w, 2),
	    .interpreter = (uint64_t)scene_words_value_number(w, "interpreter", 0),
	    .collected = (uint64_t)scene_words_value_number(w, "collected", 0),
	    .uncollectable = (uint64_t)scene_words_value_number(w, "uncollectable", 0),
	    .ticks = (uint64_t)scene_words_value_number(w, "took", 0),
	};
	put_payload(scene->now, PMT_EXT_GC, &deltas, scene_words_ticks(w), payload,
		    pmt_payload_put_gc(payload, &event));
}

static void do_continue(struct scene *scene, const struct scene_words *w)
{
	uint64_t numbers[2] = {scene_words_at(w, 1), scene_words_at(w, 2)};

	scene->now->depth = numbers[0];
	scene_put_numbers(scene->now, PMT_EXT_CONTINUE, NULL, 0, numbers, 2);
}

static void do_python_code(struct scene *scene, const struct scene_words *w)
{
	do_code(scene, w, 0);
}

static void do_c_code(struct scene *scene, const struct scene_words *w)
{
	do_code(scene, w, 1);
}

static void do_mark(struct scene *scene, const struct scene_words *w)
{
	do_text(scene, w, PMT_EXT_MARK);
}

static void do_region(struct scene *scene, const struct scene_words *w)
{
	do_text(scene, w, PMT_EXT_REGION_BEGIN);
}

static void do_region_end(struct scene *scene, const struct scene_words *w)
{
	do_text(scene, w, PMT_EXT_REGION_END);
}

static void do_pause(struct scene *scene, const struct scene_words *w)
{
	(void)w;
	scene_put_numbers(scene->now, PMT_EXT_PAUSE, NULL, 0, NULL, 0);
}

static void do_checkpoint(struct scene *scene, const struct scene_words *w)
{
	scene->now->tick += scene_words_ticks(w);
	scene_put_checkpoint(scene->now);
}

int scene_do_record(struct scene *scene, const struct scene_words *w)
{
	static const struct {
		const char *word;
		void (*run)(struct scene *scene, const struct scene_words *w);
	} statements[] = {
	    {"process", do_process},
	    {"info", do_info},
	    {"code", do_python_code},
	    {"ccode", do_c_code},
	    {"stream", do_stream},
	    {"point", do_point},
	    {"malloc", do_malloc},
	    {"free", do_free},
	    {"mmap", do_mmap},
	    {"munmap", do_munmap},
	    {"stack", do_stack},
	    {"mark", do_mark},
	    {"region", do_region},
	    {"endregion", do_region_end},
	    {"pause", do_pause},
	    {"continue", do_continue},
	    {"loss", do_loss},
	    {"checkpoint", do_checkpoint},
	    {"sample", do_sample},
	    {"node", do_node},
	    {"sums", do_sums},
	    {"type", do_type},
	    {"counts", do_counts},
	    {"module", do_module},
	    {"gc", do_gc},
	};

	for (size_t i = 0; i < sizeof(statements) / sizeof(*statements); i++) {
		if (strcmp(statements[i].word, w->words[0]) == 0) {
			statements[i].run(scene, w);
			return 1;
		}
	}
	return 0;
}
