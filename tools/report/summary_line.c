/* Lines within the width. */
#include "report/summary_line.h"

#include <stdarg.h>
#include <stdio.h>

#include "cli/paint.h"
#include "report/label.h"

enum { TEXT_BYTES = 8192 };

void pmt_summary_print_title(const struct pmt_report_request *request, const char *title)
{
	fprintf(request->out, "%s%-*s%s", pmt_paint(request->color, PMT_PAINT_TITLE),
		PMT_SUMMARY_TITLE_COLUMNS, title,
		pmt_paint(request->color, PMT_PAINT_NONE));
}

void pmt_summary_print_cut(const struct pmt_report_request *request, unsigned used,
			   const char *format, ...)
{
	char text[TEXT_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	pmt_label_print_text(request, text,
			     request->width_columns > used ? request->width_columns - used
							   : 1);
	fputc('\n', request->out);
}
