/* Chance for property tests: a seed that is printed, and draws from it. */
#ifndef PMT_TESTS_SUPPORT_CHANCE_H
#define PMT_TESTS_SUPPORT_CHANCE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t chance_state;

/* xorshift64: from 0 to below - 1. */
static uint64_t draw(uint64_t below)
{
	chance_state ^= chance_state << 13;
	chance_state ^= chance_state >> 7;
	chance_state ^= chance_state << 17;
	return chance_state % below;
}

/* With the seed that PMT_TEST_SEED gives, or one from the clock. */
static void begin_chance(void)
{
	struct timespec now;
	const char *given = getenv("PMT_TEST_SEED");

	clock_gettime(CLOCK_REALTIME, &now);
	chance_state = given ? strtoull(given, NULL, 10) : (uint64_t)now.tv_nsec * 2 + 1;
	printf("seed: PMT_TEST_SEED=%llu\n", (unsigned long long)chance_state);
	fflush(stdout);
}

#endif
