/* C frames and their functions; see native_functions.h. */
#include "analysis/native_functions.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/blame.h"
#include "analysis/native_symbols.h"

void pmt_native_functions_close(struct pmt_native_functions *native)
{
	pmt_native_symbols_free(native->symbols);
	pmt_map_close(&native->by_name);
	pmt_map_close(&native->chains);
	free(native->frames);
	*native = (struct pmt_native_functions){.spot = native->spot};
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
	for (; text && *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	return (hash ^ 0xff) * 0x100000001b3u;
}

static bool is_function(const struct pmt_function *f, const char *name, const char *file,
			uint64_t line, bool is_runtime)
{
	return f->first_line == line && f->is_runtime == is_runtime &&
	       strcmp(f->name, name) == 0 &&
	       (file ? f->file && strcmp(f->file, file) == 0 : !f->file);
}

static int make_function(struct pmt_functions *functions, enum pmt_function_kind kind,
			 const char *name, const char *file, uint64_t line,
			 uint32_t *ret_function)
{
	uint32_t made;
	int error = pmt_functions_add(functions, kind, name, &made);

	if (error)
		return error;
	struct pmt_function *f = &functions->items[made];
	f->first_line = line;
	f->file = file ? strdup(file) : NULL;
	*ret_function = made;
	return file && !f->file ? -ENOMEM : 0;
}

/* A function of this name, file and line, whichever thread or library it came from; but
 * for who has the blame. */
static int function_of(struct pmt_native_functions *native,
		       struct pmt_functions *functions, const struct pmt_symbol *symbol,
		       bool is_runtime, uint32_t *ret_function)
{
	bool is_file = native->spot == PMT_NATIVE_FILE && symbol->file;
	const char *name = is_file ? symbol->file : symbol->name;
	const char *file = is_file ? NULL : symbol->file;
	uint64_t line = native->spot == PMT_NATIVE_LINE ? symbol->line : 0;
	if (native->spot == PMT_NATIVE_FUNCTION && symbol->own_file) {
		file = symbol->own_file;
		line = symbol->own_line;
	}
	uint64_t key = mix_text(mix_text(0xcbf29ce484222325u ^ line, name), file);
	uint32_t found;

	while ((found = pmt_map_find(&native->by_name, key)) != PMT_MAP_NONE) {
		if (is_function(&functions->items[found], name, file, line, is_runtime)) {
			*ret_function = found;
			return 0;
		}
		key += 0x9e3779b97f4a7c15u;
	}
	int error =
	    make_function(functions, is_file ? PMT_FUNCTION_PSEUDO : PMT_FUNCTION_C, name,
			  file, line, &found);
	if (error)
		return error;
	functions->items[found].is_runtime = is_runtime;
	error = pmt_map_put(&native->by_name, key, found);
	*ret_function = found;
	return error;
}

static int make_room(struct pmt_native_functions *native)
{
	if (native->capacity - native->used > PMT_SYMBOLS_MAX)
		return 0;
	size_t capacity = native->capacity * 2 + 1024;
	struct pmt_native_frame *grown =
	    reallocarray(native->frames, capacity, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	native->frames = grown;
	native->capacity = capacity;
	return 0;
}

/* Looks the functions at one place up and keeps them: it costs up to milliseconds, and
 * most places are on many ways. */
static int make_chain(struct pmt_native_functions *native,
		      struct pmt_functions *functions, const struct pmt_code *module,
		      uint64_t address)
{
	struct pmt_symbol found[PMT_SYMBOLS_MAX];
	bool is_runtime = pmt_code_is_runtime(module);
	int error = 0;

	if (!native->symbols && !(native->symbols = pmt_native_symbols_new()))
		return -ENOMEM;
	if (make_room(native) != 0)
		return -ENOMEM;
	size_t count = pmt_native_symbols_at(native->symbols, module, address, found);
	native->frames[native->used++].function = (uint32_t)count;
	while (!error && count-- > 0) {
		struct pmt_native_frame *f = &native->frames[native->used++];
		uint64_t line = found[count].line;

		f->line = line <= UINT32_MAX ? (uint32_t)line : 0;
		error = function_of(native, functions, &found[count], is_runtime,
				    &f->function);
	}
	return error;
}

int pmt_native_functions_at(struct pmt_native_functions *native,
			    struct pmt_functions *functions,
			    const struct pmt_code *module, uint64_t address,
			    const struct pmt_native_frame **ret_frames,
			    uint32_t *ret_count)
{
	uint64_t key = (uint64_t)module->id << 40 ^ address;
	uint32_t at = pmt_map_find(&native->chains, key);
	int error = 0;

	if (at == PMT_MAP_NONE) {
		at = (uint32_t)native->used;
		error = make_chain(native, functions, module, address);
		if (!error)
			error = pmt_map_put(&native->chains, key, at);
	}
	if (error || !native->frames)
		return error ? error : -ENOMEM;
	*ret_frames = &native->frames[at + 1];
	*ret_count = native->frames[at].function;
	return 0;
}
