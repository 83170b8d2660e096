/* Sorting indexes by a figure; equal figures keep the order of their indexes. */
#ifndef PMT_REPORT_ORDER_H
#define PMT_REPORT_ORDER_H

#include <stdbool.h>
#include <stdint.h>

struct pmt_order {
	int64_t key;
	uint32_t index;
};

/* descends: largest key first. */
void pmt_order_sort(struct pmt_order *items, uint32_t count, bool descends);

#endif
