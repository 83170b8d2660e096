/*
 * Where this machine may have the files of a module: at its own path, by its build id
 * under /usr/lib/debug, and in debuginfod's cache. Nobody is asked over a network.
 */
#ifndef PMT_ANALYSIS_NATIVE_FILES_H
#define PMT_ANALYSIS_NATIVE_FILES_H

#include <stdbool.h>
#include <stddef.h>

/* The place number i, counted from 0, for the module itself or, the last ones, its debug
 * information alone, as an absolute path. build_id: in hexadecimal; what is none leaves
 * the module's own path. False: behind the last place. */
bool pmt_native_file(unsigned i, const char *module_path, const char *build_id,
		     char *ret_path, size_t size);

/* debuginfod's file of debug information, opened for reading; -1: it has none. */
int pmt_native_cached_debug(const char *build_id);

#endif
