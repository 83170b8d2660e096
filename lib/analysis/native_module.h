/*
 * A module's file, opened by elfutils: the one of the build that ran, from wherever this
 * machine has it (native_files.h).
 */
#ifndef PMT_ANALYSIS_NATIVE_MODULE_H
#define PMT_ANALYSIS_NATIVE_MODULE_H

#include <stdint.h>

#include "reader/tables.h"

/* libdwfl's. */
struct Dwfl;
struct Dwfl_Module;

struct pmt_native_module {
	struct Dwfl *dwfl;
	struct Dwfl_Module *module; /* NULL: not here, or of another build */
	uint64_t bias;              /* what libdwfl adds to the file's addresses */
};

/* code: of kind PMT_CODE_NATIVE. What cannot be opened leaves module NULL. */
void pmt_native_module_open(struct pmt_native_module *m, const struct pmt_code *code);
void pmt_native_module_close(struct pmt_native_module *m);

#endif
