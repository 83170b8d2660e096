/* Options and formats that a view does not know are mistakes, not noise. */
#include "report/view_choice.h"

#include <string.h>

#include "cli/message.h"
#include "cli/suggest.h"
#include "report/help.h"

enum { WORDS_MAX = 32 };

const struct pmt_view *pmt_view_find(const char *word)
{
	for (const struct pmt_view *const *v = pmt_report_views; *v; v++) {
		if (strcmp((*v)->name, word) == 0)
			return *v;
	}
	return NULL;
}

static const char *suggest_view(const char *word)
{
	const char *names[WORDS_MAX];
	size_t count = 0;

	for (const struct pmt_view *const *v = pmt_report_views; *v && count < WORDS_MAX;
	     v++)
		names[count++] = (*v)->name;
	return pmt_suggest(word, names, count);
}

bool pmt_view_refuse(const char *word)
{
	const char *near = suggest_view(word);

	if (near)
		pmt_message_error("unknown view '%s'; did you mean '%s'?", word, near);
	else
		pmt_message_error("unknown view '%s' (and no file of that name)", word);
	return false;
}

static bool has_word(const char *list, const char *word)
{
	size_t size = strlen(word);

	for (const char *at = list; *at; at += strcspn(at, " "), at += *at == ' ') {
		if (strncmp(at, word, size) == 0 && (at[size] == ' ' || at[size] == '\0'))
			return true;
	}
	return false;
}

static bool check_sort(const struct pmt_view *view, const char *key)
{
	if (!key || !view->sort_keys || has_word(view->sort_keys, key))
		return true;
	char list[512];
	const char *names[WORDS_MAX];
	size_t count = 0;
	char *rest = NULL;

	strncpy(list, view->sort_keys, sizeof(list) - 1);
	list[sizeof(list) - 1] = '\0';
	for (char *word = strtok_r(list, " ", &rest); word && count < WORDS_MAX;
	     word = strtok_r(NULL, " ", &rest))
		names[count++] = word;
	const char *near = pmt_suggest(key, names, count);
	if (near)
		pmt_message_error("--sort=%s: unknown key; did you mean '%s'?", key,
				  near);
	else
		pmt_message_error("--sort=%s: expected one of: %s", key, view->sort_keys);
	return false;
}

static const char *option_name(unsigned option)
{
	switch (option) {
	case PMT_TAKES_SORT:
		return "--sort, --inclusive, --reverse";
	case PMT_TAKES_LIMIT:
		return "--limit";
	case PMT_TAKES_FILTER:
		return "--filter";
	case PMT_TAKES_MIN_SHARE:
		return "--min-share";
	case PMT_TAKES_THREAD:
		return "--thread";
	case PMT_TAKES_BY_THREAD:
		return "--by-thread";
	case PMT_TAKES_TRIGGER:
		return "--trigger";
	case PMT_TAKES_MARKS:
		return "--from, --to";
	case PMT_TAKES_BY:
		return "--by";
	case PMT_TAKES_REGION:
		return "--region";
	case PMT_TAKES_WITHIN:
		return "--within";
	case PMT_TAKES_OF:
		return "--of";
	default:
		return "--no-source";
	}
}

/* Says which formats there are. */
static void refuse_format(const struct pmt_view *view, unsigned format)
{
	char list[80] = "";
	size_t used = 0;

	for (unsigned i = 0; i < PMT_REPORT_FORMAT_COUNT; i++)
		if (view->formats & PMT_FORMAT_BIT(i) && used < sizeof(list))
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
						 used ? ", " : "", pmt_format_name(i));
	pmt_message_error("--format=%s: the view '%s' has %s only",
			  pmt_format_name(format), view->name, list);
}

bool pmt_view_refuse_options(const char *view, unsigned known, unsigned options_used)
{
	unsigned unknown = options_used & ~known;

	/* The lowest bit: the first of them. */
	if (unknown)
		pmt_message_error("%s: the view '%s' has no such option",
				  option_name(unknown & -unknown), view);
	return unknown != 0;
}

bool pmt_view_accepts(const struct pmt_view *view,
		      const struct pmt_report_request *request, unsigned options_used)
{
	if (pmt_view_refuse_options(view->name, view->options, options_used))
		return false;
	if (!(view->formats & PMT_FORMAT_BIT(request->format))) {
		refuse_format(view, request->format);
		return false;
	}
	return check_sort(view, request->sort);
}
