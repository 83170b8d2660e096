/*
 * detail=tree without Python: events and sums are fed in, and what the trace says of each
 * call path is compared with sums that the test keeps in its own way. The sums are fed
 * too, the resident set among them, so that every figure is known.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/options.h"
#include "reader/cursor.h"
#include "reader/trace.h"
#include "support/run_suite.h"
#include "tracer/event/context.h"
#include "tracer/event/hook_way.h"
#include "tracer/run/run.h"

enum { DEPTH_MAX = 7, CODES = 4, PATHS_MAX = 1 << 16, EVENTS = 30000 };

/* One call path: the code ids from the root, as characters. */
struct path {
	char codes[DEPTH_MAX + 1];
	uint64_t calls;
	struct pmt_deltas self;
	uint64_t up;
};

static struct path truth[PATHS_MAX];
static unsigned truth_count;
static char now[DEPTH_MAX + 1];
static char trace_path[64];
static struct pmt_options options;
static unsigned seed;
static int64_t rss_change; /* since the last event */

static unsigned pick(unsigned below)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % below;
}

static struct path *path_of(const char *codes)
{
	for (unsigned i = 0; i < truth_count; i++)
		if (strcmp(truth[i].codes, codes) == 0)
			return &truth[i];
	ck_assert_uint_lt(truth_count, PATHS_MAX);
	strcpy(truth[truth_count].codes, codes);
	return &truth[truth_count++];
}

static struct pmt_thread *begin(const char *more)
{
	struct pmt_options_error error;
	char text[256];

	strcpy(trace_path, "/tmp/pymemtrace-contexts-XXXXXX");
	int fd = mkstemp(trace_path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	unlink(trace_path);
	snprintf(text, sizeof(text),
		 "out=%s,detail=tree,rss=off,ring=private,interval=0%s", trace_path,
		 more);
	ck_assert_int_eq(pmt_options_parse(&options, text, &error), 0);
	ck_assert_int_eq(pmt_run_prepare(&options), 0);
	pmt_counting = 1;
	ck_assert(pmt_run_start());
	return pmt_thread_self();
}

/* As a program would: some sums move, mostly not all. */
static void do_something(struct pmt_thread *t)
{
	struct path *p = path_of(now);
	struct pmt_deltas d = {0};
	unsigned what = pick(16);

	if (what & 1)
		d.object_bytes = pick(1000), d.object_count = 1 + pick(3);
	if (what & 2)
		d.allocated_bytes = pick(1 << 20), d.allocated_count = 1;
	if (what & 4)
		d.freed_bytes = pick(1 << 20), d.freed_count = 1;
	if (what == 8)
		d.rss_pages = (int64_t)pick(100) - 50;
	if (what == 9)
		d.mapped_bytes = (int64_t)pick(100) - 50, d.file_mapped_bytes = pick(9);
	for (size_t i = 0; i < sizeof(d) / sizeof(uint64_t); i++) {
		((uint64_t *)&t->sums)[i] += ((const uint64_t *)&d)[i];
		((uint64_t *)&p->self)[i] += ((const uint64_t *)&d)[i];
	}
	rss_change += d.rss_pages;
}

/* An event looks at the sums: a rise and a fall between two of them are one change. */
static void look(void)
{
	path_of(now)->up += rss_change > 0 ? (uint64_t)rss_change : 0;
	rss_change = 0;
}

static void enter(struct pmt_thread *t, unsigned code)
{
	size_t depth = strlen(now);

	look();
	pmt_hook_event(t, PMT_OP_START, code);
	now[depth] = (char)('0' + code);
	path_of(now)->calls++;
}

static void leave(struct pmt_thread *t)
{
	size_t depth = strlen(now);

	pmt_hook_event(t, PMT_OP_RETURN, 0);
	if (!depth)
		return;
	look();
	now[depth - 1] = '\0';
}

struct found {
	struct pmt_tree_node nodes[PATHS_MAX];
	unsigned count;
};

static struct found found;

static void read_nodes(void)
{
	struct pmt_problem problem;
	struct pmt_trace *trace = pmt_trace_open(trace_path, NULL, &problem);
	ck_assert_msg(trace != NULL, "%s", problem.text);
	struct pmt_cursor *cursor = pmt_cursor_new(trace, 0, NULL);
	const struct pmt_event *e;
	struct pmt_tree_node node;

	while ((e = pmt_cursor_next(cursor)))
		if (e->record.op == PMT_OP_EXTENDED &&
		    e->record.ext == PMT_EXT_TREE_NODE &&
		    pmt_payload_get_tree_node(&e->record, &node)) {
			ck_assert_uint_lt(node.id, PATHS_MAX);
			found.nodes[node.id] = node; /* a later one replaces it */
			if (node.id >= found.count)
				found.count = node.id + 1;
		}
	pmt_cursor_free(cursor);
	pmt_trace_close(trace);
	unlink(trace_path);
}

/* The codes on the way to a node. */
static void name_path(uint32_t id, char *codes)
{
	const struct pmt_tree_node *node = &found.nodes[id];

	ck_assert_uint_ne(node->id, 0);
	if (node->parent)
		name_path(node->parent, codes);
	if (node->kind == PMT_TREE_CALL) {
		size_t depth = strlen(codes);
		ck_assert_uint_lt(depth, DEPTH_MAX);
		codes[depth] = (char)('0' + node->code_id);
		codes[depth + 1] = '\0';
	}
}

START_TEST(every_figure_of_every_path)
{
	struct pmt_thread *t = begin("");

	leave(t); /* the stream begins; what was before is in its first record */
	for (int i = 0; i < EVENTS; i++) {
		do_something(t);
		if (pick(2) && strlen(now) < DEPTH_MAX)
			enter(t, 1 + pick(CODES));
		else
			leave(t); /* at depth 0 too: of a call that nobody saw begin */
	}
	while (*now)
		leave(t);
	look();
	pmt_run_end(PMT_END_EXIT, 0);
	read_nodes();
	unsigned compared = 0;
	for (uint32_t id = 1; id < found.count; id++) {
		char codes[DEPTH_MAX + 1] = "";
		const struct pmt_tree_node *node = &found.nodes[id];
		if (!node->id)
			continue;
		name_path(id, codes);
		const struct path *p = path_of(codes);
		ck_assert_uint_eq(node->call_count, p->calls);
		ck_assert_mem_eq(&node->self, &p->self, sizeof(node->self));
		ck_assert_uint_eq(node->rss_up_pages, p->up);
		compared++;
	}
	ck_assert_uint_gt(compared, 1000);
	ck_assert_uint_eq(compared, truth_count);
}
END_TEST

/* Blocks of 64 KiB hold 512 contexts: many are needed, and the index grows. */
START_TEST(small_blocks)
{
	struct pmt_thread *t = begin(",ring_size=64KiB");

	for (unsigned i = 1; i <= 20000; i++) {
		pmt_hook_event(t, PMT_OP_START, i);
		pmt_hook_event(t, PMT_OP_RETURN, 0);
		pmt_hook_event(t, PMT_OP_START, 1 + i / 2);
		pmt_hook_event(t, PMT_OP_RETURN, 0);
	}
	pmt_run_end(PMT_END_EXIT, 0);
	read_nodes();
	uint64_t calls = 0;
	for (uint32_t id = 1; id < found.count; id++) {
		ck_assert_uint_eq(found.nodes[id].parent, 0);
		calls += found.nodes[id].call_count;
	}
	ck_assert_uint_eq(found.count, 20000 + 2); /* none is 0, outside is 1 and idle */
	ck_assert_uint_eq(calls, 40000);
}
END_TEST

/* A pause hides calls, and what is done meanwhile is nobody's. */
START_TEST(pause_and_return)
{
	struct pmt_thread *t = begin("");

	pmt_hook_event(t, PMT_OP_START, 1);
	pmt_hook_event(t, PMT_OP_START, 2);
	atomic_fetch_or(&pmt_hook_way, PMT_WAY_PAUSED);
	pmt_hook_event(t, PMT_OP_RETURN, 0);
	t->sums.object_count += 5;
	pmt_hook_event(t, PMT_OP_START, 3);
	pmt_hook_event(t, PMT_OP_START, 4);
	atomic_fetch_and(&pmt_hook_way, ~(uint32_t)PMT_WAY_PAUSED);
	pmt_hook_event(t, PMT_OP_START, 5);
	t->sums.object_count += 7;
	for (int i = 0; i < 4; i++)
		pmt_hook_event(t, PMT_OP_RETURN, 0);
	pmt_hook_event(t, PMT_OP_START, 6);
	pmt_hook_event(t, PMT_OP_RETURN, 0);
	pmt_run_end(PMT_END_EXIT, 0);
	read_nodes();
	uint64_t calls[8] = {0}, objects[8] = {0}, paused = 0;
	for (uint32_t id = 1; id < found.count; id++) {
		const struct pmt_tree_node *node = &found.nodes[id];
		if (node->kind == PMT_TREE_CALL && node->id) {
			calls[node->code_id] += node->call_count;
			objects[node->code_id] += node->self.object_count;
		}
		if (node->kind == PMT_TREE_PAUSED)
			paused += node->self.object_count;
		if (node->code_id == 5) {
			const struct pmt_tree_node *above = &found.nodes[node->parent];
			ck_assert_uint_eq(above->kind, PMT_TREE_UNKNOWN);
			above = &found.nodes[above->parent];
			ck_assert_uint_eq(above->kind, PMT_TREE_UNKNOWN);
			ck_assert_uint_eq(found.nodes[above->parent].code_id, 1);
		}
		if (node->code_id == 6)
			ck_assert_uint_eq(node->parent, 0);
	}
	ck_assert_uint_eq(calls[1] + calls[2] + calls[5] + calls[6], 4);
	ck_assert_uint_eq(calls[3] + calls[4], 0);
	ck_assert_uint_eq(paused, 5);
	ck_assert_uint_eq(objects[5], 7);
}
END_TEST

int main(void)
{
	const char *given = getenv("PMT_TEST_SEED");
	Suite *suite = suite_create("contexts");
	TCase *tc = tcase_create("contexts");

	seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)getpid();
	printf("PMT_TEST_SEED=%u\n", seed);
	tcase_add_test(tc, every_figure_of_every_path);
	tcase_add_test(tc, small_blocks);
	tcase_add_test(tc, pause_and_return);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
