/*
 * What the tracer asks of its configuration for a function, a thread, a file: the
 * questions whose answers need more than one field. Pure; any thread.
 */
#include <errno.h>
#include <string.h>

#include "base/glob.h"
#include "base/options.h"
#include "base/phrase.h"

static bool any_matches(const struct pmt_globs *globs, const char *text, size_t size)
{
	for (uint32_t i = 0; i < globs->count; i++)
		if (pmt_glob_match(globs->at[i], text, size))
			return true;
	return false;
}

bool pmt_options_select_code(const struct pmt_options *options, const char *file,
			     size_t file_bytes, const char *name, size_t name_bytes)
{
	const struct pmt_globs *include = &options->include;
	const struct pmt_globs *exclude = &options->exclude;
	size_t folder_bytes = file_bytes;

	while (folder_bytes > 0 && file[folder_bytes - 1] != '/')
		folder_bytes--;
	const char *last = file + folder_bytes;
	size_t last_bytes = file_bytes - folder_bytes;

	if (include->count && !any_matches(include, file, file_bytes) &&
	    !any_matches(include, last, last_bytes) &&
	    !any_matches(include, name, name_bytes))
		return false;
	return !any_matches(exclude, file, file_bytes) &&
	       !any_matches(exclude, last, last_bytes) &&
	       !any_matches(exclude, name, name_bytes);
}

bool pmt_options_select_thread(const struct pmt_options *options, const char *name,
			       size_t name_bytes)
{
	return options->threads.count == 0 ||
	       any_matches(&options->threads, name, name_bytes);
}

int pmt_options_expand_out(const struct pmt_options *options, uint32_t pid, char *path,
			   size_t path_size)
{
	struct pmt_phrase phrase;

	if (path_size == 0)
		return -ENAMETOOLONG;
	pmt_phrase_init(&phrase, path, path_size);
	for (const char *p = options->out; *p; p++) {
		if (p[0] == '%' && p[1] == 'p')
			pmt_phrase_put_count(&phrase, pid);
		else
			pmt_phrase_put_bytes(&phrase, p, 1);
		p += p[0] == '%';
	}
	return phrase.cut ? -ENAMETOOLONG : 0;
}
