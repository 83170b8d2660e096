/* Names of files that do not depend on where they are. */
#include "analysis/key_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Apart from files of the program with the same name. */
#define PYTHON_FOLDER "<python>/"

const char *pmt_short_file(const char *file)
{
	static const char *const roots[] = {"/site-packages/", "/dist-packages/"};
	const char *at;

	for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++) {
		at = strstr(file, roots[i]);
		if (at)
			return at + strlen(roots[i]);
	}
	/* .../lib/python3.13/json/decoder.py */
	at = strstr(file, "/lib/python");
	if (at) {
		at += strlen("/lib/python");
		at += strspn(at, "0123456789.t");
		if (*at == '/')
			return at + 1;
	}
	return file;
}

/* The first word behind the interpreter and its options. */
static const char *script_of(const struct pmt_info *argv)
{
	const char *at = argv->value, *end = at + argv->value_bytes;

	while ((at += strlen(at) + 1) < end && *at == '-') {
		if (at[1] == 'c' || at[1] == 'm')
			return NULL;
		if ((at[1] == 'W' || at[1] == 'X') && !at[2])
			at += strlen(at) + 1; /* its value is a word of its own */
		if (at >= end)
			return NULL;
	}
	return at < end && *at ? at : NULL;
}

static const char *find_script(const struct pmt_tables *tables)
{
	const char *script = NULL;

	for (size_t i = 0; i < pmt_tables_info_count(tables); i++) {
		const struct pmt_info *info = pmt_tables_info_at(tables, i);

		if (strcmp(info->key, "argv") == 0)
			script = script_of(info);
	}
	return script;
}

/* Python may have made the script's path a whole one. */
static bool is_script(const struct pmt_function *f, const char *script)
{
	size_t size = strlen(script);

	if (!f->file || strcmp(f->name, "<module>") != 0)
		return false;
	size_t whole = strlen(f->file);
	return whole >= size && strcmp(f->file + whole - size, script) == 0 &&
	       (whole == size || *script == '/' || f->file[whole - size - 1] == '/');
}

int pmt_script_folder(const struct pmt_tables *tables,
		      const struct pmt_functions *functions, char **ret_folder)
{
	const char *script = find_script(tables);

	*ret_folder = NULL;
	for (uint32_t i = 0; script && i < functions->count; i++) {
		const struct pmt_function *f = &functions->items[i];

		if (!is_script(f, script))
			continue;
		const char *slash = strrchr(f->file, '/');
		if (!slash)
			return 0;
		*ret_folder = strndup(f->file, (size_t)(slash - f->file) + 1);
		return *ret_folder ? 0 : -ENOMEM;
	}
	return 0;
}

const char *pmt_key_file_shown(const char *key_file)
{
	size_t size = strlen(PYTHON_FOLDER);

	return key_file && strncmp(key_file, PYTHON_FOLDER, size) == 0 ? key_file + size
								       : key_file;
}

const char *pmt_key_file(const char *folder, const char *file,
			 char text[PMT_KEY_FILE_BYTES])
{
	const char *behind;

	if (!file)
		return NULL;
	behind = pmt_short_file(file);
	if (behind != file) {
		snprintf(text, PMT_KEY_FILE_BYTES, PYTHON_FOLDER "%s", behind);
		return text;
	}
	if (folder && strncmp(file, folder, strlen(folder)) == 0)
		return file + strlen(folder);
	return file;
}
