/*
 * What a trace defines once and refers to by number: functions, threads, facts about the
 * process; and what it counts: losses. Filled by cursors on their way (a definition may
 * lie in any stream, and in file order behind its first use: resolve names when the
 * pass is over, or fill the tables first with pmt_tables_scan).
 */
#ifndef PMT_READER_TABLES_H
#define PMT_READER_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/payload.h"
#include "reader/clock.h"
#include "reader/cursor.h"
#include "reader/trace.h"

/* Texts are NUL-terminated copies; bytes that are no UTF-8 stay as they are. Pointers to
 * table entries are good until the tables grow, so keep ids, or look up when the pass is
 * over; the texts themselves stay. */
struct pmt_code {
	uint32_t id;
	uint8_t kind;             /* enum pmt_code_kind */
	uint8_t line_table_kind;  /* enum pmt_line_table */
	bool line_table_complete; /* all its bytes were seen */
	uint64_t first_line;
	const char *file;
	const char *name;
	const uint8_t *line_table;
	size_t line_table_bytes;       /* seen so far */
	uint64_t line_table_announced; /* by the definition */
};

struct pmt_thread_info {
	uint32_t stream;
	uint32_t os_tid;
	uint8_t rss_method; /* enum pmt_rss_method */
	bool is_main;
	bool defined; /* a THREAD record was seen */
	const char *name;
	uint64_t first_tick; /* of its records, 0 when unknown */
	uint64_t last_tick;
	uint64_t event_count; /* by its last checkpoint: calls, returns, lines... */
};

struct pmt_info {
	const char *key;
	const char *value;  /* may hold NULs: argv is separated by them */
	size_t value_bytes; /* without the NUL behind it */
};

struct pmt_tables;

/* NULL: no memory. */
struct pmt_tables *pmt_tables_new(const struct pmt_trace *trace) PMT_MUST_CHECK;
void pmt_tables_free(struct pmt_tables *tables);

/* Adds what one event defines; cursors call it for extended records. 0 or -ENOMEM. */
int pmt_tables_add(struct pmt_tables *tables, const struct pmt_event *event);

/* Reads the whole trace for its tables: one pass, with progress. 0 or -ENOMEM. */
int pmt_tables_scan(struct pmt_tables *tables, struct pmt_trace *trace) PMT_MUST_CHECK;

/* NULL when the id was never defined (lost or damaged). About 3 ns. */
const struct pmt_code *pmt_tables_code(const struct pmt_tables *tables, uint32_t id);
size_t pmt_tables_code_count(const struct pmt_tables *tables);
/* i-th in the order of definition; i < count. */
const struct pmt_code *pmt_tables_code_at(const struct pmt_tables *tables, size_t i);

/* A stream's calling context (STACK record, reader/contexts.h), NULL when it was never
 * defined. Fill the tables first: a cursor of another stream may define its functions. */
struct pmt_context;
const struct pmt_context *pmt_tables_context(const struct pmt_tables *tables,
					     uint32_t stream, uint32_t id);

/* NULL for a stream without any checkpoint or thread record. */
const struct pmt_thread_info *pmt_tables_thread(const struct pmt_tables *tables,
						uint32_t stream);
size_t pmt_tables_thread_count(const struct pmt_tables *tables);
const struct pmt_thread_info *pmt_tables_thread_at(const struct pmt_tables *tables,
						   size_t i);

/* NULL without that key; a later value replaces an earlier one. */
const char *pmt_tables_info(const struct pmt_tables *tables, const char *key);
size_t pmt_tables_info_count(const struct pmt_tables *tables);
const struct pmt_info *pmt_tables_info_at(const struct pmt_tables *tables, size_t i);

/* The clock as far as the tables know it now; known is false before any checkpoint. */
struct pmt_clock pmt_tables_clock(const struct pmt_tables *tables);

/* Sum of the LOSS records of one cause (enum pmt_loss); causes this reader does not know
 * count under PMT_LOSS_COUNT. */
uint64_t pmt_tables_lost(const struct pmt_tables *tables, unsigned cause);

#endif
