/* The calling context tree, and the tree nodes of detail=tree on their way into it. */
#include <check.h>
#include <stdlib.h>

#include "analysis/tree.h"
#include "analysis/tree_nodes.h"
#include "support/run_suite.h"

static uint32_t child(struct pmt_tree *tree, uint32_t parent, uint32_t function)
{
	uint32_t node = UINT32_MAX;

	ck_assert_int_eq(pmt_tree_child(tree, parent, function, &node), 0);
	return node;
}

START_TEST(a_path_has_one_node)
{
	struct pmt_tree tree;

	ck_assert_int_eq(pmt_tree_init(&tree, 0, 100), 0);
	uint32_t a = child(&tree, PMT_TREE_ROOT, 1);
	uint32_t b = child(&tree, PMT_TREE_ROOT, 2);
	uint32_t ab = child(&tree, a, 2);
	ck_assert_uint_ne(a, b);
	ck_assert_uint_ne(ab, b);
	ck_assert_uint_eq(child(&tree, PMT_TREE_ROOT, 1), a);
	ck_assert_uint_eq(child(&tree, PMT_TREE_ROOT, 2), b);
	ck_assert_uint_eq(child(&tree, a, 2), ab);
	ck_assert_uint_eq(tree.paths[ab].parent, a);
	ck_assert_uint_eq(tree.paths[ab].depth, 2);
	ck_assert_uint_eq(tree.count, 4);
	pmt_tree_close(&tree);
}
END_TEST

START_TEST(a_walk_comes_to_every_node_once)
{
	struct pmt_tree tree;
	uint32_t seen[1000] = {0}, nodes = 1, random = (uint32_t)_i + 1;

	ck_assert_int_eq(pmt_tree_init(&tree, 0, 1000), 0);
	for (uint32_t i = 1; i < 500; i++) {
		random = random * 1664525u + 1013904223u;
		child(&tree, (random >> 8) % tree.count, i % 40);
	}
	seen[0]++;
	for (uint32_t node = pmt_tree_next(&tree, PMT_TREE_ROOT); node;
	     node = pmt_tree_next(&tree, node)) {
		ck_assert_uint_eq(seen[tree.paths[node].parent], 1);
		seen[node]++;
		nodes++;
	}
	ck_assert_uint_eq(nodes, tree.count);
	for (uint32_t i = 0; i < tree.count; i++)
		ck_assert_uint_eq(seen[i], 1);
	pmt_tree_close(&tree);
}
END_TEST

START_TEST(inclusive_figures_add_up)
{
	struct pmt_tree tree;

	ck_assert_int_eq(pmt_tree_init(&tree, 0, 100), 0);
	uint32_t a = child(&tree, PMT_TREE_ROOT, 1);
	uint32_t ab = child(&tree, a, 2);
	uint32_t abc = child(&tree, ab, 3);
	uint32_t b = child(&tree, PMT_TREE_ROOT, 2);
	tree.self[a].allocated_bytes = 1;
	tree.self[ab].allocated_bytes = 10;
	tree.self[abc].allocated_bytes = 100;
	tree.self[b].allocated_bytes = 1000;
	tree.self[abc].mapped_bytes = -5;
	struct pmt_figures *inclusive = pmt_tree_inclusive(&tree);
	ck_assert_uint_eq(inclusive[PMT_TREE_ROOT].allocated_bytes, 1111);
	ck_assert_uint_eq(inclusive[a].allocated_bytes, 111);
	ck_assert_uint_eq(inclusive[ab].allocated_bytes, 110);
	ck_assert_int_eq(inclusive[a].mapped_bytes, -5);
	free(inclusive);
	pmt_tree_cut_off(&tree, a);
	ck_assert_uint_eq(pmt_tree_next(&tree, PMT_TREE_ROOT), b);
	ck_assert_uint_eq(pmt_tree_next(&tree, b), 0);
	ck_assert_uint_eq(tree.self[abc].allocated_bytes, 0);
	pmt_tree_close(&tree);
}
END_TEST

START_TEST(a_full_tree_folds)
{
	struct pmt_tree tree;

	ck_assert_int_eq(pmt_tree_init(&tree, 0, 3), 0);
	uint32_t a = child(&tree, PMT_TREE_ROOT, 1);
	uint32_t ab = child(&tree, a, 2);
	/* Recursion: the node above of the same function. */
	ck_assert_uint_eq(child(&tree, ab, 1), a);
	/* No such function above: right under the root, once. */
	uint32_t c = child(&tree, ab, 3);
	ck_assert_uint_eq(tree.paths[c].parent, PMT_TREE_ROOT);
	ck_assert_uint_eq(child(&tree, a, 3), c);
	ck_assert_uint_eq(tree.count, 4);
	ck_assert_uint_eq(tree.folded_count, 3);
	ck_assert_uint_eq(child(&tree, a, 2), ab);
	ck_assert_uint_eq(tree.folded_count, 3);
	pmt_tree_close(&tree);
}
END_TEST

/* --- tree nodes */

struct visits {
	uint32_t order[16]; /* ids */
	uint32_t parents[16];
	uint32_t count;
};

static int visit(void *context, const struct pmt_tree_node *node,
		 const struct pmt_tree_node *parent, uint32_t context_of_parent,
		 uint32_t *ret_context)
{
	struct visits *v = context;

	ck_assert_uint_lt(v->count, 16);
	v->order[v->count] = node->id;
	v->parents[v->count++] = parent ? context_of_parent : 0;
	*ret_context = node->id * 100;
	return 0;
}

static void put(struct pmt_tree_nodes *nodes, uint32_t id, uint32_t parent)
{
	struct pmt_tree_node node = {.stream = 1, .id = id, .parent = parent};

	ck_assert_int_eq(pmt_tree_nodes_put(nodes, &node), 0);
}

START_TEST(parents_are_visited_first)
{
	struct pmt_tree_nodes nodes = {0};
	struct visits v = {.count = 0};

	put(&nodes, 4, 3);
	put(&nodes, 3, 2);
	put(&nodes, 2, 0);
	put(&nodes, 5, 3);
	put(&nodes, 9, 7); /* 7 was lost */
	put(&nodes, 4, 3); /* again: replaces */
	ck_assert_int_eq(pmt_tree_nodes_walk(&nodes, visit, &v), 0);
	ck_assert_uint_eq(v.count, 5);
	static const uint32_t order[] = {2, 3, 4, 5, 9};
	static const uint32_t parents[] = {0, 200, 300, 300, 0};
	for (int i = 0; i < 5; i++) {
		ck_assert_uint_eq(v.order[i], order[i]);
		ck_assert_uint_eq(v.parents[i], parents[i]);
	}
	pmt_tree_nodes_close(&nodes);
}
END_TEST

/* A damaged file: nodes that are their own ancestors. */
START_TEST(circles_end)
{
	struct pmt_tree_nodes nodes = {0};
	struct visits v = {.count = 0};

	put(&nodes, 1, 1);
	put(&nodes, 2, 3);
	put(&nodes, 3, 4);
	put(&nodes, 4, 2);
	ck_assert_int_eq(pmt_tree_nodes_walk(&nodes, visit, &v), 0);
	ck_assert_uint_eq(v.count, 4);
	pmt_tree_nodes_close(&nodes);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tree");
	TCase *tc = tcase_create("tree");

	tcase_add_test(tc, a_path_has_one_node);
	tcase_add_loop_test(tc, a_walk_comes_to_every_node_once, 0, 5);
	tcase_add_test(tc, inclusive_figures_add_up);
	tcase_add_test(tc, a_full_tree_folds);
	tcase_add_test(tc, parents_are_visited_first);
	tcase_add_test(tc, circles_end);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
