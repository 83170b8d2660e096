/* The shadow stack: an array that grows with the deepest recursion seen. */
#include "analysis/shadow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* sys.setrecursionlimit() takes more, but memory ends the interpreter first. */
	DEPTH_MAX = 1 << 26,
	/* What one record can claim: a damaged one must not make us allocate a GiB. Calls
	 * beyond come out as extra leaves. */
	CLAIMED_DEPTH_MAX = 1 << 20,
};

static int reserve(struct pmt_shadow *shadow, uint64_t depth)
{
	uint64_t capacity = shadow->capacity ? shadow->capacity : 64;

	if (depth <= shadow->capacity)
		return 0;
	if (depth > DEPTH_MAX)
		return -EOVERFLOW;
	while (capacity < depth)
		capacity *= 2;
	struct pmt_shadow_frame *frames =
	    realloc(shadow->frames, capacity * sizeof(*frames));
	if (!frames)
		return -ENOMEM;
	shadow->frames = frames;
	shadow->capacity = (uint32_t)capacity;
	return 0;
}

static void pop(struct pmt_shadow *shadow)
{
	shadow->depth--;
	shadow->python_depth -= !shadow->frames[shadow->depth].is_c;
}

void pmt_shadow_close(struct pmt_shadow *shadow)
{
	free(shadow->frames);
	*shadow = (struct pmt_shadow){0};
}

int pmt_shadow_push(struct pmt_shadow *shadow, struct pmt_shadow_frame frame)
{
	int error = reserve(shadow, (uint64_t)shadow->depth + 1);

	if (error)
		return error;
	shadow->frames[shadow->depth++] = frame;
	shadow->python_depth += !frame.is_c;
	return 0;
}

void pmt_shadow_pop_python(struct pmt_shadow *shadow)
{
	if (shadow->python_depth == 0) {
		shadow->depth = 0;
		shadow->extra_leave_count++;
		return;
	}
	while (shadow->frames[shadow->depth - 1].is_c)
		pop(shadow);
	pop(shadow);
}

void pmt_shadow_pop_c(struct pmt_shadow *shadow)
{
	if (shadow->depth > 0 && shadow->frames[shadow->depth - 1].is_c)
		pop(shadow);
	else
		shadow->extra_leave_count++;
}

void pmt_shadow_cut_to(struct pmt_shadow *shadow, uint64_t python_depth)
{
	while (shadow->python_depth > python_depth)
		pop(shadow);
	while (shadow->depth > 0 && shadow->frames[shadow->depth - 1].is_c)
		pop(shadow);
}

int pmt_shadow_fill_to(struct pmt_shadow *shadow, uint64_t python_depth,
		       struct pmt_shadow_frame unknown)
{
	if (python_depth > CLAIMED_DEPTH_MAX)
		python_depth = CLAIMED_DEPTH_MAX;
	while (shadow->python_depth < python_depth) {
		int error = pmt_shadow_push(shadow, unknown);

		if (error)
			return error;
	}
	return 0;
}

int pmt_shadow_insert_to(struct pmt_shadow *shadow, uint64_t python_depth,
			 struct pmt_shadow_frame unknown)
{
	if (python_depth > CLAIMED_DEPTH_MAX)
		python_depth = CLAIMED_DEPTH_MAX;
	if (python_depth <= shadow->python_depth)
		return 0;
	uint32_t missing = (uint32_t)python_depth - shadow->python_depth;
	int error = reserve(shadow, (uint64_t)shadow->depth + missing);
	if (error)
		return error;
	memmove(&shadow->frames[missing], shadow->frames,
		shadow->depth * sizeof(*shadow->frames));
	for (uint32_t i = 0; i < missing; i++)
		shadow->frames[i] = unknown;
	shadow->depth += missing;
	shadow->python_depth += missing;
	return 0;
}
