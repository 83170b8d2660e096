/* One element a line: large documents stay readable by eye and by grep. */
#include "report/json_stream.h"

#include "cli/exit_code.h"
#include "cli/message.h"

void pmt_json_stream_begin(struct pmt_json_stream *stream, FILE *out,
			   const struct pmt_analysis *analysis, const char *member)
{
	json_t *trace = pmt_json_trace(analysis);

	*stream = (struct pmt_json_stream){.out = out, .failed = !trace};
	fputs("{\"trace\": ", out);
	if (trace)
		json_dumpf(trace, out, JSON_INDENT(1));
	fprintf(out, ",\n\"%s\": [", member);
	json_decref(trace);
}

void pmt_json_stream_add(struct pmt_json_stream *stream, json_t *element)
{
	if (!element) {
		stream->failed = true;
		return;
	}
	fputs(stream->has_element ? ",\n " : "\n ", stream->out);
	json_dumpf(element, stream->out, 0);
	json_decref(element);
	stream->has_element = true;
}

int pmt_json_stream_end(struct pmt_json_stream *stream)
{
	fputs("\n]}\n", stream->out);
	if (!stream->failed)
		return PMT_EXIT_OK;
	pmt_message_error("not enough memory for the whole JSON document");
	return PMT_EXIT_UNREADABLE;
}
