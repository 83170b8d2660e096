/*
 * The reader on files that are cut, flipped, repeated or no trace at all. The rule that
 * is held for every byte and every bit of a small trace: no crash, every chunk that is
 * not touched is given whole and in order, and a problem names an offset at or before
 * the damage.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reader/cursor.h"
#include "reader/trace.h"
#include "support/events.h"
#include "support/run_suite.h"
#include "support/trace_writer.h"

enum { CHUNKS = 7, STREAMS = 3 };

/* A small trace, and where its chunks lie. */
struct sample {
	struct test_bytes bytes;
	struct {
		size_t offset; /* of its header; [CHUNKS] is the file's end */
		uint32_t stream;
		uint64_t from;
		uint64_t to;
		char *text; /* its events */
	} chunk[CHUNKS + 1];
};

static struct pmt_trace *open_quietly(const struct test_bytes *b)
{
	struct pmt_problem problem;

	return pmt_trace_open(test_write_file("damaged.bin", b), NULL, &problem);
}

static struct pmt_problem open_problem(const char *path)
{
	struct pmt_problem problem = {.kind = PMT_PROBLEM_NONE};
	struct pmt_trace *trace = pmt_trace_open(path, NULL, &problem);

	ck_assert_ptr_null(trace);
	return problem;
}

/* Each chunk of a thread's stream begins with a checkpoint, as after a gap in time. */
static size_t put_piece(struct test_bytes *b, uint32_t stream, unsigned piece)
{
	struct pmt_deltas d = {.allocated_bytes = 100 * piece, .allocated_count = 1};

	test_put_checkpoint(b, 1000 * piece + stream, 0, 10 * piece);
	if (stream == 0)
		test_put_info(b, "key", "value");
	else
		test_put_enter(b, PMT_OP_START, 7 + piece, 300, &d);
	if (stream != 0)
		test_put_leave(b, PMT_OP_RETURN, 2, NULL);
	return b->size;
}

static void build(struct sample *s)
{
	static const uint32_t stream_of[CHUNKS] = {0, 1, 2, 1, 2, 1, 0};
	struct test_bytes stream[STREAMS] = {{NULL, 0, 0}};
	struct pmt_file_header h = test_file_header();

	memset(s, 0, sizeof(*s));
	test_add_header(&s->bytes, &h);
	for (unsigned i = 0; i < CHUNKS; i++) {
		uint32_t n = stream_of[i];
		size_t from = stream[n].size;
		size_t to = put_piece(&stream[n], n, i + 1);
		s->chunk[i].stream = n;
		s->chunk[i].from = from;
		s->chunk[i].to = to;
		s->chunk[i].offset = test_add_chunk(&s->bytes, n, &stream[n], from, to,
						    i & 1, 1000 * (i + 2));
	}
	s->chunk[CHUNKS].offset = s->bytes.size;
	for (unsigned i = 0; i < STREAMS; i++)
		test_bytes_close(&stream[i]);
}

static void close_sample(struct sample *s)
{
	for (unsigned i = 0; i < CHUNKS; i++)
		free(s->chunk[i].text);
	test_bytes_close(&s->bytes);
}

/* Fills in each chunk's events, from a pass over the undamaged trace. */
static void read_chunk_texts(struct sample *s)
{
	struct pmt_trace *trace = open_quietly(&s->bytes);

	ck_assert_uint_eq(pmt_trace_problem_count(trace), 0);
	for (unsigned i = 0; i < CHUNKS; i++) {
		char *all = test_events_text(trace, s->chunk[i].stream);
		size_t room = strlen(all) + 1;
		s->chunk[i].text = calloc(room, 1);
		char *line = strtok(all, "\n");
		for (; line; line = strtok(NULL, "\n")) {
			uint64_t at = strtoull(strchr(line, '@') + 1, NULL, 10);
			if (at < s->chunk[i].from || at >= s->chunk[i].to)
				continue;
			strcat(s->chunk[i].text, line);
			strcat(s->chunk[i].text, "\n");
		}
		free(all);
	}
	pmt_trace_close(trace);
}

/* The events of one stream when the chunks of a set are missing: bit i, chunk i. When
 * `known_end`, a missing last chunk is seen, as its header is there. */
static char *expected_text(const struct sample *s, uint32_t stream, unsigned missing,
			   unsigned known_end)
{
	char *text = calloc(1, 8192);
	uint64_t position = 0;

	for (unsigned i = 0; i < CHUNKS; i++) {
		bool gone = missing & (1u << i);
		if (s->chunk[i].stream != stream || (gone && !(known_end & (1u << i))))
			continue;
		uint64_t upto = gone ? s->chunk[i].to : s->chunk[i].from;
		if (!gone && s->chunk[i].from > position)
			sprintf(text + strlen(text), "s%u gap %llu+%llu\n", stream,
				(unsigned long long)position,
				(unsigned long long)(upto - position));
		if (!gone) {
			strcat(text, s->chunk[i].text);
			position = s->chunk[i].to;
		}
	}
	uint64_t end = 0;
	for (unsigned i = 0; i < CHUNKS; i++)
		if (s->chunk[i].stream == stream &&
		    (!(missing & (1u << i)) || (known_end & (1u << i))))
			end = s->chunk[i].to;
	if (end > position)
		sprintf(text + strlen(text), "s%u gap %llu+%llu\n", stream,
			(unsigned long long)position,
			(unsigned long long)(end - position));
	return text;
}

static void check_events(const struct sample *s, struct pmt_trace *trace,
			 unsigned missing, unsigned known_end, const char *what)
{
	for (uint32_t n = 0; n < STREAMS; n++) {
		char *expected = expected_text(s, n, missing, known_end);
		char *found = test_events_text(trace, n);
		ck_assert_msg(strcmp(found, expected) == 0,
			      "%s, stream %u\nexpected:\n%sfound:\n%s", what, n, expected,
			      found);
		free(expected);
		free(found);
	}
	free(test_events_text(trace, -1));
}

START_TEST(cut_at_every_byte)
{
	struct sample s;
	char what[64];

	build(&s);
	read_chunk_texts(&s);
	for (size_t size = 0; size < s.bytes.size; size++) {
		struct test_bytes cut = {s.bytes.bytes, size, 0};
		struct pmt_trace *trace = open_quietly(&cut);
		if (size < sizeof(struct pmt_file_header)) {
			ck_assert_ptr_null(trace);
			continue;
		}
		ck_assert_ptr_nonnull(trace);
		unsigned missing = 0;
		size_t whole_end = sizeof(struct pmt_file_header);
		for (unsigned i = 0; i < CHUNKS; i++)
			if (s.chunk[i + 1].offset > size)
				missing |= 1u << i;
			else
				whole_end = s.chunk[i + 1].offset;
		snprintf(what, sizeof(what), "cut after %zu bytes", size);
		check_events(&s, trace, missing, 0, what);
		ck_assert_uint_eq(pmt_trace_problem_count(trace), size > whole_end);
		if (size > whole_end) {
			const struct pmt_problem *p = pmt_trace_problem(trace, 0);
			ck_assert_int_eq(p->kind, PMT_PROBLEM_CUT);
			ck_assert_uint_eq(p->offset, whole_end);
			ck_assert_uint_eq(p->bytes, size - whole_end);
		}
		pmt_trace_close(trace);
	}
	close_sample(&s);
}
END_TEST

/* Bits of the file header: only the magic makes it unreadable. */
static void flip_in_header(const struct sample *s, struct pmt_trace *trace, size_t byte)
{
	if (byte < PMT_TRACE_MAGIC_BYTES) {
		ck_assert_ptr_null(trace);
		return;
	}
	ck_assert_ptr_nonnull(trace);
	check_events(s, trace, 0, 0, "flip in the file header");
	ck_assert_uint_eq(pmt_trace_problem_count(trace), 1);
	ck_assert_uint_eq(pmt_trace_problem(trace, 0)->offset, 0);
	ck_assert_int_eq(pmt_trace_problem(trace, 0)->kind, PMT_PROBLEM_DAMAGED);
}

static void flip_in_chunk(const struct sample *s, struct pmt_trace *trace, size_t byte,
			  const char *what)
{
	unsigned i = 0;

	while (s->chunk[i + 1].offset <= byte)
		i++;
	ck_assert_ptr_nonnull(trace);
	check_events(s, trace, 0, 0, what);
	ck_assert_uint_eq(pmt_trace_problem_count(trace), 1);
	const struct pmt_problem *p = pmt_trace_problem(trace, 0);
	ck_assert_int_eq(p->kind, PMT_PROBLEM_DAMAGED);
	ck_assert_uint_eq(p->offset, s->chunk[i].offset);
	ck_assert_uint_eq(pmt_trace_missing_bytes(trace), 0);
}

static void lose_chunk(const struct sample *s, struct pmt_trace *trace, size_t byte,
		       const char *what)
{
	unsigned i = 0;

	while (s->chunk[i + 1].offset <= byte)
		i++;
	bool in_payload = byte >= s->chunk[i].offset + sizeof(struct pmt_chunk_header);
	ck_assert_ptr_nonnull(trace);
	check_events(s, trace, 1u << i, in_payload ? 1u << i : 0, what);
	ck_assert_uint_eq(pmt_trace_problem_count(trace), 1);
	const struct pmt_problem *p = pmt_trace_problem(trace, 0);
	ck_assert_int_eq(p->kind, PMT_PROBLEM_DAMAGED);
	ck_assert_uint_eq(p->offset, s->chunk[i].offset);
	ck_assert_uint_eq(pmt_trace_missing_bytes(trace) > 0,
			  in_payload || i < CHUNKS - 3);
}

/* More than a bit: what a checksum cannot put right is left out, and nothing else. */
START_TEST(two_flipped_bits_lose_a_chunk)
{
	struct sample s;
	char what[64];

	build(&s);
	read_chunk_texts(&s);
	for (size_t bit = sizeof(struct pmt_file_header) * 8; bit < s.bytes.size * 8 - 1;
	     bit++) {
		size_t byte = bit / 8;
		if (bit % 8 == 7)
			continue;
		s.bytes.bytes[byte] ^= (uint8_t)(3u << (bit & 7));
		struct pmt_trace *trace = open_quietly(&s.bytes);
		snprintf(what, sizeof(what), "bits %zu and next of byte %zu", bit & 7,
			 byte);
		lose_chunk(&s, trace, byte, what);
		pmt_trace_close(trace);
		s.bytes.bytes[byte] ^= (uint8_t)(3u << (bit & 7));
	}
	close_sample(&s);
}
END_TEST

/* One wrong bit anywhere is put right, and said. */
START_TEST(flip_every_bit)
{
	struct sample s;
	char what[64];

	build(&s);
	read_chunk_texts(&s);
	for (size_t bit = 0; bit < s.bytes.size * 8; bit++) {
		size_t byte = bit / 8;
		s.bytes.bytes[byte] ^= (uint8_t)(1u << (bit & 7));
		struct pmt_trace *trace = open_quietly(&s.bytes);
		snprintf(what, sizeof(what), "bit %zu of byte %zu", bit & 7, byte);
		if (byte < sizeof(struct pmt_file_header))
			flip_in_header(&s, trace, byte);
		else
			flip_in_chunk(&s, trace, byte, what);
		pmt_trace_close(trace);
		s.bytes.bytes[byte] ^= (uint8_t)(1u << (bit & 7));
	}
	close_sample(&s);
}
END_TEST

/* A write that failed half way and was tried again: nothing is missing. */
START_TEST(half_a_chunk_then_the_whole)
{
	struct sample s;
	struct test_bytes b = {NULL, 0, 0};

	build(&s);
	read_chunk_texts(&s);
	size_t begin = s.chunk[3].offset, end = s.chunk[4].offset;
	for (size_t part = 1; part < end - begin; part++) {
		test_bytes_add(&b, s.bytes.bytes, begin + part);
		test_bytes_add(&b, s.bytes.bytes + begin, s.bytes.size - begin);
		struct pmt_trace *trace = open_quietly(&b);
		ck_assert_ptr_nonnull(trace);
		check_events(&s, trace, 0, 0, "half a chunk");
		ck_assert_uint_ge(pmt_trace_problem_count(trace), 1);
		ck_assert_uint_eq(pmt_trace_problem(trace, 0)->offset, begin);
		ck_assert_uint_eq(pmt_trace_missing_bytes(trace), 0);
		pmt_trace_close(trace);
		test_bytes_close(&b);
	}
	close_sample(&s);
}
END_TEST

/* A chunk written twice, as after a kill between write and tail: given once. */
START_TEST(repeated_chunk_is_given_once)
{
	struct sample s;
	struct test_bytes b = {NULL, 0, 0};

	build(&s);
	read_chunk_texts(&s);
	test_bytes_add(&b, s.bytes.bytes, s.bytes.size);
	for (unsigned i = 0; i < CHUNKS; i++)
		test_bytes_add(&b, s.bytes.bytes + s.chunk[i].offset,
			       s.chunk[i + 1].offset - s.chunk[i].offset);
	struct pmt_trace *trace = open_quietly(&b);
	check_events(&s, trace, 0, 0, "chunks twice");
	ck_assert_uint_eq(pmt_trace_problem_count(trace), 0);
	pmt_trace_close(trace);
	test_bytes_close(&b);
	close_sample(&s);
}
END_TEST

/* Good checksums, but the bytes are no records: what comes before them is given. */
START_TEST(undecodable_record_ends_its_chunk)
{
	struct test_bytes records = {NULL, 0, 0}, b = {NULL, 0, 0};
	struct pmt_file_header h = test_file_header();

	test_put_checkpoint(&records, 5, 0, 0);
	size_t bad_at = records.size;
	test_bytes_add(&records, "\x00\x80\x80\x80\x80\x80\x80", 7);
	size_t chunk_end = records.size;
	test_put_checkpoint(&records, 6, 0, 0);
	test_add_header(&b, &h);
	size_t offset = test_add_chunk(&b, 1, &records, 0, chunk_end, 0, 0);
	test_add_chunk(&b, 1, &records, chunk_end, records.size, 0, 0);
	struct pmt_trace *trace = open_quietly(&b);
	for (int pass = 0; pass < 2; pass++) {
		struct pmt_cursor *cursor = pmt_cursor_new(trace, 1, NULL);
		ck_assert_uint_eq(pmt_cursor_next(cursor)->tick, 5);
		const struct pmt_event *gap = pmt_cursor_next(cursor);
		ck_assert_int_eq(gap->kind, PMT_EVENT_GAP);
		ck_assert(!gap->tick_known);
		ck_assert_uint_eq(gap->position, bad_at);
		ck_assert_uint_eq(gap->gap_bytes, chunk_end - bad_at);
		ck_assert_uint_eq(pmt_cursor_next(cursor)->tick, 6);
		ck_assert_ptr_null(pmt_cursor_next(cursor));
		pmt_cursor_free(cursor);
	}
	ck_assert_uint_eq(pmt_trace_problem_count(trace), 1);
	ck_assert_uint_eq(pmt_trace_problem(trace, 0)->offset, offset);
	ck_assert_uint_eq(pmt_trace_missing_bytes(trace), chunk_end - bad_at);
	pmt_trace_close(trace);
	test_bytes_close(&records);
	test_bytes_close(&b);
}
END_TEST

/* Damage of a given length between two chunks, full of decoys. */
static void check_long_damage(const struct sample *s, size_t damage_bytes)
{
	static const char decoy[] = "CHNKCHNKCHNK no header behind this magic, none";
	struct test_bytes b = {NULL, 0, 0};
	size_t begin = s->chunk[2].offset;

	test_bytes_add(&b, s->bytes.bytes, begin);
	while (b.size - begin < damage_bytes)
		test_bytes_add(&b, decoy, sizeof(decoy));
	b.size = begin + damage_bytes;
	test_bytes_add(&b, s->bytes.bytes + begin, s->bytes.size - begin);
	struct pmt_trace *trace = open_quietly(&b);
	check_events(s, trace, 0, 0, "long damage");
	ck_assert_uint_eq(pmt_trace_problem_count(trace), 1);
	ck_assert_uint_eq(pmt_trace_problem(trace, 0)->offset, begin);
	ck_assert_uint_eq(pmt_trace_problem(trace, 0)->bytes, damage_bytes);
	pmt_trace_close(trace);
	test_bytes_close(&b);
}

/* The search reads 256 KiB at a time; the header may lie across two of them. */
START_TEST(search_passes_over_long_damage)
{
	struct sample s;

	build(&s);
	read_chunk_texts(&s);
	for (size_t bytes = (256 << 10) - 60; bytes < (256 << 10) + 10; bytes++)
		check_long_damage(&s, bytes);
	check_long_damage(&s, 600000);
	close_sample(&s);
}
END_TEST

START_TEST(what_is_no_trace)
{
	struct test_bytes text = {NULL, 0, 0}, empty = {NULL, 0, 0}, newer = {NULL, 0, 0};
	struct pmt_file_header h = test_file_header();
	char fifo[128];

	test_bytes_add(&text,
		       "#!/bin/sh\necho no trace, but longer than a header: "
		       "0123456789012345678901234567890",
		       80);
	h.version = PMT_FORMAT_VERSION + 1;
	test_file_header_seal(&h);
	test_add_header(&newer, &h);
	snprintf(fifo, sizeof(fifo), "%s/fifo", test_folder());
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	ck_assert_int_eq(open_problem(fifo).kind, PMT_PROBLEM_NOT_A_FILE);
	unlink(fifo);
	ck_assert_int_eq(open_problem("/dev/null").kind, PMT_PROBLEM_NOT_A_FILE);
	ck_assert_int_eq(open_problem("/").kind, PMT_PROBLEM_NOT_A_FILE);
	ck_assert_int_eq(open_problem("/no/such/file").kind, PMT_PROBLEM_IO);
	ck_assert_int_eq(open_problem(test_write_file("text", &text)).kind,
			 PMT_PROBLEM_NOT_A_TRACE);
	ck_assert_int_eq(open_problem(test_write_file("empty", &empty)).kind,
			 PMT_PROBLEM_EMPTY);
	struct pmt_problem p = open_problem(test_write_file("newer", &newer));
	ck_assert_int_eq(p.kind, PMT_PROBLEM_NEWER);
	ck_assert_ptr_nonnull(strstr(p.text, "version 2"));
	ck_assert_uint_eq(p.offset, 8);
	test_bytes_close(&text);
	test_bytes_close(&newer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reader damage");
	TCase *tc = tcase_create("damage");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, cut_at_every_byte);
	tcase_add_test(tc, flip_every_bit);
	tcase_add_test(tc, two_flipped_bits_lose_a_chunk);
	tcase_add_test(tc, half_a_chunk_then_the_whole);
	tcase_add_test(tc, repeated_chunk_is_given_once);
	tcase_add_test(tc, undecodable_record_ends_its_chunk);
	tcase_add_test(tc, search_passes_over_long_damage);
	tcase_add_test(tc, what_is_no_trace);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
