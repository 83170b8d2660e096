/*
 * The payloads of extended records that have more than one field: as structures, with
 * their encoders (for the tracer: no allocation, async-signal-safe) and decoders (for
 * the reader: every length checked). Texts are borrowed, never terminated.
 */
#ifndef PMT_FORMAT_PAYLOAD_H
#define PMT_FORMAT_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "format/record.h"

struct pmt_text {
	const char *bytes;
	size_t size;
};

enum pmt_code_kind {
	PMT_CODE_PYTHON = 0,
	PMT_CODE_C = 1, /* a C function: no file, no lines */
	/* A module (program or library): file its path, name its build id in hexadecimal,
	 * first line the address that it was loaded at; the offsets of stacks in it are
	 * addresses as its file counts them, within the instruction of the call. */
	PMT_CODE_NATIVE = 2,
};

/* What a line table's bytes mean; the numbers are CPython's minor version of the change.
 */
enum pmt_line_table {
	PMT_LINES_NONE = 0,
	PMT_LINES_LNOTAB = 8, /* 3.8, 3.9 */
	PMT_LINES_310 = 10,
	PMT_LINES_311 = 11, /* 3.11 and newer: location table */
};

struct pmt_code_def {
	uint32_t id;
	uint64_t first_line;
	uint8_t kind;              /* enum pmt_code_kind */
	uint8_t line_table;        /* enum pmt_line_table */
	uint64_t line_table_bytes; /* they follow in PMT_EXT_CODE_LINES records */
	struct pmt_text file;
	struct pmt_text name; /* qualified where the interpreter knows it (3.11+) */
};

/* How a stream's RSS changes were noticed, worst error in the reports. */
enum pmt_rss_method {
	PMT_RSS_OFF = 0,
	PMT_RSS_EXACT = 1, /* page faults by perf, kernel-mode ones too */
	PMT_RSS_TRIGGER =
	    2, /* page faults of user mode by perf, large reads as a trigger */
	PMT_RSS_CLOCK = 3, /* at most every 100 us, and after events that shrink it */
	PMT_RSS_EACH = 4,  /* statm at every event: slow, for checking the others */
};

/* "exact", "trigger", "clock", "each"; "off" for all else. */
const char *pmt_rss_method_name(enum pmt_rss_method method);

struct pmt_thread_def {
	uint32_t os_tid;
	uint8_t rss_method; /* enum pmt_rss_method */
	bool is_main;
	struct pmt_text name;
};

/* Sums over the stream's records so far, lost ones too: a reader finds its footing. */
struct pmt_checkpoint {
	uint64_t tick; /* absolute: the stream's time from here */
	uint64_t monotonic_ns;
	uint64_t realtime_ns; /* since 1970 */
	uint64_t depth;       /* calls entered and not left */
	uint64_t event_count;
	struct pmt_deltas sums;
};

/* What a point stands for: an enum pmt_op, or, as 7 plus their record's type: */
enum pmt_point_op {
	PMT_POINT_C_CALL = PMT_OP_EXTENDED + PMT_EXT_C_CALL,
	PMT_POINT_C_RETURN = PMT_OP_EXTENDED + PMT_EXT_C_RETURN,
	PMT_POINT_C_RAISE = PMT_OP_EXTENDED + PMT_EXT_C_RAISE,
};

/* An event in a stream that holds only those around a jump (min_rss, min_alloc). */
struct pmt_point {
	uint8_t op;             /* enum pmt_op, enum pmt_point_op */
	uint32_t code_id;       /* the function entered or left */
	uint32_t from_code_id;  /* the function that ran until here, 0 if none */
	uint64_t depth;         /* after the event */
	uint64_t skipped_count; /* events since the last written one */
	uint64_t line;          /* of a LINE; the two lines are written if one is known */
	uint64_t from_line;     /* that ran until here in from_code_id, 0 if not known */
};

/* Every interval=: what /proc tells of the process. Bytes and milliseconds. */
struct pmt_sample {
	uint64_t tick; /* absolute */
	uint64_t rss_bytes;
	uint64_t vms_bytes;
	uint64_t shared_bytes;
	uint64_t minor_faults;
	uint64_t major_faults;
	uint64_t user_ms;
	uint64_t system_ms;
	uint64_t rss_peak_bytes; /* VmHWM */
	int64_t heap_bytes;      /* allocated minus freed over all threads */
	int64_t mapped_bytes;
	uint64_t thread_count;
};

enum pmt_tree_kind {
	PMT_TREE_CALL = 0,    /* of the function code_id; 0: as OUTSIDE */
	PMT_TREE_OUTSIDE = 1, /* no Python call ran */
	PMT_TREE_OPEN = 2,    /* the call at that depth when the tree began */
	PMT_TREE_PAUSED = 3,  /* what a pause hid */
	PMT_TREE_UNKNOWN = 4, /* a call that nobody saw begin */
};

/* detail=tree: one calling context of one stream. */
struct pmt_tree_node {
	uint32_t stream;
	uint32_t id; /* 1... within the stream; a later record replaces an earlier one */
	uint32_t parent; /* 0: none */
	uint32_t code_id;
	uint64_t call_count;
	struct pmt_deltas self;
	uint64_t rss_up_pages; /* sum of the rises; self.rss_pages is rises minus falls */
	uint8_t kind;          /* enum pmt_tree_kind; written unless it is CALL */
	uint32_t depth;        /* the same: Python calls from the root down to it */
};

/* Encoders: write at p, return the end. Room needed besides the texts: PAYLOAD_FIXED. */
enum { PMT_PAYLOAD_FIXED_BYTES = 256 };

uint8_t *pmt_payload_put_text(uint8_t *p, struct pmt_text text);
uint8_t *pmt_payload_put_sums(uint8_t *p, const struct pmt_deltas *sums);
uint8_t *pmt_payload_put_code(uint8_t *p, const struct pmt_code_def *def);
uint8_t *pmt_payload_put_thread(uint8_t *p, const struct pmt_thread_def *def);
uint8_t *pmt_payload_put_checkpoint(uint8_t *p, const struct pmt_checkpoint *point);
uint8_t *pmt_payload_put_point(uint8_t *p, const struct pmt_point *point);
uint8_t *pmt_payload_put_sample(uint8_t *p, const struct pmt_sample *sample);
uint8_t *pmt_payload_put_tree_node(uint8_t *p, const struct pmt_tree_node *node);

/* Decoders: from a record's payload. False when it is too short or a field too large;
 * bytes behind the known fields are a newer writer's and ignored. */
bool pmt_payload_get_text(const uint8_t **p, const uint8_t *end,
			  struct pmt_text *ret_text);
/* THREAD_SUMS: the tid and its sums. */
bool pmt_payload_get_thread_sums(const struct pmt_record *r, uint32_t *ret_tid,
				 struct pmt_deltas *ret_sums);
bool pmt_payload_get_code(const struct pmt_record *r, struct pmt_code_def *ret_def);
bool pmt_payload_get_thread(const struct pmt_record *r, struct pmt_thread_def *ret_def);
bool pmt_payload_get_checkpoint(const struct pmt_record *r,
				struct pmt_checkpoint *ret_point);
bool pmt_payload_get_point(const struct pmt_record *r, struct pmt_point *ret_point);
bool pmt_payload_get_sample(const struct pmt_record *r, struct pmt_sample *ret_sample);
bool pmt_payload_get_tree_node(const struct pmt_record *r,
			       struct pmt_tree_node *ret_node);

#endif
