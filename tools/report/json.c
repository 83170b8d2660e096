/* Building blocks of the documents. jansson's pack functions fail as a whole when memory
 * runs out; pmt_json_print then sees NULL and says so. */
#include "report/json.h"

#include <stdlib.h>
#include <string.h>

#include "cli/exit_code.h"
#include "cli/message.h"
#include "report/metric.h"

/* Bytes of the valid UTF-8 sequence at s, 0 when there is none. */
static size_t utf8_size(const char *s)
{
	size_t size = 1;
	size_t left = strlen(s);
	json_t *probe;

	/* jansson knows best what it accepts. */
	for (; size <= 4 && size <= left; size++) {
		probe = json_stringn(s, size);
		if (probe) {
			json_decref(probe);
			return size;
		}
	}
	return 0;
}

static json_t *mended_text(const char *text)
{
	/* At worst each byte becomes the three of U+FFFD. */
	char *mended = malloc(strlen(text) * 3 + 1);
	char *at = mended;

	if (!mended)
		return NULL;
	while (*text) {
		size_t size = utf8_size(text);

		if (size == 0) {
			memcpy(at, "\xef\xbf\xbd", 3);
			at += 3;
			text++;
			continue;
		}
		memcpy(at, text, size);
		at += size;
		text += size;
	}
	json_t *string = json_stringn(mended, (size_t)(at - mended));
	free(mended);
	return string;
}

json_t *pmt_json_text(const char *text)
{
	if (!text)
		return json_null();
	json_t *string = json_string(text);
	return string ? string : mended_text(text);
}

static json_t *metric_value(const struct pmt_metric *metric,
			    const struct pmt_figures *figures,
			    const struct pmt_model *model)
{
	if (!metric->is_measured(&model->measured))
		return json_null();
	return json_integer(metric->get(figures, model->page_bytes));
}

json_t *pmt_json_part(const struct pmt_figures *figures, const struct pmt_model *model)
{
	json_t *part = json_object();

	for (size_t i = 0; i < pmt_metric_count; i++) {
		if (pmt_metrics[i].in_parts)
			json_object_set_new(
			    part, pmt_metrics[i].member,
			    metric_value(&pmt_metrics[i], figures, model));
	}
	if (figures->sample_count > 0 && model->sample_mean_bytes > 0)
		json_object_set_new(part, "samples",
				    json_integer((json_int_t)figures->sample_count));
	return part;
}

json_t *pmt_json_inclusive(const struct pmt_figures *figures,
			   const struct pmt_model *model)
{
	json_t *part;

	if (model->measured.paths)
		return pmt_json_part(figures, model);
	part = json_object();
	for (size_t i = 0; i < pmt_metric_count; i++) {
		if (pmt_metrics[i].in_parts)
			json_object_set_new(part, pmt_metrics[i].member, json_null());
	}
	return part;
}

json_t *pmt_json_calls(const struct pmt_figures *figures, const struct pmt_model *model,
		       uint32_t function)
{
	if (!model->measured.calls ||
	    !pmt_functions_have_calls(&model->functions, function))
		return json_null();
	return json_integer((json_int_t)figures->call_count);
}

void pmt_json_set_function(json_t *object, const struct pmt_model *model,
			   uint32_t function)
{
	const struct pmt_function *f = &model->functions.items[function];

	json_object_set_new(object, "function", pmt_json_text(f->name));
	json_object_set_new(object, "file", pmt_json_text(f->file));
	json_object_set_new(object, "line",
			    f->first_line ? json_integer((json_int_t)f->first_line)
					  : json_null());
}

json_t *pmt_json_function_row(const struct pmt_model *model,
			      const struct pmt_function_row *row)
{
	json_t *object = json_object();

	pmt_json_set_function(object, model, row->function);
	json_object_set_new(object, "calls",
			    pmt_json_calls(&row->self, model, row->function));
	json_object_set_new(object, "self", pmt_json_part(&row->self, model));
	json_object_set_new(object, "inclusive",
			    pmt_json_inclusive(&row->inclusive, model));
	return object;
}

json_t *pmt_json_path(const struct pmt_model *model, uint32_t node)
{
	const struct pmt_tree *tree = &model->tree;
	json_t *path = json_array();

	for (; node != PMT_TREE_ROOT; node = tree->paths[node].parent) {
		json_t *call = json_object();

		pmt_json_set_function(call, model, tree->paths[node].function);
		json_array_insert_new(path, 0, call);
	}
	return path;
}

int pmt_json_print(FILE *out, json_t *document)
{
	if (!document) {
		pmt_message_error("not enough memory for the JSON document");
		return PMT_EXIT_UNREADABLE;
	}
	json_dumpf(document, out, JSON_INDENT(1));
	fputc('\n', out);
	json_decref(document);
	return PMT_EXIT_OK;
}
