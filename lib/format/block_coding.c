/* The memory of blocks and the records that are short by it; see block_coding.h. */
#include "format/block_coding.h"

#include <string.h>

#include "format/block_coding_put.h"
#include "format/block_memory.h"

void pmt_coding_forget_lists(struct pmt_block_coding *c)
{
	memset(c->free_lists, 0, sizeof(c->free_lists));
	c->spare_node = 0;
	c->node_count = 0;
}

/* --- writing --- */

uint8_t *pmt_code_put_alloc(struct pmt_block_coding *c, uint8_t *p,
			    const struct pmt_block_alloc *alloc, uint64_t address)
{
	return pmt_code_put_alloc_here(c, p, alloc, address);
}

uint8_t *pmt_code_put_free(struct pmt_block_coding *c, uint8_t *p, uint8_t kind,
			   uint64_t address)
{
	return pmt_code_put_free_here(c, p, kind, address);
}

void pmt_code_note_alloc(struct pmt_block_coding *c, const struct pmt_block_alloc *alloc,
			 uint64_t address)
{
	uint8_t made[PMT_CODE_BYTES_MAX];

	if (pmt_code_fits(address, alloc->requested_bytes, alloc->usable_bytes))
		pmt_code_put_alloc(c, made, alloc, address);
}

void pmt_code_note_free(struct pmt_block_coding *c, const struct pmt_block_free *release,
			uint64_t address)
{
	if (!release->bytes && pmt_code_fits(address, 0, 0))
		pmt_coding_place_freed(c, address, pmt_coding_index_of(address));
}

/* --- reading --- */

/* Of bytes that no writer wrote an address may be none that fits a node. */
static uint64_t fitting(uint64_t address)
{
	return address & (PMT_CODE_ADDRESS_END - 1) & ~(uint64_t)15;
}

static uint64_t stepped(uint64_t from, int64_t step)
{
	return from + (uint64_t)step * 16;
}

/* Fills *alloc; returns the signature's number. */
static uint8_t resolve_signature(struct pmt_block_coding *c,
				 const struct pmt_block_code *code,
				 struct pmt_block_alloc *alloc)
{
	uint8_t number = code->op == PMT_CODE_ALLOC_AGAIN ? c->after[c->last_signature]
							  : code->signature;

	if (code->op == PMT_CODE_ALLOC_NEW) {
		*alloc = (struct pmt_block_alloc){
		    .kind = code->kind,
		    .stack_id = code->stack_id,
		    .requested_bytes = code->requested_bytes,
		    .usable_bytes = code->usable_bytes,
		};
		const struct pmt_coding_signature signature =
		    pmt_coding_signature_of(alloc);
		number = pmt_coding_signature_number(&signature);
		c->signatures[number] = signature;
		return number;
	}
	const struct pmt_coding_signature *s = &c->signatures[number];
	*alloc = (struct pmt_block_alloc){
	    .kind = (uint8_t)(s->given >> 32),
	    .stack_id = (uint32_t)(s->asked >> 32),
	    .requested_bytes = (uint32_t)s->asked,
	    .usable_bytes = (uint32_t)s->given,
	};
	return number;
}

uint64_t pmt_code_resolve_alloc(struct pmt_block_coding *c,
				const struct pmt_block_code *code,
				struct pmt_block_alloc *ret_alloc)
{
	uint64_t address = 0;

	pmt_coding_follow_signature(c, resolve_signature(c, code, ret_alloc));
	unsigned size_class = pmt_coding_class_of(ret_alloc), index;
	uint64_t expected = pmt_coding_expected_free(c, size_class, &index);

	if (code->place == PMT_CODE_EXPECTED && expected) {
		address = expected;
		pmt_coding_take_expected(c, size_class);
	} else if (code->place == PMT_CODE_NUMBER) {
		address = c->places[pmt_coding_index_of_number(c, code->number)].address;
	} else if (code->place == PMT_CODE_LAST) {
		address = c->behind_last_made;
	} else if (code->place == PMT_CODE_STEP) {
		address = stepped(c->last_made, code->step);
	}
	address = fitting(address);
	pmt_coding_place_made(c, address, pmt_coding_index_of(address), size_class,
			      ret_alloc);
	return address;
}

uint64_t pmt_code_resolve_free(struct pmt_block_coding *c,
			       const struct pmt_block_code *code,
			       struct pmt_block_free *ret_release)
{
	uint32_t made = code->place == PMT_CODE_EXPECTED ? pmt_coding_expected_made(c)
							 : c->made_count;
	unsigned index = code->place == PMT_CODE_NUMBER
			     ? pmt_coding_index_of_number(c, code->number)
			     : c->index_of_made[made % PMT_CODING_PLACES];
	uint64_t address = code->place == PMT_CODE_STEP
			       ? stepped(c->last_freed, code->step)
			       : c->places[index].address;
	address = fitting(address);
	const struct pmt_coding_place *place = &c->places[pmt_coding_index_of(address)];
	bool is_known = place->address == address && place->made;

	*ret_release = (struct pmt_block_free){
	    .kind = code->op != PMT_CODE_FREE ? code->kind
		    : is_known                ? pmt_coding_free_kind_of(place->kind)
					      : (uint8_t)PMT_BLOCK_MALLOC,
	};
	pmt_coding_place_freed(c, address, pmt_coding_index_of(address));
	return address;
}
