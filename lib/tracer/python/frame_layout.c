/* The rows; see frame_layout.h. Constant data and one comparison at the attachment. */
#include "python/frame_layout.h"

#include <stddef.h>
#include <string.h>

#include "format/payload.h"

#define NO PMT_LAYOUT_NONE

/* clang-format off */
static const struct pmt_frame_layout rows[] = {
	/*                                   tstate-----------------------  frame-----------------------  code---------------------------  text
	 *     step lines             shims id   frame anchor moves cframe  prev code pos owner is_entry  flags first file name table units ascii compact */
	{ 8,   1, PMT_LINES_LNOTAB, false, 176, 24,    NO,    NO,    NO,     24, 32, 104, NO,   NO,        36, 40, 104, 112, 120,  NO, 48, 72},
	{ 9,   1, PMT_LINES_LNOTAB, false, 176, 24,    NO,    NO,    NO,     24, 32, 104, NO,   NO,        36, 40, 104, 112, 120,  NO, 48, 72},
	{10,   2, PMT_LINES_310,    false, 176, 24,    NO,    NO,    NO,     24, 32,  96, NO,   NO,        36, 40, 104, 112, 120,  NO, 48, 72},
	{11,   1, PMT_LINES_311,    false, 152, 56,    NO,    NO,     8,     48, 32,  56, 69,   68,        48, 72, 112, 128, 136, 184, 48, 72},
	{12,   1, PMT_LINES_311,    false, 136, 56,    NO,    NO,     0,      8,  0,  56, 70,   NO,        48, 68, 112, 128, 136, 192, 40, 56},
	{13,   1, PMT_LINES_311,    true,  152, 72,    NO,    NO,    NO,      8,  0,  56, 70,   NO,        48, 68, 112, 128, 136, 200, 40, 56},
	{14,   1, PMT_LINES_311,    true,  152, 72,    NO,    NO,    NO,      8,  0,  56, 74,   NO,        48, 68, 112, 128, 136, 208, 40, 56},
	{15,   1, PMT_LINES_311,    true,  176, 72,    88,    96,    NO,      8,  0,  56, 74,   NO,        48, 68, 112, 128, 136, 208, 40, 56},
};
/* clang-format on */

/* Where in _Py_DebugOffsets a version keeps the offsets that we use. */
struct published {
	uint8_t minor;
	uint16_t tstate_frame;
	uint16_t tstate_anchor;
	uint16_t tstate_anchor_moves;
	uint16_t frame_previous;
	uint16_t frame_code;
	uint16_t frame_position;
	uint16_t frame_owner;
	uint16_t code_file;
	uint16_t code_name;
	uint16_t code_line_table;
	uint16_t code_first_line;
	uint16_t code_units;
	uint16_t text_ascii;
};

static const struct published published[] = {
    {13, 184, NO, NO, 232, 240, 248, 264, 280, 296, 304, 312, 344, 560},
    {14, 208, NO, NO, 256, 264, 272, 288, 320, 336, 344, 352, 384, 640},
    {15, 208, 224, 232, 320, 328, 336, 352, 384, 400, 408, 416, 448, 736},
};

const struct pmt_frame_layout *pmt_frame_layout_of(int minor)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].minor == minor)
			return &rows[i];
	return NULL;
}

static bool says(const void *offsets, uint16_t at, uint16_t expected)
{
	uint64_t value;

	memcpy(&value, (const char *)offsets + at, sizeof(value));
	return value == expected;
}

static bool agrees(const struct pmt_frame_layout *l, const struct published *p,
		   const void *o)
{
	return memcmp(o, "xdebugpy", 8) == 0 &&
	       says(o, p->tstate_frame, l->tstate_frame) &&
	       says(o, p->frame_previous, l->frame_previous) &&
	       says(o, p->frame_code, l->frame_code) &&
	       says(o, p->frame_position, l->frame_position) &&
	       says(o, p->frame_owner, l->frame_owner) &&
	       says(o, p->code_file, l->code_file) &&
	       says(o, p->code_name, l->code_name) &&
	       says(o, p->code_line_table, l->code_line_table) &&
	       says(o, p->code_first_line, l->code_first_line) &&
	       says(o, p->code_units, l->code_units) &&
	       says(o, p->text_ascii, l->text_ascii);
}

static const struct published *published_of(const struct pmt_frame_layout *layout)
{
	for (size_t i = 0; i < sizeof(published) / sizeof(*published); i++)
		if (published[i].minor == layout->minor)
			return &published[i];
	return NULL;
}

bool pmt_frame_layout_agrees(const struct pmt_frame_layout *layout, const void *offsets)
{
	const struct published *p = published_of(layout);

	return !p || (offsets && agrees(layout, p, offsets));
}

bool pmt_frame_layout_has_anchor(const struct pmt_frame_layout *layout,
				 const void *offsets)
{
	const struct published *p = published_of(layout);

	return p && p->tstate_anchor != NO && offsets &&
	       says(offsets, p->tstate_anchor, layout->tstate_anchor) &&
	       says(offsets, p->tstate_anchor_moves, layout->tstate_anchor_moves);
}
