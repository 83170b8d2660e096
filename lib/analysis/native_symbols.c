/* Symbols by elfutils' libdw; without it, module and offset. See native_symbols.h. */
#include "config.h"

#include "analysis/native_symbols.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/map.h"
#include "analysis/native_module.h"

#ifdef HAVE_LIBDW
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#endif

#ifdef HAVE_CXA_DEMANGLE
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl*): the C++ runtime's own name */
char *__cxa_demangle(const char *mangled, char *buffer, size_t *length, int *status);
#endif

struct open_module {
	char *identity; /* build id and file */
	struct pmt_native_module module;
};

struct pmt_native_symbols {
	struct pmt_map by_code; /* id -> place in open */
	struct open_module *open;
	uint32_t count;
	char fallback[4096];
	char *demangled[PMT_SYMBOLS_MAX];
};

struct pmt_native_symbols *pmt_native_symbols_new(void)
{
	return calloc(1, sizeof(struct pmt_native_symbols));
}

static size_t fall_back(struct pmt_native_symbols *symbols, const struct pmt_code *code,
			uint64_t address, struct pmt_symbol *ret_found)
{
	const char *slash = strrchr(code->file, '/');

	snprintf(symbols->fallback, sizeof(symbols->fallback), "%s+0x%" PRIx64,
		 slash ? slash + 1 : code->file, address);
	ret_found[0] = (struct pmt_symbol){.name = symbols->fallback};
	return 1;
}

#ifdef HAVE_LIBDW

/* Each thread defines the modules that it meets: they are few, their ids many. */
static int find_identity(struct pmt_native_symbols *symbols, const struct pmt_code *code,
			 uint32_t *ret_place)
{
	char *identity;

	if (asprintf(&identity, "%s %s", code->name, code->file) < 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < symbols->count; i++) {
		if (strcmp(symbols->open[i].identity, identity) == 0) {
			free(identity);
			*ret_place = i;
			return 0;
		}
	}
	struct open_module *grown =
	    reallocarray(symbols->open, symbols->count + 1, sizeof(*grown));
	if (!grown) {
		free(identity);
		return -ENOMEM;
	}
	symbols->open = grown;
	grown[symbols->count].identity = identity;
	pmt_native_module_open(&grown[symbols->count].module, code);
	*ret_place = symbols->count++;
	return 0;
}

static const struct pmt_native_module *find_module(struct pmt_native_symbols *symbols,
						   const struct pmt_code *code)
{
	uint32_t place = pmt_map_find(&symbols->by_code, code->id);

	if (place == PMT_MAP_NONE &&
	    (find_identity(symbols, code, &place) != 0 ||
	     pmt_map_put(&symbols->by_code, code->id, place) != 0))
		return NULL;
	return &symbols->open[place].module;
}

/* --- names --- */

static const char *readable(struct pmt_native_symbols *symbols, size_t i,
			    const char *name)
{
#ifdef HAVE_CXA_DEMANGLE
	int status = -1;

	free(symbols->demangled[i]);
	symbols->demangled[i] = strncmp(name, "_Z", 2) == 0
				    ? __cxa_demangle(name, NULL, NULL, &status)
				    : NULL;
	if (symbols->demangled[i])
		return symbols->demangled[i];
#else
	(void)symbols, (void)i;
#endif
	return name;
}

static const char *text_of(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;

	return dwarf_formstring(dwarf_attr_integrate(die, name, &attribute));
}

static const char *name_of(struct pmt_native_symbols *symbols, size_t i, Dwarf_Die *die)
{
	const char *name = text_of(die, DW_AT_linkage_name);

	if (!name)
		name = text_of(die, DW_AT_name);
	return name ? readable(symbols, i, name) : "?";
}

/* Where an inlined function was called: file and line in the one around it. */
static void find_call(Dwarf_Die *unit, Dwarf_Die *inlined, const char **ret_file,
		      uint64_t *ret_line)
{
	Dwarf_Attribute attribute;
	Dwarf_Word file = 0, line = 0;
	Dwarf_Files *files;
	size_t count;

	if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute), &line) == 0)
		*ret_line = line;
	if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute), &file) ==
		0 &&
	    dwarf_getsrcfiles(unit, &files, &count) == 0 && file < count)
		*ret_file = dwarf_filesrc(files, file, NULL, NULL);
}

/* The functions around the innermost scope, from there outwards. */
static size_t walk_scopes(struct pmt_native_symbols *symbols, Dwarf_Die *unit,
			  Dwarf_Die *innermost, struct pmt_symbol at,
			  struct pmt_symbol *ret_found)
{
	Dwarf_Die *scopes = NULL;
	int count = dwarf_getscopes_die(innermost, &scopes);
	size_t used = 0;

	for (int i = 0; i < count && used < PMT_SYMBOLS_MAX; i++) {
		int tag = dwarf_tag(&scopes[i]);

		if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
			continue;
		int own_line = 0;
		at.name = name_of(symbols, used, &scopes[i]);
		at.own_file = dwarf_decl_file(&scopes[i]);
		at.own_line = dwarf_decl_line(&scopes[i], &own_line) == 0 && own_line > 0
				  ? (uint64_t)own_line
				  : 0;
		ret_found[used++] = at;
		if (tag == DW_TAG_subprogram)
			break;
		find_call(unit, &scopes[i], &at.file, &at.line);
	}
	free(scopes);
	return used;
}

static size_t find_by_dwarf(struct pmt_native_symbols *symbols,
			    const struct pmt_native_module *open, uint64_t address,
			    struct pmt_symbol *ret_found)
{
	Dwarf_Addr bias, at = address + open->bias;
	Dwarf_Die *unit = dwfl_module_addrdie(open->module, at, &bias);
	struct pmt_symbol here = {.name = NULL};
	Dwarf_Die *scopes = NULL;
	size_t used = 0;
	int line = 0;

	if (!unit)
		return 0;
	Dwfl_Line *found = dwfl_module_getsrc(open->module, at);
	if (found)
		here.file = dwfl_lineinfo(found, NULL, &line, NULL, NULL, NULL);
	here.line = line > 0 ? (uint64_t)line : 0;
	if (dwarf_getscopes(unit, at - bias, &scopes) > 0)
		used = walk_scopes(symbols, unit, &scopes[0], here, ret_found);
	free(scopes);
	return used;
}

size_t pmt_native_symbols_at(struct pmt_native_symbols *symbols,
			     const struct pmt_code *code, uint64_t address,
			     struct pmt_symbol ret_found[PMT_SYMBOLS_MAX])
{
	const struct pmt_native_module *open = find_module(symbols, code);

	if (!open || !open->module)
		return fall_back(symbols, code, address, ret_found);
	size_t count = find_by_dwarf(symbols, open, address, ret_found);
	if (count > 0)
		return count;
	const char *name = dwfl_module_addrname(open->module, address + open->bias);
	if (!name)
		return fall_back(symbols, code, address, ret_found);
	ret_found[0] = (struct pmt_symbol){.name = readable(symbols, 0, name)};
	return 1;
}

#else

size_t pmt_native_symbols_at(struct pmt_native_symbols *symbols,
			     const struct pmt_code *code, uint64_t address,
			     struct pmt_symbol ret_found[PMT_SYMBOLS_MAX])
{
	return fall_back(symbols, code, address, ret_found);
}

#endif

void pmt_native_symbols_free(struct pmt_native_symbols *symbols)
{
	if (!symbols)
		return;
	for (uint32_t i = 0; i < symbols->count; i++) {
		pmt_native_module_close(&symbols->open[i].module);
		free(symbols->open[i].identity);
	}
	for (size_t i = 0; i < PMT_SYMBOLS_MAX; i++)
		free(symbols->demangled[i]);
	free(symbols->open);
	pmt_map_close(&symbols->by_code);
	free(symbols);
}
