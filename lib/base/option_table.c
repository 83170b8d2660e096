/*
 * The rows of the table and what can be said of a row without a value. Constant data;
 * both worlds, any thread, async-signal-safe.
 */
#include "base/option_table.h"

#include <signal.h>
#include <string.h>

#include "base/options.h"
#include "base/units.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define KIB             UINT64_C(1024)
#define MIB             (KIB * 1024)
#define GIB             (MIB * 1024)
#define MS              UINT64_C(1000000)
#define HOUR            (MS * 1000 * 3600)

static const struct pmt_option_word mode_words[] = {
    {"calls", PMT_MODE_CALLS, false},
    {"lines", PMT_MODE_CALLS | PMT_MODE_LINES, false},
    {"allocs", PMT_MODE_ALLOCS, false},
    {"off", PMT_MODE_OFF, false},
    {"refs", PMT_MODE_REFS, false},
    {"objects", PMT_MODE_ALLOCS | PMT_MODE_OBJECTS, false},
    {"faults", PMT_MODE_FAULTS, true},
};
static const struct pmt_option_word detail_words[] = {
    {"stream", PMT_DETAIL_STREAM, false},
    {"tree", PMT_DETAIL_TREE, false},
    {"live", PMT_DETAIL_LIVE, false},
};
static const struct pmt_option_word rss_words[] = {
    {"auto", PMT_RSS_WANTED_AUTO, false},       {"exact", PMT_RSS_WANTED_EXACT, false},
    {"trigger", PMT_RSS_WANTED_TRIGGER, false}, {"clock", PMT_RSS_WANTED_CLOCK, false},
    {"each", PMT_RSS_WANTED_EACH, false},       {"off", PMT_RSS_WANTED_OFF, false},
};
static const struct pmt_option_word ring_words[] = {
    {"auto", PMT_RING_AUTO, false},
    {"shm", PMT_RING_SHM, false},
    {"file", PMT_RING_FILE, false},
    {"private", PMT_RING_IN_PROCESS, false},
};
static const struct pmt_option_word start_words[] = {
    {"running", PMT_START_RUNNING, false},
    {"paused", PMT_START_PAUSED, false},
};
static const struct pmt_option_word dump_signal_words[] = {
    {"off", 0, false},
    {"HUP", SIGHUP, false},
    {"USR1", SIGUSR1, false},
    {"USR2", SIGUSR2, false},
};
static const struct pmt_option_word compress_words[] = {
    {"lz4", PMT_COMPRESS_LZ4, false},
    {"none", PMT_COMPRESS_NONE, false},
};

#define ALL    "all"
#define EVENTS "calls, lines"
#define STREAM "calls, lines, allocs, objects"

/* The columns that every row has; the ranges of numbers and the words follow by name. */
#define ROW(name, kind, member, initial_value, unit_name, mode_names)                    \
	.key = (name), .type = PMT_OPTION_##kind,                                        \
	.field_off = offsetof(struct pmt_options, member), .initial = (initial_value),   \
	.unit = (unit_name), .modes = (mode_names)
#define WORDS_OF(array) .words = (array), .word_count = COUNT_OF(array)

const struct pmt_option pmt_option_table[] = {
    {ROW("mode", WORDS, modes, "calls", "MODE", ALL), WORDS_OF(mode_words),
     .help = "what is observed: every Python call, every line too, every allocation, "
	     "those of objects too, objects by type (3.13+), or nothing"},
    {ROW("detail", WORD, detail, "stream", "WORD", STREAM), WORDS_OF(detail_words),
     .help = "write every event, or for long runs and small files only sums: per call "
	     "path (tree), or of what is live (live, with allocs)"},
    {ROW("c_calls", FLAG, c_calls, "0", "0|1", EVENTS),
     .help = "calls of C functions are events too"},
    {ROW("native", FLAG, native, "0", "0|1", "allocs, objects"),
     .help = "stacks of allocations have their C frames too, among the Python ones"},
    {ROW("gc", FLAG, gc, "0", "0|1", STREAM ", refs"),
     .help = "collections of the cyclic garbage collector are events; the program sees "
	     "one more entry in gc.callbacks"},
    {ROW("sample", SIZE, sample_bytes, "0", "SIZE", "allocs"), .zero_is_off = true,
     .min = 64, .max = GIB,
     .help = "draw one of so many allocated bytes, and record only the blocks that hold "
	     "one; 0 records all"},
    {ROW("out", PATH, out, "trace.bin", "PATH", ALL),
     .help = "the trace file; %p in it is the process id, %% a percent sign"},
    {ROW("rss", WORD, rss, "auto", "WORD", STREAM), WORDS_OF(rss_words),
     .help = "how changes of the resident set are noticed; each (slow) reads at every "
	     "event"},
    {ROW("interval", DURATION, interval_ns, "100ms", "TIME", ALL), .zero_is_off = true,
     .min = 10 * MS, .max = HOUR,
     .help = "time between two samples of the process; 0 takes none"},
    {ROW("ring", WORD, ring, "auto", "WORD", ALL), WORDS_OF(ring_words),
     .help = "where events wait to be written: /dev/shm, a file beside the trace, or "
	     "memory that a kill loses"},
    {ROW("ring_size", SIZE, ring_size_bytes, "1MiB", "SIZE", ALL), .power_of_two = true,
     .min = 64 * KIB, .max = 64 * MIB, .help = "size of a thread's ring"},
    {ROW("max_size", SIZE, max_size_bytes, "4GiB", "SIZE", ALL), .zero_is_off = true,
     .min = MIB, .max = INT64_MAX,
     .help = "size of the trace from which only sums per call path are kept; 0 is no "
	     "bound"},
    {ROW("live_size", SIZE, live_size_bytes, "512MiB", "SIZE", "allocs"), .min = MIB,
     .max = INT64_MAX,
     .help =
	 "bound of the table of live blocks of detail=live and sample: 59 bytes each at "
	 "most"},
    {ROW("min_rss", SIZE, min_rss_bytes, "0", "SIZE", EVENTS), .max = INT64_MAX,
     .help = "write only the events around a change of the resident set by so much"},
    {ROW("min_alloc", SIZE, min_alloc_bytes, "0", "SIZE", EVENTS), .max = INT64_MAX,
     .help = "write only the events around a change of the allocated bytes by so much"},
    {ROW("include", GLOBS, include, NULL, "GLOB", STREAM),
     .help = "only functions whose file or qualified name matches; may repeat"},
    {ROW("exclude", GLOBS, exclude, NULL, "GLOB", STREAM),
     .help = "not the functions whose file or qualified name matches; may repeat"},
    {ROW("thread", GLOBS, threads, NULL, "GLOB", EVENTS),
     .help = "only threads whose name matches; may repeat"},
    {ROW("start", WORD, start, "running", "WORD", STREAM), WORDS_OF(start_words),
     .help = "begin at once, or when the program calls pymemtrace_resume()"},
    {ROW("dump_signal", WORD, dump_signal, "off", "WORD", ALL),
     WORDS_OF(dump_signal_words),
     .help = "a signal at which the process writes all it knows into the trace"},
    {ROW("redact", FLAG, redact, "0", "0|1", ALL),
     .help = "leave the command line and the folders of file names out of the trace"},
    {ROW("compress", WORD, compress, "lz4", "WORD", ALL), WORDS_OF(compress_words),
     .help = "how the trace is compressed"},
    {ROW("quiet", FLAG, quiet, "0", "0|1", ALL),
     .help = "say nothing on stderr but errors"},
    {ROW("verbose", FLAG, verbose, "0", "0|1", ALL),
     .help = "say on stderr what was found and chosen"},
};
const size_t pmt_option_count = COUNT_OF(pmt_option_table);

const struct pmt_option *pmt_option_find(const char *key, size_t size)
{
	for (size_t i = 0; i < pmt_option_count; i++) {
		const char *known = pmt_option_table[i].key;

		if (strlen(known) == size && memcmp(known, key, size) == 0)
			return &pmt_option_table[i];
	}
	return NULL;
}

static void put_words(struct pmt_phrase *phrase, const struct pmt_option *option)
{
	const char *between = "";

	for (size_t i = 0; i < option->word_count; i++) {
		if (option->words[i].later)
			continue;
		pmt_phrase_put(phrase, between);
		pmt_phrase_put(phrase, option->words[i].name);
		between = "|";
	}
	if (option->type == PMT_OPTION_WORDS)
		pmt_phrase_put(phrase, ", joined with +");
}

static void put_number(struct pmt_phrase *phrase, const struct pmt_option *option,
		       uint64_t value)
{
	char text[PMT_UNITS_TEXT_BYTES];

	if (option->type == PMT_OPTION_SIZE)
		pmt_units_format_size(value, text);
	else
		pmt_units_format_duration(value, text);
	pmt_phrase_put(phrase, text);
}

static void put_range(struct pmt_phrase *phrase, const struct pmt_option *option)
{
	if (option->max == INT64_MAX && option->min == 0) {
		pmt_phrase_put(phrase, "a size such as 512, 64K, 512KiB or 1MB");
		return;
	}
	if (option->zero_is_off)
		pmt_phrase_put(phrase, "0, or ");
	put_number(phrase, option, option->min);
	if (option->max == INT64_MAX) {
		pmt_phrase_put(phrase, " or more");
	} else {
		pmt_phrase_put(phrase, " to ");
		put_number(phrase, option, option->max);
	}
	if (option->power_of_two)
		pmt_phrase_put(phrase, ", a power of two");
}

void pmt_option_put_allowed(struct pmt_phrase *phrase, const struct pmt_option *option)
{
	switch ((enum pmt_option_type)option->type) {
	case PMT_OPTION_WORD:
	case PMT_OPTION_WORDS:
		put_words(phrase, option);
		break;
	case PMT_OPTION_SIZE:
	case PMT_OPTION_DURATION:
		put_range(phrase, option);
		break;
	case PMT_OPTION_FLAG:
		pmt_phrase_put(phrase, "0|1");
		break;
	case PMT_OPTION_PATH:
		pmt_phrase_put(phrase, "a path, in which % stands before p or %");
		break;
	case PMT_OPTION_GLOBS:
		pmt_phrase_put(phrase, "a pattern with *, ? and [...]");
		break;
	}
}
