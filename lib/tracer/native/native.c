/* Merging; see native.h. In malloc, on the thread itself. */
#include <config.h>

#include "native/native.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include "base/atomics.h"
#include "python/api.h"
#include "python/frame_walk.h"
#include "stack/stack_memory.h"

uint32_t pmt_native_on;
_Atomic uint64_t pmt_native_epoch;

static struct {
	uint64_t eval_from, eval_to; /* _PyEval_EvalFrameDefault */
} known;

const char *pmt_native_start(void)
{
	struct pmt_module_place own;
	const ElfW(Sym) *symbol = NULL;
	Dl_info info;

	if (!pmt_cfi_init() ||
	    !pmt_module_find((uint64_t)(uintptr_t)pmt_native_start, &own))
		return ": native=1 needs x86-64 and glibc 2.35 or newer";
	pmt_own_frames_init(&own);
	void *eval = *(void **)&pmt_py.eval_frame_default;
	if (eval && dladdr1(eval, &info, (void **)&symbol, RTLD_DL_SYMENT) && symbol) {
		known.eval_from = (uint64_t)(uintptr_t)eval;
		known.eval_to = known.eval_from + symbol->st_size;
	}
	pmt_native_on = 1;
	return NULL;
}

struct pmt_native *pmt_native_new(void)
{
	struct pmt_native *native = pmt_stack_memory_map(sizeof(*native));

	if (native)
		native->epoch = pmt_load_relaxed(&pmt_native_epoch);
	return native;
}

void pmt_native_free(struct pmt_native *native)
{
	pmt_stack_memory_unmap(native, sizeof(*native));
}

uint64_t pmt_native_hash_self(struct pmt_native *native, uint64_t hash)
{
	uint64_t epoch = pmt_load_relaxed(&pmt_native_epoch);
	const struct pmt_unwind *u = &native->unwind;

	if (PMT_UNLIKELY(native->epoch != epoch)) {
		native->epoch = epoch;
		native->modules.count = native->modules.recent = 0;
		native->modules.items[0] = (struct pmt_module){0};
		pmt_unwind_forget(&native->unwind);
	}
	hash = pmt_frame_mix(hash, epoch);
	pmt_unwind_self(&native->unwind);
	size_t count = u->count;
	while (count && pmt_own_frames_has(u->frames[count - 1].address))
		count--;
	native->frame_count = count;
	return pmt_frame_mix(hash, count ? u->frames[count - 1].hash : 0);
}

/* --- merging --- */

struct merge {
	const struct pmt_frame_layout *layout;
	struct pmt_native *native;
	size_t left;  /* C frames, of which the last is the next */
	size_t count; /* of places */
};

static bool is_evaluator(uint64_t address)
{
	return address - known.eval_from < known.eval_to - known.eval_from;
}

static void put_native(struct merge *m, uint64_t address)
{
	if (!pmt_own_frames_has(address) && m->count < PMT_NATIVE_PLACES_MAX)
		m->native->places[m->count++] =
		    (struct pmt_native_place){address, 0, true};
}

/* The C frames within the one that runs the Python functions to come: with `inside`, an
 * address in that frame, else until one of the evaluator. It is itself passed over. */
static void put_natives_until(struct merge *m, uint64_t inside)
{
	while (m->left) {
		const struct pmt_unwind_frame *f = &m->native->unwind.frames[--m->left];

		if (inside ? f->end > inside : is_evaluator(f->address))
			return;
		put_native(m, f->address);
	}
}

static bool is_shim_of_c(const struct pmt_frame_layout *l, const void *frame)
{
	return l->minor >= 12 &&
	       PMT_FRAME_FIELD(uint8_t, frame, l->frame_owner) >= PMT_OWNER_FIRST_HIDDEN;
}

static bool ends_run(const struct pmt_frame_layout *l, const void *frame)
{
	return l->minor < 11 || (l->frame_is_entry != PMT_LAYOUT_NONE &&
				 PMT_FRAME_FIELD(uint8_t, frame, l->frame_is_entry));
}

/* The first frame that the evaluator running `frame` does not run; *ret_inside: an
 * address on its C stack, 0 where that is not known. */
static const void *end_of_run(const struct pmt_frame_layout *l, const void *frame,
			      uint64_t *ret_inside)
{
	unsigned left = PMT_FRAMES_MAX;

	*ret_inside = 0;
	for (; frame && left; left--) {
		const void *previous = PMT_FRAME_FIELD(void *, frame, l->frame_previous);

		if (is_shim_of_c(l, frame)) {
			*ret_inside = (uint64_t)(uintptr_t)frame;
			return previous;
		}
		if (ends_run(l, frame))
			return previous;
		frame = previous;
	}
	return NULL;
}

static void put_run(struct merge *m, const void *frame, const void *end)
{
	const struct pmt_frame_layout *l = m->layout;
	struct pmt_frame_place place;

	for (; frame != end && m->count < PMT_NATIVE_PLACES_MAX;
	     frame = PMT_FRAME_FIELD(void *, frame, l->frame_previous)) {
		if (pmt_frame_place_of(l, frame, &place))
			m->native->places[m->count++] =
			    (struct pmt_native_place){place.code, place.offset, false};
	}
}

/* Up to 3.11 runs and frames of the evaluator go by their order. A frame that stands in a
 * part of the evaluator that the compiler put elsewhere is not known as one: then the
 * innermost runs come together, and the outer ones, which are more, are right. */
static size_t spare_runs(const struct merge *m, const void *frame)
{
	size_t runs = 0, evaluators = 0;
	uint64_t inside;

	if (m->layout->minor >= 12 || !m->native->unwind.is_whole)
		return 0;
	for (; frame && runs < PMT_FRAMES_MAX; runs++)
		frame = end_of_run(m->layout, frame, &inside);
	for (size_t i = 0; i < m->left; i++)
		evaluators += is_evaluator(m->native->unwind.frames[i].address);
	return runs > evaluators ? runs - evaluators : 0;
}

size_t pmt_native_merge(struct pmt_native *native, const void *frame)
{
	struct merge m = {
	    .layout = &pmt_frames.layout,
	    .native = native,
	    .left = native->frame_count,
	};
	size_t spare = frame ? spare_runs(&m, frame) : 0;
	uint64_t inside;

	while (frame) {
		const void *end = end_of_run(m.layout, frame, &inside);

		if (spare)
			spare--;
		else if (inside || m.layout->minor < 12)
			put_natives_until(&m, inside);
		put_run(&m, frame, end);
		frame = end;
	}
	while (m.left)
		put_native(&m, native->unwind.frames[--m.left].address);
	return m.count;
}
