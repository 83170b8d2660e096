/*
 * Writing a short record, in the writer's own code: pmt_code_put_alloc and
 * pmt_code_put_free (block_coding.h) without the call, for who has one of each to make
 * at every malloc and free.
 */
#ifndef PMT_FORMAT_BLOCK_CODING_PUT_H
#define PMT_FORMAT_BLOCK_CODING_PUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/varint.h"
#include "format/block_coding.h"
#include "format/block_memory.h"

/* By its number, if it has one, or by the way from another address. */
PMT_INLINE uint8_t *pmt_coding_put_place(const struct pmt_block_coding *c, uint8_t *p,
					 uint8_t *head, uint64_t address, unsigned index,
					 uint64_t from)
{
	unsigned number = index >> PMT_CODING_LATEST_BITS;

	if (c->places[index].address == address &&
	    pmt_coding_index_of_number(c, number) == index) {
		*head |=
		    (uint8_t)(PMT_CODE_NUMBER | number >> 8 << PMT_CODE_NUMBER_SHIFT);
		*p++ = (uint8_t)number;
		return p;
	}
	*head |= PMT_CODE_STEP;
	return pmt_varint_put(p, pmt_zigzag((int64_t)(address - from) / 16));
}

PMT_INLINE uint8_t *pmt_coding_put_signature(struct pmt_block_coding *c, uint8_t *p,
					     uint8_t *head,
					     const struct pmt_block_alloc *alloc)
{
	const struct pmt_coding_signature signature = pmt_coding_signature_of(alloc);
	uint8_t number = pmt_coding_signature_number(&signature);

	if (PMT_LIKELY(pmt_coding_is_signature(&c->signatures[number], &signature))) {
		if (c->after[c->last_signature] == number) {
			*head = PMT_CODE_ALLOC_AGAIN;
		} else {
			*head = PMT_CODE_ALLOC_KNOWN;
			*p++ = number;
		}
	} else {
		bool usual =
		    alloc->usable_bytes == pmt_code_usual_usable(alloc->requested_bytes);

		*head = PMT_CODE_ALLOC_NEW;
		p = pmt_varint_put(p, (uint64_t)alloc->kind << 1 |
					  (usual ? 0 : PMT_CODE_USABLE_FOLLOWS));
		p = pmt_varint_put(p, alloc->stack_id);
		p = pmt_varint_put(p, alloc->requested_bytes);
		if (!usual)
			p = pmt_varint_put(p, alloc->usable_bytes);
		c->signatures[number] = signature;
	}
	pmt_coding_follow_signature(c, number);
	return p;
}

/* Fetches what a record of the address will need, while something else is done. */
PMT_INLINE void pmt_code_expect(const struct pmt_block_coding *c, uint64_t address)
{
	__builtin_prefetch(&c->places[pmt_coding_index_of(address)], 1);
}

PMT_INLINE uint8_t *pmt_code_put_alloc_here(struct pmt_block_coding *c, uint8_t *p,
					    const struct pmt_block_alloc *alloc,
					    uint64_t address)
{
	unsigned size_class = pmt_coding_class_of(alloc), index = 0;
	uint64_t expected = pmt_coding_expected_free(c, size_class, &index);
	uint8_t *head = p;

	p = pmt_coding_put_signature(c, p + 1, head, alloc);
	if (PMT_LIKELY(expected == address)) {
		pmt_coding_take_expected(c, size_class);
	} else {
		index = pmt_coding_index_of(address);
		if (c->behind_last_made == address)
			*head |= PMT_CODE_LAST;
		else
			p = pmt_coding_put_place(c, p, head, address, index,
						 c->last_made);
	}
	pmt_coding_place_made(c, address, index, size_class, alloc);
	return p;
}

PMT_INLINE uint8_t *pmt_code_put_free_here(struct pmt_block_coding *c, uint8_t *p,
					   uint8_t kind, uint64_t address)
{
	unsigned index = pmt_coding_index_of(address);
	const struct pmt_coding_place *place = &c->places[index];
	bool is_known = place->address == address && place->made;
	uint8_t *head = p++;

	if (kind == (is_known ? pmt_coding_free_kind_of(place->kind)
			      : (uint8_t)PMT_BLOCK_MALLOC)) {
		*head = PMT_CODE_FREE;
	} else {
		*head = PMT_CODE_FREE_OF_KIND;
		*p++ = kind;
	}
	if (is_known && place->made == pmt_coding_expected_made(c) &&
	    c->index_of_made[place->made % PMT_CODING_PLACES] == index)
		*head |= PMT_CODE_EXPECTED;
	else if (is_known && place->made == c->made_count)
		*head |= PMT_CODE_LAST;
	else
		p = pmt_coding_put_place(c, p, head, address, index, c->last_freed);
	pmt_coding_place_freed(c, address, index);
	return p;
}

#endif
