/*
 * From a place in a module (a library or program that ran in the traced process) to the
 * functions and source lines there: by the module's file and its debug information, where
 * this machine has them and they are of the same build.
 */
#ifndef PMT_ANALYSIS_NATIVE_SYMBOLS_H
#define PMT_ANALYSIS_NATIVE_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "reader/tables.h"

enum { PMT_SYMBOLS_MAX = 16 /* functions inlined into one another */ };

/* Texts are good until the next call. */
struct pmt_symbol {
	const char *name; /* "libc.so.6+0x1234" where nothing better is known */
	const char *file; /* NULL: not known */
	uint64_t line;
	const char *own_file; /* where the function is defined; NULL: not known */
	uint64_t own_line;
};

struct pmt_native_symbols;

/* NULL: no memory. */
struct pmt_native_symbols *pmt_native_symbols_new(void) PMT_MUST_CHECK;
void pmt_native_symbols_free(struct pmt_native_symbols *symbols);

/* The functions at an address of the module, the innermost inlined one first; how many,
 * at least 1. module is of kind PMT_CODE_NATIVE. */
size_t pmt_native_symbols_at(struct pmt_native_symbols *symbols,
			     const struct pmt_code *module, uint64_t address,
			     struct pmt_symbol ret_found[PMT_SYMBOLS_MAX]);

#endif
