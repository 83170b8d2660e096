/* Fields; see fields.h. stdio without locks, as millions of them are written. */
#include "config.h"

#include "report/fields.h"

#include <inttypes.h>
#include <string.h>

/* Bytes of the UTF-8 sequence at s, 0 when it is none (RFC 3629: no surrogates, nothing
 * overlong, nothing above U+10FFFF). */
static size_t utf8_size(const uint8_t *s, size_t left)
{
	size_t size = s[0] < 0x80   ? 1
		      : s[0] < 0xc2 ? 0
		      : s[0] < 0xe0 ? 2
		      : s[0] < 0xf0 ? 3
				    : 4;

	if (size == 0 || s[0] > 0xf4 || size > left)
		return 0;
	for (size_t i = 1; i < size; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return size;
}

/* True for what must not be written as it is: control characters, C1 ones too. */
static bool is_control(const uint8_t *s, size_t size)
{
	return s[0] < 0x20 || s[0] == 0x7f || (size == 2 && s[0] == 0xc2 && s[1] < 0xa0);
}

static void put_escaped(FILE *out, const uint8_t *s, size_t size, bool json)
{
	if (s[0] == '\n')
		fputs("\\n", out);
	else if (s[0] == '\t')
		fputs("\\t", out);
	else if (json)
		fprintf(out, "\\u%04x", size == 2 ? s[1] : s[0]);
	else
		for (size_t i = 0; i < size; i++)
			fprintf(out, "\\x%02x", s[i]);
}

static void put_string(FILE *out, const char *bytes, size_t size, bool json)
{
	const uint8_t *s = (const uint8_t *)bytes, *end = s + size;

	putc_unlocked('"', out);
	while (s < end) {
		size_t length = utf8_size(s, (size_t)(end - s));
		if (length == 0 && json)
			fputs("\xef\xbf\xbd", out);
		else if (length == 0)
			fprintf(out, "\\x%02x", *s);
		else if (is_control(s, length))
			put_escaped(out, s, length, json);
		else if (*s == '"' || *s == '\\')
			fprintf(out, "\\%c", *s);
		else
			fwrite_unlocked(s, 1, length, out);
		s += length ? length : 1;
	}
	putc_unlocked('"', out);
}

void pmt_fields_json_string(FILE *out, const char *bytes, size_t size)
{
	put_string(out, bytes, size, true);
}

static bool is_json(const struct pmt_fields *f)
{
	return f->style == PMT_FIELDS_JSON;
}

/* A change is "+name" in text, which JSON tools would want quoted. */
static void put_name(struct pmt_fields *f, const char *name)
{
	if (!is_json(f))
		fprintf(f->out, " %s=", name);
	else
		fprintf(f->out, "%s\"%s%s\":", f->has_field ? "," : "",
			*name == '+' ? "delta_" : "", name + (*name == '+'));
	f->has_field = true;
}

void pmt_fields_begin(struct pmt_fields *f)
{
	f->has_field = false;
	if (is_json(f))
		putc_unlocked('{', f->out);
}

void pmt_fields_end(struct pmt_fields *f)
{
	fputs(is_json(f) ? "}\n" : "\n", f->out);
}

void pmt_fields_unsigned(struct pmt_fields *f, const char *name, uint64_t value)
{
	put_name(f, name);
	fprintf(f->out, "%" PRIu64, value);
}

void pmt_fields_signed(struct pmt_fields *f, const char *name, int64_t value)
{
	put_name(f, name);
	fprintf(f->out, "%" PRId64, value);
}

void pmt_fields_hex(struct pmt_fields *f, const char *name, uint64_t value)
{
	put_name(f, name);
	fprintf(f->out, is_json(f) ? "%" PRIu64 : "0x%" PRIx64, value);
}

void pmt_fields_text(struct pmt_fields *f, const char *name, const char *bytes,
		     size_t size)
{
	put_name(f, name);
	put_string(f->out, bytes, size, is_json(f));
}

void pmt_fields_word(struct pmt_fields *f, const char *name, const char *word)
{
	put_name(f, name);
	if (is_json(f))
		put_string(f->out, word, strlen(word), true);
	else
		fputs(word, f->out);
}

void pmt_fields_bytes(struct pmt_fields *f, const char *name, const uint8_t *bytes,
		      size_t size)
{
	put_name(f, name);
	if (is_json(f))
		putc_unlocked('"', f->out);
	for (size_t i = 0; i < size; i++)
		fprintf(f->out, "%02x", bytes[i]);
	if (is_json(f))
		putc_unlocked('"', f->out);
}

void pmt_fields_unknown(struct pmt_fields *f, const char *name)
{
	put_name(f, name);
	fputs(is_json(f) ? "null" : "-", f->out);
}
