/*
 * The view "log": every event as a line, in the order of time. As text for eyes and
 * grep, as CSV, as JSON lines, or in the grammar of the original pymemtrace, one file a
 * thread (log_original.c).
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/exit_code.h"
#include "cli/figure_text.h"
#include "cli/fit.h"
#include "cli/message.h"
#include "cli/paint.h"
#include "cli/progress.h"
#include "format/payload_blocks.h"
#include "format/payload_gc.h"
#include "report/csv.h"
#include "report/fields.h"
#include "report/label.h"
#include "report/log_original.h"
#include "report/log_walk.h"
#include "report/record_fields.h"
#include "report/view.h"

enum {
	THREAD_COLUMNS = 12,
	/* Lines are not cut: what is no terminal has no width. */
	LABEL_COLUMNS = 1000,
};

static void print_changes(const struct pmt_report_request *request,
			  const struct pmt_deltas *d)
{
	char text[PMT_FIGURE_BYTES];
	FILE *out = request->out;
	bool exact = request->exact_bytes;

	if (d->allocated_count || d->allocated_bytes)
		fprintf(out, "  alloc %s/%" PRIu64,
			pmt_figure_bytes(text, d->allocated_bytes, exact),
			d->allocated_count);
	if (d->freed_count || d->freed_bytes)
		fprintf(out, "  free %s/%" PRIu64,
			pmt_figure_bytes(text, d->freed_bytes, exact), d->freed_count);
	if (d->object_count || d->object_bytes)
		fprintf(out, "  objects %s/%" PRIu64,
			pmt_figure_bytes(text, d->object_bytes, exact), d->object_count);
	if (d->mapped_bytes)
		fprintf(out, "  mapped %s",
			pmt_figure_change(text, d->mapped_bytes, exact));
	if (d->file_mapped_bytes)
		fprintf(out, "  file mapped %s",
			pmt_figure_change(text, d->file_mapped_bytes, exact));
}

static void print_text_line(const struct pmt_report_request *request,
			    const struct pmt_log_line *line)
{
	char text[PMT_FIGURE_BYTES], thread[PMT_FIT_ROOM(THREAD_COLUMNS)];
	FILE *out = request->out;
	int wide = request->exact_bytes ? 16 : 10;
	unsigned used =
	    pmt_fit(thread, line->thread, THREAD_COLUMNS, PMT_FIT_START, request->ascii);

	fprintf(out, "%11.6f ", (double)line->time_ns * 1e-9);
	fprintf(out, "%*s ", wide,
		line->rss_known
		    ? pmt_figure_bytes(
			  text, line->rss_bytes > 0 ? (uint64_t)line->rss_bytes : 0,
			  request->exact_bytes)
		    : "-");
	fputs(pmt_paint(request->color, line->rss_change_bytes > 0   ? PMT_PAINT_UP
					: line->rss_change_bytes < 0 ? PMT_PAINT_DOWN
								     : PMT_PAINT_DIM),
	      out);
	fprintf(out, "%*s", wide,
		line->rss_change_bytes ? pmt_figure_change(text, line->rss_change_bytes,
							   request->exact_bytes)
				       : "");
	fprintf(out, "%s %3" PRIu32 " %s%*s %-8s", pmt_paint(request->color, 0),
		line->event->stream, thread, (int)(THREAD_COLUMNS - used), "",
		line->what);
	if (line->function) {
		fputs("  ", out);
		pmt_label_print_line(request, line->function, line->line, LABEL_COLUMNS);
	}
	if (line->text[0]) {
		fputs("  ", out);
		pmt_label_print_text(request, line->text, LABEL_COLUMNS);
	}
	print_changes(request, &line->event->record.deltas);
	fputc('\n', out);
}

static void print_text_head(const struct pmt_report_request *request)
{
	int wide = request->exact_bytes ? 16 : 10;

	fprintf(request->out, "%s%11s %*s %*s %3s %-*s %-8s  %s%s\n",
		pmt_paint(request->color, PMT_PAINT_TITLE), "seconds", wide, "RSS", wide,
		"change", "", THREAD_COLUMNS, "thread", "event", "function",
		pmt_paint(request->color, PMT_PAINT_NONE));
}

static void print_json_block(struct pmt_fields *f, const struct pmt_event *event)
{
	const struct pmt_record *r = &event->record;
	const struct pmt_block_alloc *alloc = &event->block.alloc;
	unsigned kind;

	if (r->ext == PMT_EXT_ALLOC && event->block.is_readable) {
		pmt_fields_unsigned(f, "requested_bytes", alloc->requested_bytes);
		if (alloc->usable_bytes)
			pmt_fields_unsigned(f, "usable_bytes", alloc->usable_bytes);
		pmt_fields_unsigned(f, "stack_id", alloc->stack_id);
		kind = alloc->kind;
	} else if (r->ext == PMT_EXT_FREE && event->block.is_readable) {
		kind = event->block.release.kind;
	} else {
		return;
	}
	pmt_fields_word(f, "kind", pmt_block_kind_name(kind));
	pmt_fields_unsigned(f, "address", event->address);
}

static void print_json_collection(struct pmt_fields *f, const struct pmt_log_line *line)
{
	struct pmt_gc_event gc;

	if (line->event->record.ext != PMT_EXT_GC ||
	    !pmt_payload_get_gc(&line->event->record, &gc))
		return;
	pmt_fields_unsigned(f, "interpreter", gc.interpreter);
	if (gc.phase <= PMT_GC_STOP)
		pmt_fields_unsigned(f, "generation", gc.generation);
	if (gc.phase != PMT_GC_STOP)
		return;
	pmt_fields_unsigned(f, "collected", gc.collected);
	pmt_fields_unsigned(f, "uncollectable", gc.uncollectable);
	if (gc.ticks)
		pmt_fields_signed(f, "duration_ns", line->duration_ns);
	else
		pmt_fields_unknown(f, "duration_ns");
}

static void print_json_line(const struct pmt_report_request *request,
			    const struct pmt_log_line *line)
{
	struct pmt_fields f = {.out = request->out, .style = PMT_FIELDS_JSON};

	pmt_fields_begin(&f);
	pmt_fields_signed(&f, "time_ns", line->time_ns);
	pmt_fields_unsigned(&f, "stream", line->event->stream);
	pmt_fields_word(&f, "thread", line->thread);
	pmt_fields_word(&f, "event", line->what);
	if (line->function) {
		pmt_fields_word(&f, "function", line->function->name);
		if (line->function->file)
			pmt_fields_word(&f, "file", line->function->file);
		if (line->line)
			pmt_fields_unsigned(&f, "line", line->line);
	}
	pmt_fields_unsigned(&f, "depth", line->depth);
	if (line->rss_known)
		pmt_fields_signed(&f, "rss_bytes", line->rss_bytes);
	else
		pmt_fields_unknown(&f, "rss_bytes");
	if (line->rss_change_bytes)
		pmt_fields_signed(&f, "rss_change_bytes", line->rss_change_bytes);
	pmt_record_changes(&f, &line->event->record.deltas);
	print_json_block(&f, line->event);
	print_json_collection(&f, line);
	if (line->text[0])
		pmt_fields_word(&f, "text", line->text);
	pmt_fields_end(&f);
}

static void print_csv_head(const struct pmt_report_request *request)
{
	fputs("time_ns,stream,thread,event,function,file,line,depth,rss_bytes,"
	      "rss_change_bytes,allocated_bytes,allocated_count,freed_bytes,freed_count,"
	      "object_bytes,object_count,mapped_bytes,file_mapped_bytes,text\n",
	      request->out);
}

static void print_csv_line(const struct pmt_report_request *request,
			   const struct pmt_log_line *line)
{
	struct pmt_csv csv = {.out = request->out};
	const struct pmt_deltas *d = &line->event->record.deltas;
	const struct pmt_function *f = line->function;

	pmt_csv_integer(&csv, line->time_ns);
	pmt_csv_integer(&csv, line->event->stream);
	pmt_csv_text(&csv, line->thread);
	pmt_csv_text(&csv, line->what);
	pmt_csv_text(&csv, f ? f->name : NULL);
	pmt_csv_text(&csv, f ? f->file : NULL);
	if (line->line)
		pmt_csv_integer(&csv, (int64_t)line->line);
	else
		pmt_csv_empty(&csv);
	pmt_csv_integer(&csv, line->depth);
	if (line->rss_known)
		pmt_csv_integer(&csv, line->rss_bytes);
	else
		pmt_csv_empty(&csv);
	pmt_csv_integer(&csv, line->rss_change_bytes);
	pmt_csv_integer(&csv, (int64_t)d->allocated_bytes);
	pmt_csv_integer(&csv, (int64_t)d->allocated_count);
	pmt_csv_integer(&csv, (int64_t)d->freed_bytes);
	pmt_csv_integer(&csv, (int64_t)d->freed_count);
	pmt_csv_integer(&csv, (int64_t)d->object_bytes);
	pmt_csv_integer(&csv, (int64_t)d->object_count);
	pmt_csv_integer(&csv, d->mapped_bytes);
	pmt_csv_integer(&csv, d->file_mapped_bytes);
	pmt_csv_text(&csv, line->text);
	pmt_csv_end_row(&csv);
}

static int print_lines(const struct pmt_report_request *request)
{
	uint64_t left = request->limit_count ? request->limit_count : UINT64_MAX;
	struct pmt_progress progress;
	struct pmt_log_walk walk;
	const struct pmt_log_line *line;
	int code = pmt_log_walk_begin(&walk, request, &progress);

	if (code != PMT_EXIT_OK)
		return code;
	if (request->format == PMT_REPORT_TEXT)
		print_text_head(request);
	else if (request->format == PMT_REPORT_CSV)
		print_csv_head(request);
	while (left-- && !ferror(request->out) && (line = pmt_log_walk_next(&walk))) {
		if (request->format == PMT_REPORT_JSON)
			print_json_line(request, line);
		else if (request->format == PMT_REPORT_CSV)
			print_csv_line(request, line);
		else
			print_text_line(request, line);
	}
	return pmt_log_walk_end(&walk);
}

/* --output names a folder for the original's logs, a file for all others. */
static int run(const struct pmt_report_request *request)
{
	struct pmt_report_request own = *request;

	if (request->format == PMT_REPORT_ORIGINAL_LOG)
		return pmt_log_original_write(request);
	if (!request->output_path)
		return print_lines(request);
	own.out = fopen(request->output_path, "we");
	if (!own.out) {
		pmt_message_error("--output=%s: %s", request->output_path,
				  strerror(errno));
		return PMT_EXIT_UNREADABLE;
	}
	int code = print_lines(&own);
	bool failed = ferror(own.out);
	if (fclose(own.out) != 0 || failed) {
		pmt_message_error("%s: cannot write", request->output_path);
		return PMT_EXIT_UNREADABLE;
	}
	return code;
}

const struct pmt_view pmt_view_log = {
    .name = "log",
    .summary = "every event as a line, in the order of time",
    .formats = PMT_FORMAT_BIT(PMT_REPORT_TEXT) | PMT_FORMAT_BIT(PMT_REPORT_JSON) |
	       PMT_FORMAT_BIT(PMT_REPORT_CSV) | PMT_FORMAT_BIT(PMT_REPORT_ORIGINAL_LOG),
    .options = PMT_TAKES_OUTPUT | PMT_TAKES_LIMIT | PMT_TAKES_FILTER | PMT_TAKES_THREAD |
	       PMT_TAKES_TRIGGER,
    .run = run,
};
