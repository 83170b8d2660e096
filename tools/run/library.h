/* Where the preload library lies: beside the sources' build, or installed. */
#ifndef PMT_RUN_LIBRARY_H
#define PMT_RUN_LIBRARY_H

#include <stddef.h>

#include "base/attr.h"

/*
 * Finds libpymemtrace.so from the place of the running program, then in the configured
 * libdir. 0, or -ENOENT with the places that were looked at in path, one a line; or
 * -EINVAL when it lies under a path that LD_PRELOAD cannot express (path holds it), or
 * -ENAMETOOLONG.
 */
int pmt_library_find(char *path, size_t size) PMT_MUST_CHECK;

#endif
