/* What kind of file a program is, as far as it matters to a preloaded library. */
#ifndef PMT_RUN_PROGRAM_H
#define PMT_RUN_PROGRAM_H

enum pmt_program_kind {
	PMT_PROGRAM_ORDINARY,   /* or one that cannot be looked at */
	PMT_PROGRAM_PRIVILEGED, /* set-user-ID or set-group-ID: LD_PRELOAD is ignored */
	PMT_PROGRAM_STATIC,     /* no dynamic linker, so nobody reads LD_PRELOAD */
};

/* Looks name up as execvp does. */
enum pmt_program_kind pmt_program_kind(const char *name);

#endif
