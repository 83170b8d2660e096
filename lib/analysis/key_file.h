/*
 * A source file by the name that it has on every machine: the part behind the script's
 * own folder, site-packages or the standard library. Two check-outs of a program, or two
 * virtual environments, then speak of the same files.
 */
#ifndef PMT_ANALYSIS_KEY_FILE_H
#define PMT_ANALYSIS_KEY_FILE_H

#include <stddef.h>

#include "analysis/functions.h"
#include "base/attr.h"
#include "reader/tables.h"

enum { PMT_KEY_FILE_BYTES = 4096 };

/* The part of a path behind site-packages or the standard library; else all of it. */
const char *pmt_short_file(const char *file);

/* The folder of the script that ran, its slash included, in *ret_folder to be freed; NULL
 * when none is known: python -m, python -c. 0 or -ENOMEM. */
int pmt_script_folder(const struct pmt_tables *tables,
		      const struct pmt_functions *functions,
		      char **ret_folder) PMT_MUST_CHECK;

/* A key file as it is shown to people. */
const char *pmt_key_file_shown(const char *key_file);

/* file's name anywhere, in text where it is not in file itself; NULL for NULL. folder may
 * be NULL. */
const char *pmt_key_file(const char *folder, const char *file,
			 char text[PMT_KEY_FILE_BYTES]);

#endif
