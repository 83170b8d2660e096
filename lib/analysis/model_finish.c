/*
 * The beginning and the end of a model: set-up, and what can only be settled when the
 * whole trace was read (names, the tracer's own tree, peaks, what was measured).
 */
#include "analysis/model_private.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int pmt_model_init(struct pmt_model *model, const struct pmt_tables *tables,
		   uint32_t page_bytes, uint64_t ticks_per_second,
		   const struct pmt_model_options *options)
{
	/* 10 us, or a tick where a tick is longer: a short program has a timeline too. */
	uint64_t bucket_ticks = ticks_per_second / 100000;
	int error;

	*model = (struct pmt_model){.tables = tables,
				    .page_bytes = page_bytes,
				    .blocks.native.spot = PMT_NATIVE_FUNCTION};
	if (options)
		model->options = *options;
	if (model->options.node_limit == 0)
		model->options.node_limit = PMT_TREE_NODE_LIMIT;
	if (!model->options.with_block_history) /* of mappings, to the end */
		model->options.block_history = (struct pmt_block_history_options){
		    .to_mark = PMT_TO_EXIT,
		    .is_alone = model->options.block_history.is_alone};
	pmt_block_history_init(&model->block_history, &model->options.block_history,
			       ticks_per_second);
	pmt_stretch_init(&model->stretch, &model->options.stretch);
	if (pmt_stretch_is_at(&model->stretch, model->options.until)) /* its begin */
		pmt_model_end(model, 0);
	error = pmt_functions_init(&model->functions);
	if (!error)
		error = pmt_tree_init(&model->tree, PMT_FUNCTION_ALL,
				      model->options.node_limit);
	if (!error)
		error =
		    pmt_timeline_init(&model->timeline, bucket_ticks ? bucket_ticks : 1);
	return error;
}

void pmt_model_close(struct pmt_model *model)
{
	pmt_functions_close(&model->functions);
	pmt_tree_close(&model->tree);
	pmt_streams_close(&model->streams);
	pmt_lines_close(&model->lines);
	pmt_blocks_close(&model->blocks);
	pmt_tree_nodes_close(&model->tree_nodes);
	pmt_timeline_close(&model->timeline);
	pmt_marks_close(&model->marks);
	pmt_types_close(&model->types);
	pmt_collections_close(&model->collections);
	pmt_places_close(&model->live.places);
	pmt_block_history_close(&model->block_history);
	pmt_fragmentation_close(&model->fragmentation);
}

static void add_node_figures(struct pmt_figures *f, const struct pmt_tree_node *node)
{
	uint64_t up = node->rss_up_pages;

	f->call_count += node->call_count;
	f->allocated_bytes += node->self.allocated_bytes;
	f->allocated_count += node->self.allocated_count;
	f->freed_bytes += node->self.freed_bytes;
	f->freed_count += node->self.freed_count;
	f->object_bytes += node->self.object_bytes;
	f->object_count += node->self.object_count;
	f->rss_up_pages += up;
	f->rss_down_pages += up - (uint64_t)node->self.rss_pages;
	f->mapped_bytes = pmt_sum_wrapping(f->mapped_bytes, node->self.mapped_bytes);
	f->file_mapped_bytes =
	    pmt_sum_wrapping(f->file_mapped_bytes, node->self.file_mapped_bytes);
}

/* The node of the tree for one of the tracer's that is no call of a known function. */
static int special_node(struct pmt_model *model, const struct pmt_stream_state *stream,
			const struct pmt_tree_node *node, uint32_t above,
			uint32_t *ret_node)
{
	struct pmt_tree *tree = &model->tree;

	if (node->kind == PMT_TREE_PAUSED)
		return pmt_tree_child(tree, stream->root_node, PMT_FUNCTION_PAUSED,
				      ret_node);
	if (node->kind == PMT_TREE_OPEN && node->depth > 0 &&
	    node->depth <= stream->open_count) {
		*ret_node = stream->open_nodes[node->depth - 1];
		return 0;
	}
	/* Unknown calls within unknown calls are one node, as in model.c. */
	if (tree->paths[above].function == PMT_FUNCTION_UNKNOWN) {
		*ret_node = above;
		return 0;
	}
	return pmt_tree_child(tree, above, PMT_FUNCTION_UNKNOWN, ret_node);
}

static int place_tree_node(void *context, const struct pmt_tree_node *node,
			   const struct pmt_tree_node *parent, uint32_t parent_node,
			   uint32_t *ret_node)
{
	struct pmt_model *model = context;
	struct pmt_stream_state *stream;
	uint32_t function = PMT_FUNCTION_OUTSIDE;
	int error = pmt_model_stream(model, node->stream, &stream);

	if (!error && node->code_id != 0)
		error = pmt_model_function(model, node->code_id, &function);
	if (!error && !parent && node->parent != 0)
		error = pmt_tree_child(&model->tree, stream->root_node,
				       PMT_FUNCTION_UNKNOWN, &parent_node);
	else if (!error && !parent)
		parent_node = stream->root_node;
	if (!error && node->kind > PMT_TREE_OUTSIDE)
		error = special_node(model, stream, node, parent_node, ret_node);
	else if (!error)
		error = pmt_tree_child(&model->tree, parent_node, function, ret_node);
	if (error)
		return error;
	add_node_figures(&model->tree.self[*ret_node], node);
	add_node_figures(&stream->totals, node);
	return 0;
}

/* Totals of each stream from the sums of its records; tree nodes are in already. */
static void finish_stream(struct pmt_model *model, struct pmt_stream_state *stream)
{
	const struct pmt_deltas *seen = &stream->seen;
	struct pmt_figures *totals = &stream->totals;
	/* rss_up_pages holds the rises of records and of tree nodes; its own falls are
	 * what is missing to the net of the records. */
	struct pmt_figures records = {0};

	records.allocated_bytes = seen->allocated_bytes;
	records.allocated_count = seen->allocated_count;
	records.freed_bytes = seen->freed_bytes;
	records.freed_count = seen->freed_count;
	records.object_bytes = seen->object_bytes;
	records.object_count = seen->object_count;
	records.mapped_bytes = seen->mapped_bytes;
	records.file_mapped_bytes = seen->file_mapped_bytes;
	records.rss_up_pages = stream->record_rise_pages;
	records.rss_down_pages = stream->record_rise_pages - (uint64_t)seen->rss_pages;
	pmt_figures_add(totals, &records);
	pmt_figures_add(&model->totals, totals);
}

/* The process's own stream has no calls, mostly nothing. */
static void cut_off_empty_root(struct pmt_model *model,
			       const struct pmt_stream_state *stream)
{
	if (stream->number == 0 && model->tree.paths[stream->root_node].first_child == 0)
		pmt_tree_cut_off(&model->tree, stream->root_node);
}

void pmt_model_thread_name(const struct pmt_model *model, uint32_t number,
			   char text[PMT_THREAD_NAME_BYTES])
{
	const struct pmt_thread_info *thread = pmt_tables_thread(model->tables, number);

	if (number == 0)
		snprintf(text, PMT_THREAD_NAME_BYTES, "[process]");
	else if (thread && thread->name && thread->name[0])
		snprintf(text, PMT_THREAD_NAME_BYTES, "[thread %u: %s]", number,
			 thread->name);
	else
		snprintf(text, PMT_THREAD_NAME_BYTES, "[thread %u]", number);
}

static int name_thread_roots(struct pmt_model *model)
{
	for (uint32_t i = 0; i < model->streams.count; i++) {
		const struct pmt_stream_state *stream = &model->streams.items[i];
		char text[PMT_THREAD_NAME_BYTES];

		pmt_model_thread_name(model, stream->number, text);
		char *copy = strdup(text);
		if (!copy)
			return -ENOMEM;
		struct pmt_function *f =
		    &model->functions
			 .items[model->tree.paths[stream->root_node].function];
		free((char *)f->name);
		f->name = copy;
		cut_off_empty_root(model, stream);
	}
	return 0;
}

/* A figure that no record ever had was not measured: no Python program runs without
 * an allocation, an object or a page. */
static void settle_measured(struct pmt_model *model)
{
	struct pmt_measured *m = &model->measured;
	const struct pmt_figures *t = &model->totals;

	m->calls = model->counts.enters > 0 || model->tree_nodes.count > 0;
	m->paths = m->calls || model->blocks.count > 0;
	m->mallocs = t->allocated_count > 0 || t->freed_count > 0;
	m->objects = t->object_count > 0;
	m->rss = t->rss_up_pages > 0 || t->rss_down_pages > 0;
	m->blocks = model->options.with_block_history &&
		    (model->counts.blocks > 0 || model->sample_mean_bytes > 0 ||
		     model->block_history.is_summed);
	m->types = model->types.count > 0;
	/* The same wrappers count both; a program may well map nothing. */
	m->mapped = m->mallocs || (model->flags_seen & PMT_FLAG_MAPPED) ||
		    t->mapped_bytes != 0 || t->file_mapped_bytes != 0;
}

bool pmt_model_is_of_blocks(const struct pmt_model *model)
{
	return !model->measured.calls &&
	       (model->counts.blocks > 0 || model->live.state_count > 0);
}

bool pmt_model_lines_are_of_blocks(const struct pmt_model *model)
{
	return model->blocks.count > 0 && model->counts.lines == 0;
}

int pmt_model_finish(struct pmt_model *model)
{
	int error = pmt_tree_nodes_walk(&model->tree_nodes, place_tree_node, model);

	pmt_tree_settle_calls(&model->tree);
	if (!error)
		error = pmt_block_history_finish(&model->block_history);
	if (!error)
		error = pmt_model_charge_contexts(model);
	if (!error)
		error = pmt_model_charge_history(model);
	if (!error)
		error = pmt_model_charge_live_sums(model);
	if (!error)
		error = pmt_functions_finish(&model->functions, model->tables);
	if (!error && model->options.by_thread)
		error = name_thread_roots(model);
	if (error)
		return error;
	for (uint32_t i = 0; i < model->streams.count; i++)
		finish_stream(model, &model->streams.items[i]);
	pmt_gaps_finish(model);
	pmt_model_finish_blocks(model);
	settle_measured(model);
	pmt_peaks_finish(&model->peaks, model->page_bytes, model->measured.rss,
			 model->measured.mallocs);
	if (pmt_model_is_of_blocks(model))
		pmt_peaks_forget_calls(&model->peaks);
	return 0;
}

bool pmt_model_is_thread(const struct pmt_model *model, uint32_t number, const char *word)
{
	const struct pmt_thread_info *thread = pmt_tables_thread(model->tables, number);
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	if (strcmp(text, word) == 0)
		return true;
	if (!thread)
		return false;
	snprintf(text, sizeof(text), "%u", thread->os_tid);
	if (strcmp(text, word) == 0)
		return true;
	return thread->name && fnmatch(word, thread->name, 0) == 0;
}

uint32_t pmt_model_select_threads(struct pmt_model *model, const char *word)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < model->streams.count; i++) {
		const struct pmt_stream_state *stream = &model->streams.items[i];
		bool wanted = pmt_model_is_thread(model, stream->number, word);

		count += wanted;
		if (!wanted)
			pmt_tree_cut_off(&model->tree, stream->root_node);
	}
	return count;
}
