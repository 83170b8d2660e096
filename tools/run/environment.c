/* The three variables that make a program's processes trace themselves. */
#include "config.h"

#include "run/environment.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define RUN_VARIABLE "PYMEMTRACE_RUN"

/* Hexadecimal digits of a run id. */
#define ID_DIGITS ((size_t)2 * PMT_RUN_ID_BYTES)

/* Whether a list separated by colons or spaces holds the path. */
static bool holds(const char *list, const char *path)
{
	size_t size = strlen(path);

	for (const char *at = list; *at; at += strcspn(at, ": "), at += *at != '\0') {
		if (strcspn(at, ": ") == size && memcmp(at, path, size) == 0)
			return true;
	}
	return false;
}

static int set_preload(const char *library)
{
	const char *present = getenv("LD_PRELOAD");
	char *list;
	int result;

	if (!present || !*present)
		return setenv("LD_PRELOAD", library, 1) < 0 ? -errno : 0;
	if (holds(present, library))
		return 0;
	if (asprintf(&list, "%s:%s", library, present) < 0)
		return -ENOMEM;
	result = setenv("LD_PRELOAD", list, 1) < 0 ? -errno : 0;
	free(list);
	return result;
}

/* Reads the id in front of the first colon. */
static bool parse_run_id(const char *text, uint8_t run_id[PMT_RUN_ID_BYTES])
{
	if (!text || strspn(text, "0123456789abcdef") != ID_DIGITS ||
	    text[ID_DIGITS] != ':')
		return false;
	for (size_t i = 0; i < PMT_RUN_ID_BYTES; i++) {
		const char digits[] = {text[2 * i], text[2 * i + 1], '\0'};

		run_id[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return true;
}

/* <id>:<pid>:<path> of the traced parent; there is none yet, which is pid 0. */
static int set_run(uint8_t run_id[PMT_RUN_ID_BYTES])
{
	char text[ID_DIGITS + sizeof(":0:")];

	if (parse_run_id(getenv(RUN_VARIABLE), run_id))
		return 0;
	if (getrandom(run_id, PMT_RUN_ID_BYTES, 0) != PMT_RUN_ID_BYTES)
		return -EIO;
	for (size_t i = 0; i < PMT_RUN_ID_BYTES; i++)
		snprintf(text + 2 * i, sizeof(text) - 2 * i, "%02x:0:", run_id[i]);
	return setenv(RUN_VARIABLE, text, 1) < 0 ? -errno : 0;
}

int pmt_environment_set(const char *library, const char *settings,
			uint8_t ret_run_id[PMT_RUN_ID_BYTES])
{
	uint8_t run_id[PMT_RUN_ID_BYTES];
	int result = set_preload(library);

	if (result == 0 && setenv("PYMEMTRACE", settings, 1) < 0)
		result = -errno;
	if (result == 0)
		result = set_run(run_id);
	if (result == 0)
		memcpy(ret_run_id, run_id, sizeof(run_id));
	return result;
}
