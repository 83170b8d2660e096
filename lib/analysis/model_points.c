/* Points in the model (min_rss, min_alloc): events that stand for others. */
#include "analysis/model_private.h"

/* How deep the thread was until the event. */
static uint64_t depth_before(const struct pmt_point *point)
{
	if (pmt_op_is_enter(point->op))
		return point->depth ? point->depth - 1 : 0;
	return point->depth + pmt_op_is_leave(point->op);
}

/*
 * Whose a point's changes are. A point tells who ran until the event, not the path: they
 * go right under the root. When events were left out before it, they are nobody's in
 * particular.
 */
static int function_of_point(struct pmt_model *model, struct pmt_stream_state *stream,
			     const struct pmt_point *point, uint32_t *ret_function)
{
	*ret_function = PMT_FUNCTION_OUTSIDE;
	if (stream->span_function)
		*ret_function = stream->span_function;
	else if (point->skipped_count > 0)
		*ret_function = PMT_FUNCTION_SKIPPED;
	else if (point->from_code_id != 0)
		return pmt_model_function(model, point->from_code_id, ret_function);
	else if (depth_before(point) > 0)
		*ret_function = PMT_FUNCTION_UNKNOWN;
	return 0;
}

/* The line that ran until a point; lines are not counted, most were left out. */
static int charge_point_line(struct pmt_model *model, const struct pmt_point *point,
			     uint32_t function, const struct pmt_deltas *deltas)
{
	struct pmt_line *line;

	if (point->op == PMT_OP_LINE)
		model->measured.lines = true;
	if (point->from_line == 0 || point->from_line > UINT32_MAX ||
	    function < PMT_FUNCTION_FIRST_REAL)
		return 0;
	int error =
	    pmt_lines_get(&model->lines, function, (uint32_t)point->from_line, &line);
	if (!error)
		pmt_figures_add_deltas(&line->self, deltas);
	return error;
}

int pmt_model_add_point(struct pmt_model *model, struct pmt_stream_state *stream,
			const struct pmt_event *event)
{
	const struct pmt_deltas *deltas = &event->record.deltas;
	struct pmt_point point;
	uint32_t function, node;

	if (!pmt_payload_get_point(&event->record, &point))
		return 0;
	pmt_model_count_point(model, stream, &point);
	int error = function_of_point(model, stream, &point, &function);
	if (!error)
		error = pmt_tree_child(&model->tree, stream->root_node, function, &node);
	if (!error)
		pmt_model_charge(model, stream, node, event->tick, deltas);
	if (!error)
		error = charge_point_line(model, &point, function, deltas);
	stream->has_points = true;
	stream->point_depth = point.depth;
	stream->span_function = 0;
	return error;
}
