/* Events by their records. */
#include "report/log_event.h"

#include "format/payload.h"
#include "report/log_text.h"

static bool has_deltas(const struct pmt_event *e)
{
	return (e->record.flags & ~PMT_FLAG_TIME) != 0;
}

/* Definitions and checkpoints are no events, unless changes ride on them. */
static const char *what_of_extended(const struct pmt_event *e, bool *ret_is_call)
{
	switch (e->record.ext) {
	case PMT_EXT_C_CALL:
		*ret_is_call = true;
		return "C_CALL";
	case PMT_EXT_C_RETURN:
		*ret_is_call = true;
		return "C_RETURN";
	case PMT_EXT_C_RAISE:
		*ret_is_call = true;
		return "C_RAISE";
	case PMT_EXT_GC_COUNTS:
		return pmt_log_text_gc_counts_name(&e->record);
	case PMT_EXT_GC:
		return pmt_log_text_gc_name(&e->record);
	case PMT_EXT_CODE:
	case PMT_EXT_CODE_LINES:
	case PMT_EXT_INFO:
	case PMT_EXT_STACK:
	case PMT_EXT_CHECKPOINT:
	case PMT_EXT_TREE_NODE:
	case PMT_EXT_LIVE_STATE:
	case PMT_EXT_LIVE_PLACE:
	case PMT_EXT_THREAD_SUMS:
		return has_deltas(e) ? "CHANGE" : NULL;
	default:
		return pmt_log_text_name(e->record.ext);
	}
}

const char *pmt_log_event_word(const struct pmt_event *e, bool *ret_is_call)
{
	static const char *const words[] = {"CALL",  "RETURN", "RESUME", "YIELD",
					    "THROW", "UNWIND", "LINE"};

	*ret_is_call = false;
	if (e->kind == PMT_EVENT_GAP)
		return "GAP";
	if (e->record.op == PMT_OP_EXTENDED)
		return what_of_extended(e, ret_is_call);
	*ret_is_call = true;
	return words[e->record.op];
}

bool pmt_log_event_leaves(const struct pmt_event *e)
{
	if (e->kind == PMT_EVENT_GAP)
		return false;
	if (e->record.op != PMT_OP_EXTENDED)
		return pmt_op_is_leave(e->record.op);
	return e->record.ext == PMT_EXT_C_RETURN || e->record.ext == PMT_EXT_C_RAISE;
}

bool pmt_log_event_is_point(const struct pmt_event *e)
{
	return e->kind == PMT_EVENT_RECORD && e->record.op == PMT_OP_EXTENDED &&
	       e->record.ext == PMT_EXT_POINT;
}

const char *pmt_log_event_original_word(const struct pmt_event *e)
{
	static const char *const words[] = {"CALL", "RETURN", "CALL", "RETURN",
					    "CALL", "RETURN", "LINE"};
	struct pmt_point point;

	if (e->record.op != PMT_OP_EXTENDED)
		return words[e->record.op];
	switch (e->record.ext) {
	case PMT_EXT_C_CALL:
		return "C_CALL";
	case PMT_EXT_C_RETURN:
		return "C_RETURN";
	case PMT_EXT_C_RAISE:
		return "C_EXCEPT";
	default:
		if (!pmt_payload_get_point(&e->record, &point))
			return "LINE";
		if (point.op == PMT_POINT_C_CALL)
			return "C_CALL";
		if (point.op == PMT_POINT_C_RETURN)
			return "C_RETURN";
		if (point.op == PMT_POINT_C_RAISE)
			return "C_EXCEPT";
		return point.op < sizeof(words) / sizeof(words[0]) ? words[point.op]
								   : "LINE";
	}
}

bool pmt_log_event_is_message(const struct pmt_event *e)
{
	if (e->kind == PMT_EVENT_GAP)
		return true;
	return e->record.op == PMT_OP_EXTENDED &&
	       (e->record.ext == PMT_EXT_MARK || e->record.ext == PMT_EXT_REGION_BEGIN ||
		e->record.ext == PMT_EXT_REGION_END || e->record.ext == PMT_EXT_LOSS ||
		e->record.ext == PMT_EXT_TREE_BEGIN);
}
