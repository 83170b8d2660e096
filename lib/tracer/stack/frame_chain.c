/* The stack compared with the one before; see frame_chain.h. In malloc, on the thread
 * itself. */
#include "stack/frame_chain.h"

/* How far calls and returns between two questions are followed. */
enum { CALLS_MAX = 6, RETURNS_MAX = 8 };

static const void *previous_of(const struct pmt_frame_layout *l, const void *frame)
{
	return PMT_FRAME_FIELD(void *, frame, l->frame_previous);
}

/* Writes the `count` innermost links, from `frame` on. */
static void write_links(struct pmt_frame_chain *c, const struct pmt_frame_layout *l,
			const void *frame, uint32_t count)
{
	struct pmt_chain_link *link = &c->links[c->count];

	for (; count--; link--) {
		*link = (struct pmt_chain_link){frame, pmt_frame_position(l, frame)};
		frame = previous_of(l, frame);
	}
}

/* Hashes of the frames behind the first `known` ones. */
static uint64_t hash_from(struct pmt_frame_chain *c, uint32_t known)
{
	uint64_t hash = c->hashes[known];

	for (uint32_t i = known + 1; i <= c->count; i++)
		c->hashes[i] = hash = pmt_frame_mix(hash, c->links[i].position);
	return hash;
}

/* The whole stack anew. */
static PMT_NOINLINE uint64_t walk(struct pmt_frame_chain *c,
				  const struct pmt_frame_layout *l, const void *frame,
				  uint64_t seed)
{
	const void *at = frame;
	uint32_t depth = 0;

	for (; at && depth <= PMT_CHAIN_FRAMES_MAX; depth++)
		at = previous_of(l, at);
	if (depth > PMT_CHAIN_FRAMES_MAX) {
		c->count = 0;
		return pmt_frame_hash(l, frame, seed);
	}
	c->count = depth;
	c->hashes[0] = seed;
	write_links(c, l, frame, depth);
	return hash_from(c, 0);
}

/*
 * A few frames inwards of one that is kept: after some returns, some calls, or both.
 * Returns the place of that one in the chain, 0 where none was found, with how many
 * frames are inside it.
 */
static uint32_t find_kept(const struct pmt_frame_chain *c,
			  const struct pmt_frame_layout *l, const void *frame,
			  uint32_t *ret_calls)
{
	uint32_t least = c->count > RETURNS_MAX ? c->count - RETURNS_MAX : 0;

	for (uint32_t calls = 0; frame && calls <= CALLS_MAX; calls++) {
		for (uint32_t i = c->count; i > least; i--) {
			if (c->links[i].frame == frame) {
				*ret_calls = calls;
				return i;
			}
		}
		frame = previous_of(l, frame);
	}
	return 0;
}

/*
 * Looks at the frame of link `at` and those outwards of it, noting where they stand.
 * Returns how many of the outer ones stand where they did; UINT32_MAX when the frames are
 * other ones. Inwards to outwards: a frame is not read before another has pointed at it.
 */
PMT_INLINE uint32_t compare(struct pmt_frame_chain *c, const struct pmt_frame_layout *l,
			    uint32_t at)
{
	struct pmt_chain_link *link = &c->links[at];
	const void *frame = link->frame;
	uint32_t same = at;

	for (; frame; link--, at--) {
		uint64_t position = pmt_frame_position(l, frame);

		if (PMT_UNLIKELY(link->position != position)) {
			link->position = position;
			same = at - 1;
		}
		if (PMT_UNLIKELY(previous_of(l, frame) != link[-1].frame))
			return UINT32_MAX;
		frame = link[-1].frame;
	}
	return same;
}

/* Whether one frame stands where it did; notes where it does. */
PMT_INLINE bool stand_at(struct pmt_frame_chain *c, const struct pmt_frame_layout *l,
			 uint32_t at)
{
	struct pmt_chain_link *link = &c->links[at];
	uint64_t old = link->position;

	link->position = pmt_frame_position(l, link->frame);
	return link->position == old;
}

uint64_t pmt_frame_chain_hash_self(struct pmt_frame_chain *c,
				   const struct pmt_frame_layout *layout,
				   const void *frame, uint64_t seed)
{
	struct pmt_frame_layout l = *layout; /* no store to the chain changes this one */
	uint32_t calls, kept, same;

	if (!frame)
		return seed;
	if (PMT_UNLIKELY(c->hashes[0] != seed))
		return walk(c, &l, frame, seed);
	kept = find_kept(c, &l, frame, &calls);
	if (PMT_UNLIKELY(!kept || kept + calls > PMT_CHAIN_FRAMES_MAX))
		return walk(c, &l, frame, seed);
	if (PMT_LIKELY(pmt_frame_chain_outer_stand(c, &l, kept)))
		same = stand_at(c, &l, kept) ? kept : kept - 1;
	else
		same = compare(c, &l, kept);
	if (PMT_UNLIKELY(same == UINT32_MAX))
		return walk(c, &l, frame, seed);
	if (same == kept && kept + calls == c->count && !calls)
		return c->hashes[kept];
	c->count = kept + calls;
	write_links(c, &l, frame, calls);
	return hash_from(c, same);
}

/* Whether the frame of link `place`, which is there, was called as the chain says: by the
 * frame of the link before, from where that one stood. */
static bool has_its_caller(const struct pmt_frame_chain *c,
			   const struct pmt_frame_layout *l, uint32_t place)
{
	const struct pmt_chain_link *caller = &c->links[place - 1];

	return previous_of(l, c->links[place].frame) == caller->frame &&
	       (!caller->frame ||
		pmt_frame_position(l, caller->frame) == caller->position);
}

bool pmt_frame_chain_extend_self(struct pmt_frame_chain *c,
				 const struct pmt_frame_layout *layout, const void *frame,
				 uint32_t place, uint64_t *ret_hash)
{
	struct pmt_frame_layout l = *layout; /* no store to the chain changes this one */
	struct pmt_chain_link *link = &c->links[place];
	uint32_t inside = 0, same = place;

	for (const void *at = frame; at != link->frame; at = previous_of(&l, at))
		if (!at || ++inside + place > PMT_CHAIN_FRAMES_MAX)
			return false;
	if (PMT_FRAME_FIELD(uint8_t, link->frame, l.frame_owner) >=
		PMT_OWNER_FIRST_HIDDEN ||
	    !has_its_caller(c, &l, place))
		return false;
	uint64_t position = pmt_frame_position(&l, link->frame);
	if (link->position != position) {
		link->position = position;
		same = place - 1;
	}
	c->count = place + inside;
	if (inside)
		write_links(c, &l, frame, inside);
	*ret_hash = same == c->count ? c->hashes[same] : hash_from(c, same);
	return true;
}
