/* The functions of a trace by id, with their line tables; a part of struct pmt_tables. */
#ifndef PMT_READER_CODES_H
#define PMT_READER_CODES_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "reader/numbers.h"
#include "reader/tables.h"
#include "reader/texts.h"

struct pmt_codes {
	struct pmt_code *codes; /* in the order of definition */
	size_t count;
	struct pmt_numbers by_id;
};

/* Take a CODE or CODE_LINES record; one that makes no sense is passed over, an id that
 * is defined already keeps its first definition. 0 or -ENOMEM. */
int pmt_codes_add(struct pmt_codes *codes, struct pmt_texts *texts,
		  const struct pmt_record *r) PMT_MUST_CHECK;
int pmt_codes_add_lines(struct pmt_codes *codes,
			const struct pmt_record *r) PMT_MUST_CHECK;

const struct pmt_code *pmt_codes_find(const struct pmt_codes *codes, uint32_t id);
void pmt_codes_close(struct pmt_codes *codes);

#endif
