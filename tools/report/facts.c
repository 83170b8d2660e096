/* Facts about the process, in words. */
#include "report/facts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/figure_text.h"
#include "report/json.h"

/* The arguments, NUL-separated; NULL when the trace has none (or hides them). */
static const struct pmt_info *find_argv(const struct pmt_tables *tables)
{
	const struct pmt_info *found = NULL;

	for (size_t i = 0; i < pmt_tables_info_count(tables); i++) {
		const struct pmt_info *info = pmt_tables_info_at(tables, i);

		if (strcmp(info->key, "argv") == 0)
			found = info;
	}
	return found;
}

const char *pmt_facts_command(const struct pmt_tables *tables, char *text, size_t size)
{
	const struct pmt_info *info = find_argv(tables);
	const char *exe = pmt_tables_info(tables, "exe");
	size_t used = 0;

	if (!info) {
		snprintf(text, size, "%s", exe ? exe : "");
		return text;
	}
	/* Arguments apart, and the lines of one as well: those of python -c. */
	for (; used < info->value_bytes && used + 1 < size; used++) {
		char c = info->value[used];
		text[used] = c && c != '\n' && c != '\t' ? c : ' ';
	}
	text[used] = '\0';
	return text;
}

json_t *pmt_facts_argv(const struct pmt_tables *tables)
{
	const struct pmt_info *info = find_argv(tables);
	json_t *argv;

	if (!info)
		return json_null();
	argv = json_array();
	for (size_t at = 0; at < info->value_bytes; at += strlen(info->value + at) + 1)
		json_array_append_new(argv, pmt_json_text(info->value + at));
	return argv;
}

const char *pmt_facts_signal(int64_t number, char *text, size_t size)
{
	/* Linux's numbers, wherever the report runs. */
	static const char *const names[] = {
	    [1] = "HUP",   [2] = "INT",   [3] = "QUIT",  [4] = "ILL",   [5] = "TRAP",
	    [6] = "ABRT",  [7] = "BUS",   [8] = "FPE",   [9] = "KILL",  [10] = "USR1",
	    [11] = "SEGV", [12] = "USR2", [13] = "PIPE", [14] = "ALRM", [15] = "TERM",
	    [24] = "XCPU", [25] = "XFSZ", [31] = "SYS",
	};
	const int64_t count = sizeof(names) / sizeof(*names);

	if (number == 0)
		snprintf(text, size, "killed, signal not known");
	else if (number > 0 && number < count && names[number])
		snprintf(text, size, "killed by signal %" PRId64 " (SIG%s)", number,
			 names[number]);
	else
		snprintf(text, size, "killed by signal %" PRId64, number);
	return text;
}

const char *pmt_facts_end(const struct pmt_losses *losses, char *text, size_t size)
{
	if (losses->running) {
		snprintf(text, size, "still running");
		return text;
	}
	switch (losses->how) {
	case PMT_END_EXIT:
	case PMT_END_QUICK_EXIT:
		snprintf(text, size, "exit status %" PRId64, losses->status);
		break;
	case PMT_END_EXEC:
		snprintf(text, size, "replaced itself by exec");
		break;
	case PMT_END_SIGNAL:
		pmt_facts_signal(losses->status, text, size);
		break;
	case PMT_END_NONE:
		snprintf(text, size, "no end recorded (killed?)");
		break;
	}
	return text;
}

const char *pmt_facts_gap(const struct pmt_analysis *a, const struct pmt_gap *gap,
			  char *text, size_t size)
{
	char from[PMT_FIGURE_BYTES], to[PMT_FIGURE_BYTES] = "the end";
	char events[PMT_FIGURE_BYTES + 16] = "";
	uint64_t from_tick = gap->from_tick ? gap->from_tick : a->model->first_tick;

	pmt_figure_duration(from, pmt_analysis_since_start_ns(a, from_tick));
	if (gap->to_tick)
		pmt_figure_duration(to, pmt_analysis_since_start_ns(a, gap->to_tick));
	if (gap->is_count_known)
		snprintf(events, sizeof(events), ", %" PRIu64 " event%s",
			 gap->event_count, gap->event_count == 1 ? "" : "s");
	snprintf(text, size,
		 "positions %" PRIu64 " to %" PRIu64 " of stream %" PRIu32 ", %s to %s%s",
		 gap->from_position, gap->from_position + gap->bytes, gap->stream, from,
		 to, events);
	return text;
}

const char *pmt_facts_mode(const struct pmt_tables *tables)
{
	const char *mode = pmt_tables_info(tables, "mode");

	return mode ? mode : "unknown";
}

const char *pmt_facts_time(const struct pmt_clock *clock, uint64_t tick, char *text,
			   size_t size)
{
	struct tm utc;

	text[0] = '\0';
	if (!clock->known)
		return text;
	int64_t ns = pmt_clock_date_ns(clock, tick);
	time_t seconds = (time_t)(ns / 1000000000);
	if (gmtime_r(&seconds, &utc))
		strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &utc);
	return text;
}

const char *pmt_facts_run_id(const struct pmt_file_header *header, char text[33])
{
	for (int i = 0; i < PMT_RUN_ID_BYTES; i++)
		snprintf(text + 2 * i, 3, "%02x", header->run_id[i]);
	return text;
}
