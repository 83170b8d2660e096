/*
 * Collections in a line and as an object; see collections.h. With gc=1 by their events,
 * else by what the interpreter counted (3.13 and newer), which has no times, or the sum
 * of them only (3.15).
 */
#include "report/collections.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/figure_text.h"

enum { UNKNOWN = -1 };

/* Times are UNKNOWN where nobody told them. */
struct figures {
	uint64_t count;
	uint64_t collected;
	uint64_t uncollectable;
	int64_t duration_ns;
	int64_t longest_ns;
	int64_t longest_at_ns;
};

static bool has_events(const struct pmt_analysis *a)
{
	const struct pmt_collections *c = &a->model->collections;

	return pmt_tables_info(a->tables, "gc") || c->start_count || c->gone_count ||
	       pmt_collections_total(c).count;
}

bool pmt_collections_are_known(const struct pmt_analysis *a)
{
	return has_events(a) || a->model->collections.counted_count > 0;
}

static struct figures of_events(const struct pmt_analysis *a,
				const struct pmt_collection_sums *sums)
{
	return (struct figures){
	    .count = sums->count,
	    .collected = sums->collected,
	    .uncollectable = sums->uncollectable,
	    .duration_ns = pmt_analysis_duration_ns(a, sums->ticks),
	    .longest_ns = pmt_analysis_duration_ns(a, sums->longest_ticks),
	    .longest_at_ns = sums->longest_ticks
				 ? pmt_analysis_since_start_ns(a, sums->longest_tick)
				 : UNKNOWN,
	};
}

static struct figures of_counts(const struct pmt_gc_counts *counts)
{
	return (struct figures){
	    .count = counts->collections,
	    .collected = counts->collected,
	    .uncollectable = counts->uncollectable,
	    .duration_ns = counts->duration_ns && counts->duration_ns < INT64_MAX
			       ? (int64_t)counts->duration_ns
			       : UNKNOWN,
	    .longest_ns = UNKNOWN,
	    .longest_at_ns = UNKNOWN,
	};
}

static struct figures of_generation(const struct pmt_analysis *a, unsigned generation)
{
	const struct pmt_collections *c = &a->model->collections;

	if (has_events(a))
		return of_events(a, &c->by_generation[generation]);
	const struct pmt_gc_counts counts = pmt_collections_counted(c, generation);
	return of_counts(&counts);
}

static struct pmt_gc_counts all_counts(const struct pmt_analysis *a)
{
	struct pmt_gc_counts all = {0};

	for (unsigned i = 0; i < PMT_COLLECTIONS_GENERATIONS; i++) {
		const struct pmt_gc_counts one =
		    pmt_collections_counted(&a->model->collections, i);
		all.collections += one.collections;
		all.collected += one.collected;
		all.uncollectable += one.uncollectable;
		all.duration_ns += one.duration_ns;
	}
	return all;
}

static struct figures of_all(const struct pmt_analysis *a)
{
	if (has_events(a)) {
		const struct pmt_collection_sums total =
		    pmt_collections_total(&a->model->collections);
		return of_events(a, &total);
	}
	const struct pmt_gc_counts counts = all_counts(a);
	return of_counts(&counts);
}

uint64_t pmt_collections_count(const struct pmt_analysis *a, uint64_t *ret_collected)
{
	const struct figures all = of_all(a);

	*ret_collected = all.collected;
	return all.count;
}

/* Of the time from the first event to the last. */
static double share_of_run(const struct pmt_analysis *a, int64_t duration_ns)
{
	int64_t run_ns = pmt_analysis_since_start_ns(a, a->model->last_tick);

	return run_ns > 0 && duration_ns > 0 ? (double)duration_ns / (double)run_ns : 0;
}

/* ", 12.0 ms (0.4%), longest 3.1 ms": what is known of it. */
static void put_times(const struct pmt_analysis *a, const struct figures *all, char *text,
		      size_t size)
{
	char time[PMT_FIGURE_BYTES], share[PMT_FIGURE_BYTES], longest[PMT_FIGURE_BYTES];

	text[0] = '\0';
	if (all->duration_ns == UNKNOWN)
		return;
	int used =
	    snprintf(text, size, ", %s (%s)", pmt_figure_duration(time, all->duration_ns),
		     pmt_figure_share(share, share_of_run(a, all->duration_ns)));
	if (all->longest_ns != UNKNOWN && used > 0 && (size_t)used < size)
		snprintf(text + used, size - (size_t)used, ", longest %s",
			 pmt_figure_duration(longest, all->longest_ns));
}

const char *pmt_collections_line(const struct pmt_analysis *a, char *text, size_t size)
{
	const struct figures all = of_all(a);
	char runs[PMT_FIGURE_BYTES], found[PMT_FIGURE_BYTES], stuck[64] = "";
	char of[PMT_COLLECTIONS_GENERATIONS][PMT_FIGURE_BYTES];
	char times[4 * PMT_FIGURE_BYTES];

	if (all.count == 0) {
		snprintf(text, size, "no runs");
		return text;
	}
	for (unsigned i = 0; i < PMT_COLLECTIONS_GENERATIONS; i++)
		pmt_figure_count(of[i], of_generation(a, i).count, false);
	if (all.uncollectable)
		snprintf(stuck, sizeof(stuck), ", %s uncollectable",
			 pmt_figure_count(found, all.uncollectable, false));
	put_times(a, &all, times, sizeof(times));
	snprintf(text, size, "%s run%s (%s+%s+%s)%s, %s object%s%s",
		 pmt_figure_count(runs, all.count, false), all.count == 1 ? "" : "s",
		 of[0], of[1], of[2], times,
		 pmt_figure_count(found, all.collected, false),
		 all.collected == 1 ? "" : "s", stuck);
	return text;
}

static json_t *known(int64_t value)
{
	return value == UNKNOWN ? json_null() : json_integer(value);
}

static json_t *figures_object(const struct figures *f)
{
	json_t *o = json_object();

	json_object_set_new(o, "count", json_integer((json_int_t)f->count));
	json_object_set_new(o, "collected", json_integer((json_int_t)f->collected));
	json_object_set_new(o, "uncollectable",
			    json_integer((json_int_t)f->uncollectable));
	json_object_set_new(o, "duration_ns", known(f->duration_ns));
	json_object_set_new(o, "longest_ns", known(f->longest_ns));
	json_object_set_new(o, "longest_at_ns", known(f->longest_at_ns));
	return o;
}

json_t *pmt_collections_json(const struct pmt_analysis *a)
{
	const struct pmt_collections *c = &a->model->collections;
	const struct figures all = of_all(a);

	if (!pmt_collections_are_known(a))
		return json_null();
	json_t *o = figures_object(&all), *generations = json_array();
	for (unsigned i = 0; i < PMT_COLLECTIONS_GENERATIONS; i++) {
		const struct figures one = of_generation(a, i);
		json_array_append_new(generations, figures_object(&one));
	}
	json_object_set_new(o, "generations", generations);
	json_object_set_new(o, "events", json_boolean(has_events(a)));
	json_object_set_new(o, "counted",
			    c->counted_count
				? json_integer((json_int_t)all_counts(a).collections)
				: json_null());
	json_object_set_new(o, "share",
			    all.duration_ns == UNKNOWN
				? json_null()
				: json_real(share_of_run(a, all.duration_ns)));
	json_object_set_new(
	    o, "unseen_since_ns",
	    c->gone_count ? json_integer(pmt_analysis_since_start_ns(a, c->gone_tick))
			  : json_null());
	return o;
}
