/* The account of what is live. */
#include "analysis/live_set.h"

#include <errno.h>

void pmt_live_set_close(struct pmt_live_set *set)
{
	pmt_block_table_close(&set->blocks);
	pmt_block_table_close(&set->beneath);
	pmt_live_maps_close(&set->maps);
	pmt_places_close(&set->places);
}

/* Behind the last byte of a mapping's range, its begin when that is empty; a file may say
 * anything. */
static uint64_t end_of(const struct pmt_live_set *set, const struct pmt_block_op *op)
{
	const struct pmt_live_map *whole;

	if (op->is_free && op->bytes == 0) {
		whole = pmt_live_maps_at(&set->maps, op->address);
		return whole ? whole->to : op->address;
	}
	if (op->bytes > UINT64_MAX - op->address)
		return UINT64_MAX;
	return op->address + (op->bytes ? op->bytes : 1);
}

static bool is_live(const struct pmt_live_set *set, const struct pmt_block_op *op)
{
	if (!op->is_map)
		return pmt_block_table_find(&set->blocks, op->address) != NULL;
	uint64_t to = end_of(set, op);
	return to > op->address && pmt_live_maps_overlap(&set->maps, op->address, to);
}

bool pmt_live_set_fits(const struct pmt_live_set *set, const struct pmt_block_op *op)
{
	return is_live(set, op) == op->is_free;
}

static size_t recent_slot(uint64_t address)
{
	return (size_t)((address * 0x9e3779b97f4a7c15u) >> 52);
}

bool pmt_live_set_was_freed(const struct pmt_live_set *set, uint64_t address)
{
	return set->recent_frees[recent_slot(address)] == address;
}

static uint64_t *recent_free(struct pmt_live_set *set, uint64_t address)
{
	return &set->recent_frees[recent_slot(address)];
}

static void count_unknown(struct pmt_live_set *set, const struct pmt_block_op *op)
{
	set->unknown_free_count++;
	if (!op->is_map && *recent_free(set, op->address) == op->address)
		set->double_free_count++;
}

/* --- blocks --- */

static void add_beneath(struct pmt_live_set *set, const struct pmt_block_op *op)
{
	struct pmt_place_beneath *beneath = &set->places.items[op->place].beneath;

	beneath->allocated_bytes += op->beneath_bytes;
	beneath->allocated_count += op->beneath_bytes > 0;
}

static void remove_beneath(struct pmt_live_set *set, const struct pmt_block_entry *block)
{
	struct pmt_place_beneath *sums = &set->places.items[block->place].beneath;
	struct pmt_block_entry *found =
	    pmt_block_table_find(&set->beneath, block->address);

	if (!found)
		return;
	sums->freed_bytes += found->bytes;
	sums->freed_count++;
	pmt_block_table_remove(&set->beneath, found);
}

/* Its entry stays as it is. */
static void let_go(struct pmt_live_set *set, const struct pmt_block_entry *block)
{
	pmt_places_remove(&set->places, block->place, block->bytes, 1,
			  pmt_places_scale(&set->places, block->bytes));
	if (set->beneath.count > 0)
		remove_beneath(set, block);
}

/* Where a block is, its free was missed; unless op is forced it is not taken then. */
static int allocate(struct pmt_live_set *set, const struct pmt_block_op *op,
		    bool is_forced, bool *ret_taken)
{
	const struct pmt_block_entry block = {.address = op->address,
					      .bytes = op->bytes,
					      .place = op->place,
					      .ordinal = op->ordinal};
	struct pmt_block_entry *old = NULL;
	int error = pmt_block_table_take(&set->blocks, block, &old);

	*ret_taken = !old || is_forced;
	if (error || !*ret_taken)
		return error;
	if (old) {
		set->missed_free_count++;
		let_go(set, old);
		*old = block;
	}
	uint64_t *recent = recent_free(set, op->address);
	if (*recent == op->address)
		*recent = 0;
	pmt_places_add(&set->places, op->place, op->bytes, 1,
		       pmt_places_scale(&set->places, op->bytes), op->tick);
	if (op->beneath_bytes == 0)
		return 0;
	add_beneath(set, op);
	return pmt_block_table_put(
	    &set->beneath,
	    (struct pmt_block_entry){.address = op->address, .bytes = op->beneath_bytes});
}

/* False: nothing is there. */
static bool release(struct pmt_live_set *set, const struct pmt_block_op *op)
{
	struct pmt_block_entry *block = pmt_block_table_find(&set->blocks, op->address);

	if (!block)
		return false;
	if (set->places.items[block->place].stream != op->stream) {
		set->other_thread_free_count++;
	} else if (op->ordinal - block->ordinal <= set->temporary_within) {
		pmt_places_note_temporary(&set->places, block->place, block->bytes);
	}
	let_go(set, block);
	pmt_block_table_remove(&set->blocks, block);
	*recent_free(set, op->address) = op->address;
	return true;
}

/* --- mappings --- */

static int lose_piece(struct pmt_live_set *set, const struct pmt_block_op *op,
		      const struct pmt_live_map *piece, bool is_whole)
{
	uint64_t bytes = piece->to - piece->from;

	pmt_places_remove(&set->places, piece->place, bytes, is_whole, piece->scale);
	if (set->places.items[piece->place].stream == op->stream)
		return 0;
	set->other_thread_free_count++;
	return pmt_places_note_other(&set->places, piece->place, op->stream, bytes);
}

/* Takes out all that lies in [from, to); *ret_count pieces. */
static int take_maps(struct pmt_live_set *set, const struct pmt_block_op *op,
		     uint64_t *ret_count)
{
	uint64_t to = end_of(set, op);
	struct pmt_live_map piece;
	bool is_whole;
	int error = to > op->address ? 0 : -ENOENT;

	*ret_count = 0;
	while (!error) {
		error =
		    pmt_live_maps_take(&set->maps, op->address, to, &piece, &is_whole);
		if (error)
			break;
		(*ret_count)++;
		error = lose_piece(set, op, &piece, is_whole);
	}
	return error == -ENOENT ? 0 : error;
}

static int map(struct pmt_live_set *set, const struct pmt_block_op *op)
{
	uint64_t to = end_of(set, op), count;
	int error = take_maps(set, op, &count);

	if (error || to <= op->address)
		return error;
	set->missed_free_count += count;
	uint64_t scale = pmt_places_scale(&set->places, to - op->address);
	error = pmt_live_maps_put(
	    &set->maps, (struct pmt_live_map){op->address, to, scale, op->place});
	if (!error)
		pmt_places_add(&set->places, op->place, to - op->address, 1, scale,
			       op->tick);
	return error;
}

static int unmap(struct pmt_live_set *set, const struct pmt_block_op *op)
{
	uint64_t count;
	int error = take_maps(set, op, &count);

	if (!error && count == 0)
		count_unknown(set, op);
	return error;
}

int pmt_live_set_apply(struct pmt_live_set *set, const struct pmt_block_op *op)
{
	if (op->is_map)
		return op->is_free ? unmap(set, op) : map(set, op);
	bool is_taken;
	if (!op->is_free)
		return allocate(set, op, true, &is_taken);
	if (!release(set, op))
		count_unknown(set, op);
	return 0;
}

int pmt_live_set_take(struct pmt_live_set *set, const struct pmt_block_op *op,
		      bool *ret_taken)
{
	if (op->is_map) {
		*ret_taken = pmt_live_set_fits(set, op);
		return *ret_taken ? pmt_live_set_apply(set, op) : 0;
	}
	if (!op->is_free)
		return allocate(set, op, false, ret_taken);
	*ret_taken = release(set, op);
	return 0;
}

void pmt_live_set_pass(struct pmt_live_set *set, const struct pmt_block_op *op,
		       bool is_temporary)
{
	struct pmt_place_beneath *beneath = &set->places.items[op->place].beneath;

	pmt_places_pass(&set->places, op->place, op->bytes, is_temporary);
	add_beneath(set, op);
	beneath->freed_bytes += op->beneath_bytes;
	beneath->freed_count += op->beneath_bytes > 0;
}
