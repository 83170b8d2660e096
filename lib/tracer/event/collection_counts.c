/*
 * Counts of collections as records of stream 0; see collection_counts.h. Whoever holds
 * the drain lock reads the interpreter's memory, and an interpreter that ends waits for
 * it; should one be freed that nobody told of, the kernel says so. A collection that is
 * over just now may be in some of the words only, until the next reading.
 */
#include "event/collection_counts.h"

#include <string.h>

#include "base/atomics.h"
#include "drain/drain.h"
#include "drain/pass.h"
#include "format/payload_gc.h"
#include "os/sys.h"
#include "run/run.h"

enum { INTERPRETERS_MAX = 64 };

#define NS_PER_SECOND 1e9

/* All under the drain lock. A forked child begins with its parent's, and says them. */
static struct watched {
	bool is_on;
	int32_t said_pid; /* of the process whose trace has `said`; 0: none */
	uint64_t interpreter;
	struct pmt_counted_generation where[PMT_COUNTED_GENERATIONS];
	struct pmt_gc_counts said[PMT_COUNTED_GENERATIONS];
} table[INTERPRETERS_MAX];

static uint64_t nanoseconds_of(double seconds)
{
	/* 584 years, and no NaN */
	return seconds > 0 && seconds < 1.8e10 ? (uint64_t)(seconds * NS_PER_SECOND) : 0;
}

/* The main interpreter is there until it says that it ends. Of others the kernel is
 * asked, who answers false where the memory is gone. */
static bool read_words(const struct watched *w, uint64_t *to, const char *from,
		       unsigned count)
{
	const _Atomic uint64_t *words = (const _Atomic uint64_t *)(const void *)from;

	if (w->interpreter)
		return pmt_sys_read_own(to, from, count * sizeof(*to));
	for (unsigned i = 0; i < count; i++)
		to[i] = pmt_load_relaxed(&words[i]);
	return true;
}

static bool read_newest(const struct watched *w, const int8_t *from, int8_t *ret_newest)
{
	if (w->interpreter)
		return pmt_sys_read_own(ret_newest, from, sizeof(*from));
	*ret_newest = *(const volatile int8_t *)from;
	return true;
}

/* False where the memory is gone. */
static bool read_counts(const struct watched *w, unsigned generation,
			struct pmt_gc_counts *ret_counts)
{
	const struct pmt_counted_generation *where = &w->where[generation];
	uint64_t counts[3], seconds_word = 0;
	int8_t newest = 0;
	double seconds;

	if (where->newest && (!read_newest(w, where->newest, &newest) || newest < 0))
		return false;
	const char *item = where->items + (size_t)newest * where->item_bytes;
	if (!read_words(w, counts, item + where->counts_off, 3) ||
	    (where->seconds_off &&
	     !read_words(w, &seconds_word, item + where->seconds_off, 1)))
		return false;
	memcpy(&seconds, &seconds_word, sizeof(seconds));
	*ret_counts = (struct pmt_gc_counts){
	    .interpreter = w->interpreter,
	    .generation = (uint8_t)generation,
	    .collections = counts[0],
	    .collected = counts[1],
	    .uncollectable = counts[2],
	    .duration_ns = nanoseconds_of(seconds),
	};
	return true;
}

static void say(struct watched *w, const struct pmt_gc_counts *now)
{
	uint8_t payload[PMT_PAYLOAD_FIXED_BYTES];

	if (pmt_pass_write_process_locked(PMT_EXT_GC_COUNTS, payload,
					  pmt_payload_put_gc_counts(payload, now)))
		w->said[now->generation] = *now;
}

static void write_one(struct watched *w, unsigned generation)
{
	struct pmt_gc_counts now;

	if (read_counts(w, generation, &now) &&
	    (w->said_pid != pmt_run->pid ||
	     now.collections != w->said[generation].collections))
		say(w, &now);
}

/* A forked child has the main interpreter only: CPython frees all others. */
static bool is_gone(const struct watched *w)
{
	return w->said_pid && w->said_pid != pmt_run->pid && w->interpreter;
}

static void write_all(struct watched *w)
{
	for (unsigned i = 0; i < PMT_COUNTED_GENERATIONS; i++)
		write_one(w, i);
	w->said_pid = pmt_run->pid;
}

void pmt_collection_counts_write_locked(void)
{
	for (unsigned i = 0; i < INTERPRETERS_MAX; i++)
		if (table[i].is_on && is_gone(&table[i]))
			table[i].is_on = false;
		else if (table[i].is_on)
			write_all(&table[i]);
}

/* The interpreter began in this process, with nothing counted. */
static void say_beginning(struct watched *w)
{
	for (unsigned i = 0; i < PMT_COUNTED_GENERATIONS; i++) {
		const struct pmt_gc_counts none = {.interpreter = w->interpreter,
						   .generation = (uint8_t)i};
		say(w, &none);
	}
	w->said_pid = pmt_run->pid;
}

static struct watched *find(uint64_t interpreter)
{
	for (unsigned i = 0; i < INTERPRETERS_MAX; i++)
		if (table[i].is_on && table[i].interpreter == interpreter)
			return &table[i];
	return NULL;
}

static struct watched *find_free(void)
{
	for (unsigned i = 0; i < INTERPRETERS_MAX; i++)
		if (!table[i].is_on)
			return &table[i];
	return NULL;
}

void pmt_collection_counts_watch(uint64_t interpreter,
				 const struct pmt_counted_generation where[static 3])
{
	if (!pmt_run_is_on())
		return;
	pmt_drain_lock();
	struct watched *w = find(interpreter); /* one whose end nobody told */
	if (!w)
		w = find_free();
	if (w) {
		*w = (struct watched){.is_on = true, .interpreter = interpreter};
		memcpy(w->where, where, sizeof(w->where));
		say_beginning(w);
		write_all(w);
	}
	pmt_drain_unlock();
}

static void end(struct watched *w)
{
	if (pmt_run_is_on())
		write_all(w);
	w->is_on = false;
}

/* Without a run nobody else is there: a child that has no trace. */
static bool lock(void)
{
	bool on = pmt_run_is_on();

	if (on)
		pmt_drain_lock();
	return on;
}

void pmt_collection_counts_end(uint64_t interpreter)
{
	bool locked = lock();
	struct watched *w = find(interpreter);

	if (w)
		end(w);
	if (locked)
		pmt_drain_unlock();
}

void pmt_collection_counts_end_all(void)
{
	bool locked = lock();

	for (unsigned i = 0; i < INTERPRETERS_MAX; i++)
		if (table[i].is_on)
			end(&table[i]);
	if (locked)
		pmt_drain_unlock();
}
