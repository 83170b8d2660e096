/* Spots, made at their first use. */
#include "analysis/block_spots.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader/code_lines.h"
#include "reader/contexts.h"

void pmt_block_spots_close(struct pmt_block_spots *spots)
{
	pmt_map_close(&spots->by_key);
}

static int copy_place(struct pmt_function *f, const char *file, uint64_t line)
{
	f->first_line = line;
	if (!file)
		return 0;
	f->file = strdup(file);
	return f->file ? 0 : -ENOMEM;
}

/* A line of the function, as a function of its own. */
static int make_line(struct pmt_block_spots *spots, uint32_t function, uint64_t line,
		     uint32_t *ret_spot)
{
	const struct pmt_function *f = &spots->functions->items[function];
	int error = pmt_functions_add(spots->functions, f->kind, f->name, ret_spot);

	f = &spots->functions->items[function]; /* it may have moved */
	if (error)
		return error;
	spots->functions->items[*ret_spot].line_of = f->first_line;
	return copy_place(&spots->functions->items[*ret_spot], f->file, line);
}

/* The file of the function; functions without one stay themselves. */
static int make_file(struct pmt_block_spots *spots, uint32_t function, uint32_t *ret_spot)
{
	struct pmt_functions *functions = spots->functions;
	const char *file = functions->items[function].file;

	for (uint32_t i = PMT_FUNCTION_FIRST_REAL; file && i < functions->count; i++) {
		const struct pmt_function *f = &functions->items[i];

		if (f->kind == PMT_FUNCTION_PSEUDO && strcmp(f->name, file) == 0) {
			*ret_spot = i;
			return 0;
		}
	}
	if (file)
		return pmt_functions_add(functions, PMT_FUNCTION_PSEUDO, file, ret_spot);
	*ret_spot = function;
	return 0;
}

int pmt_block_spots_of(struct pmt_block_spots *spots, const struct pmt_context *context,
		       uint32_t *ret_spot)
{
	struct pmt_functions *functions = spots->functions;
	const struct pmt_code *code = pmt_tables_code(spots->tables, context->code_id);
	uint32_t function;
	uint64_t line = 0;
	int error =
	    pmt_functions_of_code(functions, context->code_id, spots->tables, &function);

	if (!error && functions->unnamed_count > 0)
		error = pmt_functions_finish(functions, spots->tables);
	if (error || spots->spot == PMT_SPOT_FUNCTION) {
		*ret_spot = function;
		return error;
	}
	if (spots->spot == PMT_SPOT_LINE && code) {
		line = pmt_code_line(code, context->code_offset);
		if (line == 0 || line > UINT32_MAX)
			line = code->first_line;
	}
	uint64_t key = (uint64_t)function << 32 ^ line;
	*ret_spot = pmt_map_find(&spots->by_key, key);
	if (*ret_spot != PMT_MAP_NONE)
		return 0;
	error = spots->spot == PMT_SPOT_LINE ? make_line(spots, function, line, ret_spot)
					     : make_file(spots, function, ret_spot);
	return error ? error : pmt_map_put(&spots->by_key, key, *ret_spot);
}

uint32_t pmt_block_spots_find(const struct pmt_block_spots *spots, uint64_t key)
{
	return pmt_map_find(&spots->by_key, key);
}

int pmt_block_spots_name(struct pmt_block_spots *spots, uint64_t key, const char *name,
			 uint32_t *ret_spot)
{
	int error =
	    pmt_functions_add(spots->functions, PMT_FUNCTION_PSEUDO, name, ret_spot);

	return error ? error : pmt_map_put(&spots->by_key, key, *ret_spot);
}

/* "512 B": two to the power of exponent. */
static void power_text(char *text, size_t size, unsigned exponent)
{
	static const char units[][4] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

	snprintf(text, size, "%u %s", 1u << exponent % 10, units[exponent / 10]);
}

const char *pmt_size_class_name(char text[PMT_SIZE_NAME_BYTES], unsigned size_class)
{
	char from[16], to[16];

	if (size_class < 2) {
		snprintf(text, PMT_SIZE_NAME_BYTES, "%u B", size_class);
		return text;
	}
	power_text(from, sizeof(from), size_class - 1);
	power_text(to, sizeof(to), size_class);
	snprintf(text, PMT_SIZE_NAME_BYTES, "%s to <%s", from, to);
	return text;
}
