/*
 * The trace file: the one definition, for the tracer that writes it and the reader.
 * doc/format.md explains it with a hex example. Everything is little-endian.
 *
 *   trace = file header, then chunks to the end of the file
 *   chunk = chunk header, then payload: a piece of one stream, whole records only
 *   stream = what one thread wrote into its ring, in order; stream 0 is the process's own
 *
 * A chunk carries the position [from, to) of its bytes in the stream, so that what a
 * ring still holds after a kill joins on without a gap or an overlap, and a lost chunk
 * is seen. Records are defined in record.h.
 */
#ifndef PMT_FORMAT_FORMAT_H
#define PMT_FORMAT_FORMAT_H

#include <stdint.h>

#define PMT_TRACE_MAGIC "PMTRACE\n"
#define PMT_CHUNK_MAGIC 0x4b4e4843u /* "CHNK" as it lies in the file */

enum {
	PMT_TRACE_MAGIC_BYTES = 8,
	PMT_FORMAT_VERSION = 2, /* the newest; other than of blocks traces are */
	PMT_FORMAT_VERSION_CALLS = 1,
	PMT_RUN_ID_BYTES = 16,
	/* A reader refuses larger chunks: no writer makes them, so they are damage. A
	 * chunk is at most a whole ring, so this bounds the option ring_size too. */
	PMT_CHUNK_RAW_BYTES_MAX = 64 << 20,
};

enum pmt_codec {
	PMT_CODEC_NONE = 0,
	PMT_CODEC_LZ4 = 1, /* one LZ4 block */
};

/* What the operations of head bytes mean. */
enum pmt_form {
	PMT_FORM_CALLS = 0,  /* enum pmt_op */
	PMT_FORM_BLOCKS = 1, /* enum pmt_code_op, from version 2 on */
};

/* How a traced process ended, in the end record and in the reports. */
enum pmt_end {
	PMT_END_NONE = 0,       /* no end record: killed, crashed, still running or cut */
	PMT_END_EXIT = 1,       /* exit(3) or return from main */
	PMT_END_QUICK_EXIT = 2, /* _exit(2), _Exit(3) */
	PMT_END_EXEC = 3,       /* replaced by another program */
	PMT_END_SIGNAL = 4,     /* killed; written by recover or pymemtrace-run */
};

struct pmt_file_header {
	char magic[PMT_TRACE_MAGIC_BYTES];
	uint16_t version;
	uint16_t header_bytes;            /* where the first chunk begins */
	uint32_t flags;                   /* none defined: 0 */
	uint8_t run_id[PMT_RUN_ID_BYTES]; /* the same in all traces of one run */
	uint32_t pid;
	uint32_t generation;    /* exec chain of this pid: 0, 1, ... */
	uint64_t process_start; /* field 22 of /proc/PID/stat, clock ticks since boot */
	uint64_t ticks_per_second; /* unit of all tick fields */
	uint32_t page_bytes;
	uint32_t crc; /* CRC-32C of the bytes before it */
};

struct pmt_chunk_header {
	uint32_t magic;
	uint32_t stream; /* 0 the process, 1... its threads in order of first record */
	uint64_t from;   /* stream position of the first payload byte */
	uint64_t to;     /* and behind the last: to - from is the raw size */
	uint64_t tick;   /* clock when the chunk was written */
	uint32_t stored_bytes; /* payload size in the file */
	uint8_t codec;
	uint8_t form; /* enum pmt_form */
	uint8_t reserved[2];
	uint32_t payload_crc; /* CRC-32C of the stored payload */
	uint32_t header_crc;  /* CRC-32C of the bytes before it */
};

_Static_assert(sizeof(struct pmt_file_header) == 64, "file header is 64 bytes");
_Static_assert(sizeof(struct pmt_chunk_header) == 48, "chunk header is 48 bytes");

#endif
