/*
 * CPython 3.11.0 to 3.11.3 (Debian 12's is 3.11.2) specialise a subscript of an object
 * whose class defines __getitem__ into a jump into that function, whatever frame
 * evaluator is set: we would not see the call (gh-104405, repaired in 3.11.4).
 *
 * The interpreter quickens a code object after some rounds: each instruction that can be
 * specialised gets its adaptive form, which looks for a faster one when it runs. Here the
 * same is done before the first round, to all but subscripts; with co_warmup at 0 the
 * interpreter leaves the code alone. Costs such code its fast subscripts and pairs of
 * instructions, and nothing else. Code without a subscript is not touched.
 *
 * Numbers and offsets are those of all 3.11 releases on 64 bits.
 */
#include "python/quicken.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "python/api.h"

enum {
	MINOR = 11,
	REPAIRED_MICRO = 4,
	UNIT_BYTES = 2,   /* opcode, argument */
	CODE_UNITS = 16,  /* Py_ssize_t ob_size: instructions and their caches */
	CODE_WARMUP = 52, /* short co_warmup: counts up, 0 once quickened */
	CODE_FIRST = 184, /* co_code_adaptive */
	BINARY_SUBSCR = 25,
};

/* Opcode -> adaptive opcode; 0: it has none. */
static const uint8_t adaptive[256] = {
    [60] = 168,  /* STORE_SUBSCR */
    [92] = 177,  /* UNPACK_SEQUENCE */
    [95] = 153,  /* STORE_ATTR */
    [106] = 39,  /* LOAD_ATTR */
    [107] = 26,  /* COMPARE_OP */
    [116] = 47,  /* LOAD_GLOBAL */
    [122] = 3,   /* BINARY_OP */
    [140] = 38,  /* JUMP_BACKWARD */
    [144] = 34,  /* EXTENDED_ARG */
    [151] = 150, /* RESUME */
    [160] = 56,  /* LOAD_METHOD */
    [166] = 64,  /* PRECALL */
    [171] = 22,  /* CALL */
};

/* Caches of code that never ran hold zeros, which are no opcode above: all units can be
 * looked at alike. */
static bool has_subscript(const uint8_t *units, int64_t count)
{
	for (int64_t i = 0; i < count; i++)
		if (units[i * UNIT_BYTES] == BINARY_SUBSCR)
			return true;
	return false;
}

void pmt_quicken_gil(struct _object *code)
{
	uint8_t *bytes = (uint8_t *)code;
	int16_t *warmup = (int16_t *)(void *)(bytes + CODE_WARMUP);
	uint8_t *units = bytes + CODE_FIRST;

	if (pmt_py.minor != MINOR || pmt_py.micro >= REPAIRED_MICRO || *warmup == 0)
		return;
	int64_t count = *(const int64_t *)(const void *)(bytes + CODE_UNITS);
	if (!has_subscript(units, count))
		return;
	for (int64_t i = 0; i < count; i++) {
		uint8_t *opcode = &units[i * UNIT_BYTES];
		if (adaptive[*opcode])
			*opcode = adaptive[*opcode];
	}
	*warmup = 0;
}
