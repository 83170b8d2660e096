/* Code objects from memory; see code_raw.h. Offsets come from python/frame_layout.h. */
#include "python/code_raw.h"

#include <errno.h>
#include <string.h>

#include "event/emit.h"
#include "python/code_ids.h"
#include "python/define.h"
#include "python/frame_walk.h"
#include "rss/own_memory.h"
#include "thread.h"

enum {
	TEXT_BYTES_MAX = PMT_CODE_SCRATCH_BYTES / 2,
	LINES_PIECE_BYTES = 8192,
	KIND_MASK = 7, /* bytes a character: 1, 2 or 4 */
};

_Atomic uint64_t pmt_code_epoch;

/* --- texts --- */

static uint32_t character_at(const char *data, unsigned kind, size_t i)
{
	switch (kind) {
	case 1:
		return ((const uint8_t *)data)[i];
	case 2:
		return ((const uint16_t *)(const void *)data)[i];
	default:
		return ((const uint32_t *)(const void *)data)[i];
	}
}

/* UTF-8; a byte that could not be decoded when the name came in is that byte again. Other
 * surrogates, which no text should hold, become three bytes that are no UTF-8. */
static char *put_character(char *p, uint32_t c)
{
	if (c < 0x80) {
		*p++ = (char)c;
	} else if (c < 0x800) {
		*p++ = (char)(0xc0 | c >> 6);
		*p++ = (char)(0x80 | (c & 0x3f));
	} else if (c >= 0xdc80 && c <= 0xdcff) {
		*p++ = (char)(c - 0xdc00);
	} else if (c < 0x10000) {
		*p++ = (char)(0xe0 | c >> 12);
		*p++ = (char)(0x80 | (c >> 6 & 0x3f));
		*p++ = (char)(0x80 | (c & 0x3f));
	} else {
		*p++ = (char)(0xf0 | (c >> 18 & 7));
		*p++ = (char)(0x80 | (c >> 12 & 0x3f));
		*p++ = (char)(0x80 | (c >> 6 & 0x3f));
		*p++ = (char)(0x80 | (c & 0x3f));
	}
	return p;
}

size_t pmt_code_raw_text(const struct pmt_frame_layout *l, const void *unicode, char *to,
			 size_t most)
{
	char *p = to;

	if (!unicode)
		goto unknown;
	uint32_t state = PMT_FRAME_FIELD(uint32_t, unicode, PMT_TEXT_STATE);
	unsigned kind = state >> PMT_TEXT_KIND_BIT & KIND_MASK;
	size_t length = PMT_FRAME_FIELD(size_t, unicode, PMT_TEXT_LENGTH);
	if (!(state >> PMT_TEXT_COMPACT_BIT & 1) || kind == 0)
		goto unknown;
	if (state >> PMT_TEXT_ASCII_BIT & 1) {
		size_t size = length < most ? length : most;
		memcpy(to, (const char *)unicode + l->text_ascii, size);
		return size;
	}
	for (size_t i = 0; i < length && (size_t)(p - to) + 4 <= most; i++)
		p = put_character(
		    p, character_at((const char *)unicode + l->text_compact, kind, i));
	return (size_t)(p - to);
unknown:
	*to = '?';
	return 1;
}

/* --- definitions --- */

static void write_line_table(struct pmt_thread *t, uint32_t id, const char *bytes,
			     size_t size)
{
	for (size_t at = 0; at < size; at += LINES_PIECE_BYTES) {
		struct pmt_text piece = {bytes + at, size - at};

		if (piece.size > LINES_PIECE_BYTES)
			piece.size = LINES_PIECE_BYTES;
		uint8_t *payload =
		    pmt_emit_begin_placed(&t->emitter, PMT_EXT_CODE_LINES,
					  PMT_PAYLOAD_FIXED_BYTES + piece.size);
		if (!payload)
			return; /* the reader sees that it is not whole */
		uint8_t *p = pmt_varint_put(payload, id);
		p = pmt_varint_put(p, at);
		p = pmt_payload_put_text(p, piece);
		pmt_emit_end_placed(&t->emitter, payload, p);
	}
}

static enum pmt_defined define(struct pmt_thread *t, uint32_t id, uint64_t code,
			       char *scratch)
{
	const struct pmt_frame_layout *l = &pmt_frames.layout;
	const void *table = PMT_FRAME_FIELD(void *, code, l->code_line_table);
	uint32_t first_line = PMT_FRAME_FIELD(uint32_t, code, l->code_first_line);
	char *name = scratch + TEXT_BYTES_MAX;
	struct pmt_code_def def = {
	    .id = id,
	    .first_line = first_line <= INT32_MAX ? first_line : 0,
	    .kind = PMT_CODE_PYTHON,
	    .line_table = l->line_table,
	    .line_table_bytes =
		table ? PMT_FRAME_FIELD(uint64_t, table, PMT_OBJECT_SIZE) : 0,
	    .file = {scratch,
		     pmt_code_raw_text(l, PMT_FRAME_FIELD(void *, code, l->code_file),
				       scratch, TEXT_BYTES_MAX)},
	    .name = {name,
		     pmt_code_raw_text(l, PMT_FRAME_FIELD(void *, code, l->code_name),
				       name, TEXT_BYTES_MAX)},
	};
	enum pmt_defined defined = pmt_define_write(t, &def);

	if (defined == PMT_DEFINED && def.line_table_bytes)
		write_line_table(t, id, (const char *)table + PMT_BYTES_DATA,
				 def.line_table_bytes);
	return defined;
}

uint32_t pmt_code_raw_id_self(struct pmt_thread *t, uint64_t code, char *scratch)
{
	uint32_t id = pmt_code_id_find(code);

	if (PMT_LIKELY(id != PMT_CODE_UNKNOWN))
		return id;
	id = pmt_code_id_next();
	enum pmt_defined defined = define(t, id, code, scratch);
	if (defined == PMT_DEFINED_HIDDEN)
		id = (uint32_t)PMT_CODE_HIDDEN;
	return pmt_code_id_take_in(code, id, defined != PMT_DEFINED_NOT);
}

/* Where interpreters have a lock of their own, several may want it. Whoever takes it out
 * puts it back, acquire and release. */
static char *_Atomic spare_scratch;

static char *take_scratch(void)
{
	char *scratch =
	    atomic_exchange_explicit(&spare_scratch, NULL, memory_order_acq_rel);

	return scratch ? scratch : pmt_own_map(PMT_CODE_SCRATCH_BYTES, PMT_OWN_INHERITED);
}

static void give_scratch(char *scratch)
{
	char *other =
	    atomic_exchange_explicit(&spare_scratch, scratch, memory_order_acq_rel);

	if (other)
		pmt_own_unmap(other, PMT_CODE_SCRATCH_BYTES);
}

uint32_t pmt_code_raw_register_gil(struct pmt_thread *t, uint64_t code)
{
	uint32_t id, busy = t->emitter.busy;
	char *scratch = take_scratch();

	if (!scratch)
		return pmt_code_id_take_in(code, PMT_CODE_UNKNOWN, false);
	t->emitter.busy = 1; /* a handler that allocates would come here too */
	id = pmt_code_raw_id_self(t, code, scratch);
	t->emitter.busy = busy;
	give_scratch(scratch);
	return id;
}

/* --- deaths --- */

typedef void dealloc_fn(struct _object *);

static dealloc_fn *real_dealloc;

/* Before the memory goes: afterwards another code object may have the address. */
static void code_dealloc(struct _object *code)
{
	uint64_t key = (uint64_t)(uintptr_t)code;
	struct pmt_thread *t = pmt_self;

	if (pmt_code_id_find(key) != PMT_CODE_UNKNOWN) {
		uint32_t busy = t ? t->emitter.busy : 0;
		if (t)
			t->emitter.busy =
			    1; /* a handler that allocates would wait for us */
		pmt_code_id_forget(key);
		if (t)
			t->emitter.busy = busy;
		pmt_add_relaxed(&pmt_code_epoch, 1);
	}
	real_dealloc(code);
}

bool pmt_code_raw_is_watched(void)
{
	return real_dealloc != NULL;
}

void pmt_code_raw_watch_gil(void)
{
	dealloc_fn **place = (dealloc_fn **)((char *)pmt_py.code_type + PMT_TYPE_DEALLOC);

	if (*place == code_dealloc)
		return;
	real_dealloc = *place;
	*place = code_dealloc;
}
