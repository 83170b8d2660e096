/* Numbers as text. Three digits matter to a reader; the unit tells the rest. */
#include "cli/figure_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* 1234567 -> 1,234,567 */
static const char *group(char text[PMT_FIGURE_BYTES], uint64_t value)
{
	char digits[24];
	int count = snprintf(digits, sizeof(digits), "%" PRIu64, value);
	char *at = text;

	for (int i = 0; i < count; i++) {
		if (i > 0 && (count - i) % 3 == 0)
			*at++ = ',';
		*at++ = digits[i];
	}
	*at = '\0';
	return text;
}

/* value in the largest of units that leaves a digit before the point. */
static const char *scale(char text[PMT_FIGURE_BYTES], double value, double step,
			 const char *const *units)
{
	/* 1023.96 would be printed as 1024.0. */
	while (value >= step - 0.05 && units[1]) {
		value /= step;
		units++;
	}
	snprintf(text, PMT_FIGURE_BYTES, "%.1f %s", value, *units);
	return text;
}

const char *pmt_figure_bytes(char text[PMT_FIGURE_BYTES], uint64_t bytes, bool exact)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", NULL};

	if (exact)
		return group(text, bytes);
	if (bytes < 1024) {
		snprintf(text, PMT_FIGURE_BYTES, "%u B", (unsigned)bytes);
		return text;
	}
	return scale(text, (double)bytes / 1024, 1024, units);
}

const char *pmt_figure_change(char text[PMT_FIGURE_BYTES], int64_t bytes, bool exact)
{
	char size[PMT_FIGURE_BYTES];
	uint64_t absolute = bytes < 0 ? 0 - (uint64_t)bytes : (uint64_t)bytes;

	pmt_figure_bytes(size, absolute, exact);
	text[0] = bytes < 0 ? '-' : '+';
	memcpy(text + (bytes != 0), size, strlen(size) + 1);
	return text;
}

const char *pmt_figure_count(char text[PMT_FIGURE_BYTES], uint64_t count, bool exact)
{
	static const char *const units[] = {"M", "G", "T", "P", NULL};

	if (exact || count < 1000000)
		return group(text, count);
	return scale(text, (double)count / 1000000, 1000, units);
}

const char *pmt_figure_duration(char text[PMT_FIGURE_BYTES], int64_t ns)
{
	const char *sign = ns < 0 ? "-" : "";
	double s = (ns < 0 ? -(double)ns : (double)ns) / 1e9;

	if (s < 0.9995e-3)
		snprintf(text, PMT_FIGURE_BYTES, "%s%.0f us", sign, s * 1e6);
	else if (s < 0.9995)
		snprintf(text, PMT_FIGURE_BYTES, "%s%.1f ms", sign, s * 1e3);
	else if (s < 99.95)
		snprintf(text, PMT_FIGURE_BYTES, "%s%.2f s", sign, s);
	else if (s < 3600)
		snprintf(text, PMT_FIGURE_BYTES, "%s%u min %02u s", sign,
			 (unsigned)s / 60, (unsigned)s % 60);
	else
		snprintf(text, PMT_FIGURE_BYTES, "%s%" PRIu64 " h %02u min", sign,
			 (uint64_t)s / 3600, (unsigned)((uint64_t)s / 60 % 60));
	return text;
}

const char *pmt_figure_share(char text[PMT_FIGURE_BYTES], double share)
{
	snprintf(text, PMT_FIGURE_BYTES, "%.1f%%", share * 100);
	return text;
}
