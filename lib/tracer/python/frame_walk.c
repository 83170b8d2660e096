/* The rare sides of the walk; see frame_walk.h. In malloc, on the thread itself. */
#include "python/frame_walk.h"

#include <pthread.h>

#include "os/sys.h"

enum { POINTER_TAGS = 7 /* 3.14+: a reference's low bits say how it is held */ };

struct pmt_frames pmt_frames;

/*
 * Up to 3.11 the state a thread began with stays in its slot while another interpreter
 * runs on it. The running one, which may be another thread's, is known without the GIL
 * only as an address: it may be freed just now, so it is read by the kernel.
 */
void *pmt_frame_thread_state_among(void *own)
{
	const struct pmt_frame_layout *l = &pmt_frames.layout;
	void *running = pmt_py.thread_state_unchecked();
	uint64_t thread;

	if (!running || running == own)
		return own;
	if (l->minor >= 12) /* a thread variable there: this thread's own */
		return running;
	if (!pmt_sys_read_own(&thread, (char *)running + l->tstate_thread_id,
			      sizeof(thread)) ||
	    thread != (uint64_t)pthread_self())
		return own;
	return running;
}

static bool is_hidden(const struct pmt_frame_layout *l, const void *frame)
{
	return l->frame_owner != PMT_LAYOUT_NONE &&
	       PMT_FRAME_FIELD(uint8_t, frame, l->frame_owner) >= PMT_OWNER_FIRST_HIDDEN;
}

static uint32_t offset_in(const struct pmt_frame_layout *l, const void *frame,
			  uint64_t code)
{
	int64_t offset;

	if (l->code_units == PMT_LAYOUT_NONE)
		offset = (int64_t)PMT_FRAME_FIELD(int32_t, frame, l->frame_position) *
			 l->position_step;
	else
		offset = (int64_t)(PMT_FRAME_FIELD(uint64_t, frame, l->frame_position) -
				   code - l->code_units);
	/* Before its first instruction a frame stands at -1 or -2. */
	return offset < 0 || offset > INT32_MAX ? 0 : (uint32_t)offset;
}

bool pmt_frame_place_of(const struct pmt_frame_layout *l, const void *frame,
			struct pmt_frame_place *ret_place)
{
	uint64_t code =
	    PMT_FRAME_FIELD(uint64_t, frame, l->frame_code) & ~(uint64_t)POINTER_TAGS;

	if (is_hidden(l, frame) ||
	    (l->has_shims &&
	     PMT_FRAME_FIELD(uint32_t, code, l->code_flags) & PMT_CODE_IS_SHIM))
		return false;
	*ret_place = (struct pmt_frame_place){code, offset_in(l, frame, code)};
	return true;
}

size_t pmt_frame_collect(const struct pmt_frame_layout *l, const void *frame,
			 struct pmt_frame_place *places, size_t most)
{
	size_t count = 0;
	unsigned left = PMT_FRAMES_MAX;

	for (; frame && left && count < most; left--) {
		count += pmt_frame_place_of(l, frame, &places[count]);
		frame = PMT_FRAME_FIELD(void *, frame, l->frame_previous);
	}
	return count;
}
