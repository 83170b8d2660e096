/* The view "sizes": how large the blocks are that were asked for, of all together and of
 * the functions that asked for most. */
#include <stdlib.h>

#include "cli/exit_code.h"
#include "cli/message.h"
#include "report/block_view.h"
#include "report/load.h"
#include "report/order.h"
#include "report/ranking.h"
#include "report/sizes_print.h"
#include "report/view.h"

enum {
	SPOTS_DEFAULT = 5, /* in text */
};

static int64_t key_of(const char *sort, const struct pmt_size_figures *f)
{
	if (sort && sort[0] == 'c')
		return (int64_t)pmt_held_count(&f->allocated);
	if (sort && sort[0] == 'l')
		return (int64_t)pmt_held_bytes(&f->live);
	if (sort && sort[0] == 't')
		return (int64_t)pmt_held_count(&f->temporary);
	return (int64_t)f->requested_bytes;
}

static uint32_t end_of_spot(const struct pmt_sizes *sizes, uint32_t from)
{
	uint32_t to = from;

	while (to < sizes->count && sizes->rows[to].spot == sizes->rows[from].spot)
		to++;
	return to;
}

/* The spots that are shown, the largest first. 0 or -1: no memory. */
static int rank(struct pmt_sizes_shown *s)
{
	const struct pmt_report_request *request = s->request;
	const struct pmt_sizes *sizes = &s->sizes;
	struct pmt_order *order = calloc(sizes->count + 1u, sizeof(*order));
	uint64_t limit = request->limit_count                 ? request->limit_count
			 : request->format == PMT_REPORT_TEXT ? SPOTS_DEFAULT
							      : UINT32_MAX;

	s->spots = calloc(sizes->count + 1u, sizeof(*s->spots));
	if (!order || !s->spots) {
		free(order);
		return -1;
	}
	if (sizes->count > 0 && sizes->rows[0].spot == PMT_FUNCTION_ALL)
		s->all = end_of_spot(sizes, 0);
	for (uint32_t i = s->all; i < sizes->count; i = end_of_spot(sizes, i)) {
		struct pmt_size_figures sum =
		    pmt_sizes_sum(sizes, i, end_of_spot(sizes, i));

		if (!request->filter ||
		    pmt_ranking_matches(pmt_sizes_function(s, i), request->filter))
			order[s->matched++] =
			    (struct pmt_order){key_of(request->sort, &sum), i};
	}
	pmt_order_sort(order, s->matched, request->sort_descends);
	s->count = limit < s->matched ? (uint32_t)limit : s->matched;
	for (uint32_t i = 0; i < s->count; i++) {
		uint32_t from = order[i].index, to = end_of_spot(sizes, from);

		s->spots[i] =
		    (struct pmt_sizes_spot){from, to, pmt_sizes_sum(sizes, from, to)};
	}
	free(order);
	return 0;
}

static int print(struct pmt_sizes_shown *s)
{
	if (rank(s) != 0) {
		pmt_message_error("not enough memory for the table");
		return PMT_EXIT_UNREADABLE;
	}
	switch (s->request->format) {
	case PMT_REPORT_JSON:
		return pmt_sizes_print_json(s);
	case PMT_REPORT_CSV:
		return pmt_sizes_print_csv(s);
	default:
		return pmt_sizes_print_text(s);
	}
}

static int show(const struct pmt_report_request *request, const struct pmt_analysis *a)
{
	struct pmt_block_model_options options = {.spot = PMT_SPOT_FUNCTION,
						  .thread = request->thread};
	struct pmt_sizes_shown s = {.request = request, .a = a};

	if (request->by != PMT_BY_VIEW)
		options.spot = pmt_block_spot(request);
	if (request->by == PMT_BY_STACK || request->by == PMT_BY_SIZE) {
		pmt_message_error("--by: sizes are by line, function, file or thread");
		return PMT_EXIT_USAGE;
	}
	if (!pmt_block_check_stream(request, &a->model->block_history, "sizes") ||
	    !pmt_block_check_marks(request, &a->model->block_history))
		return PMT_EXIT_USAGE;
	if (pmt_sizes_new(a, &options, &s.sizes) != 0) {
		pmt_message_error("not enough memory for the sizes");
		return PMT_EXIT_UNREADABLE;
	}
	int code = print(&s);
	free(s.spots);
	pmt_sizes_free(&s.sizes);
	return code;
}

static int run(const struct pmt_report_request *request)
{
	struct pmt_report_request apart = *request;
	struct pmt_analysis a;

	apart.by = PMT_BY_SIZE;
	int code = pmt_report_load_blocks(&apart, &a);

	if (code != PMT_EXIT_OK)
		return code;
	code = show(request, &a);
	if (code == PMT_EXIT_OK)
		code = pmt_report_verdict(request, &a.losses);
	pmt_analysis_close(&a);
	return code;
}

const struct pmt_view pmt_view_sizes = {
    .name = "sizes",
    .summary = "how large the blocks are that functions ask for (mode=allocs)",
    .formats = PMT_FORMAT_BIT(PMT_REPORT_TEXT) | PMT_FORMAT_BIT(PMT_REPORT_JSON) |
	       PMT_FORMAT_BIT(PMT_REPORT_CSV),
    .options = PMT_TAKES_SORT | PMT_TAKES_LIMIT | PMT_TAKES_FILTER | PMT_TAKES_THREAD |
	       PMT_TAKES_MARKS | PMT_TAKES_BY | PMT_TAKES_WITHIN,
    .sort_keys = "bytes count live temporary",
    .run = run,
};
