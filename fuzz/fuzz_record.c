/*
 * Fuzz target: bytes of a stream into records, their payloads into structures. What can
 * be decoded must come out the same after it was encoded and decoded again.
 */
#include "fuzz/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/block_coding.h"
#include "format/payload.h"
#include "format/payload_blocks.h"
#include "format/record.h"
#include "tests/support/records.h"

static void require(bool what)
{
	if (!what)
		abort();
}

/* Decodes the payload as each kind: none may read beyond it. */
static void decode_payload(const struct pmt_record *r)
{
	union {
		struct pmt_code_def code;
		struct pmt_thread_def thread;
		struct pmt_checkpoint checkpoint;
		struct pmt_point point;
		struct pmt_sample sample;
		struct pmt_tree_node node;
		struct pmt_block_alloc alloc;
		struct pmt_block_free release;
		struct pmt_fault fault;
		struct pmt_stack_def stack;
		struct pmt_deltas sums;
	} any;
	uint32_t tid;

	if (pmt_payload_get_code(r, &any.code))
		require(any.code.name.size <= r->payload_bytes);
	if (pmt_payload_get_thread(r, &any.thread))
		require(any.thread.name.size <= r->payload_bytes);
	(void)pmt_payload_get_checkpoint(r, &any.checkpoint);
	(void)pmt_payload_get_point(r, &any.point);
	(void)pmt_payload_get_sample(r, &any.sample);
	(void)pmt_payload_get_tree_node(r, &any.node);
	(void)pmt_payload_get_alloc(r, &any.alloc);
	(void)pmt_payload_get_free(r, &any.release);
	(void)pmt_payload_get_fault(r, &any.fault);
	(void)pmt_payload_get_stack(r, &any.stack);
	(void)pmt_payload_get_thread_sums(r, &tid, &any.sums);
}

static void encode_again(const struct pmt_record *r)
{
	struct test_bytes made = {NULL, 0, 0};
	struct pmt_record back;

	/* An extended record with everything would be filler: no writer makes it. */
	if (r->op == PMT_OP_EXTENDED && r->flags == PMT_FLAG_ALL)
		return;
	test_put_record(&made, r);
	const uint8_t *p = made.bytes;
	require(pmt_record_decode(&p, made.bytes + made.size, &back) == 0);
	require(p == made.bytes + made.size);
	require(back.op == r->op && back.ext == r->ext && back.code_id == r->code_id &&
		back.line == r->line && back.ticks == r->ticks &&
		memcmp(&back.deltas, &r->deltas, sizeof(back.deltas)) == 0 &&
		back.payload_bytes == r->payload_bytes &&
		(r->payload_bytes == 0 ||
		 memcmp(back.payload, r->payload, r->payload_bytes) == 0));
	test_bytes_close(&made);
}

/* What a short record means, with a memory that the bytes made, and the block anew. */
static void resolve(struct pmt_block_coding *memory, const struct pmt_record *r)
{
	struct pmt_block_alloc alloc;
	struct pmt_block_free release;
	uint8_t made[PMT_CODE_BYTES_MAX];

	if (r->ext == PMT_EXT_ALLOC) {
		uint64_t address = pmt_code_resolve_alloc(memory, &r->code, &alloc);
		require(!address || pmt_code_fits(address, alloc.requested_bytes,
						  alloc.usable_bytes));
		require(pmt_code_put_alloc(memory, made, &alloc, address | 16) - made <=
			(ptrdiff_t)sizeof(made));
	} else {
		uint64_t address = pmt_code_resolve_free(memory, &r->code, &release);
		require(!address || pmt_code_fits(address, 0, 0));
		require(pmt_code_put_free(memory, made, release.kind, address | 16) -
			    made <=
			(ptrdiff_t)sizeof(made));
	}
}

static void decode_blocks(const uint8_t *at, const uint8_t *end)
{
	static struct pmt_block_coding memory;
	struct pmt_record r;

	memset(&memory, 0, sizeof(memory));
	while (pmt_record_decode_form(PMT_FORM_BLOCKS, &at, end, &r) == 0) {
		if (r.is_coded)
			resolve(&memory, &r);
		else
			decode_payload(&r);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *at = data, *end = data + size;
	struct pmt_record r;

	decode_blocks(data, data + size);
	for (;;) {
		const uint8_t *before = at;
		int rc = pmt_record_decode(&at, end, &r);
		if (rc == -ENODATA) {
			require(at == end);
			return 0;
		}
		if (rc == -EBADMSG) {
			require(at >= before && at < end);
			return 0;
		}
		require(rc == 0 && at > before && at <= end);
		if (r.op == PMT_OP_EXTENDED)
			decode_payload(&r);
		encode_again(&r);
	}
}
