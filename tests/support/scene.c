/* From a scene's text to a trace; see scene.h. */
#include "support/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/scene_state.h"
#include "support/trace_writer.h"

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
	int op = scene_find_word(scene_op_words, w->words[0]);
	int c_op = scene_find_word(c_words, w->words[0]);

	if (op < 0 && c_op < 0)
		return 0;
	struct pmt_deltas deltas = scene_words_deltas(w);
	add_sums(&s->sums, &deltas);
	s->event_count++;
	if (c_op >= 0) {
		uint64_t id = c_op == 0 ? scene_words_at(w, 1) : 0;

		scene_put_numbers(s, PMT_EXT_C_CALL + (unsigned)c_op, &deltas,
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
		if (strcmp(w.words[0], "chunk") == 0 || strcmp(w.words[0], "drop") == 0)
			end_chunk(&w, scene->now, w.words[0][0] == 'd');
		else if (!do_event(scene, &w) && !scene_do_record(scene, &w))
			scene_words_fail(&w, "no such statement");
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
			scene_put_checkpoint(s);
			test_put_end(&s->records, (unsigned)scene->how, scene->status, 0);
		}
		end_chunk(&w, s, 0);
	}
}

/* In the order of time, as a drain writes them; the process's own come last. */
static void add_chunks(struct scene *scene, unsigned codec, struct test_bytes *trace)
{
	unsigned next[STREAMS_MAX] = {0};

	for (;;) {
		const struct scene_chunk *first = NULL;
		unsigned stream = 0;

		for (unsigned i = scene->count; i-- > 0;) {
			const struct scene_stream *s = &scene->streams[i];

			if (next[i] < s->chunk_count &&
			    (!first || s->chunks[next[i]].tick < first->tick)) {
				first = &s->chunks[next[i]];
				stream = i;
			}
		}
		if (!first)
			return;
		next[stream]++;
		if (!first->dropped)
			test_add_chunk(trace, scene->streams[stream].number,
				       &scene->streams[stream].records, first->from,
				       first->to, codec, first->tick);
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
	scene->now = scene_new_stream(scene, &nothing, 0, scene->tick);
	run(scene, text);
	test_file_header_seal(&scene->header);
	test_add_header(trace, &scene->header);
	add_chunks(scene, codec, trace);
	for (unsigned i = 0; i < scene->count; i++)
		test_bytes_close(&scene->streams[i].records);
	free(scene);
}
