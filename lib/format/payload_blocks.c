/* Encoders and decoders of block records, each pair with its fields in the same order. */
#include "format/payload_blocks.h"

#include "base/varint.h"

const char *pmt_block_kind_name(unsigned kind)
{
	static const char *const names[] = {
	    [PMT_BLOCK_MALLOC] = "malloc",   [PMT_BLOCK_REALLOC] = "realloc",
	    [PMT_BLOCK_ALIGNED] = "aligned", [PMT_BLOCK_MMAP] = "mmap",
	    [PMT_BLOCK_FILE] = "file",       [PMT_BLOCK_RESERVED] = "reserved",
	    [PMT_BLOCK_SHARED] = "shared",   [PMT_BLOCK_ARENA] = "arena",
	    [PMT_BLOCK_RAW] = "raw",         [PMT_BLOCK_MEM] = "mem",
	    [PMT_BLOCK_OBJECT] = "object",
	};
	const char *name = kind < sizeof(names) / sizeof(names[0]) ? names[kind] : NULL;

	return name ? name : "?";
}

/* Reads count varints of a payload; more bytes behind them are a newer writer's. */
static bool get_fields(const struct pmt_record *r, uint64_t *fields, unsigned count)
{
	const uint8_t *p = r->payload, *end = p + r->payload_bytes;

	return pmt_varint_get_all(&p, end, fields, count);
}

/* Field by field: an array of them is written by twos and read one by one, which waits.
 */
uint8_t *pmt_payload_put_alloc(uint8_t *p, const struct pmt_block_alloc *alloc)
{
	p = pmt_varint_put(p, alloc->kind);
	p = pmt_varint_put(p, alloc->stack_id);
	p = pmt_varint_put(p, alloc->requested_bytes);
	p = pmt_varint_put(p, alloc->usable_bytes);
	return pmt_varint_put(p, pmt_zigzag(alloc->address_step));
}

bool pmt_payload_get_alloc(const struct pmt_record *r, struct pmt_block_alloc *ret_alloc)
{
	uint64_t f[5];

	if (!get_fields(r, f, 5) || f[0] > UINT8_MAX || f[1] > UINT32_MAX)
		return false;
	*ret_alloc = (struct pmt_block_alloc){
	    .kind = (uint8_t)f[0],
	    .stack_id = (uint32_t)f[1],
	    .requested_bytes = f[2],
	    .usable_bytes = f[3],
	    .address_step = pmt_unzigzag(f[4]),
	};
	return true;
}

uint8_t *pmt_payload_put_free(uint8_t *p, const struct pmt_block_free *release)
{
	p = pmt_varint_put(p, release->kind);
	p = pmt_varint_put(p, pmt_zigzag(release->address_step));
	return pmt_varint_put(p, release->bytes);
}

bool pmt_payload_get_free(const struct pmt_record *r, struct pmt_block_free *ret_release)
{
	uint64_t f[3];

	if (!get_fields(r, f, 3) || f[0] > UINT8_MAX)
		return false;
	*ret_release = (struct pmt_block_free){
	    .kind = (uint8_t)f[0],
	    .address_step = pmt_unzigzag(f[1]),
	    .bytes = f[2],
	};
	return true;
}

uint8_t *pmt_payload_put_fault(uint8_t *p, const struct pmt_fault *fault)
{
	const uint64_t fields[] = {fault->stack_id, fault->pages,
				   pmt_zigzag(fault->address_step)};

	return pmt_varint_put_all(p, fields, 3);
}

bool pmt_payload_get_fault(const struct pmt_record *r, struct pmt_fault *ret_fault)
{
	uint64_t f[3];

	if (!get_fields(r, f, 3) || f[0] > UINT32_MAX)
		return false;
	*ret_fault = (struct pmt_fault){
	    .stack_id = (uint32_t)f[0],
	    .pages = f[1],
	    .address_step = pmt_unzigzag(f[2]),
	};
	return true;
}

uint8_t *pmt_payload_put_stack(uint8_t *p, const struct pmt_stack_def *def)
{
	const uint64_t fields[] = {def->id, def->parent_id, def->code_id,
				   def->code_offset};

	return pmt_varint_put_all(p, fields, 4);
}

bool pmt_payload_get_stack(const struct pmt_record *r, struct pmt_stack_def *ret_def)
{
	uint64_t f[4];

	if (!get_fields(r, f, 4) || f[0] > UINT32_MAX || f[1] > UINT32_MAX ||
	    f[2] > UINT32_MAX)
		return false;
	*ret_def = (struct pmt_stack_def){
	    .id = (uint32_t)f[0],
	    .parent_id = (uint32_t)f[1],
	    .code_id = (uint32_t)f[2],
	    .code_offset = f[3],
	};
	return true;
}
