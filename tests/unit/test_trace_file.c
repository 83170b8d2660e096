/* Chunks in a trace: what is appended is read back, and what fails leaves the file whole.
 */
#include <check.h>
#include <errno.h>
#include <lz4.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "support/chance.h"
#include "support/run_suite.h"
#include "tracer/drain/trace_file.h"

enum { RING_BYTES = 65536, BYTES = 5000 };

static char path[] = "/tmp/trace_file.XXXXXX";
static struct pmt_trace_file file;
static struct pmt_options options = {.ring_size_bytes = RING_BYTES};
static struct pmt_file_header header;
static uint8_t bytes[BYTES];

static void setup(void)
{
	close(mkstemp(path)); /* empty: it makes way */
	memcpy(header.magic, PMT_TRACE_MAGIC, PMT_TRACE_MAGIC_BYTES);
	for (int i = 0; i < BYTES; i++)
		bytes[i] = (uint8_t)(i / 100);
}

static void teardown(void)
{
	char old[sizeof(path) + 4];

	snprintf(old, sizeof(old), "%s.old", path);
	unlink(path);
	unlink(old);
}

static void open_file(bool compress, uint64_t max_bytes)
{
	options.compress = compress;
	options.max_size_bytes = max_bytes;
	ck_assert_int_eq(pmt_trace_file_create(&file, &options, path, &header), 0);
}

static int append(uint64_t from)
{
	struct pmt_chunk_header chunk = {.stream = 3, .from = from, .to = from + BYTES};

	return pmt_trace_file_append(&file, &chunk, bytes);
}

static int64_t size_of_file(void)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_size;
}

/* The chunk that begins at off holds the bytes, packed as it says. */
static int64_t check_chunk(int64_t off, uint64_t from, unsigned codec)
{
	static char stored[2 * BYTES], unpacked[BYTES];
	struct pmt_chunk_header chunk;
	FILE *in = fopen(path, "r");

	ck_assert_ptr_nonnull(in);
	ck_assert_int_eq(fseek(in, (long)off, SEEK_SET), 0);
	ck_assert_uint_eq(fread(&chunk, sizeof(chunk), 1, in), 1);
	ck_assert_uint_eq(chunk.magic, PMT_CHUNK_MAGIC);
	ck_assert_uint_eq(chunk.codec, codec);
	ck_assert_uint_eq(chunk.from, from);
	ck_assert_uint_eq(chunk.stream, 3);
	ck_assert_uint_eq(fread(stored, 1, chunk.stored_bytes, in), chunk.stored_bytes);
	ck_assert_uint_eq(pmt_crc32c(0, stored, chunk.stored_bytes), chunk.payload_crc);
	fclose(in);
	if (codec == PMT_CODEC_LZ4)
		ck_assert_int_eq(
		    LZ4_decompress_safe(stored, unpacked, (int)chunk.stored_bytes, BYTES),
		    BYTES);
	else
		memcpy(unpacked, stored, BYTES);
	ck_assert_int_eq(memcmp(unpacked, bytes, BYTES), 0);
	return off + (int64_t)sizeof(chunk) + chunk.stored_bytes;
}

START_TEST(test_chunks_are_read_back)
{
	for (unsigned codec = PMT_CODEC_NONE; codec <= PMT_CODEC_LZ4; codec++) {
		open_file(codec == PMT_CODEC_LZ4, 0);
		ck_assert_int_eq(append(0), 0);
		ck_assert_int_eq(append(BYTES), 0);
		int64_t off = check_chunk(sizeof(header), 0, codec);
		ck_assert_int_eq(check_chunk(off, BYTES, codec), size_of_file());
		ck_assert_uint_eq(file.size, (uint64_t)size_of_file());
		unlink(path);
	}
}
END_TEST

/* Of noise, or of words with some in each, the same ones each time. */
static int64_t stored_by(bool is_noise, uint64_t from)
{
	int64_t before = size_of_file();

	for (unsigned i = 0; i < BYTES; i++)
		bytes[i] = (uint8_t)(is_noise    ? draw(256)
				     : i % 8 < 2 ? (i * 2654435761U) >> 24
						 : i % 8);
	ck_assert_int_eq(append(from), 0);
	check_chunk(before, from, is_noise ? PMT_CODEC_NONE : PMT_CODEC_LZ4);
	return size_of_file() - before;
}

/* Behind bytes in which nothing is found the search is short for a while, then as long as
 * before; what is stored is the same bytes each time. */
START_TEST(test_search_goes_on_behind_what_does_not_shrink)
{
	int64_t least, hurried;
	uint64_t from = 0;

	begin_chance();
	open_file(true, 0);
	least = stored_by(false, from);
	stored_by(true, from += BYTES);
	hurried = stored_by(false, from += BYTES);
	ck_assert_int_gt(hurried, least);
	for (int i = 0; i < 8 && hurried != least; i++)
		hurried = stored_by(false, from += BYTES);
	ck_assert_int_eq(hurried, least);
	for (int i = 0; i < 8; i++)
		ck_assert_int_eq(stored_by(false, from += BYTES), least);
}
END_TEST

START_TEST(test_another_file_of_that_name_is_left_alone)
{
	open_file(false, 0);
	unlink(path);
	ck_assert_int_eq(append(0), -ENOENT);
	FILE *other = fopen(path, "w");
	ck_assert_int_ge(fputs("somebody's", other), 0);
	fclose(other);
	ck_assert_int_eq(append(0), -ESTALE);
	ck_assert_int_eq(file.error, -ESTALE);
	ck_assert_int_eq(size_of_file(), 10);
}
END_TEST

/* A write that gets half way: no half chunk stays, and the next one is whole. */
START_TEST(test_half_a_chunk_is_taken_back)
{
	struct rlimit before, low;

	open_file(false, 0);
	ck_assert_int_eq(append(0), 0);
	int64_t size = size_of_file();
	getrlimit(RLIMIT_FSIZE, &before);
	low = (struct rlimit){(rlim_t)size + 100, before.rlim_max};
	setrlimit(RLIMIT_FSIZE, &low);
	int result = append(BYTES);
	setrlimit(RLIMIT_FSIZE, &before);
	ck_assert_int_eq(result, -EFBIG);
	ck_assert_int_eq(size_of_file(), size);
	ck_assert_int_eq(append(BYTES), 0);
	ck_assert_int_eq(file.error, 0);
	ck_assert_int_eq(check_chunk(size, BYTES, PMT_CODEC_NONE), size_of_file());
}
END_TEST

/* As many chunks go from the end as the bytes take, and the next one comes there. */
START_TEST(test_room_is_made_by_whole_chunks)
{
	const int64_t chunk = sizeof(struct pmt_chunk_header) + BYTES;
	const int64_t begin = sizeof(header);
	const struct {
		uint64_t bytes;
		int64_t left;
	} cases[] = {
	    {1, 3}, {(uint64_t)chunk, 3}, {(uint64_t)chunk + 1, 2}, {1u << 20, 0}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		open_file(false, 0);
		for (uint64_t from = 0; from < 4; from++)
			ck_assert_int_eq(append(from * BYTES), 0);
		ck_assert_uint_eq(pmt_trace_file_make_room(&file, cases[i].bytes),
				  (uint64_t)(4 - cases[i].left) * BYTES);
		ck_assert_int_eq(size_of_file(), begin + cases[i].left * chunk);
		ck_assert_int_eq(append(9 * BYTES), 0);
		ck_assert_int_eq(
		    check_chunk(begin + cases[i].left * chunk, 9 * BYTES, PMT_CODEC_NONE),
		    size_of_file());
		unlink(path);
	}
}
END_TEST

START_TEST(test_no_room_is_made_in_what_is_not_ours)
{
	open_file(false, 0);
	ck_assert_uint_eq(pmt_trace_file_make_room(&file, 1), 0);
	ck_assert_int_eq(append(0), 0);
	int64_t size = size_of_file();
	FILE *damage = fopen(path, "r+");
	ck_assert_int_eq(fseek(damage, sizeof(header), SEEK_SET), 0);
	ck_assert_int_eq(fputc('x', damage), 'x');
	fclose(damage);
	ck_assert_uint_eq(pmt_trace_file_make_room(&file, 1), 0);
	ck_assert_int_eq(size_of_file(), size);
	unlink(path);
	ck_assert_uint_eq(pmt_trace_file_make_room(&file, 1), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trace_file");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_chunks_are_read_back);
	tcase_add_test(tc, test_search_goes_on_behind_what_does_not_shrink);
	tcase_add_test(tc, test_another_file_of_that_name_is_left_alone);
	tcase_add_test(tc, test_half_a_chunk_is_taken_back);
	tcase_add_test(tc, test_room_is_made_by_whole_chunks);
	tcase_add_test(tc, test_no_room_is_made_in_what_is_not_ours);
	tcase_add_checked_fixture(tc, setup, teardown);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
