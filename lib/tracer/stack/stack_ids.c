/*
 * Two tables: recent stacks by the hash of their frames, which answers nearly always; and
 * contexts by (caller's context, function, offset), which a miss goes through frame by
 * frame. Owning thread only.
 */
#include "stack/stack_ids.h"

#include <errno.h>
#include <stddef.h>

#include "event/emit.h"
#include "format/payload_blocks.h"
#include "native/native.h"
#include "python/code_ids.h"
#include "python/code_raw.h"
#include "python/frame_walk.h"
#include "stack/frame_anchor.h"
#include "stack/frame_chain.h"
#include "stack/stack_memory.h"
#include "thread.h"

enum {
	RECENT = 2048,
	FIRST_CONTEXTS = 1 << 12,
	CONTEXTS_MAX = 1 << 20, /* half of them used: 16 MiB a thread at most */
};

struct recent {
	uint64_t hash; /* 0: empty */
	uint64_t id;
};

struct context {
	uint32_t id; /* 0: empty */
	uint32_t parent_id;
	uint32_t code_id;
	uint32_t offset;
};

struct pmt_stacks {
	uint64_t seed; /* of hashes; the epoch of code objects, and our own beginnings */
	uint64_t epoch;
	struct context *contexts;
	uint32_t mask;
	uint32_t used;
	uint32_t last_id;
	struct pmt_native *native; /* native=1 */
	struct recent recent[RECENT];
	struct pmt_frame_anchor anchor;
	struct pmt_frame_chain chain; /* touched as deep as stacks are, too */
	char scratch[PMT_CODE_SCRATCH_BYTES];
	struct pmt_frame_place places[PMT_FRAMES_MAX]; /* touched as deep as stacks are */
};

static size_t bytes_of(uint32_t contexts)
{
	return (size_t)contexts * sizeof(struct context);
}

static PMT_NOINLINE struct pmt_stacks *open_stacks(struct pmt_thread *t)
{
	struct pmt_stacks *s = pmt_stack_memory_map(sizeof(*s));

	if (!s)
		return NULL;
	s->contexts = pmt_stack_memory_map(bytes_of(FIRST_CONTEXTS));
	if (!s->contexts) {
		pmt_stack_memory_unmap(s, sizeof(*s));
		return NULL;
	}
	s->mask = FIRST_CONTEXTS - 1;
	s->seed = 1;
	s->epoch = pmt_load_relaxed(&pmt_code_epoch);
	t->stacks = s;
	t->state_word = pmt_state_word_self();
	return s;
}

void pmt_stacks_free(struct pmt_stacks *s)
{
	if (!s)
		return;
	pmt_native_free(s->native);
	pmt_stack_memory_unmap(s->contexts, bytes_of(s->mask + 1));
	pmt_stack_memory_unmap(s, sizeof(*s));
}

static uint32_t place_of(const struct pmt_stacks *s, const struct context *c)
{
	uint64_t hash =
	    pmt_frame_mix((uint64_t)c->parent_id << 32 | c->code_id, c->offset + 1u);

	return (uint32_t)(hash >> 32) & s->mask;
}

static struct context *find(const struct pmt_stacks *s, const struct context *wanted)
{
	for (uint32_t i = place_of(s, wanted);; i = (i + 1) & s->mask) {
		struct context *c = &s->contexts[i];

		if (!c->id ||
		    (c->parent_id == wanted->parent_id && c->code_id == wanted->code_id &&
		     c->offset == wanted->offset))
			return c;
	}
}

/* Hashes remembered so far find nothing any more: their seed is gone. */
static void forget_recent(struct pmt_stacks *s)
{
	s->seed = pmt_frame_mix(s->seed, s->last_id + 1u) | 1;
}

/* Twice as large, or empty at the largest size or without memory; false for the latter.
 */
static bool make_space(struct pmt_stacks *s)
{
	uint32_t old_size = s->mask + 1;
	struct context *old = s->contexts;
	struct context *larger =
	    old_size < CONTEXTS_MAX ? pmt_stack_memory_map(bytes_of(old_size * 2)) : NULL;

	if (!larger) {
		for (uint32_t i = 0; i < old_size; i++)
			old[i].id = 0;
		s->used = 0;
		forget_recent(s);
		return false;
	}
	s->contexts = larger;
	s->mask = old_size * 2 - 1;
	for (uint32_t i = 0; i < old_size; i++)
		if (old[i].id)
			*find(s, &old[i]) = old[i];
	pmt_stack_memory_unmap(old, bytes_of(old_size));
	return true;
}

static bool write_context(struct pmt_thread *t, const struct context *c)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];
	struct pmt_stack_def def = {c->id, c->parent_id, c->code_id, c->offset};
	const uint8_t *end = pmt_payload_put_stack(payload, &def);

	return pmt_emit_extended(&t->emitter, NULL, PMT_EXT_STACK, payload,
				 (size_t)(end - payload));
}

/* The id of one frame below parent_id; 0 when it could not be written. */
static uint32_t context_id(struct pmt_thread *t, struct pmt_stacks *s, uint32_t parent_id,
			   uint32_t code_id, uint32_t offset)
{
	struct context wanted = {0, parent_id, code_id, offset};
	struct context *c = find(s, &wanted);

	if (c->id)
		return c->id;
	wanted.id = s->last_id + 1;
	if (s->used + 1 >= s->mask || !write_context(t, &wanted))
		return 0;
	s->last_id++;
	s->used++;
	*c = wanted;
	return wanted.id;
}

static uint32_t id_of_frames(struct pmt_thread *t, struct pmt_stacks *s,
			     const void *frame)
{
	size_t count =
	    pmt_frame_collect(&pmt_frames.layout, frame, s->places, PMT_FRAMES_MAX);
	uint32_t id = 0;

	/* Between stacks, never within one: a parent must not be forgotten. */
	while ((uint64_t)(s->used + count) * 2 > s->mask && make_space(s))
		;
	while (count--) {
		const struct pmt_frame_place *place = &s->places[count];
		uint32_t code = pmt_code_raw_id_self(t, place->code, s->scratch);

		if (code == (uint32_t)PMT_CODE_HIDDEN)
			continue; /* what it does is its caller's */
		if (code == PMT_CODE_UNKNOWN)
			return 0;
		id = context_id(t, s, id, code, place->offset);
		if (!id)
			return 0;
	}
	return id;
}

/* One place of a merged stack below `id`; the same id where a filter hides it, 0 where
 * there was no room to say it. */
static uint32_t id_of_place(struct pmt_thread *t, struct pmt_stacks *s, uint32_t id,
			    const struct pmt_native_place *place)
{
	uint32_t code, offset = place->offset;

	if (place->is_native) {
		const struct pmt_module *module =
		    pmt_modules_at_self(t, &s->native->modules, place->at);
		if (!module)
			return id; /* code that no module has: made as the program ran */
		code = module->code_id;
		offset = (uint32_t)(place->at - module->load_address);
	} else {
		code = pmt_code_raw_id_self(t, place->at, s->scratch);
	}
	if (code == (uint32_t)PMT_CODE_HIDDEN)
		return id;
	return code == PMT_CODE_UNKNOWN ? 0 : context_id(t, s, id, code, offset);
}

static uint32_t id_of_merged(struct pmt_thread *t, struct pmt_stacks *s,
			     const void *frame)
{
	size_t count = pmt_native_merge(s->native, frame);
	uint32_t id = 0;

	while ((uint64_t)(s->used + count) * 2 > s->mask && make_space(s))
		;
	while (count--) {
		uint32_t below = id_of_place(t, s, id, &s->native->places[count]);

		if (!below && id)
			return 0;
		id = below;
	}
	return id;
}

/* A number for the frames from `frame` outwards, the top one of the thread's state. */
PMT_INLINE uint64_t hash_of(struct pmt_stacks *s, void *state, const void *frame)
{
	const struct pmt_frame_layout *l = &pmt_frames.layout;
	uint64_t hash;

	if (!frame)
		return s->seed;
	if (PMT_UNLIKELY(l->tstate_anchor != PMT_LAYOUT_NONE))
		return pmt_frame_anchor_hash_self(&s->anchor, &s->chain, l, state, frame,
						  s->seed);
	if (pmt_frame_chain_hash_again_self(&s->chain, l, frame, s->seed, &hash))
		return hash;
	return pmt_frame_chain_hash_self(&s->chain, l, frame, s->seed);
}

static uint32_t id_with_native(struct pmt_thread *t, struct pmt_stacks *s, void *state,
			       const void *frame)
{
	if (!s->native && !(s->native = pmt_native_new()))
		return id_of_frames(t, s, frame);
	uint64_t hash = hash_of(s, state, frame);
	hash = pmt_native_hash_self(s->native, hash);
	struct recent *recent = &s->recent[hash >> 20 & (RECENT - 1)];
	if (PMT_LIKELY(recent->hash == hash))
		return (uint32_t)recent->id;
	uint32_t id = id_of_merged(t, s, frame);
	if (id)
		*recent = (struct recent){hash, id};
	return id;
}

static PMT_NOINLINE uint32_t id_with_native_kept_errno(struct pmt_thread *t,
						       struct pmt_stacks *s, void *state,
						       const void *frame)
{
	int saved = errno;
	uint32_t id = id_with_native(t, s, state, frame);

	errno = saved;
	return id;
}

/* Of a stack that was not there lately. */
static PMT_NOINLINE uint32_t id_anew(struct pmt_thread *t, struct pmt_stacks *s,
				     const void *frame, uint64_t hash)
{
	int saved = errno;
	uint32_t id = id_of_frames(t, s, frame);

	errno = saved;
	if (id)
		s->recent[hash >> 20 & (RECENT - 1)] = (struct recent){hash, id};
	return id;
}

uint32_t pmt_stack_id_self(struct pmt_thread *t)
{
	const struct pmt_frame_layout *l = &pmt_frames.layout;
	void *state = l->minor ? pmt_frame_thread_state(t->state_word) : NULL;
	const void *frame = state ? pmt_frame_top(l, state) : NULL;
	struct pmt_stacks *s = t->stacks;

	if ((!frame && !pmt_native_on) || (!s && !(s = open_stacks(t))))
		return 0;
	uint64_t epoch = pmt_load_relaxed(&pmt_code_epoch);
	if (PMT_UNLIKELY(s->epoch != epoch)) {
		s->epoch = epoch;
		s->seed = pmt_frame_mix(s->seed, epoch) | 1;
	}
	if (PMT_UNLIKELY(pmt_native_on))
		return id_with_native_kept_errno(t, s, state, frame);
	uint64_t hash = hash_of(s, state, frame);
	const struct recent *recent = &s->recent[hash >> 20 & (RECENT - 1)];
	if (PMT_LIKELY(recent->hash == hash))
		return (uint32_t)recent->id;
	return id_anew(t, s, frame, hash);
}
