/*
 * Named values in a line of text (name=value) or in a JSON object ("name":value). What is
 * written is data from somebody else's program: quotes, control characters and bytes
 * that are no UTF-8 are escaped in both.
 */
#ifndef PMT_REPORT_FIELDS_H
#define PMT_REPORT_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum pmt_fields_style {
	PMT_FIELDS_TEXT, /* each field begins with a space */
	PMT_FIELDS_JSON, /* from begin to end one object on one line */
};

struct pmt_fields {
	FILE *out;
	enum pmt_fields_style style;
	bool has_field; /* of the object that is being written */
};

/* One object: "{" and "}\n", or nothing and "\n". */
void pmt_fields_begin(struct pmt_fields *f);
void pmt_fields_end(struct pmt_fields *f);

/* name: of a change it begins with '+', which becomes "delta_" in JSON. */
void pmt_fields_unsigned(struct pmt_fields *f, const char *name, uint64_t value);
void pmt_fields_signed(struct pmt_fields *f, const char *name, int64_t value);
/* Addresses and checksums: 0x7f01 in text, the number in JSON. */
void pmt_fields_hex(struct pmt_fields *f, const char *name, uint64_t value);
void pmt_fields_text(struct pmt_fields *f, const char *name, const char *bytes,
		     size_t size);
/* A word of ours, without quotes in text. */
void pmt_fields_word(struct pmt_fields *f, const char *name, const char *word);
/* As hexadecimal digits. */
void pmt_fields_bytes(struct pmt_fields *f, const char *name, const uint8_t *bytes,
		      size_t size);
/* Not known: "-" in text, null in JSON. */
void pmt_fields_unknown(struct pmt_fields *f, const char *name);

/* A JSON string with its quotes. */
void pmt_fields_json_string(FILE *out, const char *bytes, size_t size);

#endif
