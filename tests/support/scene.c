/* From a scene's text to a trace; see scene.h. */
#include "support/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/scene_words.h"
#include "support/trace_writer.h"

enum { STREAMS_MAX = 64, CHUNKS_MAX = 256, NEST_MAX = 8 };

struct scene_chunk {
	uint64_t from, to, tick;
	int dropped;
};

struct scene_stream {
	uint32_t number;
	struct test_bytes records;
	struct scene_chunk chunks[CHUNKS_MAX];
	unsigned chunk_count;
	uint64_t begun; /* position at which the chunk under way begins */
	uint64_t tick;
	uint64_t depth;
	uint64_t event_count;
	struct pmt_deltas sums;
};

struct scene {
	struct scene_stream streams[STREAMS_MAX];
	unsigned count;
	struct scene_stream *now;
	struct pmt_file_header header;
	uint64_t tick; /* of the latest statement: where a new stream begins */
	int how;
	int64_t status;
	struct { /* a "times" under way */
		unsigned line;
		uint64_t left;
	} loops[NEST_MAX];
	unsigned loop_count;
};

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

static void put_numbers(struct scene_stream *s, unsigned ext,
			const struct pmt_deltas *deltas, uint64_t ticks,
			const uint64_t *numbers, unsigned count)
{
	uint8_t payload[64];
	uint8_t *p = payload;

	for (unsigned i = 0; i < count; i++)
		p = pmt_varint_put(p, numbers[i]);
	put_payload(s, ext, deltas, ticks, payload, p);
}

static void put_checkpoint(struct scene_stream *s)
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

	put_payload(s, PMT_EXT_CHECKPOINT, NULL, 0, payload,
		    pmt_payload_put_checkpoint(payload, &point));
}

static struct scene_stream *find_stream(struct scene *scene, uint32_t number)
{
	for (unsigned i = 0; i < scene->count; i++) {
		if (scene->streams[i].number == number)
			return &scene->streams[i];
	}
	return NULL;
}

static struct scene_stream *new_stream(struct scene *scene, const struct scene_words *w,
				       uint32_t number, uint64_t tick)
{
	if (scene->count == STREAMS_MAX)
		scene_words_fail(w, "too many streams");
	struct scene_stream *s = &scene->streams[scene->count++];
	s->number = number;
	s->tick = tick;
	put_checkpoint(s);
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

	scene->now = find_stream(scene, number);
	if (scene->now)
		return;
	scene->now =
	    new_stream(scene, w, number,
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

static void do_text(struct scene *scene, const struct scene_words *w, unsigned ext)
{
	char text[SCENE_LINE_BYTES];

	snprintf(text, sizeof(text), "%s", scene_words_behind(w, 0));
	test_put_mark(&scene->now->records, ext, 0, scene_words_unescape(text));
}

static int find_word(const char *const *words, const char *word)
{
	for (int i = 0; words[i]; i++) {
		if (strcmp(words[i], word) == 0)
			return i;
	}
	return -1;
}

static const char *const op_words[] = {"start", "return", "resume", "yield",
				       "throw", "unwind", "line",   NULL};

static void do_loss(struct scene *scene, const struct scene_words *w)
{
	static const char *const causes[] = {"ring_full",  "reentered", "no_ring",
					     "unwritable", "no_name",   "tree_full",
					     "detached",   NULL};
	int cause = find_word(causes, w->words[1]);
	uint64_t numbers[4] = {(uint64_t)cause};

	if (cause < 0)
		scene_words_fail(w, "no such cause");
	for (unsigned i = 2; i < w->count && i < 5; i++)
		numbers[i - 1] = scene_words_at(w, i);
	if (w->count > 3)
		scene->now->depth = numbers[2];
	put_numbers(scene->now, PMT_EXT_LOSS, NULL, 0, numbers, w->count - 1);
}

static void do_point(struct scene *scene, const struct scene_words *w)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	const char *op = scene_words_value(w, "op");
	struct pmt_deltas deltas = scene_words_deltas(w);
	struct pmt_point point = {
	    .op = (uint8_t)(op ? find_word(op_words, op) : PMT_OP_START),
	    .code_id = (uint32_t)scene_words_value_number(w, "code", 0),
	    .from_code_id = (uint32_t)scene_words_value_number(w, "from", 0),
	    .depth = (uint64_t)scene_words_value_number(w, "depth", 0),
	    .skipped_count = (uint64_t)scene_words_value_number(w, "skipped", 0),
	};

	put_payload(scene->now, PMT_EXT_POINT, &deltas, scene_words_ticks(w), payload,
		    pmt_payload_put_point(payload, &point));
}

static void add_sums(struct pmt_deltas *sums, const struct pmt_deltas *d)
{
	sums->allocated_bytes += d->allocated_bytes;
	sums->allocated_count += d->allocated_count;
	sums->freed_bytes += d->freed_bytes;
	sums->freed_count += d->freed_count;
	sums->object_bytes += d->object_bytes;
	sums->object_count += d->object_count;
	sums->rss_pages += d->rss_pages;
	sums->mapped_bytes += d->mapped_bytes;
	sums->file_mapped_bytes += d->file_mapped_bytes;
}

/* start ... line, and C calls. False when the statement is none of them. */
static int do_event(struct scene *scene, const struct scene_words *w)
{
	static const char *const c_words[] = {"ccall", "creturn", "craise", NULL};
	struct scene_stream *s = scene->now;
	int op = find_word(op_words, w->words[0]);
	int c_op = find_word(c_words, w->words[0]);

	if (op < 0 && c_op < 0)
		return 0;
	struct pmt_deltas deltas = scene_words_deltas(w);
	add_sums(&s->sums, &deltas);
	s->event_count++;
	if (c_op >= 0) {
		uint64_t id = c_op == 0 ? scene_words_at(w, 1) : 0;

		put_numbers(s, PMT_EXT_C_CALL + (unsigned)c_op, &deltas,
			    scene_words_ticks(w), &id, c_op == 0);
		return 1;
	}
	struct pmt_record r = {
	    .op = (uint8_t)op, .ticks = scene_words_ticks(w), .deltas = deltas};
	if (op == PMT_OP_LINE)
		r.line = scene_words_at(w, 1);
	else if (op % 2 == 0)
		r.code_id = (uint32_t)scene_words_at(w, 1);
	test_put_record(&s->records, &r);
	s->tick += r.ticks;
	if (op != PMT_OP_LINE && op % 2 == 0)
		s->depth++;
	else if (op != PMT_OP_LINE && s->depth > 0)
		s->depth--;
	return 1;
}

static void end_chunk(const struct scene_words *w, struct scene_stream *s, int dropped)
{
	if (s->chunk_count == CHUNKS_MAX)
		scene_words_fail(w, "too many chunks");
	if (s->records.size > s->begun)
		s->chunks[s->chunk_count++] =
		    (struct scene_chunk){s->begun, s->records.size, s->tick, dropped};
	s->begun = s->records.size;
}

/* The process begins later than others of its run: its first checkpoint again. */
static void begin_at(struct scene *scene, uint64_t tick)
{
	struct scene_stream *s = &scene->streams[0];

	test_bytes_close(&s->records);
	s->tick = scene->tick = tick;
	put_checkpoint(s);
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
		scene->how = find_word(ends, how);
}

static void do_continue(struct scene *scene, const struct scene_words *w)
{
	uint64_t numbers[2] = {scene_words_at(w, 1), scene_words_at(w, 2)};

	scene->now->depth = numbers[0];
	put_numbers(scene->now, PMT_EXT_CONTINUE, NULL, 0, numbers, 2);
}

/* Statements that begin with one word of their own. */
static void do_other(struct scene *scene, const struct scene_words *w)
{
	static const char *const words[] = {
	    "process", "info",   "code",      "ccode", "stream",   "point",
	    "mark",    "region", "endregion", "pause", "loss",     "checkpoint",
	    "sample",  "node",   "chunk",     "drop",  "continue", NULL};

	switch (find_word(words, w->words[0])) {
	case 0:
		return do_process(scene, w);
	case 1:
		return do_info(scene, w);
	case 2:
	case 3:
		return do_code(scene, w, w->words[0][1] == 'c');
	case 4:
		return do_stream(scene, w);
	case 5:
		return do_point(scene, w);
	case 6:
		return do_text(scene, w, PMT_EXT_MARK);
	case 7:
		return do_text(scene, w, PMT_EXT_REGION_BEGIN);
	case 8:
		return do_text(scene, w, PMT_EXT_REGION_END);
	case 9:
		return put_numbers(scene->now, PMT_EXT_PAUSE, NULL, 0, NULL, 0);
	case 10:
		return do_loss(scene, w);
	case 11:
		scene->now->tick += scene_words_ticks(w);
		return put_checkpoint(scene->now);
	case 12:
		return do_sample(scene, w);
	case 13:
		return do_node(scene, w);
	case 14:
	case 15:
		return end_chunk(w, scene->now, w->words[0][0] == 'd');
	case 16:
		return do_continue(scene, w);
	default:
		scene_words_fail(w, "no such statement");
	}
}

/* times and done: the number of the line to go on with. */
static unsigned do_loop(struct scene *scene, const struct scene_words *w)
{
	if (w->words[0][0] == 't') {
		if (scene->loop_count == NEST_MAX)
			scene_words_fail(w, "nested too deeply");
		scene->loops[scene->loop_count].line = w->line_number;
		scene->loops[scene->loop_count++].left = scene_words_at(w, 1);
		return w->line_number + 1;
	}
	if (scene->loop_count == 0)
		scene_words_fail(w, "no loop to end");
	if (--scene->loops[scene->loop_count - 1].left > 0)
		return scene->loops[scene->loop_count - 1].line + 1;
	scene->loop_count--;
	return w->line_number + 1;
}

static const char *line_at(const char *text, unsigned number)
{
	for (unsigned i = 1; i < number; i++) {
		text = strchr(text, '\n');
		if (!text)
			return NULL;
		text++;
	}
	return *text ? text : NULL;
}

static void run(struct scene *scene, const char *text)
{
	unsigned number = 1;
	struct scene_words w;
	const char *line;

	while ((line = line_at(text, number)) != NULL) {
		if (!scene_words_split(&w, line, strcspn(line, "\n"), number)) {
			number++;
			continue;
		}
		if (strcmp(w.words[0], "times") == 0 || strcmp(w.words[0], "done") == 0) {
			number = do_loop(scene, &w);
			continue;
		}
		if (!do_event(scene, &w))
			do_other(scene, &w);
		if (scene->now->tick > scene->tick)
			scene->tick = scene->now->tick;
		if (scene->streams[0].tick > scene->tick)
			scene->tick = scene->streams[0].tick;
		number++;
	}
	scene_words_split(&w, "end of the scene", 16, number);
	for (unsigned i = 0; i < scene->count; i++) {
		struct scene_stream *s = &scene->streams[i];

		if (i == 0 && scene->how != PMT_END_NONE) {
			s->tick = scene->tick;
			put_checkpoint(s);
			test_put_end(&s->records, (unsigned)scene->how, scene->status, 0);
		}
		end_chunk(&w, s, 0);
	}
}

void test_scene_build(const char *text, unsigned codec, struct test_bytes *trace)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	struct scene_words nothing = {.count = 0};

	if (!scene)
		abort();
	scene->header = test_file_header();
	scene->header.ticks_per_second = 1000000000u;
	scene->how = PMT_END_EXIT;
	scene->tick = 1000000;
	scene->now = new_stream(scene, &nothing, 0, scene->tick);
	run(scene, text);
	test_file_header_seal(&scene->header);
	test_add_header(trace, &scene->header);
	for (unsigned i = 0; i < scene->count; i++) {
		struct scene_stream *s = &scene->streams[i];

		for (unsigned c = 0; c < s->chunk_count; c++) {
			if (!s->chunks[c].dropped)
				test_add_chunk(trace, s->number, &s->records,
					       s->chunks[c].from, s->chunks[c].to, codec,
					       s->chunks[c].tick);
		}
		test_bytes_close(&s->records);
	}
	free(scene);
}
