/* Values of options: each reader says what it expected. */
#include "report/option_values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "cli/message.h"
#include "cli/suggest.h"
#include "report/help.h"

enum { WIDTH_MIN = 20, WIDTH_MAX = 1000 };

static bool refuse(const char *option, const char *value, const char *expected)
{
	pmt_message_error("%s=%s: expected %s", option, value, expected);
	return false;
}

static bool read_unsigned(const char *text, uint64_t *ret_value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	*ret_value = strtoull(text, &end, 10);
	return *end == '\0';
}

bool pmt_option_value_format(struct pmt_report_request *request, const char *value)
{
	const char *names[PMT_REPORT_FORMAT_COUNT];

	for (unsigned i = 0; i < PMT_REPORT_FORMAT_COUNT; i++) {
		names[i] = pmt_format_name(i);
		if (strcmp(value, names[i]) == 0) {
			request->format = i;
			return true;
		}
	}
	const char *near = pmt_suggest(value, names, PMT_REPORT_FORMAT_COUNT);
	if (!near)
		return refuse("--format", value, "text, json, csv or folded");
	pmt_message_error("--format=%s: unknown format; did you mean '%s'?", value, near);
	return false;
}

bool pmt_option_value_limit(struct pmt_report_request *request, const char *value)
{
	if (strcmp(value, "all") == 0)
		request->limit_count = UINT64_MAX;
	else if (!read_unsigned(value, &request->limit_count) ||
		 request->limit_count == 0)
		return refuse("--limit", value, "a number from 1, or all");
	return true;
}

bool pmt_option_value_min_share(struct pmt_report_request *request, const char *value)
{
	char *end;
	double percent = strtod(value, &end);

	if (end != value && *end == '%')
		end++;
	if (end == value || *end != '\0' || !(percent >= 0 && percent <= 100))
		return refuse("--min-share", value, "a percentage from 0 to 100");
	request->min_share = percent / 100;
	return true;
}

bool pmt_option_value_trigger(struct pmt_report_request *request, const char *value)
{
	uint64_t bytes;

	if (pmt_units_parse_size(value, strlen(value), &bytes) != 0 || bytes > INT64_MAX)
		return refuse("--trigger", value, "a size as 64KiB; 0 for every event");
	request->trigger_bytes = (int64_t)bytes;
	return true;
}

bool pmt_option_value_within(struct pmt_report_request *request, const char *value)
{
	uint64_t count;

	if (!read_unsigned(value, &count) || count == 0 || count > UINT32_MAX)
		return refuse("--within", value, "a number of allocations from 1");
	request->within_count = (uint32_t)count;
	return true;
}

bool pmt_option_value_by(struct pmt_report_request *request, const char *value)
{
	static const char *const words[PMT_BY_COUNT] = {
	    [PMT_BY_LINE] = "line",     [PMT_BY_FUNCTION] = "function",
	    [PMT_BY_FILE] = "file",     [PMT_BY_SIZE] = "size",
	    [PMT_BY_THREAD] = "thread", [PMT_BY_STACK] = "stack",
	    [PMT_BY_DOMAIN] = "domain"};

	for (unsigned i = PMT_BY_LINE; i < PMT_BY_COUNT; i++) {
		if (strcmp(value, words[i]) == 0) {
			request->by = i;
			return true;
		}
	}
	return refuse("--by", value,
		      "line, function, file, size, thread, domain or stack");
}

bool pmt_option_value_of(struct pmt_report_request *request, const char *value)
{
	if (strcmp(value, "rss") == 0)
		request->of_rss = true;
	else if (strcmp(value, "heap") != 0)
		return refuse("--of", value, "heap or rss");
	return true;
}

bool pmt_option_value_width(struct pmt_report_request *request, const char *value)
{
	uint64_t columns;

	if (!read_unsigned(value, &columns) || columns < WIDTH_MIN || columns > WIDTH_MAX)
		return refuse("--width", value, "columns from 20 to 1000");
	request->width_columns = (unsigned)columns;
	return true;
}

bool pmt_option_value_color(enum pmt_color_choice *color, const char *value)
{
	if (strcmp(value, "auto") == 0)
		*color = PMT_COLOR_AUTO;
	else if (strcmp(value, "always") == 0)
		*color = PMT_COLOR_ALWAYS;
	else if (strcmp(value, "never") == 0)
		*color = PMT_COLOR_NEVER;
	else
		return refuse("--color", value, "auto, always or never");
	return true;
}
