/* Words to a view and paths. */
#include "report/words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "cli/message.h"
#include "report/view_choice.h"

enum { SECONDS_MAX = 1000000000 };

static bool is_path(const char *word)
{
	return strpbrk(word, "/.") || access(word, F_OK) == 0;
}

/* A moment: 1.5 (seconds), 250ms, 50%, mark:NAME. */
static bool read_when(struct pmt_report_request *request, const char *word)
{
	char *end;
	double number = strtod(word, &end);
	bool is_number = *word >= '0' && *word <= '9' && isfinite(number);

	if (strncmp(word, "mark:", 5) == 0 && word[5] != '\0') {
		request->to_mark = word + 5;
	} else if (is_number && strcmp(end, "%") == 0 && number <= 100) {
		request->when = (struct pmt_when){PMT_WHEN_SHARE, 0, number / 100};
	} else if (is_number && *end == '\0' && number <= SECONDS_MAX) {
		request->when =
		    (struct pmt_when){PMT_WHEN_TIME, (uint64_t)llround(number * 1e9), 0};
	} else if (pmt_units_parse_duration(word, strlen(word),
					    &request->when.after_ns) == 0) {
		request->when.kind = PMT_WHEN_TIME;
	} else {
		pmt_message_error("%s: expected a moment: seconds as 1.5, a time as "
				  "250ms, 50%% or mark:NAME",
				  word);
		return false;
	}
	return true;
}

/* The word behind the name of a view that wants one; *used counts it. */
static bool read_argument(struct pmt_report_request *request, const struct pmt_view *view,
			  int count, char **words, int *used)
{
	if (!view->argument)
		return true;
	if (count <= *used) {
		pmt_message_error("the view '%s' needs a %s behind its name", view->name,
				  view->argument);
		return false;
	}
	return read_when(request, words[(*used)++]);
}

/* [VIEW] A.bin B.bin, or of one trace with two moments [VIEW] [A.bin]. */
static bool read_diff(struct pmt_report_request *request, int count, char **words)
{
	bool has_moments = request->from_mark || request->to_mark || request->region;
	int used = 1;

	if (count > 0)
		request->diff_view = pmt_view_find(words[0]);
	if (request->diff_view) {
		if (!read_argument(request, request->diff_view, count, words, &used))
			return false;
		count -= used;
		words += used;
	} else if (count > 0 && !is_path(words[0]) && (count != 2 || has_moments)) {
		return pmt_view_refuse(words[0]);
	}
	if (count > 2) {
		pmt_message_error("'%s': diff is of two traces", words[2]);
		return false;
	}
	if (count < 2 && !has_moments) {
		pmt_message_error("diff needs two traces, or two moments of one: --from "
				  "and --to, or --region");
		return false;
	}
	request->trace_path = count > 0 ? words[0] : "trace.bin";
	request->other_path = count > 1 ? words[1] : NULL;
	return true;
}

bool pmt_words_read(struct pmt_report_request *request, int count, char **words,
		    bool wants_help, const struct pmt_view **ret_view)
{
	const struct pmt_view *view = count > 0 ? pmt_view_find(words[0]) : NULL;
	int used = view ? 1 : 0;

	if (count > 0 && !view && !wants_help) {
		/* A lone word that names no file and looks like no path was meant as a
		 * view; of two words the first is one. */
		if (count > 1 || !is_path(words[0]))
			return pmt_view_refuse(words[0]);
	}
	*ret_view = view ? view : pmt_report_views[0];
	if (view && view->options & PMT_TAKES_DIFF && !wants_help)
		return read_diff(request, count - used, words + used);
	if (view && !wants_help && !read_argument(request, view, count, words, &used))
		return false;
	if (count - used > 1) {
		pmt_message_error("'%s': one trace at a time", words[used + 1]);
		return false;
	}
	request->trace_path = count > used ? words[used] : "trace.bin";
	return true;
}
