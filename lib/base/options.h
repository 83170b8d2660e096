/*
 * What a user can choose: the configuration of a trace, read from
 * PYMEMTRACE=key=value,... in the tracer's constructor and from the flags of
 * pymemtrace-run. option_table.h describes every key once; defaults, parser, flags and
 * manual come from there.
 *
 * No allocation, no stdio, no locale. In the text \, is a comma and \\ a backslash, any
 * other backslash stands for itself; include, exclude and thread add up, of any other key
 * the last one wins; modes join with +. Empty items are ignored.
 */
#ifndef PMT_BASE_OPTIONS_H
#define PMT_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct pmt_option;

enum {
	PMT_OPTIONS_TEXT_BYTES = 8192,
	PMT_OPTIONS_GLOBS_MAX = 64,
	PMT_OPTIONS_MESSAGE_BYTES = 512,
};

/* What is observed; a set of bits, 0 is mode=off. */
enum pmt_mode {
	PMT_MODE_OFF = 0,
	PMT_MODE_CALLS = 1 << 0,
	PMT_MODE_LINES = 1 << 1, /* never without CALLS */
	PMT_MODE_ALLOCS = 1 << 2,
	PMT_MODE_OBJECTS = 1 << 3, /* never without ALLOCS */
	PMT_MODE_FAULTS = 1 << 4,
	PMT_MODE_REFS = 1 << 5,
};

enum pmt_detail {
	PMT_DETAIL_STREAM = 0, /* every event */
	PMT_DETAIL_TREE = 1,   /* summed per call path */
	PMT_DETAIL_LIVE = 2,   /* blocks summed per place, with what is live */
};

/* What pmt_rss_start() takes: 0, or an enum pmt_rss_method + 1. */
enum pmt_rss_wanted {
	PMT_RSS_WANTED_AUTO = 0,
	PMT_RSS_WANTED_OFF = 1,
	PMT_RSS_WANTED_EXACT = 2,
	PMT_RSS_WANTED_TRIGGER = 3,
	PMT_RSS_WANTED_CLOCK = 4,
	PMT_RSS_WANTED_EACH = 5,
};

enum pmt_ring_place {
	PMT_RING_AUTO = 0,
	PMT_RING_SHM = 1,
	PMT_RING_FILE = 2,
	PMT_RING_IN_PROCESS = 3,
};

enum pmt_start {
	PMT_START_RUNNING = 0,
	PMT_START_PAUSED = 1,
};

enum pmt_compress {
	PMT_COMPRESS_NONE = 0,
	PMT_COMPRESS_LZ4 = 1,
};

struct pmt_globs {
	uint32_t count;
	const char *at[PMT_OPTIONS_GLOBS_MAX];
};

/* Texts point into the structure itself or to constants: it must not be copied. Words
 * hold a value of the enum that stands beside them. */
struct pmt_options {
	uint32_t modes;       /* enum pmt_mode */
	uint32_t detail;      /* enum pmt_detail */
	uint32_t rss;         /* enum pmt_rss_wanted */
	uint32_t ring;        /* enum pmt_ring_place */
	uint32_t start;       /* enum pmt_start */
	uint32_t compress;    /* enum pmt_compress */
	uint32_t dump_signal; /* its number; 0: none */
	bool c_calls;
	bool native;
	bool gc; /* collections are events */
	bool redact;
	bool quiet;
	bool verbose;
	uint64_t interval_ns; /* between samples; 0: none */
	uint64_t ring_size_bytes;
	uint64_t max_size_bytes; /* 0: unbounded */
	uint64_t min_rss_bytes;  /* 0: every event */
	uint64_t min_alloc_bytes;
	uint64_t sample_bytes;    /* mean between two; 0: every allocation */
	uint64_t live_size_bytes; /* of the table of live blocks */
	const char *out;          /* %p and %% not yet replaced: pmt_options_expand_out */
	struct pmt_globs include;
	struct pmt_globs exclude;
	struct pmt_globs threads;
	size_t text_bytes; /* used of text */
	char text[PMT_OPTIONS_TEXT_BYTES];
};

/* Whether calls and single blocks are in one stream. */
static inline bool pmt_options_has_both(const struct pmt_options *options)
{
	return options->modes & PMT_MODE_CALLS && options->modes & PMT_MODE_ALLOCS;
}

/*
 * How the resident set is noticed, where that is not said: by the best method there is if
 * it is looked at with each call. Beside blocks alone it is looked at some ten times a
 * second, which needs no count of page faults: that slows each first touch of a page by a
 * tenth.
 */
static inline enum pmt_rss_wanted pmt_options_rss(const struct pmt_options *options)
{
	return options->rss != PMT_RSS_WANTED_AUTO || options->modes & PMT_MODE_CALLS
		   ? (enum pmt_rss_wanted)options->rss
		   : PMT_RSS_WANTED_CLOCK;
}

/* Whether what the modes observe can be summed per call path: calls alone can. */
static inline bool pmt_options_can_sum(const struct pmt_options *options)
{
	return (options->modes & ~(uint32_t)(PMT_MODE_CALLS | PMT_MODE_LINES)) == 0;
}

/* The mean of what is sampled; 0: every block is recorded. Neither objects nor what is
 * summed is sampled. */
static inline uint64_t pmt_options_sample_bytes(const struct pmt_options *options)
{
	uint32_t blocks = PMT_MODE_ALLOCS | PMT_MODE_OBJECTS;

	return (options->modes & blocks) == PMT_MODE_ALLOCS &&
		       options->detail == PMT_DETAIL_STREAM
		   ? options->sample_bytes
		   : 0;
}

/* Whether it is, from the beginning. */
static inline bool pmt_options_do_sum(const struct pmt_options *options)
{
	return options->detail == PMT_DETAIL_TREE && pmt_options_can_sum(options);
}

/* Whether what is live is summed in the process. */
static inline bool pmt_options_do_live(const struct pmt_options *options)
{
	return options->detail == PMT_DETAIL_LIVE && options->modes & PMT_MODE_ALLOCS;
}

/* Whether there are sums in place of events, of either kind. */
static inline bool pmt_options_do_sum_all(const struct pmt_options *options)
{
	return pmt_options_do_sum(options) || pmt_options_do_live(options);
}

enum pmt_options_fault {
	PMT_OPTIONS_FINE = 0,
	PMT_OPTIONS_UNKNOWN_KEY,
	PMT_OPTIONS_NO_VALUE,  /* key without = */
	PMT_OPTIONS_BAD_VALUE, /* not a word or number of this key */
	PMT_OPTIONS_OUT_OF_RANGE,
	PMT_OPTIONS_NOT_YET,  /* a word that a later version will know */
	PMT_OPTIONS_TOO_MANY, /* more than PMT_OPTIONS_GLOBS_MAX patterns */
	PMT_OPTIONS_CONFLICT, /* a key that does not go with detail= or mode= */
	PMT_OPTIONS_TOO_LONG, /* texts of more than PMT_OPTIONS_TEXT_BYTES */
};

/* The first thing that was wrong. key and value are borrowed from the caller's text or
 * the options, so the message is made before either goes. */
struct pmt_options_error {
	enum pmt_options_fault fault;
	uint32_t character; /* where the item begins in the text, from 1; 0: no text */
	const struct pmt_option *option; /* NULL for an unknown key */
	const char *key;                 /* as it was written */
	size_t key_bytes;
	const char *value; /* the part that was wrong, escapes removed */
	size_t value_bytes;
	bool of_both; /* CONFLICT with calls and allocs together */
	const char
	    *suggestion; /* the known key or word that was perhaps meant, or NULL */
};

/* A key whose option does not go with the detail or the modes, or NULL. */
const char *pmt_options_conflict(const struct pmt_options *options);

/* Fills in the defaults. */
void pmt_options_init(struct pmt_options *options);

/*
 * The defaults, then every item of text (NULL is as good as empty). 0, or -EINVAL with
 * ret_error filled in and modes 0, so that even a caller that ignores it traces nothing;
 * quiet keeps what was read before the error.
 */
int pmt_options_parse(struct pmt_options *options, const char *text,
		      struct pmt_options_error *ret_error) PMT_MUST_CHECK;

/* Sets one option from a plain value (no escapes), as parse does. 0 or -EINVAL. */
int pmt_options_set(struct pmt_options *options, const struct pmt_option *option,
		    const char *value,
		    struct pmt_options_error *ret_error) PMT_MUST_CHECK;

/* Writes what was wrong and what is allowed, without prefix or newline: for the
 * environment `unknown key "modee" at character 3; did you mean "mode"?`. */
void pmt_options_explain(const struct pmt_options_error *error,
			 char message[PMT_OPTIONS_MESSAGE_BYTES]);

/* The whole line that a traced program's user sees, newline included; its length. */
size_t pmt_options_complain(const struct pmt_options_error *error,
			    char message[PMT_OPTIONS_MESSAGE_BYTES]);

/* out= with %p replaced by pid and %% by %. 0 or -ENAMETOOLONG. */
int pmt_options_expand_out(const struct pmt_options *options, uint32_t pid, char *path,
			   size_t path_size) PMT_MUST_CHECK;

/*
 * Whether the filters let a function through: one include= matches or there is none,
 * and no exclude= does. A pattern matches when it fits the whole file path, the path's
 * last part, or the (qualified) name of the function.
 */
bool pmt_options_select_code(const struct pmt_options *options, const char *file,
			     size_t file_bytes, const char *name, size_t name_bytes);

/* Whether thread= lets a thread of this name through; true when there is none. */
bool pmt_options_select_thread(const struct pmt_options *options, const char *name,
			       size_t name_bytes);

#endif
