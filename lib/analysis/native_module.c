/* Opening by elfutils' libdwfl; without it no module is here. See native_module.h. */
#include "config.h"

#include "analysis/native_module.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/native_files.h"

#ifdef HAVE_LIBDW

#include <elfutils/libdwfl.h>

static const char urls[] = "DEBUGINFOD_URLS";

/* With that variable libdwfl asks servers, which would wait for them and tell them what
 * ran here. Returns what to give back to show_urls. */
static char *hide_urls(void)
{
	const char *value = getenv(urls);
	char *kept = value ? strdup(value) : NULL;

	unsetenv(urls);
	return kept;
}

static void show_urls(char *kept)
{
	if (kept)
		setenv(urls, kept, 1);
	free(kept);
}

static int find_elf(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
		    char **ret_path, Elf **ret_elf)
{
	char *kept = hide_urls();
	int fd = dwfl_build_id_find_elf(module, data, name, base, ret_path, ret_elf);

	show_urls(kept);
	return fd;
}

static int find_cached(Dwfl_Module *module)
{
	const unsigned char *id;
	char hex[2 * 64 + 1];
	GElf_Addr at;
	int size = dwfl_module_build_id(module, &id, &at);

	if (size <= 0 || (size_t)size >= sizeof(hex) / 2)
		return -1;
	for (int i = 0; i < size; i++)
		snprintf(hex + 2 * (size_t)i, 3, "%02x", id[i]);
	return pmt_native_cached_debug(hex);
}

static int find_debuginfo(Dwfl_Module *module, void **data, const char *name,
			  Dwarf_Addr base, const char *file, const char *link,
			  GElf_Word link_crc, char **ret_path)
{
	char *kept = hide_urls();
	int fd = dwfl_standard_find_debuginfo(module, data, name, base, file, link,
					      link_crc, ret_path);

	show_urls(kept);
	return fd >= 0 ? fd : find_cached(module);
}

static const Dwfl_Callbacks callbacks = {
    .find_elf = find_elf,
    .find_debuginfo = find_debuginfo,
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

/* A trace names any path it likes: nothing waits for a pipe. */
static bool is_file(const char *path)
{
	struct stat st;

	return *path && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool open_file(struct pmt_native_module *m, const char *path, const char *build_id)
{
	GElf_Addr bias;

	m->dwfl = dwfl_begin(&callbacks);
	if (!m->dwfl)
		return false;
	Dwfl_Module *module = dwfl_report_offline(m->dwfl, path, path, -1);
	dwfl_report_end(m->dwfl, NULL, NULL);
	if (module && dwfl_module_getelf(module, &bias) && is_build(module, build_id)) {
		m->module = module;
		m->bias = bias;
		return true;
	}
	dwfl_end(m->dwfl);
	m->dwfl = NULL;
	return false;
}

void pmt_native_module_open(struct pmt_native_module *m, const struct pmt_code *code)
{
	char path[PATH_MAX];

	*m = (struct pmt_native_module){.dwfl = NULL};
	for (unsigned i = 0;
	     pmt_native_file(i, code->file, code->name, path, sizeof(path)); i++)
		if (is_file(path) && open_file(m, path, code->name))
			return;
}

void pmt_native_module_close(struct pmt_native_module *m)
{
	if (m->dwfl)
		dwfl_end(m->dwfl);
}

#else

void pmt_native_module_open(struct pmt_native_module *m, const struct pmt_code *code)
{
	(void)code;
	*m = (struct pmt_native_module){.dwfl = NULL};
}

void pmt_native_module_close(struct pmt_native_module *m)
{
	(void)m;
}

#endif
