/*
 * The text of PYMEMTRACE, put together from what the environment already says and the
 * command line's options behind it: the last one wins, patterns add up.
 */
#ifndef PMT_RUN_SETTINGS_H
#define PMT_RUN_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

struct pmt_option;

struct pmt_settings {
	char *text; /* NULL: nothing so far */
	size_t bytes;
	bool out_of_memory;
};

void pmt_settings_init(struct pmt_settings *settings);

/* Puts a whole text in front of what follows. */
void pmt_settings_put_text(struct pmt_settings *settings, const char *text);

/* Adds key=value with the value's commas and backslashes escaped. */
void pmt_settings_put(struct pmt_settings *settings, const char *key, const char *value);

/* Hands the text over to the caller, who frees it; NULL when memory ran out. */
char *pmt_settings_steal(struct pmt_settings *settings);

void pmt_settings_close(struct pmt_settings *settings);

#endif
