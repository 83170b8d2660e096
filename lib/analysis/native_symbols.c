/* Symbols by elfutils' libdw; without it, module and offset. See native_symbols.h. */
#include "config.h"

#include "analysis/native_symbols.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/map.h"

#ifdef HAVE_LIBDW
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#endif

#ifdef HAVE_CXA_DEMANGLE
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl*): the C++ runtime's own name */
char *__cxa_demangle(const char *mangled, char *buffer, size_t *length, int *status);
#endif

enum { NAME_BYTES = 64 };

struct open_module {
#ifdef HAVE_LIBDW
	Dwfl *dwfl;
	Dwfl_Module *module; /* NULL: not here, or of another build */
	uint64_t bias;       /* what libdwfl adds to the file's addresses */
#else
	char unused;
#endif
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
	ret_found[0] = (struct pmt_symbol){symbols->fallback, NULL, 0};
	return 1;
}

#ifdef HAVE_LIBDW

/* --- modules --- */

static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
    .section_address = dwfl_offline_section_address,
};

/* Whether the file is of the build that ran; one without an id is taken at its name. */
static bool is_build(Dwfl_Module *module, const char *hex)
{
	const unsigned char *id;
	GElf_Addr at;
	int size = dwfl_module_build_id(module, &id, &at);

	if (size <= 0 || (size_t)size * 2 != strlen(hex))
		return size <= 0 && *hex == '\0';
	for (int i = 0; i < size; i++) {
		char digits[3];

		snprintf(digits, sizeof(digits), "%02x", id[i]);
		if (memcmp(digits, hex + 2 * (size_t)i, 2) != 0)
			return false;
	}
	return true;
}

static void open_module(struct open_module *open, const struct pmt_code *code)
{
	GElf_Addr bias;

	*open = (struct open_module){.dwfl = NULL};
	if (code->file[0] != '/' || access(code->file, R_OK) != 0)
		return;
	open->dwfl = dwfl_begin(&callbacks);
	if (!open->dwfl)
		return;
	Dwfl_Module *module = dwfl_report_offline(open->dwfl, code->file, code->file, -1);
	dwfl_report_end(open->dwfl, NULL, NULL);
	if (module && dwfl_module_getelf(module, &bias) && is_build(module, code->name)) {
		open->module = module;
		open->bias = bias;
	}
}

static const struct open_module *find_module(struct pmt_native_symbols *symbols,
					     const struct pmt_code *code)
{
	uint32_t found = pmt_map_find(&symbols->by_code, code->id);

	if (found != PMT_MAP_NONE)
		return &symbols->open[found];
	struct open_module *grown =
	    reallocarray(symbols->open, symbols->count + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	symbols->open = grown;
	if (pmt_map_put(&symbols->by_code, code->id, symbols->count) != 0)
		return NULL;
	open_module(&grown[symbols->count], code);
	return &grown[symbols->count++];
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
		at.name = name_of(symbols, used, &scopes[i]);
		ret_found[used++] = at;
		if (tag == DW_TAG_subprogram)
			break;
		find_call(unit, &scopes[i], &at.file, &at.line);
	}
	free(scopes);
	return used;
}

static size_t find_by_dwarf(struct pmt_native_symbols *symbols,
			    const struct open_module *open, uint64_t address,
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
	const struct open_module *open = find_module(symbols, code);

	if (!open || !open->module)
		return fall_back(symbols, code, address, ret_found);
	size_t count = find_by_dwarf(symbols, open, address, ret_found);
	if (count > 0)
		return count;
	const char *name = dwfl_module_addrname(open->module, address + open->bias);
	if (!name)
		return fall_back(symbols, code, address, ret_found);
	ret_found[0] = (struct pmt_symbol){readable(symbols, 0, name), NULL, 0};
	return 1;
}

static void close_modules(struct pmt_native_symbols *symbols)
{
	for (uint32_t i = 0; i < symbols->count; i++)
		if (symbols->open[i].dwfl)
			dwfl_end(symbols->open[i].dwfl);
}

#else

size_t pmt_native_symbols_at(struct pmt_native_symbols *symbols,
			     const struct pmt_code *code, uint64_t address,
			     struct pmt_symbol ret_found[PMT_SYMBOLS_MAX])
{
	return fall_back(symbols, code, address, ret_found);
}

static void close_modules(struct pmt_native_symbols *symbols)
{
	(void)symbols;
}

#endif

void pmt_native_symbols_free(struct pmt_native_symbols *symbols)
{
	if (!symbols)
		return;
	close_modules(symbols);
	for (size_t i = 0; i < PMT_SYMBOLS_MAX; i++)
		free(symbols->demangled[i]);
	free(symbols->open);
	pmt_map_close(&symbols->by_code);
	free(symbols);
}
