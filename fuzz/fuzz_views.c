/*
 * Fuzz target: the bytes of a trace file through the analysis and every view in each of
 * its formats. JSON must parse, and nothing in a trace may reach a terminal as a control
 * character. The last byte chooses the seal and how the views are asked,
 * the one before it which view.
 */
#include "fuzz/target.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "fuzz/memory_file.h"
#include "fuzz/seal.h"
#include "report/view.h"

enum {
	SEALED = 1 << 0,
	NARROW = 1 << 1,
	ASCII = 1 << 2,
	EXACT = 1 << 3,
	BY_THREAD = 1 << 4,
	FILTERED = 1 << 5,
	STRICT = 1 << 6,
	SHORT = 1 << 7,
};

/* recover writes files, processes reads the folder of the trace. */
static const struct pmt_view *const views[] = {
    &pmt_view_summary, &pmt_view_functions, &pmt_view_tree,  &pmt_view_timeline,
    &pmt_view_lines,   &pmt_view_threads,   &pmt_view_leaks, &pmt_view_peak,
    &pmt_view_churn,   &pmt_view_log,       &pmt_view_info,  &pmt_view_dump,
    &pmt_view_types,
};

/* Mostly one view, to be quick; now and then all. */
enum { VIEWS = sizeof(views) / sizeof(*views), ONE_OF = VIEWS + 1 };

static void require(bool what)
{
	if (!what)
		abort();
}

/* Which view, before the end. */
static void require_of(bool what, const struct pmt_view *view, unsigned format,
		       const char *text)
{
	if (what)
		return;
	fprintf(stderr, "view %s, format %u:\n%s\n", view->name, format, text);
	abort();
}

/* One document, or one a line. */
static bool is_json(const char *text, size_t size)
{
	/* Numbers go up to 2^64, which jansson itself cannot hold. */
	const size_t flags =
	    JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL;
	const char *at = text, *end = text + size;
	json_error_t error;

	while (at < end) {
		json_t *json = json_loadb(at, (size_t)(end - at), flags, &error);

		if (!json)
			return false;
		json_decref(json);
		at += error.position;
		at += strspn(at, " \n");
	}
	return true;
}

static bool is_plain(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (text[i] != '\n' && ((unsigned char)text[i] < 0x20 || text[i] == 0x7f))
			return false;
	return true;
}

static void show(const struct pmt_view *view, struct pmt_report_request *request)
{
	char *text = NULL;
	size_t size = 0;

	request->out = open_memstream(&text, &size);
	require(request->out != NULL);
	int code = view->run(request);
	fclose(request->out);
	require_of(code >= 0 && code <= 4, view, request->format, text);
	if (code != 2 && code != 3 && request->format == PMT_REPORT_JSON)
		require_of(is_json(text, size), view, request->format, text);
	else if (request->format == PMT_REPORT_TEXT)
		require_of(is_plain(text, size), view, request->format, text);
	free(text);
}

static struct pmt_report_request request_of(const char *path, unsigned how)
{
	return (struct pmt_report_request){
	    .trace_path = path,
	    .width_columns = how & NARROW ? 20 : 80,
	    .height_rows = how & SHORT ? 24 : 0,
	    .ascii = how & ASCII,
	    .exact_bytes = how & EXACT,
	    .strict = how & STRICT,
	    .by_thread = how & BY_THREAD,
	    .sort_inclusive = how & SHORT,
	    .sort_descends = !(how & NARROW),
	    .limit_count = how & SHORT ? 3 : 0,
	    .filter = how & FILTERED ? "*a*" : NULL,
	    .by = how & BY_THREAD ? PMT_BY_STACK
		  : how & SHORT   ? PMT_BY_FILE
				  : PMT_BY_LINE,
	    .min_share = -1,
	    .trigger_bytes = -1,
	};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned how = size ? data[size - 1] : 0;
	unsigned only = size > 1 ? data[size - 2] % ONE_OF : ONE_OF;
	uint8_t *bytes = malloc(size + 1);

	if (!bytes)
		return 0;
	pmt_crc32c_init();
	memcpy(bytes, data, size);
	if (how & SEALED)
		fuzz_seal(bytes, size);
	struct fuzz_file file = fuzz_file_make(bytes, size);
	for (size_t i = 0; i < VIEWS; i++) {
		if (only < VIEWS && only != i)
			continue;
		for (unsigned format = 0; format < PMT_REPORT_ORIGINAL_LOG; format++) {
			struct pmt_report_request request = request_of(file.path, how);

			if (!(views[i]->formats & PMT_FORMAT_BIT(format)))
				continue;
			request.format = format;
			show(views[i], &request);
		}
	}
	fuzz_file_close(&file);
	free(bytes);
	return 0;
}
