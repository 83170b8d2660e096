/*
 * Fuzz target: the text of PYMEMTRACE, which anybody may write, read in the constructor
 * of every program under the preload; behind a newline, a name for its filters.
 */
#include "fuzz/target.h"

#include <stdlib.h>
#include <string.h>

#include "base/options.h"

static void require(bool what)
{
	if (!what)
		abort();
}

static void require_inside(const struct pmt_options *options,
			   const struct pmt_globs *globs)
{
	require(globs->count <= PMT_OPTIONS_GLOBS_MAX);
	for (uint32_t i = 0; i < globs->count; i++) {
		const char *glob = globs->at[i];

		require(glob >= options->text &&
			glob + strlen(glob) < options->text + PMT_OPTIONS_TEXT_BYTES);
	}
}

/* What was accepted keeps every limit, and the filters end whatever the name. */
static void require_sound(const struct pmt_options *options, const char *name)
{
	char path[64];
	uint64_t ring = options->ring_size_bytes;

	require(ring >= 65536 && ring <= 64 << 20 && (ring & (ring - 1)) == 0);
	require(options->interval_ns == 0 || options->interval_ns >= 10000000);
	require(options->max_size_bytes == 0 || options->max_size_bytes >= 1 << 20);
	require(options->out[0] != '\0');
	require_inside(options, &options->include);
	require_inside(options, &options->exclude);
	require_inside(options, &options->threads);
	if (pmt_options_expand_out(options, 4711, path, sizeof(path)) == 0)
		require(strlen(path) < sizeof(path));
	(void)pmt_options_select_code(options, name, strlen(name), name, strlen(name));
	(void)pmt_options_select_thread(options, name, strlen(name));
}

static void require_one_line(const struct pmt_options_error *error)
{
	char message[PMT_OPTIONS_MESSAGE_BYTES];
	size_t size = pmt_options_complain(error, message);

	require(size > 0 && size < sizeof(message) && message[size] == '\0');
	for (size_t i = 0; i < size; i++)
		require(((unsigned char)message[i] >= 0x20) == (i + 1 < size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pmt_options options;
	struct pmt_options_error error;
	char *text = malloc(size + 1);

	require(text != NULL);
	/* On the heap and no longer than it is: a read beyond it is seen. */
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	char *name = strchr(text, '\n');
	if (name)
		*name++ = '\0';
	if (pmt_options_parse(&options, text, &error) == 0) {
		require_sound(&options, name ? name : "");
	} else {
		require(options.modes == PMT_MODE_OFF);
		require_one_line(&error);
	}
	free(text);
	return 0;
}
