/* Places, their contexts looked up, become nodes of a tree. */
#include "analysis/block_model.h"

#include <errno.h>
#include <stdlib.h>

#include "analysis/native_functions.h"
#include "reader/contexts.h"

struct step {
	uint32_t id;
	const struct pmt_context *context;
};

struct maker {
	const struct pmt_analysis *a;
	const struct pmt_block_model_options *options;
	struct pmt_model *model;
	struct pmt_block_spots spots;
	struct pmt_native_functions native;
	struct pmt_map nodes; /* stream and context -> node */
	/* Scratch: the contexts from a place outwards. */
	struct step *way;
	size_t way_count;
	size_t way_capacity;
};

/* Nodes for the functions at one place of a module. */
static int enter_native(struct maker *m, const struct pmt_context *context,
			const struct pmt_code *module, uint32_t *node)
{
	const struct pmt_native_frame *frames;
	uint32_t count = 0;
	int error = pmt_native_functions_at(&m->native, &m->model->functions, module,
					    context->code_offset, &frames, &count);

	for (uint32_t i = 0; !error && i < count; i++) {
		uint32_t above = *node;

		error = pmt_tree_child(&m->model->tree, above, frames[i].function, node);
	}
	return error;
}

static int enter(struct maker *m, const struct pmt_context *context, uint32_t *node)
{
	const struct pmt_code *code = pmt_tables_code(m->a->tables, context->code_id);
	uint32_t above = *node, spot;

	if (code && code->kind == PMT_CODE_NATIVE)
		return enter_native(m, context, code, node);
	int error = pmt_block_spots_of(&m->spots, context, &spot);
	/* A file that calls itself is one. */
	if (!error && m->options->spot == PMT_SPOT_FILE &&
	    m->model->tree.paths[above].function == spot)
		return 0;
	return error ? error : pmt_tree_child(&m->model->tree, above, spot, node);
}

static uint64_t key_of(const struct pmt_place *place, uint32_t context)
{
	return (uint64_t)place->stream << 32 | context;
}

static int append_step(struct maker *m, struct step step)
{
	if (m->way_count == m->way_capacity) {
		size_t capacity = m->way_capacity ? m->way_capacity * 2 : 64;
		struct step *way = reallocarray(m->way, capacity, sizeof(*way));

		if (!way)
			return -ENOMEM;
		m->way = way;
		m->way_capacity = capacity;
	}
	m->way[m->way_count++] = step;
	return 0;
}

/* The contexts from the innermost outwards, up to one whose node is known, which is
 * *ret_node: the root above the outermost. */
static int find_way(struct maker *m, const struct pmt_place *place, uint32_t *ret_node)
{
	uint32_t id = place->context, node = PMT_TREE_ROOT;
	int error = 0;

	m->way_count = 0;
	while (!error && id != 0) {
		uint32_t known = pmt_map_find(&m->nodes, key_of(place, id));
		const struct pmt_context *c;

		if (known != PMT_MAP_NONE) {
			node = known;
			break;
		}
		c = pmt_tables_context(m->a->tables, place->stream, id);
		if (!c) {
			error = pmt_tree_child(&m->model->tree, PMT_TREE_ROOT,
					       PMT_FUNCTION_UNKNOWN, &node);
			break;
		}
		error = append_step(m, (struct step){id, c});
		id = c->parent_id;
	}
	*ret_node = node;
	return error;
}

/* A place by its thread, its class of sizes or its domain alone. */
static int node_without_context(struct maker *m, const struct pmt_place *place,
				uint32_t *ret_node)
{
	bool is_thread = m->options->spot == PMT_SPOT_THREAD;
	bool is_domain = m->options->spot == PMT_SPOT_DOMAIN;
	uint64_t key = is_thread   ? place->stream
		       : is_domain ? place->kind
				   : place->size_class;
	uint32_t spot = pmt_block_spots_find(&m->spots, key);
	char text[PMT_THREAD_NAME_BYTES];
	const char *name = text;
	int error = 0;

	if (spot == PMT_MAP_NONE) {
		if (is_thread)
			pmt_model_thread_name(m->a->model, place->stream, text);
		else if (is_domain)
			name = pmt_place_domain(place->kind);
		else
			pmt_size_class_name(text, place->size_class);
		error = pmt_block_spots_name(&m->spots, key, name, &spot);
	}
	return error ? error
		     : pmt_tree_child(&m->model->tree, PMT_TREE_ROOT, spot, ret_node);
}

static int node_of(struct maker *m, const struct pmt_place *place, uint32_t *ret_node)
{
	struct pmt_tree *tree = &m->model->tree;
	uint32_t node = PMT_TREE_ROOT;
	int error;

	if (m->options->spot >= PMT_SPOT_THREAD)
		return node_without_context(m, place, ret_node);
	if (place->context == 0)
		return pmt_tree_child(tree, node, PMT_FUNCTION_OUTSIDE, ret_node);
	error = find_way(m, place, &node);
	while (!error && m->way_count > 0) {
		const struct step *step = &m->way[--m->way_count];

		error = enter(m, step->context, &node);
		if (!error)
			error = pmt_map_put(&m->nodes, key_of(place, step->id), node);
	}
	*ret_node = node;
	return error;
}

static struct pmt_held held_of(const struct pmt_analysis *a,
			       const struct pmt_block_model_options *options, uint32_t i)
{
	const struct pmt_block_history *blocks = &a->model->block_history;
	const struct pmt_place *place = &blocks->set.places.items[i];
	struct pmt_held none = {0};

	if (!pmt_place_is_heap(place) ||
	    (options->thread &&
	     !pmt_model_is_thread(a->model, place->stream, options->thread)))
		return none;
	if (options->figure == PMT_BLOCKS_AT_PEAK)
		return place->at[PMT_MOMENT_HEAP];
	if (options->figure == PMT_BLOCKS_AT_RSS_PEAK)
		return place->at[PMT_MOMENT_RSS];
	if (i < blocks->first_place)
		return none;
	switch (options->figure) {
	case PMT_BLOCKS_TEMPORARY:
		return place->temporary;
	case PMT_BLOCKS_ALLOCATED:
		return place->allocated;
	default:
		return place->live;
	}
}

static int add_places(struct maker *m)
{
	const struct pmt_places *places = &m->a->model->block_history.set.places;
	uint32_t node;

	for (uint32_t i = 0; i < places->count; i++) {
		const struct pmt_place *place = &places->items[i];
		struct pmt_held held = held_of(m->a, m->options, i);

		if (m->options->place_nodes)
			m->options->place_nodes[i] = PMT_TREE_ROOT;
		if (held.bytes == 0 && held.count == 0 && held.sample_count == 0)
			continue;
		int error = node_of(m, place, &node);
		if (error)
			return error;
		if (m->options->place_nodes)
			m->options->place_nodes[i] = node;
		struct pmt_figures more = {
		    .allocated_bytes = held.bytes,
		    .allocated_count = held.count,
		    .allocated_bytes_part = held.bytes_part,
		    .allocated_count_part = held.count_part,
		    .sample_count = held.sample_count,
		    .mapped_bytes =
			place->kind == PMT_PLACE_MAPPED ? (int64_t)held.bytes : 0,
		    .object_bytes = place->allocated.bytes,
		    .object_count = place->allocated.count,
		};
		pmt_figures_add(&m->model->tree.self[node], &more);
		pmt_figures_add(&m->model->totals, &more);
	}
	return 0;
}

int pmt_block_model_new(const struct pmt_analysis *a,
			const struct pmt_block_model_options *options,
			struct pmt_model **ret_model)
{
	static const uint8_t native_spots[] = {
	    [PMT_SPOT_LINE] = PMT_NATIVE_LINE,
	    [PMT_SPOT_FUNCTION] = PMT_NATIVE_FUNCTION,
	    [PMT_SPOT_FILE] = PMT_NATIVE_FILE,
	    [PMT_SPOT_DOMAIN] = 0, /* the last; those without contexts have no frames */
	};
	struct maker m = {.a = a, .options = options};
	int error;

	m.native.spot = native_spots[options->spot];
	m.model = malloc(sizeof(*m.model));
	if (!m.model)
		return -ENOMEM;
	*m.model = *a->model;
	m.spots = (struct pmt_block_spots){
	    .spot = options->spot, .tables = a->tables, .functions = &m.model->functions};
	m.model->functions = (struct pmt_functions){0};
	m.model->tree = (struct pmt_tree){0};
	m.model->totals = (struct pmt_figures){0};
	m.model->measured.mallocs = m.model->measured.mapped = true;
	m.model->measured.objects = true;
	error = pmt_functions_init(&m.model->functions);
	if (!error)
		error =
		    pmt_tree_init(&m.model->tree, PMT_FUNCTION_ALL, PMT_TREE_NODE_LIMIT);
	if (!error)
		error = add_places(&m);
	free(m.way);
	pmt_map_close(&m.nodes);
	pmt_block_spots_close(&m.spots);
	pmt_native_functions_close(&m.native);
	if (error)
		pmt_block_model_free(m.model);
	else
		*ret_model = m.model;
	return error;
}

bool pmt_block_model_split(const struct pmt_analysis *a,
			   const struct pmt_block_model_options *options,
			   struct pmt_held ret_split[PMT_PLACE_KINDS])
{
	const struct pmt_places *places = &a->model->block_history.set.places;
	bool has_domains = false;

	for (unsigned kind = 0; kind < PMT_PLACE_KINDS; kind++)
		ret_split[kind] = (struct pmt_held){0};
	for (uint32_t i = 0; i < places->count; i++) {
		uint8_t kind = places->items[i].kind;
		struct pmt_held held = held_of(a, options, i);

		pmt_held_add(&ret_split[kind], &held);
		has_domains |= pmt_place_is_domain(kind);
	}
	return has_domains;
}

void pmt_block_model_free(struct pmt_model *model)
{
	pmt_functions_close(&model->functions);
	pmt_tree_close(&model->tree);
	free(model);
}
