/*
 * The parser of the configuration. In: the text of PYMEMTRACE or single values from the
 * command line; out: struct pmt_options. It runs in the tracer's constructor before
 * anything else of ours: no malloc, no stdio, no locale, no state of its own.
 */
#include "base/options.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/glob.h"
#include "base/option_table.h"
#include "base/units.h"

static int fail(struct pmt_options_error *error, enum pmt_options_fault fault)
{
	error->fault = fault;
	return -EINVAL;
}

static void *field_of(struct pmt_options *options, const struct pmt_option *option)
{
	return (char *)options + option->field_off;
}

/* Remembers which part of a value was wrong. */
static int fail_value(struct pmt_options_error *error, enum pmt_options_fault fault,
		      const char *value, size_t size)
{
	error->value = value;
	error->value_bytes = size;
	return fail(error, fault);
}

static int find_word(const struct pmt_option *option, const char *word, size_t size,
		     uint32_t *ret_value, struct pmt_options_error *error)
{
	for (size_t i = 0; i < option->word_count; i++) {
		const struct pmt_option_word *known = &option->words[i];

		if (strlen(known->name) != size || memcmp(known->name, word, size) != 0)
			continue;
		if (known->later)
			return fail_value(error, PMT_OPTIONS_NOT_YET, word, size);
		*ret_value = known->value;
		return 0;
	}
	error->suggestion = pmt_option_suggest_word(option, word, size);
	return fail_value(error, PMT_OPTIONS_BAD_VALUE, word, size);
}

/* calls+lines: the bits of all words; off stands alone, because with another it would
 * mean nothing. */
static int find_words(const struct pmt_option *option, const char *text, size_t size,
		      uint32_t *ret_value, struct pmt_options_error *error)
{
	const char *end = text + size;
	uint32_t all = 0;

	for (const char *word = text;;) {
		const char *plus = memchr(word, '+', (size_t)(end - word));
		size_t word_bytes = (size_t)((plus ? plus : end) - word);
		uint32_t bits;
		int r = find_word(option, word, word_bytes, &bits, error);

		if (r < 0)
			return r;
		if (bits == 0 && word_bytes != size)
			return fail_value(error, PMT_OPTIONS_BAD_VALUE, text, size);
		all |= bits;
		if (!plus)
			break;
		word = plus + 1;
	}
	/* What the hook of calls makes objects of would be the program's. */
	if (option->field_off == offsetof(struct pmt_options, modes) &&
	    all & PMT_MODE_OBJECTS && all & PMT_MODE_CALLS)
		return fail_value(error, PMT_OPTIONS_NOT_YET, text, size);
	*ret_value = all;
	return 0;
}

static int parse_number(const struct pmt_option *option, const char *text, size_t size,
			uint64_t *ret_value, struct pmt_options_error *error)
{
	uint64_t value;
	int r = option->type == PMT_OPTION_SIZE
		    ? pmt_units_parse_size(text, size, &value)
		    : pmt_units_parse_duration(text, size, &value);

	if (r == -ERANGE)
		return fail_value(error, PMT_OPTIONS_OUT_OF_RANGE, text, size);
	if (r < 0)
		return fail_value(error, PMT_OPTIONS_BAD_VALUE, text, size);
	if (!(value == 0 && option->zero_is_off) &&
	    (value < option->min || value > option->max ||
	     (option->power_of_two && (value & (value - 1)) != 0)))
		return fail_value(error, PMT_OPTIONS_OUT_OF_RANGE, text, size);
	*ret_value = value;
	return 0;
}

static bool path_is_sound(const char *path)
{
	for (const char *p = path; (p = strchr(p, '%')) != NULL; p += 2)
		if (p[1] != 'p' && p[1] != '%')
			return false;
	return path[0] != 0;
}

/* A terminated value that lies in the text area or outlives the options. */
static int set_text(struct pmt_options *options, const struct pmt_option *option,
		    const char *value, size_t size, struct pmt_options_error *error)
{
	if (option->type == PMT_OPTION_PATH) {
		if (!path_is_sound(value))
			return fail_value(error, PMT_OPTIONS_BAD_VALUE, value, size);
		*(const char **)field_of(options, option) = value;
		return 0;
	}
	struct pmt_globs *globs = field_of(options, option);

	if (size == 0)
		return fail_value(error, PMT_OPTIONS_BAD_VALUE, value, size);
	if (globs->count == PMT_OPTIONS_GLOBS_MAX)
		return fail_value(error, PMT_OPTIONS_TOO_MANY, value, size);
	globs->at[globs->count++] = value;
	return 0;
}

static int set_value(struct pmt_options *options, const struct pmt_option *option,
		     const char *value, size_t size, struct pmt_options_error *error)
{
	void *field = field_of(options, option);

	switch ((enum pmt_option_type)option->type) {
	case PMT_OPTION_WORD:
		return find_word(option, value, size, field, error);
	case PMT_OPTION_WORDS:
		return find_words(option, value, size, field, error);
	case PMT_OPTION_FLAG:
		if (size != 1 || (*value != '0' && *value != '1'))
			return fail_value(error, PMT_OPTIONS_BAD_VALUE, value, size);
		*(bool *)field = *value == '1';
		return 0;
	case PMT_OPTION_SIZE:
	case PMT_OPTION_DURATION:
		return parse_number(option, value, size, field, error);
	case PMT_OPTION_PATH:
	case PMT_OPTION_GLOBS:
		break;
	}
	return set_text(options, option, value, size, error);
}

/* Puts one more byte into the text area; false when it is full. The last byte is kept
 * for the terminator. */
static bool put_text(struct pmt_options *options, char c)
{
	if (options->text_bytes + 1 >= PMT_OPTIONS_TEXT_BYTES)
		return false;
	options->text[options->text_bytes++] = c;
	return true;
}

/* Ends the value that began at text[begin] and sets the option from it; only a value that
 * stays referred to keeps its place. */
static int finish_value(struct pmt_options *options, const struct pmt_option *option,
			size_t begin, struct pmt_options_error *error)
{
	size_t size = options->text_bytes - begin;

	options->text[options->text_bytes++] = 0;
	int r = set_value(options, option, options->text + begin, size, error);
	/* A wrong value stays too: the error refers to it. */
	if (r == 0 && option->type != PMT_OPTION_PATH && option->type != PMT_OPTION_GLOBS)
		options->text_bytes = begin;
	return r;
}

/* Copies the value at *text up to its comma, escapes removed, and sets the option. */
static int take_value(struct pmt_options *options, const struct pmt_option *option,
		      const char **text, struct pmt_options_error *error)
{
	size_t begin = options->text_bytes;
	const char *p = *text;

	for (; *p && *p != ','; p++) {
		if (*p == '\\' && (p[1] == ',' || p[1] == '\\'))
			p++;
		if (!put_text(options, *p))
			return fail(error, PMT_OPTIONS_TOO_LONG);
	}
	*text = p;
	if (options->text_bytes + 1 >= PMT_OPTIONS_TEXT_BYTES)
		return fail(error, PMT_OPTIONS_TOO_LONG);
	return finish_value(options, option, begin, error);
}

static int take_item(struct pmt_options *options, const char **text,
		     struct pmt_options_error *error)
{
	const char *key = *text;

	error->key = key;
	error->key_bytes = strcspn(key, "=,");
	error->option = pmt_option_find(key, error->key_bytes);
	if (!error->option) {
		error->suggestion = pmt_option_suggest_key(key, error->key_bytes);
		return fail(error, PMT_OPTIONS_UNKNOWN_KEY);
	}
	if (key[error->key_bytes] != '=')
		return fail(error, PMT_OPTIONS_NO_VALUE);
	*text = key + error->key_bytes + 1;
	return take_value(options, error->option, text, error);
}

/* Characters, not bytes, in front of `at`, from 1: what an editor shows as the column. */
static uint32_t character_at(const char *text, const char *at)
{
	uint32_t count = 1;

	for (; text < at; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

void pmt_options_init(struct pmt_options *options)
{
	struct pmt_options_error error = {0};

	memset(options, 0, sizeof(*options));
	for (size_t i = 0; i < pmt_option_count; i++) {
		const struct pmt_option *option = &pmt_option_table[i];

		/* A test holds every default to its own row's rules. */
		if (option->initial)
			(void)set_value(options, option, option->initial,
					strlen(option->initial), &error);
	}
}

/* What each key alone cannot tell. */
static int check_together(struct pmt_options *options, struct pmt_options_error *error)
{
	const char *key = pmt_options_conflict(options);

	if (!key)
		return 0;
	*error = (struct pmt_options_error){
	    .option = pmt_option_find(key, strlen(key)),
	    .key = key,
	    .key_bytes = strlen(key),
	    .of_both =
		pmt_options_has_both(options) && options->detail == PMT_DETAIL_STREAM,
	};
	options->modes = PMT_MODE_OFF;
	return fail(error, PMT_OPTIONS_CONFLICT);
}

int pmt_options_parse(struct pmt_options *options, const char *text,
		      struct pmt_options_error *ret_error)
{
	pmt_options_init(options);
	for (const char *p = text ? text : ""; *p;) {
		struct pmt_options_error error = {0};
		const char *item = p;

		if (*p == ',') {
			p++;
			continue;
		}
		if (take_item(options, &p, &error) < 0) {
			error.character = character_at(text, item);
			options->modes = PMT_MODE_OFF;
			*ret_error = error;
			return -EINVAL;
		}
	}
	return check_together(options, ret_error);
}

int pmt_options_set(struct pmt_options *options, const struct pmt_option *option,
		    const char *value, struct pmt_options_error *ret_error)
{
	struct pmt_options_error error = {
	    .option = option, .key = option->key, .key_bytes = strlen(option->key)};
	size_t begin = options->text_bytes, size = strlen(value);
	int r;

	if (size + 1 >= PMT_OPTIONS_TEXT_BYTES - begin) {
		r = fail(&error, PMT_OPTIONS_TOO_LONG);
	} else {
		memcpy(options->text + begin, value, size);
		options->text_bytes += size;
		r = finish_value(options, option, begin, &error);
	}
	if (r < 0)
		*ret_error = error;
	return r;
}
