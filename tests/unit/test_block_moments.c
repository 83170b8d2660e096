/* What was live at a moment, against a naive account of a random history: threads that
 * allocate, free each other's blocks, and grow the resident set, each at a time of its
 * own. Moments by time, by share, by mark, between marks, and where RSS was highest. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/sizes.h"
#include "support/analysed.h"
#include "support/run_suite.h"
#include "support/scene_text.h"
#include "tests/support/chance.h"

enum {
	STEPS = 1200,
	THREADS = 3,
	FUNCTIONS = 5,
	SLOTS = 60,
	MARKS = 4,
	SAMPLE_EVERY = 25,
	MOMENTS = 12,
	BEGIN = 1000, /* tick of the first record */
	SCENE_BYTES = STEPS * 80 + 4096,
};

/* A step of the history: an allocation or a free of a slot. */
struct step {
	uint64_t tick;
	int64_t rss_pages; /* changes before it */
	uint64_t requested, usable;
	unsigned slot, thread, function;
	bool is_free, is_map;
	bool is_temporary; /* a free: of its own thread's, within 10 of its allocations */
	unsigned alloc;    /* a free: the step that allocated */
};

struct history {
	struct step steps[STEPS];
	uint64_t mark_ticks[MARKS]; /* behind the step of that tick */
	uint64_t sample_ticks[STEPS];
	unsigned sample_count;
	uint64_t end;
	struct scene_text scene;
};

static uint64_t address_of(const struct step *s)
{
	return s->is_map ? ((uint64_t)1 << 40) + ((uint64_t)s->slot << 24)
			 : 4096 + (uint64_t)s->slot * 65536;
}

static void say_step(struct history *h, const struct step *s, uint64_t *clocks)
{
	scene_text_say(&h->scene, "stream %u\n", s->thread + 1);
	if (s->is_map && !s->is_free)
		scene_text_say(&h->scene, "mmap %llu %llu stack=%u",
			       (unsigned long long)address_of(s),
			       (unsigned long long)s->requested, s->function + 1);
	else if (s->is_map)
		scene_text_say(&h->scene, "munmap %llu %llu",
			       (unsigned long long)address_of(s),
			       (unsigned long long)s->requested);
	else if (s->is_free)
		scene_text_say(&h->scene, "free %llu", (unsigned long long)address_of(s));
	else
		scene_text_say(&h->scene, "malloc %llu %llu stack=%u",
			       (unsigned long long)address_of(s),
			       (unsigned long long)s->requested, s->function + 1);
	scene_text_say(&h->scene, " +%llu",
		       (unsigned long long)(s->tick - clocks[s->thread]));
	if (s->rss_pages)
		scene_text_say(&h->scene, " rss=%lld", (long long)s->rss_pages);
	scene_text_say(&h->scene, "\n");
	clocks[s->thread] = s->tick;
}

static void begin_scene(struct history *h)
{
	scene_text_say(&h->scene, "process pid=9 at=%u\nsample +0 rss=1000000\n",
		       BEGIN - 1);
	for (unsigned t = 1; t <= THREADS; t++) {
		scene_text_say(&h->scene, "stream %u at=%u tid=%u name=t%u\n", t, BEGIN,
			       100 + t, t);
		for (unsigned f = 1; f <= FUNCTIONS; f++) {
			if (t == 1)
				scene_text_say(&h->scene, "code %u a.py %u f%u\n", f, f,
					       f - 1);
			scene_text_say(&h->scene, "stack %u code=%u\n", f, f);
		}
	}
}

static void choose_step(struct history *h, unsigned i, int *owners, uint64_t *ordinals,
			uint64_t *made)
{
	struct step *s = &h->steps[i];

	s->slot = (unsigned)draw(SLOTS);
	s->is_map = s->slot % 10 == 0;
	s->thread = (unsigned)draw(THREADS);
	s->function = (unsigned)draw(FUNCTIONS);
	s->rss_pages = (int64_t)draw(21) - 9;
	s->is_free = owners[s->slot] >= 0;
	if (s->is_free) {
		s->alloc = (unsigned)owners[s->slot];
		s->requested = h->steps[s->alloc].requested;
		s->is_temporary =
		    !s->is_map && h->steps[s->alloc].thread == s->thread &&
		    ordinals[s->thread] - made[s->alloc] <= PMT_TEMPORARY_WITHIN;
		owners[s->slot] = -1;
		return;
	}
	s->requested = s->is_map ? draw(3) ? 4096 * (1 + draw(900)) : 1 << 20
				 : draw((uint64_t)1 << draw(20));
	owners[s->slot] = (int)i;
	made[i] = ++ordinals[s->thread];
}

static struct history *make_history(void)
{
	static uint64_t made[STEPS];
	struct history *h = calloc(1, sizeof(*h));
	uint64_t clocks[THREADS], ordinals[THREADS] = {0}, tick = BEGIN;
	int owners[SLOTS];
	unsigned marks = 0;

	scene_text_begin(&h->scene, SCENE_BYTES);
	memset(owners, -1, sizeof(owners));
	for (unsigned t = 0; t < THREADS; t++)
		clocks[t] = BEGIN;
	begin_scene(h);
	for (unsigned i = 0; i < STEPS; i++) {
		tick += 1 + draw(50);
		choose_step(h, i, owners, ordinals, made);
		h->steps[i].tick = tick;
		say_step(h, &h->steps[i], clocks);
		if (i % SAMPLE_EVERY == 0) {
			h->sample_ticks[h->sample_count++] = ++tick;
			scene_text_say(&h->scene, "stream 0\nsample +1 rss=%llu\n",
				       (unsigned long long)draw(1000000));
		}
		if (i > 0 && i % (STEPS / (MARKS + 1)) == 0 && marks < MARKS) {
			h->mark_ticks[marks] = ++tick;
			scene_text_say(&h->scene,
				       "stream 1\ncheckpoint +%llu\nmark m%u\n",
				       (unsigned long long)(tick - clocks[0]), marks++);
			clocks[0] = tick;
		}
	}
	h->end = tick;
	return h;
}

static void free_history(struct history *h)
{
	free(h->scene.text);
	free(h);
}

/* What is live behind the steps until tick, allocated behind `from`: by function. */
static void naive_live(const struct history *h, uint64_t from, uint64_t until,
		       uint64_t bytes[FUNCTIONS])
{
	memset(bytes, 0, FUNCTIONS * sizeof(*bytes));
	for (unsigned i = 0; i < STEPS && h->steps[i].tick <= until; i++) {
		const struct step *s = &h->steps[i];
		const struct step *alloc = s->is_free ? &h->steps[s->alloc] : s;

		if (alloc->tick <= from)
			continue;
		if (s->is_free)
			bytes[alloc->function] -= alloc->requested;
		else
			bytes[alloc->function] += alloc->requested;
	}
}

static struct pmt_analysis analyse(const struct history *h,
				   struct pmt_model_options model)
{
	struct pmt_analysis_options options = {.model = model};

	options.model.with_block_history = true;
	return test_analyse(h->scene.text, &options);
}

static void compare(const struct pmt_analysis *a, enum pmt_block_figure figure,
		    const uint64_t expected[FUNCTIONS])
{
	struct pmt_block_model_options options = {.figure = figure,
						  .spot = PMT_SPOT_FUNCTION};
	struct pmt_function_row *rows;
	uint64_t found[FUNCTIONS] = {0}, sum = 0;
	struct pmt_model *model;
	uint32_t count;

	ck_assert_int_eq(pmt_block_model_new(a, &options, &model), 0);
	ck_assert_int_eq(pmt_function_table_new(model, &rows, &count), 0);
	for (uint32_t i = 0; i < count; i++) {
		const char *name = model->functions.items[rows[i].function].name;

		if (name[0] == 'f')
			found[name[1] - '0'] += rows[i].self.allocated_bytes;
	}
	for (unsigned f = 0; f < FUNCTIONS; f++) {
		ck_assert_uint_eq(found[f], expected[f]);
		sum += expected[f];
	}
	ck_assert_uint_eq(model->totals.allocated_bytes, sum);
	free(rows);
	pmt_block_model_free(model);
}

START_TEST(any_moment_is_exact)
{
	begin_chance();
	struct history *h = make_history();
	uint64_t expected[FUNCTIONS], first = BEGIN - 1;

	for (unsigned i = 0; i < MOMENTS; i++) {
		uint64_t until = first + draw(h->end - first + 1);
		bool is_share = draw(2);
		struct pmt_when when = {PMT_WHEN_TIME, until - first, 0};

		if (is_share) {
			when.kind = PMT_WHEN_SHARE;
			when.share = (double)draw(101) / 100;
			until = first + (uint64_t)((double)(h->end - first) * when.share);
		}
		struct pmt_analysis a =
		    analyse(h, (struct pmt_model_options){.block_history_to = when});
		ck_assert_uint_eq(a.model->first_tick, first);
		naive_live(h, 0, until, expected);
		compare(&a, PMT_BLOCKS_LEAKED, expected);
		ck_assert_uint_eq(a.model->block_history.set.unknown_free_count, 0);
		ck_assert_uint_eq(a.model->block_history.set.missed_free_count, 0);
		pmt_analysis_close(&a);
	}
	free_history(h);
}
END_TEST

START_TEST(marks_are_moments)
{
	char from[8], to[8];

	begin_chance();
	struct history *h = make_history();
	uint64_t expected[FUNCTIONS];
	for (unsigned k = 0; k < MARKS; k++) {
		for (unsigned i = 0; i <= k; i++) {
			struct pmt_model_options options = {0};

			snprintf(from, sizeof(from), "m%u", i);
			snprintf(to, sizeof(to), "m%u", k);
			options.block_history.from_mark = i < k ? from : NULL;
			options.block_history.to_mark = to;
			struct pmt_analysis a = analyse(h, options);
			naive_live(h, i < k ? h->mark_ticks[i] : 0, h->mark_ticks[k],
				   expected);
			compare(&a, PMT_BLOCKS_LEAKED, expected);
			pmt_analysis_close(&a);
		}
	}
	free_history(h);
}
END_TEST

START_TEST(rss_has_a_highest_moment)
{
	begin_chance();
	struct history *h = make_history();
	struct pmt_analysis a = analyse(h, (struct pmt_model_options){0});
	int64_t pages = 0, highest = 0;
	uint64_t until = 0, expected[FUNCTIONS];

	/* A record's change is older than what it tells of. */
	for (unsigned i = 0; i < STEPS; i++) {
		pages += h->steps[i].rss_pages;
		if (pages > highest) {
			highest = pages;
			until = h->steps[i].tick - 1;
		}
	}
	naive_live(h, 0, until, expected);
	compare(&a, PMT_BLOCKS_AT_RSS_PEAK, expected);
	ck_assert_int_eq(a.model->block_history.rss_highest_bytes,
			 1000000 + highest * 4096);
	pmt_analysis_close(&a);
	free_history(h);
}
END_TEST

static void naive_sizes(const struct history *h,
			struct pmt_size_figures found[FUNCTIONS][PMT_SIZE_CLASSES])
{
	for (unsigned i = 0; i < STEPS; i++) {
		const struct step *s = &h->steps[i];
		const struct step *alloc = s->is_free ? &h->steps[s->alloc] : s;
		unsigned size_class = 0;

		while (alloc->requested >> size_class)
			size_class++;
		struct pmt_size_figures *f = &found[alloc->function][size_class];
		if (!s->is_free) {
			f->allocated.count++;
			f->requested_bytes += s->requested;
		}
		f->live.count += s->is_free ? (uint64_t)-1 : 1;
		f->temporary.count += s->is_temporary;
	}
}

/* Live at a sample: blocks, mappings, and of these arenas. */
static struct pmt_fragmentation_row naive_row(const struct history *h, uint64_t until)
{
	struct pmt_fragmentation_row row = {.tick = until};

	for (unsigned i = 0; i < STEPS && h->steps[i].tick <= until; i++) {
		const struct step *s = &h->steps[i];
		uint64_t bytes = s->is_free ? -s->requested : s->requested;

		if (!s->is_map)
			row.malloc_bytes += bytes;
		else
			row.mapped_bytes += bytes;
		if (s->is_map && s->requested == 1 << 20)
			row.arenas[PMT_ARENA_1M] += bytes;
		if (s->is_map && s->requested == 256 << 10) /* by chance */
			row.arenas[PMT_ARENA_256K] += bytes;
	}
	return row;
}

START_TEST(samples_are_moments)
{
	begin_chance();
	struct history *h = make_history();
	struct pmt_model_options options = {.block_history = {.to_mark = PMT_TO_EXIT}};
	struct pmt_analysis a = analyse(h, options);
	const struct pmt_fragmentation *f = &a.model->fragmentation;

	/* One before all. */
	ck_assert_uint_eq(f->count, h->sample_count + 1);
	for (unsigned i = 0; i < h->sample_count; i++) {
		const struct pmt_fragmentation_row *row = &f->rows[i + 1];
		struct pmt_fragmentation_row expected = naive_row(h, h->sample_ticks[i]);

		ck_assert_uint_eq(row->tick, expected.tick);
		ck_assert_uint_eq(row->malloc_bytes, expected.malloc_bytes);
		ck_assert_uint_eq(row->mapped_bytes, expected.mapped_bytes);
		ck_assert_uint_eq(row->arenas[PMT_ARENA_1M],
				  expected.arenas[PMT_ARENA_1M]);
		ck_assert_uint_eq(row->arenas[PMT_ARENA_256K],
				  expected.arenas[PMT_ARENA_256K]);
	}
	pmt_analysis_close(&a);
	free_history(h);
}
END_TEST

/* More samples than rows: each row is the one where most was not live of its samples. */
START_TEST(rows_of_samples_are_bounded)
{
	struct pmt_live_set *set = calloc(1, sizeof(*set));
	struct pmt_fragmentation f = {0};
	uint64_t most = 0, at = 0;

	begin_chance();
	for (uint64_t i = 1; i <= 3 * PMT_FRAGMENTATION_ROWS; i++) {
		struct pmt_sample sample = {.tick = i, .rss_bytes = draw(1u << 30)};

		set->places.heap.bytes = 1000;
		if (sample.rss_bytes > most) {
			most = sample.rss_bytes;
			at = i;
		}
		ck_assert_int_eq(pmt_fragmentation_add(&f, &sample, set), 0);
	}
	ck_assert_uint_le(f.count, PMT_FRAGMENTATION_ROWS);
	ck_assert_uint_ge(f.count, PMT_FRAGMENTATION_ROWS / 2);
	for (uint32_t i = 1; i < f.count; i++)
		ck_assert_uint_lt(f.rows[i - 1].tick, f.rows[i].tick);
	ck_assert_uint_eq(pmt_fragmentation_most(&f)->tick, at);
	ck_assert_uint_eq(pmt_fragmentation_worst(&f)->tick, at);
	pmt_fragmentation_close(&f);
	free(set);
}
END_TEST

START_TEST(sizes_are_exact)
{
	static struct pmt_size_figures expected[FUNCTIONS][PMT_SIZE_CLASSES];
	struct pmt_block_model_options by = {.spot = PMT_SPOT_FUNCTION};
	struct pmt_sizes sizes;

	begin_chance();
	memset(expected, 0, sizeof(expected));
	struct history *h = make_history();
	struct pmt_analysis a =
	    analyse(h, (struct pmt_model_options){.block_history = {.by_size = true}});
	uint64_t count = 0;
	naive_sizes(h, expected);
	ck_assert_int_eq(pmt_sizes_new(&a, &by, &sizes), 0);
	for (uint32_t i = 0; i < sizes.count; i++) {
		const struct pmt_size_row *row = &sizes.rows[i];
		const char *name = sizes.model->functions.items[row->spot].name;

		if (row->spot == PMT_FUNCTION_ALL) {
			count += row->figures.allocated.count;
			continue;
		}
		const struct pmt_size_figures *f =
		    &expected[name[1] - '0'][row->size_class];
		ck_assert_uint_eq(row->figures.allocated.count, f->allocated.count);
		ck_assert_uint_eq(row->figures.requested_bytes, f->requested_bytes);
		ck_assert_uint_eq(row->figures.live.count, f->live.count);
		ck_assert_uint_eq(row->figures.temporary.count, f->temporary.count);
		count -= row->figures.allocated.count;
	}
	ck_assert_uint_gt(sizes.count, 0);
	ck_assert_uint_eq(count, 0); /* the whole is the sum of the functions */
	pmt_sizes_free(&sizes);
	pmt_analysis_close(&a);
	free_history(h);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("block_moments");
	TCase *tc = tcase_create("block_moments");

	tcase_add_test(tc, any_moment_is_exact);
	tcase_add_test(tc, marks_are_moments);
	tcase_add_test(tc, rss_has_a_highest_moment);
	tcase_add_test(tc, samples_are_moments);
	tcase_add_test(tc, rows_of_samples_are_bounded);
	tcase_add_test(tc, sizes_are_exact);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
