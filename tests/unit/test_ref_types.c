/* Counts of objects by type: the tracer's table, its map of objects, and the payloads. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/run_suite.h"
#include "tracer/event/types.h"

enum { FIRST = 0x7f0000000000, TYPE = 0x550000001000, NAME_BYTES = 32 };

static struct pmt_text text(const char *s)
{
	return (struct pmt_text){s, strlen(s)};
}

static uint32_t add(uint64_t address, const char *module, const char *name)
{
	struct pmt_type_def def = {.module = text(module), .name = text(name)};

	ck_assert_uint_eq(pmt_types_find(address), 0);
	return pmt_types_add(address, &def);
}

static void begin(void)
{
	ck_assert(pmt_types_open());
	pmt_types_begin();
	ck_assert_uint_eq(pmt_types_count(), 2);
}

static void assert_counts(uint32_t id, uint64_t made, uint64_t deleted, uint64_t bytes)
{
	const struct pmt_type *type = pmt_types_at(id);

	ck_assert_uint_eq(pmt_load_relaxed(&type->new_count), made);
	ck_assert_uint_eq(pmt_load_relaxed(&type->deleted_count), deleted);
	ck_assert_uint_eq(pmt_load_relaxed(&type->new_bytes) -
			      pmt_load_relaxed(&type->deleted_bytes),
			  bytes);
}

START_TEST(another_life)
{
	begin();
	uint32_t a = add(TYPE, "m", "A");

	pmt_types_created(FIRST, a, 48, 16);
	pmt_types_created(FIRST - ((uint64_t)1 << 40), a, 48, 16);
	pmt_types_forget_all();
	ck_assert_uint_eq(add(TYPE, "m", "B"), a + 1); /* its address is another's */
	ck_assert_uint_eq(add(TYPE + 64, "m", "A"), a);
	pmt_types_created(FIRST, a + 1, 48, 16); /* and an object's too */
	pmt_types_deleted(FIRST - ((uint64_t)1 << 40), a);
	assert_counts(a, 2, 0, 2 * 48);
	assert_counts(a + 1, 1, 0, 48);
	ck_assert_uint_eq(pmt_load_relaxed(&pmt_types_at(a)->missed_count), 0);
	ck_assert_uint_eq(pmt_load_relaxed(&pmt_types_at(a)->earlier_count), 1);
}
END_TEST

START_TEST(objects_come_and_go)
{
	begin();
	uint32_t a = add(TYPE, "m", "A"), b = add(TYPE + 64, "m", "B");

	pmt_types_created(FIRST, a, 48, 16);
	pmt_types_created(FIRST + 16, a, 50, 16); /* the nearest neighbour; rounded up */
	assert_counts(a, 2, 0, 48 + 56);
	pmt_types_deleted(FIRST, b); /* __class__ was set: it is counted as it was made */
	assert_counts(a, 2, 1, 56);
	assert_counts(b, 0, 0, 0);
	pmt_types_created(FIRST, b, 0, 32); /* from a free list: its block is known */
	assert_counts(b, 1, 0, 48);
	pmt_types_created(FIRST, a, 64, 16); /* its end was not told */
	assert_counts(b, 1, 1, 0);
	ck_assert_uint_eq(pmt_load_relaxed(&pmt_types_at(b)->missed_count), 1);
	pmt_types_deleted(FIRST + 4096, a); /* from before */
	ck_assert_uint_eq(pmt_load_relaxed(&pmt_types_at(a)->earlier_count), 1);
	assert_counts(a, 3, 1, 56 + 64);
}
END_TEST

START_TEST(sizes_leave_as_they_came)
{
	begin();
	uint32_t a = add(TYPE, "m", "A");
	uint64_t sum = 0;

	for (uint64_t i = 0, bytes = 1; i < 40; i++, bytes = bytes * 2 + i) {
		pmt_types_created(FIRST + i * 16, a, bytes, 16);
		sum += bytes;
		uint64_t counted = pmt_load_relaxed(&pmt_types_at(a)->new_bytes);
		if (bytes < 1u << 29) {
			ck_assert_uint_ge(counted, sum);
			ck_assert_uint_le(counted, sum + 8 * (i + 1) + sum / 2048);
		}
	}
	for (uint64_t i = 0; i < 40; i++)
		pmt_types_deleted(FIRST + i * 16, a);
	assert_counts(a, 40, 40, 0);
}
END_TEST

START_TEST(types_die_and_addresses_come_again)
{
	begin();
	/* Neighbours, so that many meet in the hash. */
	for (uint64_t i = 0; i < 2000; i++)
		add(TYPE + i * 16, "m", i % 2 ? "odd" : "even");
	ck_assert_uint_eq(pmt_types_count(), 4);
	for (uint64_t i = 0; i < 2000; i += 3)
		pmt_types_forget(TYPE + i * 16);
	pmt_types_forget(TYPE + 7); /* no type */
	for (uint64_t i = 0; i < 2000; i++)
		ck_assert_uint_eq(pmt_types_find(TYPE + i * 16), i % 3 == 0 ? 0
								 : i % 2    ? 3
									    : 2);
	ck_assert_uint_eq(add(TYPE, "m", "other"), 4);
	ck_assert_uint_eq(add(TYPE + 48, "mo", "ther"), 5);
}
END_TEST

START_TEST(too_many_types_are_the_others)
{
	char name[NAME_BYTES];

	begin();
	for (unsigned i = 0; i < 2 * PMT_TYPE_IDS_MAX + 10; i++) {
		snprintf(name, sizeof(name), "T%u", i);
		uint32_t id = add(TYPE + i * 64, "", name);
		ck_assert_uint_eq(id, i + 2 < PMT_TYPE_IDS_MAX ? i + 2 : 1);
	}
	struct pmt_type_def def = pmt_types_define(PMT_TYPE_ID_OTHERS);
	ck_assert_uint_eq(def.name.size, strlen("(other types)"));
}
END_TEST

static struct pmt_record record_of(const uint8_t *bytes, size_t size)
{
	return (struct pmt_record){.payload = bytes, .payload_bytes = size};
}

START_TEST(payloads_there_and_back)
{
	struct pmt_type_def def = {8191, UINT64_MAX, 8, text("a.b"), text("C.D")},
			    def_back;
	struct pmt_type_counts in = {1, 2, UINT64_MAX, 4, 5, 6, 7}, back;
	uint8_t bytes[PMT_PAYLOAD_FIXED_BYTES], again[PMT_PAYLOAD_FIXED_BYTES];
	struct pmt_record r;

	size_t size = (size_t)(pmt_payload_put_type(bytes, &def) - bytes);
	for (size_t cut = 0; cut < size; cut++) {
		r = record_of(bytes, cut);
		ck_assert(!pmt_payload_get_type(&r, &def_back));
	}
	r = record_of(bytes, size);
	ck_assert(pmt_payload_get_type(&r, &def_back));
	ck_assert_uint_eq(def_back.basic_bytes, UINT64_MAX);
	ck_assert_mem_eq(def_back.name.bytes, "C.D", 3);

	size = (size_t)(pmt_payload_put_type_counts(bytes, &in) - bytes);
	for (size_t cut = 0; cut < size; cut++) {
		r = record_of(bytes, cut);
		ck_assert(!pmt_payload_get_type_counts(&r, &back));
	}
	r = record_of(bytes, size);
	ck_assert(pmt_payload_get_type_counts(&r, &back));
	/* By their bytes in the trace: the structs have padding. */
	ck_assert(pmt_payload_put_type_counts(again, &back) == again + size);
	ck_assert_mem_eq(again, bytes, size);
	in.id = PMT_TYPE_IDS_MAX;
	size = (size_t)(pmt_payload_put_type_counts(bytes, &in) - bytes);
	r = record_of(bytes, size);
	ck_assert(!pmt_payload_get_type_counts(&r, &back));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ref types");
	TCase *tc = tcase_create("table");

	/* Each in a process of its own: there is one table. */
	tcase_add_test(tc, objects_come_and_go);
	tcase_add_test(tc, another_life);
	tcase_add_test(tc, sizes_leave_as_they_came);
	tcase_add_test(tc, types_die_and_addresses_come_again);
	tcase_add_test(tc, too_many_types_are_the_others);
	tcase_add_test(tc, payloads_there_and_back);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
