/* The command line of pymemtrace-run, made from the option table. */
#ifndef PMT_RUN_ARGUMENTS_H
#define PMT_RUN_ARGUMENTS_H

#include "run/request.h"

/*
 * Reads the command line up to the program's name; environment is the value that
 * PYMEMTRACE already has, or NULL. The settings are complete and checked, or the action
 * is PMT_LAUNCH_REFUSED and the reason is on stderr. request->settings is the caller's to
 * free in any case.
 */
void pmt_launch_read(int argc, char **argv, const char *environment,
		     struct pmt_launch_request *request);

/* --ring-size for the key ring_size; name has room for 2 more bytes than the key. */
enum { PMT_LAUNCH_FLAG_BYTES = 40 };
void pmt_launch_flag_name(const char *key, char name[PMT_LAUNCH_FLAG_BYTES]);

#endif
