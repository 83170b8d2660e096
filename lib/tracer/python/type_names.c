/* Types from memory; see type_names.h. */
#include "python/type_names.h"

#include <string.h>

#include "python/api.h"
#include "python/code_raw.h"
#include "python/frame_walk.h"
#include "python/held_text.h"

/* PyObject, PyVarObject, PyTypeObject. */
enum {
	OBJECT_TYPE = 8,
	TYPE_NAME = 24,
	TYPE_BASIC = 32,
	TYPE_ITEM = 40,
	TYPE_FLAGS = 168,
	TYPE_DICT = 264,
	TYPE_BYTES = 400, /* behind it a heap type's own fields begin, at the earliest */
};

enum { PREHEADER_BYTES = 16 };

#define FLAG_PREHEADER (3u << 3) /* managed weak references or a managed dictionary */
#define FLAG_HEAP      (1u << 9)
#define FLAG_GC        (1u << 14)
#define FLAG_TYPES     (1u << 31)

/* PyDictObject and the keys it points to. */
enum {
	DICT_KEYS = 32,
	DICT_VALUES = 40,
	KEYS_INDEX_LOG2 = 9, /* bytes of the index */
	KEYS_KIND = 10,
	KEYS_COUNT = 24,
	KEYS_INDEX = 32,
	KIND_OF_TEXTS = 1, /* pairs of key and value */
	ENTRIES_MAX = 4096,
};

static uint16_t qualname_off; /* 0: not known */
static bool knows_modules;

#define FIELD(type, at, off) PMT_FRAME_FIELD(type, at, off)

const struct _object *pmt_type_of(const struct _object *object)
{
	return FIELD(const struct _object *, object, OBJECT_TYPE);
}

bool pmt_type_is_of_types(const struct _object *type)
{
	return (FIELD(uint64_t, type, TYPE_FLAGS) & FLAG_TYPES) != 0;
}

uint64_t pmt_type_object_bytes(const struct _object *type)
{
	uint64_t flags = FIELD(uint64_t, type, TYPE_FLAGS);
	uint64_t bytes = FIELD(uint64_t, type, TYPE_BASIC);

	if (flags & FLAG_GC)
		bytes += PREHEADER_BYTES;
	if (flags & FLAG_PREHEADER)
		bytes += PREHEADER_BYTES;
	return bytes;
}

static struct pmt_text text_of(const void *unicode, char *scratch)
{
	return (struct pmt_text){scratch,
				 pmt_code_raw_text(&pmt_frames.layout, unicode, scratch,
						   PMT_TYPE_NAME_BYTES_MAX)};
}

static bool is_text(struct pmt_text text, const char *expected)
{
	return text.size == strlen(expected) &&
	       memcmp(text.bytes, expected, text.size) == 0;
}

/* The value of __module__ in the type's dictionary, NULL where it is not found. */
static const struct _object *find_module(const struct _object *type, char *scratch)
{
	const void *dict = FIELD(void *, type, TYPE_DICT);

	if (!dict || FIELD(void *, dict, DICT_VALUES))
		return NULL;
	const char *keys = FIELD(const char *, dict, DICT_KEYS);
	unsigned index_log2 = FIELD(uint8_t, keys, KEYS_INDEX_LOG2);
	uint64_t count = FIELD(uint64_t, keys, KEYS_COUNT);
	if (FIELD(uint8_t, keys, KEYS_KIND) != KIND_OF_TEXTS || index_log2 > 20 ||
	    count > ENTRIES_MAX)
		return NULL;
	const void *const *pair =
	    (const void *)(keys + KEYS_INDEX + ((size_t)1 << index_log2));
	for (uint64_t i = 0; i < count; i++, pair += 2)
		if (pair[0] && pair[1] &&
		    is_text(text_of(pair[0], scratch), "__module__"))
			return pair[1];
	return NULL;
}

static struct pmt_text module_of(const struct _object *type, char *scratch)
{
	const struct _object *module = knows_modules ? find_module(type, scratch) : NULL;

	/* It may be anything that the program put there. */
	if (!module || pmt_type_of(module) != pmt_py.unicode_type)
		return (struct pmt_text){scratch, 0};
	return text_of(module, scratch);
}

/* "collections.deque" as a static type has it; without a dot it is a builtin one. */
static void split_name(const char *name, struct pmt_type_def *def)
{
	const char *dot = strrchr(name, '.');

	def->module = (struct pmt_text){"builtins", 8};
	if (dot)
		def->module = (struct pmt_text){name, (size_t)(dot - name)};
	name = dot ? dot + 1 : name;
	def->name = (struct pmt_text){name, strlen(name)};
	if (def->module.size > PMT_TYPE_NAME_BYTES_MAX)
		def->module.size = PMT_TYPE_NAME_BYTES_MAX;
	if (def->name.size > PMT_TYPE_NAME_BYTES_MAX)
		def->name.size = PMT_TYPE_NAME_BYTES_MAX;
}

struct pmt_type_def pmt_type_name(const struct _object *type, char *scratch)
{
	struct pmt_type_def def = {
	    .basic_bytes = FIELD(uint64_t, type, TYPE_BASIC),
	    .item_bytes = FIELD(uint64_t, type, TYPE_ITEM),
	};

	split_name(FIELD(const char *, type, TYPE_NAME), &def);
	if (!(FIELD(uint64_t, type, TYPE_FLAGS) & FLAG_HEAP) || !qualname_off)
		return def;
	def.module = module_of(type, scratch);
	def.name =
	    text_of(FIELD(void *, type, qualname_off), scratch + PMT_TYPE_NAME_BYTES_MAX);
	return def;
}

/* The last place that holds it: __name__ before it is often the same object. */
static uint16_t find_field(const struct _object *type, const struct _object *value)
{
	uint64_t end = FIELD(uint64_t, pmt_type_of(type), TYPE_BASIC);
	uint16_t found = 0;

	for (uint16_t off = TYPE_BYTES; off + 8u <= end && off < 2048; off += 8)
		if (FIELD(const struct _object *, type, off) == value)
			found = off;
	return found;
}

bool pmt_type_names_learn_gil(void)
{
	static char scratch[2 * PMT_TYPE_NAME_BYTES_MAX];
	struct _object *module = pmt_py.PyDict_GetItemString(
	    pmt_py.PyImport_GetModuleDict(), "_frozen_importlib");
	struct _object *type =
	    module ? pmt_py.PyObject_GetAttrString(module, "ModuleSpec") : NULL;
	struct _object *name =
	    type ? pmt_py.PyObject_GetAttrString(type, "__qualname__") : NULL;

	knows_modules = true;
	if (name) {
		qualname_off = find_field(type, name);
		knows_modules = is_text(module_of(type, scratch), "_frozen_importlib") ||
				is_text(module_of(type, scratch), "importlib._bootstrap");
		pmt_py.Py_DecRef(name);
	}
	if (type)
		pmt_py.Py_DecRef(type);
	if (pmt_py.PyErr_Occurred())
		pmt_py.PyErr_Clear();
	return qualname_off && knows_modules;
}
