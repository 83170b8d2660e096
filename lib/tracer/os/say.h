/*
 * The tracer's voice: one line on standard error, whole in one write, for the few things
 * a user must know. Never more than once per subject and process.
 */
#ifndef PMT_TRACER_OS_SAY_H
#define PMT_TRACER_OS_SAY_H

#include <stdbool.h>

/* Subjects: each is said once. */
enum pmt_say {
	PMT_SAY_CONFIG,
	PMT_SAY_NOT_SUPPORTED,
	PMT_SAY_NO_TRACE,
	PMT_SAY_OTHER_NAME,
	PMT_SAY_UNWRITABLE,
	PMT_SAY_RING,
	PMT_SAY_DRAIN,
	PMT_SAY_PROC,
	PMT_SAY_HOOK_LOST,
	PMT_SAY_STACK,
	PMT_SAY_NATIVE,
	PMT_SAY_VERBOSE,
	PMT_SAY_VERBOSE_RING,
	PMT_SAY_VERBOSE_PYTHON,
	PMT_SAY_VERBOSE_END,
	PMT_SAY_SUBJECTS,
};

/* From the constructor, while standard error is what the user gave the program: later, a
 * file of the program's may have its number, and nothing is said any more. quiet: nothing
 * but configuration errors is said. */
void pmt_say_init(bool quiet);

/* Writes "pymemtrace: <a><b><c>\n"; NULL parts are left out. errno kept. */
void pmt_say(enum pmt_say subject, const char *a, const char *b, const char *c);

/* Short English for a negative errno ("No space left on device"). */
const char *pmt_say_errno(int error);

#endif
