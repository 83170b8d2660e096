/* One element a line: large documents stay readable by eye and by grep. */
#include "report/json_stream.h"

#include "cli/exit_code.h"
#include "cli/message.h"

void pmt_json_stream_begin_behind(struct pmt_json_stream *stream, FILE *out, json_t *head,
				  const char *member)
{
	const char *key, *separator = "{";
	json_t *value;

	*stream = (struct pmt_json_stream){.out = out, .failed = !head};
	if (!head)
		fputs("{", out);
	json_object_foreach(head, key, value)
	{
		fprintf(out, "%s\"%s\": ", separator, key);
		json_dumpf(value, out, JSON_INDENT(1) | JSON_ENCODE_ANY);
		separator = ",\n";
	}
	fprintf(out, "%s\"%s\": [", head ? ",\n" : "", member);
	json_decref(head);
}

void pmt_json_stream_begin(struct pmt_json_stream *stream, FILE *out,
			   const struct pmt_analysis *analysis, const char *member)
{
	json_t *head = json_object();

	json_object_set_new(head, "trace", pmt_json_trace(analysis));
	pmt_json_stream_begin_behind(stream, out, head, member);
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
