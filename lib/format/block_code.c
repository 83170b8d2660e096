/* Reading short records of blocks; see block_code.h. */
#include "format/block_code.h"

#include "base/varint.h"

static bool get_new(const uint8_t **p, const uint8_t *end, struct pmt_block_code *code)
{
	uint64_t f[3];

	if (!pmt_varint_get_all(p, end, f, 3) || f[0] >> 1 > UINT8_MAX ||
	    f[1] > UINT32_MAX || f[2] > UINT32_MAX)
		return false;
	code->kind = (uint8_t)(f[0] >> 1);
	code->stack_id = (uint32_t)f[1];
	code->requested_bytes = (uint32_t)f[2];
	code->usable_bytes = pmt_code_usual_usable(f[2]);
	if (f[0] & PMT_CODE_USABLE_FOLLOWS &&
	    !pmt_varint_get(p, end, &code->usable_bytes))
		return false;
	return code->usable_bytes <= UINT32_MAX;
}

static bool get_byte(const uint8_t **p, const uint8_t *end, uint8_t *ret_byte)
{
	if (*p == end)
		return false;
	*ret_byte = *(*p)++;
	return true;
}

static bool get_place(const uint8_t **p, const uint8_t *end, uint8_t head,
		      struct pmt_block_code *code)
{
	uint8_t low;
	uint64_t raw;

	code->place = head & PMT_CODE_PLACE_MASK;
	if (code->place == PMT_CODE_NUMBER) {
		if (!get_byte(p, end, &low))
			return false;
		code->number = (uint16_t)((head & PMT_CODE_NUMBER_MASK) >>
					      PMT_CODE_NUMBER_SHIFT << 8 |
					  low);
	} else if (code->place == PMT_CODE_STEP) {
		if (!pmt_varint_get(p, end, &raw))
			return false;
		code->step = pmt_unzigzag(raw);
	}
	return true;
}

bool pmt_code_get(const uint8_t **p, const uint8_t *end, uint8_t head,
		  struct pmt_block_code *ret_code)
{
	struct pmt_block_code *code = ret_code;

	*code = (struct pmt_block_code){.op = head & 7};
	switch (code->op) {
	case PMT_CODE_ALLOC_AGAIN:
	case PMT_CODE_FREE:
		break;
	case PMT_CODE_ALLOC_KNOWN:
		if (!get_byte(p, end, &code->signature))
			return false;
		break;
	case PMT_CODE_ALLOC_NEW:
		if (!get_new(p, end, code))
			return false;
		break;
	case PMT_CODE_FREE_OF_KIND:
		if (!get_byte(p, end, &code->kind))
			return false;
		break;
	default:
		return false;
	}
	return get_place(p, end, head, code);
}
