/* The latest record of each node, and a walk from the roots down. */
#include "analysis/tree_nodes.h"

#include <errno.h>
#include <stdlib.h>

/* What a walk knows of one item. */
enum { NOT_VISITED = 0, ON_THE_WAY, VISITED };

struct place {
	uint32_t context; /* set by visit */
	uint32_t waiting; /* the item that asked for this one as its parent */
	uint8_t state;
};

static uint64_t key_of(uint32_t stream, uint32_t id)
{
	return (uint64_t)stream << 32 | id;
}

void pmt_tree_nodes_close(struct pmt_tree_nodes *nodes)
{
	free(nodes->items);
	pmt_map_close(&nodes->index);
	*nodes = (struct pmt_tree_nodes){0};
}

int pmt_tree_nodes_put(struct pmt_tree_nodes *nodes, const struct pmt_tree_node *node)
{
	uint64_t key = key_of(node->stream, node->id);
	uint32_t found = pmt_map_find(&nodes->index, key);

	if (found == PMT_MAP_NONE) {
		if (nodes->count == nodes->capacity) {
			uint32_t capacity = nodes->capacity ? nodes->capacity * 2 : 256;
			struct pmt_tree_node *items =
			    realloc(nodes->items, capacity * sizeof(*items));

			if (!items)
				return -ENOMEM;
			nodes->items = items;
			nodes->capacity = capacity;
		}
		found = nodes->count;
		int error = pmt_map_put(&nodes->index, key, found);
		if (error)
			return error;
		nodes->count++;
	}
	nodes->items[found] = *node;
	return 0;
}

static uint32_t parent_of(const struct pmt_tree_nodes *nodes, uint32_t item)
{
	const struct pmt_tree_node *node = &nodes->items[item];

	if (node->parent == 0)
		return PMT_MAP_NONE;
	return pmt_map_find(&nodes->index, key_of(node->stream, node->parent));
}

/* Visits item, after the parents above it that were not visited yet. */
static int visit_upwards(const struct pmt_tree_nodes *nodes, struct place *places,
			 uint32_t item, pmt_tree_nodes_visit_fn *visit, void *context)
{
	uint32_t at = item;
	uint32_t parent;

	/* Up, remembering the way, to one whose parent is done, missing or on it. */
	places[at].state = ON_THE_WAY;
	places[at].waiting = PMT_MAP_NONE;
	while ((parent = parent_of(nodes, at)) != PMT_MAP_NONE &&
	       places[parent].state == NOT_VISITED) {
		places[parent].state = ON_THE_WAY;
		places[parent].waiting = at;
		at = parent;
	}
	/* And down again. */
	for (; at != PMT_MAP_NONE; at = places[at].waiting) {
		parent = parent_of(nodes, at);
		if (parent != PMT_MAP_NONE && places[parent].state != VISITED)
			parent = PMT_MAP_NONE;
		bool known = parent != PMT_MAP_NONE;
		int error = visit(
		    context, &nodes->items[at], known ? &nodes->items[parent] : NULL,
		    known ? places[parent].context : 0, &places[at].context);
		if (error)
			return error;
		places[at].state = VISITED;
	}
	return 0;
}

int pmt_tree_nodes_walk(const struct pmt_tree_nodes *nodes,
			pmt_tree_nodes_visit_fn *visit, void *context)
{
	int error = 0;

	if (nodes->count == 0)
		return 0;
	struct place *places = calloc(nodes->count, sizeof(*places));
	if (!places)
		return -ENOMEM;
	for (uint32_t i = 0; i < nodes->count && !error; i++) {
		if (places[i].state == NOT_VISITED)
			error = visit_upwards(nodes, places, i, visit, context);
	}
	free(places);
	return error;
}
