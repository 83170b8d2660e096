/* Function definitions: two records each, the second one (line table) in pieces. */
#include "reader/codes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/varint.h"
#include "format/payload.h"

enum {
	/* The largest line table taken: ten times that of any function seen. */
	LINE_TABLE_BYTES_MAX = 64 << 20,
};

static struct pmt_code *find(const struct pmt_codes *codes, uint32_t id)
{
	uint32_t place = pmt_numbers_get(&codes->by_id, id);

	return place == PMT_NUMBERS_NONE ? NULL : &codes->codes[place];
}

const struct pmt_code *pmt_codes_find(const struct pmt_codes *codes, uint32_t id)
{
	return find(codes, id);
}

static int append(struct pmt_codes *codes, const struct pmt_code *code)
{
	size_t count = codes->count;

	if ((count & (count - 1)) == 0) {
		struct pmt_code *grown =
		    reallocarray(codes->codes, count ? count * 2 : 1, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		codes->codes = grown;
	}
	if (pmt_numbers_put(&codes->by_id, code->id, (uint32_t)count) != 0)
		return -ENOMEM;
	codes->codes[codes->count++] = *code;
	return 0;
}

int pmt_codes_add(struct pmt_codes *codes, struct pmt_texts *texts,
		  const struct pmt_record *r)
{
	struct pmt_code_def def;

	if (!pmt_payload_get_code(r, &def) || find(codes, def.id))
		return 0;
	struct pmt_code code = {
	    .id = def.id,
	    .kind = def.kind,
	    .line_table_kind = def.line_table,
	    .line_table_complete = def.line_table_bytes == 0,
	    .first_line = def.first_line,
	    .file = pmt_texts_keep(texts, def.file),
	    .name = pmt_texts_keep(texts, def.name),
	    .line_table_announced = def.line_table_bytes,
	};
	return code.file && code.name ? append(codes, &code) : -ENOMEM;
}

int pmt_codes_add_lines(struct pmt_codes *codes, const struct pmt_record *r)
{
	const uint8_t *p = r->payload, *end = p + r->payload_bytes;
	uint64_t id, offset;
	struct pmt_text piece;

	if (!pmt_varint_get(&p, end, &id) || !pmt_varint_get(&p, end, &offset) ||
	    !pmt_payload_get_text(&p, end, &piece) || id > UINT32_MAX)
		return 0;
	struct pmt_code *code = find(codes, (uint32_t)id);
	/* Pieces come in order; one that does not fit follows a lost one, or repeats. */
	if (!code || offset != code->line_table_bytes || piece.size == 0 ||
	    piece.size > LINE_TABLE_BYTES_MAX - code->line_table_bytes ||
	    piece.size > code->line_table_announced - code->line_table_bytes)
		return 0;
	uint8_t *grown =
	    realloc((void *)code->line_table, code->line_table_bytes + piece.size);
	if (!grown)
		return -ENOMEM;
	memcpy(grown + code->line_table_bytes, piece.bytes, piece.size);
	code->line_table = grown;
	code->line_table_bytes += piece.size;
	code->line_table_complete = code->line_table_bytes == code->line_table_announced;
	return 0;
}

void pmt_codes_close(struct pmt_codes *codes)
{
	for (size_t i = 0; i < codes->count; i++)
		free((void *)codes->codes[i].line_table);
	free(codes->codes);
	pmt_numbers_close(&codes->by_id);
}
