/* Rows of samples, halved when they are too many. */
#include "analysis/fragmentation.h"

#include <errno.h>
#include <stdlib.h>

void pmt_fragmentation_close(struct pmt_fragmentation *fragmentation)
{
	free(fragmentation->rows);
	*fragmentation = (struct pmt_fragmentation){0};
}

double pmt_fragmentation_ratio(const struct pmt_fragmentation_row *row)
{
	uint64_t live = pmt_fragmentation_live(row);

	return live ? (double)row->rss_bytes / (double)live : 0;
}

static bool is_worse(const struct pmt_fragmentation_row *row,
		     const struct pmt_fragmentation_row *than)
{
	return pmt_fragmentation_rest(row) > pmt_fragmentation_rest(than);
}

/* Mappings that never lost a part and are as large as an arena. */
static void add_arenas(struct pmt_fragmentation_row *row, const struct pmt_live_set *set)
{
	static const uint64_t sizes[PMT_ARENA_KINDS] = {
	    [PMT_ARENA_256K] = 256 << 10, [PMT_ARENA_1M] = 1 << 20};

	for (size_t i = 0; i < set->maps.count; i++) {
		const struct pmt_live_map *map = &set->maps.items[i];

		uint8_t kind = set->places.items[map->place].kind;

		if (kind != PMT_PLACE_MAPPED && kind != PMT_PLACE_ARENA)
			continue;
		for (unsigned k = 0; k < PMT_ARENA_KINDS; k++)
			if (map->to - map->from == sizes[k])
				row->arenas[k] +=
				    pmt_share_of(sizes[k], map->scale).whole;
	}
}

static void halve(struct pmt_fragmentation *f)
{
	for (uint32_t i = 0; i < PMT_FRAGMENTATION_ROWS / 2; i++) {
		const struct pmt_fragmentation_row *pair = &f->rows[2 * i];

		f->rows[i] = pair[is_worse(&pair[1], &pair[0])];
	}
	f->count = PMT_FRAGMENTATION_ROWS / 2;
	f->samples_a_row *= 2;
}

int pmt_fragmentation_add(struct pmt_fragmentation *f, const struct pmt_sample *sample,
			  const struct pmt_live_set *set)
{
	struct pmt_fragmentation_row row = {
	    .tick = sample->tick,
	    .rss_bytes = sample->rss_bytes,
	    .shared_bytes = sample->shared_bytes,
	    .malloc_bytes = set->places.heap.bytes - set->places.mapped_bytes,
	    .mapped_bytes = set->places.mapped_bytes,
	};

	if (!f->rows) {
		f->rows = calloc(PMT_FRAGMENTATION_ROWS, sizeof(*f->rows));
		if (!f->rows)
			return -ENOMEM;
		f->samples_a_row = f->samples_in_last = 1;
	}
	add_arenas(&row, set);
	f->sample_count++;
	if (f->samples_in_last < f->samples_a_row) {
		f->samples_in_last++;
		if (is_worse(&row, &f->rows[f->count - 1]))
			f->rows[f->count - 1] = row;
		return 0;
	}
	if (f->count == PMT_FRAGMENTATION_ROWS)
		halve(f);
	f->rows[f->count++] = row;
	f->samples_in_last = 1;
	return 0;
}

const struct pmt_fragmentation_row *
pmt_fragmentation_most(const struct pmt_fragmentation *f)
{
	const struct pmt_fragmentation_row *most = NULL;

	for (uint32_t i = 0; i < f->count; i++)
		if (!most || is_worse(&f->rows[i], most))
			most = &f->rows[i];
	return most;
}

const struct pmt_fragmentation_row *
pmt_fragmentation_worst(const struct pmt_fragmentation *f)
{
	const struct pmt_fragmentation_row *worst = NULL;
	uint64_t largest = 0;

	for (uint32_t i = 0; i < f->count; i++)
		if (f->rows[i].rss_bytes > largest)
			largest = f->rows[i].rss_bytes;
	for (uint32_t i = 0; i < f->count; i++) {
		const struct pmt_fragmentation_row *row = &f->rows[i];

		if (row->rss_bytes >= largest / 2 && pmt_fragmentation_live(row) > 0 &&
		    (!worst ||
		     pmt_fragmentation_ratio(row) > pmt_fragmentation_ratio(worst)))
			worst = row;
	}
	return worst;
}
