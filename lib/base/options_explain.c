/*
 * An error in the configuration, in words: what was wrong, where, and what is allowed.
 * No stdio: the tracer prints it with one write.
 */
#include <string.h>

#include "base/option_table.h"
#include "base/options.h"
#include "base/phrase.h"

static void put_place(struct pmt_phrase *phrase, const struct pmt_options_error *error)
{
	if (error->character == 0)
		return;
	pmt_phrase_put(phrase, " (at character ");
	pmt_phrase_put_count(phrase, error->character);
	pmt_phrase_put(phrase, ")");
}

static void put_keys(struct pmt_phrase *phrase)
{
	for (size_t i = 0; i < pmt_option_count; i++) {
		pmt_phrase_put(phrase, i ? ", " : "; the keys are ");
		pmt_phrase_put(phrase, pmt_option_table[i].key);
	}
}

static void put_allowed(struct pmt_phrase *phrase, const struct pmt_options_error *error)
{
	pmt_phrase_put(phrase, error->suggestion ? " Allowed: " : "; allowed: ");
	pmt_option_put_allowed(phrase, error->option);
}

static void put_key(struct pmt_phrase *phrase, const struct pmt_options_error *error)
{
	pmt_phrase_put_bytes(phrase, error->key, error->key_bytes);
}

/* What the key of a conflict does not go with, and why. */
static const char *why_not(const struct pmt_options_error *error)
{
	const char *key = error->option->key;

	if (error->of_both)
		return "mode=calls+allocs: every call and every block of all threads is "
		       "written there";
	if (strcmp(key, "mode") == 0)
		return "detail=tree or live: calls alone are summed per call path, and "
		       "allocs with what is live";
	if (strcmp(key, "sample") == 0)
		return "detail=live or mode=objects: it chooses among malloc's blocks "
		       "that are written one by one";
	if (strcmp(key, "gc") == 0)
		return "detail=tree or live: collections are single events, of which "
		       "they hold none";
	return "detail=tree: it chooses among events, of which the tree holds sums";
}

static void put_fault(struct pmt_phrase *phrase, const struct pmt_options_error *error)
{
	switch (error->fault) {
	case PMT_OPTIONS_FINE:
		pmt_phrase_put(phrase, "nothing wrong");
		break;
	case PMT_OPTIONS_UNKNOWN_KEY:
		pmt_phrase_put(phrase, "unknown key ");
		pmt_phrase_put_quoted(phrase, error->key, error->key_bytes);
		break;
	case PMT_OPTIONS_NO_VALUE:
		put_key(phrase, error);
		pmt_phrase_put(phrase, " needs a value: ");
		put_key(phrase, error);
		pmt_phrase_put(phrase, "=...");
		break;
	case PMT_OPTIONS_BAD_VALUE:
	case PMT_OPTIONS_OUT_OF_RANGE:
		put_key(phrase, error);
		pmt_phrase_put(phrase, error->fault == PMT_OPTIONS_BAD_VALUE
					   ? " cannot be "
					   : " is out of range: ");
		pmt_phrase_put_quoted(phrase, error->value, error->value_bytes);
		break;
	case PMT_OPTIONS_NOT_YET:
		put_key(phrase, error);
		pmt_phrase_put(phrase, "=");
		pmt_phrase_put_bytes(phrase, error->value, error->value_bytes);
		pmt_phrase_put(phrase, " is not in this version");
		break;
	case PMT_OPTIONS_TOO_MANY:
		pmt_phrase_put(phrase, "more than ");
		pmt_phrase_put_count(phrase, PMT_OPTIONS_GLOBS_MAX);
		pmt_phrase_put(phrase, " patterns for ");
		put_key(phrase, error);
		break;
	case PMT_OPTIONS_CONFLICT:
		put_key(phrase, error);
		pmt_phrase_put(phrase, " does not go with ");
		pmt_phrase_put(phrase, why_not(error));
		break;
	case PMT_OPTIONS_TOO_LONG:
		pmt_phrase_put(phrase, "more than ");
		pmt_phrase_put_count(phrase, PMT_OPTIONS_TEXT_BYTES);
		pmt_phrase_put(phrase, " bytes of options, reached in ");
		put_key(phrase, error);
		break;
	}
}

static void put_explanation(struct pmt_phrase *phrase,
			    const struct pmt_options_error *error)
{
	put_fault(phrase, error);
	put_place(phrase, error);
	if (error->suggestion) {
		pmt_phrase_put(phrase, "; did you mean \"");
		pmt_phrase_put(phrase, error->suggestion);
		pmt_phrase_put(phrase, "\"?");
	} else if (error->fault == PMT_OPTIONS_UNKNOWN_KEY) {
		put_keys(phrase);
	}
	if (error->option && error->fault != PMT_OPTIONS_TOO_MANY &&
	    error->fault != PMT_OPTIONS_CONFLICT && error->fault != PMT_OPTIONS_TOO_LONG)
		put_allowed(phrase, error);
}

void pmt_options_explain(const struct pmt_options_error *error,
			 char message[PMT_OPTIONS_MESSAGE_BYTES])
{
	struct pmt_phrase phrase;

	pmt_phrase_init(&phrase, message, PMT_OPTIONS_MESSAGE_BYTES);
	put_explanation(&phrase, error);
}

size_t pmt_options_complain(const struct pmt_options_error *error,
			    char message[PMT_OPTIONS_MESSAGE_BYTES])
{
	static const char ending[] = ". The program runs untraced.\n";
	struct pmt_phrase phrase;

	/* The ending has its room whatever comes before it. */
	pmt_phrase_init(&phrase, message, PMT_OPTIONS_MESSAGE_BYTES - sizeof(ending));
	pmt_phrase_put(&phrase, "PYMEMTRACE: ");
	put_explanation(&phrase, error);
	phrase.size = PMT_OPTIONS_MESSAGE_BYTES;
	pmt_phrase_put(&phrase, ending + (phrase.text[phrase.length - 1] == '?'));
	return phrase.length;
}
