/* A text of the interpreter's as UTF-8 bytes, held for as long as we look at it. */
#ifndef PMT_TRACER_PYTHON_HELD_TEXT_H
#define PMT_TRACER_PYTHON_HELD_TEXT_H

#include "format/payload.h"

struct _object;

enum { PMT_HELD_BYTES_MAX = 16384 }; /* longer texts are cut */

struct pmt_held_text {
	struct _object *object; /* keeps text alive; NULL: text is a constant */
	struct pmt_text text;
};

/* Of a str object, whose reference is taken; NULL: "?". No exception is left. */
struct pmt_held_text pmt_held_text_gil(struct _object *unicode);

/* The attribute's text, "?" where there is none. No exception is left. */
struct pmt_held_text pmt_held_attribute_gil(struct _object *object, const char *name);
void pmt_held_release_gil(struct pmt_held_text *held);

#endif
