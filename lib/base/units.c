/*
 * Number plus unit, both ways. Pure functions without state; both worlds, any thread,
 * async-signal-safe.
 */
#include "base/units.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

struct unit {
	char name[4]; /* lower case */
	uint64_t factor;
};

static const struct unit size_units[] = {
    {"", 1},
    {"b", 1},
    {"k", UINT64_C(1) << 10},
    {"kib", UINT64_C(1) << 10},
    {"kb", UINT64_C(1000)},
    {"m", UINT64_C(1) << 20},
    {"mib", UINT64_C(1) << 20},
    {"mb", UINT64_C(1000000)},
    {"g", UINT64_C(1) << 30},
    {"gib", UINT64_C(1) << 30},
    {"gb", UINT64_C(1000000000)},
    {"t", UINT64_C(1) << 40},
    {"tib", UINT64_C(1) << 40},
    {"tb", UINT64_C(1000000000000)},
};

static const struct unit duration_units[] = {
    {"ns", 1},
    {"us", UINT64_C(1000)},
    {"ms", UINT64_C(1000000)},
    {"s", UINT64_C(1000000000)},
    {"m", UINT64_C(60000000000)},
    {"h", UINT64_C(3600000000000)},
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Reads the digits at the front; returns how many there were, or -ERANGE. */
static int parse_digits(const char *text, size_t size, uint64_t *ret_value)
{
	uint64_t value = 0;
	size_t i = 0;

	for (; i < size && text[i] >= '0' && text[i] <= '9'; i++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
			return -ERANGE;
	}
	*ret_value = value;
	return (int)i;
}

/* Whether text[0..size) is the lower-case name, whatever its own case. ASCII only: with
 * tolower a Turkish locale would not know "MIB". */
static bool same_name(const char *text, size_t size, const char *name)
{
	if (size != strlen(name))
		return false;
	for (size_t i = 0; i < size; i++) {
		char c = text[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c != name[i])
			return false;
	}
	return true;
}

static int parse(const char *text, size_t size, const struct unit *units, size_t count,
		 uint64_t *ret_value)
{
	uint64_t value;
	int digits = parse_digits(text, size, &value);

	if (digits < 0)
		return digits;
	if (digits == 0)
		return -EINVAL;
	if (value == 0 && (size_t)digits == size) {
		*ret_value = 0;
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		if (!same_name(text + digits, size - (size_t)digits, units[i].name))
			continue;
		if (__builtin_mul_overflow(value, units[i].factor, &value))
			return -ERANGE;
		*ret_value = value;
		return 0;
	}
	return -EINVAL;
}

int pmt_units_parse_size(const char *text, size_t size, uint64_t *ret_bytes)
{
	return parse(text, size, size_units, COUNT_OF(size_units), ret_bytes);
}

int pmt_units_parse_duration(const char *text, size_t size, uint64_t *ret_ns)
{
	return parse(text, size, duration_units, COUNT_OF(duration_units), ret_ns);
}

size_t pmt_units_format_count(uint64_t value, char text[PMT_UNITS_TEXT_BYTES])
{
	char digits[PMT_UNITS_TEXT_BYTES];
	size_t count = 0;

	do {
		digits[count++] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	for (size_t i = 0; i < count; i++)
		text[i] = digits[count - 1 - i];
	text[count] = 0;
	return count;
}

static size_t append(char *text, size_t length, const char *unit)
{
	size_t size = strlen(unit);

	memcpy(text + length, unit, size + 1);
	return length + size;
}

size_t pmt_units_format_size(uint64_t bytes, char text[PMT_UNITS_TEXT_BYTES])
{
	static const char units[][4] = {"", "KiB", "MiB", "GiB", "TiB"};
	size_t unit = 0;

	while (bytes && bytes % 1024 == 0 && unit + 1 < COUNT_OF(units)) {
		bytes /= 1024;
		unit++;
	}
	return append(text, pmt_units_format_count(bytes, text), units[unit]);
}

size_t pmt_units_format_duration(uint64_t ns, char text[PMT_UNITS_TEXT_BYTES])
{
	const struct unit *best = &duration_units[0];

	if (ns == 0)
		return pmt_units_format_count(0, text);
	for (size_t i = 1; i < COUNT_OF(duration_units); i++)
		if (ns % duration_units[i].factor == 0)
			best = &duration_units[i];
	return append(text, pmt_units_format_count(ns / best->factor, text), best->name);
}
