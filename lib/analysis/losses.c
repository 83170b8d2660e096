/* Counts from the trace, its ring and the model, put together. */
#include "analysis/losses.h"

const char *pmt_loss_name(unsigned cause)
{
	static const char *const names[PMT_LOSS_COUNT + 1] = {
	    [PMT_LOSS_RING_FULL] = "ring_full",
	    [PMT_LOSS_REENTERED] = "reentered",
	    [PMT_LOSS_NO_RING] = "no_ring",
	    [PMT_LOSS_UNWRITABLE] = "unwritable_bytes",
	    [PMT_LOSS_NO_NAME] = "no_name",
	    [PMT_LOSS_TREE_FULL] = "tree_full",
	    [PMT_LOSS_DETACHED] = "detached",
	    [PMT_LOSS_NOT_WRITTEN] = "not_written",
	    [PMT_LOSS_BLOCKS_FULL] = "blocks_full",
	    [PMT_LOSS_BLOCK_BUSY] = "block_busy",
	    [PMT_LOSS_PLACES_FULL] = "places_full",
	    [PMT_LOSS_COUNT] = "other",
	};

	return names[cause <= PMT_LOSS_COUNT ? cause : PMT_LOSS_COUNT];
}

const char *pmt_end_name(enum pmt_end how)
{
	switch (how) {
	case PMT_END_EXIT:
		return "exit";
	case PMT_END_QUICK_EXIT:
		return "quick_exit";
	case PMT_END_EXEC:
		return "exec";
	case PMT_END_SIGNAL:
		return "signal";
	case PMT_END_NONE:
		break;
	}
	return "unknown";
}

bool pmt_end_is_own(bool ended, enum pmt_end how)
{
	return ended && how != PMT_END_SIGNAL && how != PMT_END_NONE;
}

/* The records tell what the streams lost, the ring's header what the process did; both
 * count the same losses, so the larger is right. */
static void count_lost(struct pmt_losses *losses, const struct pmt_trace *trace,
		       const struct pmt_tables *tables)
{
	const struct pmt_trace_ring *ring = pmt_trace_ring(trace);

	for (unsigned cause = 0; cause <= PMT_LOSS_COUNT; cause++) {
		uint64_t count = pmt_tables_lost(tables, cause);

		if (cause < PMT_LOSS_COUNT && ring->lost[cause] > count)
			count = ring->lost[cause];
		losses->lost[cause] = count;
		if (cause != PMT_LOSS_UNWRITABLE)
			losses->lost_count += count;
	}
}

struct pmt_losses pmt_losses_of(const struct pmt_trace *trace,
				const struct pmt_tables *tables,
				const struct pmt_model *model)
{
	struct pmt_losses losses = {0};
	struct pmt_trace_end end;

	losses.ended = pmt_trace_end(trace, &end);
	if (losses.ended) {
		losses.how = end.how;
		losses.status = end.status;
	} else {
		losses.running = pmt_trace_process_runs(trace);
	}
	count_lost(&losses, trace, tables);
	losses.missing_bytes = pmt_trace_missing_bytes(trace);
	losses.problem_count = pmt_trace_problem_count(trace);
	losses.gap_count = model->gap_count;
	losses.folded_count = model->tree.folded_count;
	for (uint32_t i = 0; i < model->streams.count; i++) {
		const struct pmt_stream_state *stream = &model->streams.items[i];

		losses.extra_leave_count += stream->shadow.extra_leave_count;
		losses.pause_count += stream->pause_count;
	}
	losses.complete =
	    pmt_end_is_own(losses.ended, losses.how) && losses.lost_count == 0 &&
	    losses.lost[PMT_LOSS_UNWRITABLE] == 0 && losses.missing_bytes == 0 &&
	    losses.problem_count == 0 && losses.gap_count == 0;
	return losses;
}
