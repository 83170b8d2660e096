/* The scale of a block, by its probability. */
#include "analysis/sample_scale.h"

#include <math.h>

uint64_t pmt_sample_scale(uint64_t mean_bytes, uint64_t block_bytes)
{
	if (mean_bytes == 0 || block_bytes == 0) /* of 0 bytes none can be drawn */
		return PMT_SCALE_ONE;
	double scale = -1 / expm1(-(double)block_bytes / (double)mean_bytes);
	double fixed = scale * (double)PMT_SCALE_ONE;

	return fixed < 0x1p63 ? (uint64_t)llround(fixed) : INT64_MAX;
}
