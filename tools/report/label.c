/* Labels of functions. */
#include "report/label.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/key_file.h"
#include "cli/fit.h"
#include "cli/paint.h"

enum {
	COLUMNS_MAX = 1000,
	GAP_COLUMNS = 2,  /* between name and file */
	FILE_COLUMNS = 8, /* less of a file says nothing */
	SOURCE_INDENT_COLUMNS = 4,
};

void pmt_label_print_source(const struct pmt_report_request *request,
			    struct pmt_source *source, const char *file, uint64_t line,
			    unsigned columns)
{
	const char *text = pmt_source_line(source, file, line);
	unsigned indent = request->width_columns - columns;

	if (!text || !*text || columns <= SOURCE_INDENT_COLUMNS)
		return;
	fprintf(request->out, "%*s%s", (int)indent + SOURCE_INDENT_COLUMNS, "",
		pmt_paint(request->color, PMT_PAINT_CHART));
	pmt_label_print_text(request, text, columns - SOURCE_INDENT_COLUMNS);
	fprintf(request->out, "%s\n", pmt_paint(request->color, PMT_PAINT_NONE));
}

static unsigned print_fitted(const struct pmt_report_request *request, const char *text,
			     unsigned columns, enum pmt_fit keep)
{
	char out[PMT_FIT_ROOM(COLUMNS_MAX)];
	unsigned used = pmt_fit(out, text, columns < COLUMNS_MAX ? columns : COLUMNS_MAX,
				keep, request->ascii);

	fputs(out, request->out);
	return used;
}

unsigned pmt_label_print_text(const struct pmt_report_request *request, const char *text,
			      unsigned columns)
{
	return print_fitted(request, text, columns, PMT_FIT_START);
}

unsigned pmt_label_print_end(const struct pmt_report_request *request, const char *text,
			     unsigned columns)
{
	return print_fitted(request, text, columns, PMT_FIT_END);
}

/* A path in out: whole, or its last parts behind an ellipsis, or the end of the last. */
static unsigned fit_path(const struct pmt_report_request *request, const char *path,
			 unsigned columns, char *out)
{
	const char *dots = request->ascii ? ".../" : "\xe2\x80\xa6/";
	unsigned dots_columns = request->ascii ? 4 : 2;
	const char *part = path;

	if (pmt_fit_width(path, request->ascii) <= columns)
		return pmt_fit(out, path, columns, PMT_FIT_END, request->ascii);
	while ((part = strchr(part, '/')) != NULL) {
		part++;
		if (pmt_fit_width(part, request->ascii) + dots_columns > columns)
			continue;
		strcpy(out, dots);
		return dots_columns + pmt_fit(out + strlen(dots), part,
					      columns - dots_columns, PMT_FIT_END,
					      request->ascii);
	}
	part = strrchr(path, '/');
	return pmt_fit(out, part ? part + 1 : path, columns, PMT_FIT_END, request->ascii);
}

/* "file:line" in out; returns its columns, 0 when there is no file or no room. */
static unsigned fit_place(const struct pmt_report_request *request, const char *file,
			  uint64_t line, unsigned columns, char *out)
{
	const char *shown = pmt_short_file(file);
	char number[24] = "";
	size_t size;

	if (line)
		snprintf(number, sizeof(number), ":%" PRIu64, line);
	size = strlen(number);
	if (columns < FILE_COLUMNS + size || columns > COLUMNS_MAX)
		return 0;
	unsigned used = fit_path(request, shown, columns - (unsigned)size, out);
	strcpy(out + strlen(out), number);
	return used + (unsigned)size;
}

unsigned pmt_label_print_line(const struct pmt_report_request *request,
			      const struct pmt_function *function, uint64_t line,
			      unsigned columns)
{
	char name[PMT_FIT_ROOM(COLUMNS_MAX)];
	char place[PMT_FIT_ROOM(COLUMNS_MAX) + 24];
	unsigned width, used;

	if (columns > COLUMNS_MAX)
		columns = COLUMNS_MAX;
	width = pmt_fit_width(function->name, request->ascii);
	/* A long name leaves a third of the room for the place. */
	unsigned for_name = columns;
	if (function->file && width > columns - columns / 3 &&
	    columns / 3 >= FILE_COLUMNS + GAP_COLUMNS)
		for_name = columns - columns / 3;
	used = pmt_fit(name, function->name, for_name, PMT_FIT_START, request->ascii);
	fputs(name, request->out);
	if (!function->file || used + GAP_COLUMNS >= columns)
		return used;
	width =
	    fit_place(request, function->file, line, columns - used - GAP_COLUMNS, place);
	if (width == 0)
		return used;
	fprintf(request->out, "%*s%s%s%s", GAP_COLUMNS, "",
		pmt_paint(request->color, PMT_PAINT_DIM), place,
		pmt_paint(request->color, PMT_PAINT_NONE));
	return used + GAP_COLUMNS + width;
}

unsigned pmt_label_print(const struct pmt_report_request *request,
			 const struct pmt_function *function, unsigned columns)
{
	return pmt_label_print_line(request, function, function->first_line, columns);
}

static void print_folded_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		fputc(c == ';' ? ':' : c < 0x20 || c == 0x7f ? '?' : c, out);
	}
}

void pmt_label_print_folded(FILE *out, const struct pmt_function *function)
{
	print_folded_text(out, function->name);
	if (!function->file)
		return;
	fputs(" (", out);
	print_folded_text(out, pmt_short_file(function->file));
	fprintf(out, ":%" PRIu64 ")", function->first_line);
}
