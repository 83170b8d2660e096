/*
 * What a type says of itself, read from its memory: inside the interpreter's callback
 * about objects, where nothing may be allocated and no reference taken. Offsets of
 * CPython 3.13 to 3.15 with the GIL; those of names are looked for in a type that is
 * known, when we attach.
 */
#ifndef PMT_TRACER_PYTHON_TYPE_NAMES_H
#define PMT_TRACER_PYTHON_TYPE_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "format/payload_types.h"

enum {
	PMT_TYPE_NAME_BYTES_MAX = 1024, /* of module and name each */
};

struct _object;

/* Finds the offsets. False: types have the name without their module. */
bool pmt_type_names_learn_gil(void);

/* Module and name go into scratch, of two times PMT_TYPE_NAME_BYTES_MAX. */
struct pmt_type_def pmt_type_name(const struct _object *type, char *scratch);

/* The type of an object; whether its objects are types themselves. */
const struct _object *pmt_type_of(const struct _object *object);
bool pmt_type_is_of_types(const struct _object *type);

/* Bytes of an object of it, as far as the type alone tells: what tp_basicsize says and
 * what stands before it for the collector. Of how many items it has the object itself
 * says nothing yet when it is made. */
uint64_t pmt_type_object_bytes(const struct _object *type);

#endif
