/*
 * Code ids to functions. Asked once for each call path, not for each event, so plain
 * maps do. The definition of an id nearly always precedes its first use; where it does
 * not (a definition in another thread's lost chunk), finish() puts it right.
 */
#include "analysis/functions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a, 64 bits: identity of name, file and line. */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ at[i]) * 0x100000001b3u;
	return hash;
}

static uint64_t identity_of(const struct pmt_code *code)
{
	uint64_t hash = 0xcbf29ce484222325u;

	hash = hash_bytes(hash, code->name, strlen(code->name) + 1);
	hash = hash_bytes(hash, code->file, strlen(code->file) + 1);
	hash = hash_bytes(hash, &code->first_line, sizeof(code->first_line));
	return hash_bytes(hash, &code->kind, sizeof(code->kind));
}

static bool is_same(const struct pmt_function *f, const struct pmt_code *code)
{
	const char *file = f->file ? f->file : "";

	return f->name && f->first_line == code->first_line &&
	       (f->kind == PMT_FUNCTION_C) == (code->kind == PMT_CODE_C) &&
	       strcmp(f->name, code->name) == 0 && strcmp(file, code->file) == 0;
}

static int append(struct pmt_functions *functions, uint32_t *ret_function)
{
	if (functions->count == functions->capacity) {
		uint32_t capacity = functions->capacity ? functions->capacity * 2 : 256;
		struct pmt_function *items =
		    realloc(functions->items, capacity * sizeof(*items));

		if (!items)
			return -ENOMEM;
		functions->items = items;
		functions->capacity = capacity;
	}
	functions->items[functions->count] =
	    (struct pmt_function){.alias = functions->count};
	*ret_function = functions->count++;
	return 0;
}

/* All that runs in a module (native=1) as one function, by the name of its file: views of
 * blocks look closer (native_symbols.h). */
static const struct pmt_code *shown_as(const struct pmt_code *code,
				       struct pmt_code *storage)
{
	if (!code || code->kind != PMT_CODE_NATIVE)
		return code;
	const char *slash = strrchr(code->file, '/');
	*storage = *code;
	storage->name = slash ? slash + 1 : code->file;
	storage->first_line = 0;
	storage->kind = PMT_CODE_C;
	return storage;
}

/* Copies what a definition says into f. 0 or -ENOMEM. */
static int name_function(struct pmt_function *f, const struct pmt_code *defined)
{
	struct pmt_code storage;
	const struct pmt_code *code = shown_as(defined, &storage);
	char *name = strdup(code->name);
	char *file = code->file[0] ? strdup(code->file) : NULL;

	if (!name || (code->file[0] && !file)) {
		free(name);
		free(file);
		return -ENOMEM;
	}
	f->name = name;
	f->file = file;
	f->first_line = code->first_line;
	f->kind = code->kind == PMT_CODE_C ? PMT_FUNCTION_C : PMT_FUNCTION_PYTHON;
	return 0;
}

/* The function equal to code, or PMT_MAP_NONE; *ret_key is where to enter it then. */
static uint32_t find_equal(const struct pmt_functions *functions,
			   const struct pmt_code *code, uint64_t *ret_key)
{
	uint64_t key = identity_of(code);
	uint32_t found;

	while ((found = pmt_map_find(&functions->by_identity, key)) != PMT_MAP_NONE &&
	       !is_same(&functions->items[found], code))
		key++;
	*ret_key = key;
	return found;
}

static int make_function(struct pmt_functions *functions, uint32_t code_id,
			 const struct pmt_code *defined, uint32_t *ret_function)
{
	struct pmt_code storage;
	const struct pmt_code *code = shown_as(defined, &storage);
	uint64_t key = 0;
	uint32_t function =
	    code ? find_equal(functions, code, &key) : (uint32_t)PMT_MAP_NONE;
	int error = 0;

	if (function == PMT_MAP_NONE) {
		error = append(functions, &function);
		if (error)
			return error;
		functions->items[function].code_id = code_id;
		if (code) {
			error = name_function(&functions->items[function], code);
			if (!error)
				error =
				    pmt_map_put(&functions->by_identity, key, function);
		} else {
			functions->unnamed_count++;
		}
	}
	if (!error)
		error = pmt_map_put(&functions->by_code_id, code_id, function);
	if (!error)
		*ret_function = function;
	return error;
}

int pmt_functions_of_code(struct pmt_functions *functions, uint32_t code_id,
			  const struct pmt_tables *tables, uint32_t *ret_function)
{
	uint32_t found = pmt_map_find(&functions->by_code_id, code_id);

	if (found != PMT_MAP_NONE) {
		*ret_function = found;
		return 0;
	}
	return make_function(functions, code_id, pmt_tables_code(tables, code_id),
			     ret_function);
}

int pmt_functions_add(struct pmt_functions *functions, enum pmt_function_kind kind,
		      const char *name, uint32_t *ret_function)
{
	char *copy = strdup(name);
	int error = copy ? append(functions, ret_function) : -ENOMEM;

	if (error) {
		free(copy);
		return error;
	}
	functions->items[*ret_function].name = copy;
	functions->items[*ret_function].kind = (uint8_t)kind;
	return 0;
}

static int finish_one(struct pmt_functions *functions, uint32_t function,
		      const struct pmt_tables *tables)
{
	struct pmt_function *f = &functions->items[function];
	const struct pmt_code *code = pmt_tables_code(tables, f->code_id);
	char text[40];
	uint64_t key;

	if (!code) {
		snprintf(text, sizeof(text), "[function %u]", f->code_id);
		f->name = strdup(text);
		return f->name ? 0 : -ENOMEM;
	}
	uint32_t equal = find_equal(functions, code, &key);
	int error = name_function(f, code);
	if (error)
		return error;
	if (equal != PMT_MAP_NONE) {
		f->alias = equal;
		return 0;
	}
	return pmt_map_put(&functions->by_identity, key, function);
}

int pmt_functions_finish(struct pmt_functions *functions, const struct pmt_tables *tables)
{
	for (uint32_t i = 0; i < functions->count && functions->unnamed_count > 0; i++) {
		if (functions->items[i].name)
			continue;
		int error = finish_one(functions, i, tables);
		if (error)
			return error;
		functions->unnamed_count--;
	}
	return 0;
}

int pmt_functions_init(struct pmt_functions *functions)
{
	static const char *const names[PMT_FUNCTION_FIRST_REAL] = {
	    [PMT_FUNCTION_ALL] = "[all]",
	    [PMT_FUNCTION_OUTSIDE] = "[outside Python]",
	    [PMT_FUNCTION_UNKNOWN] = "[unknown]",
	    [PMT_FUNCTION_SKIPPED] = "[skipped events]",
	    [PMT_FUNCTION_PAUSED] = "[paused]",
	    [PMT_FUNCTION_NATIVE] = "[threads without Python]",
	};
	uint32_t function;

	*functions = (struct pmt_functions){0};
	for (size_t i = 0; i < PMT_FUNCTION_FIRST_REAL; i++) {
		int error = pmt_functions_add(functions, PMT_FUNCTION_PSEUDO, names[i],
					      &function);

		if (error)
			return error;
	}
	return 0;
}

void pmt_functions_close(struct pmt_functions *functions)
{
	for (uint32_t i = 0; i < functions->count; i++) {
		free((char *)functions->items[i].name);
		free((char *)functions->items[i].file);
	}
	free(functions->items);
	pmt_map_close(&functions->by_code_id);
	pmt_map_close(&functions->by_identity);
	*functions = (struct pmt_functions){0};
}
