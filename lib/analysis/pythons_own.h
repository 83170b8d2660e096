/*
 * What Python keeps for itself: memory that was asked for by the code that imports
 * modules (their code objects, constants and interned names, its caches of folders and
 * files) and by the cache of source lines. It lies there until the end in every program,
 * and is nobody's leak. Told by the file of the innermost Python frame alone: what a
 * module's own body makes as it is imported is the program's.
 */
#ifndef PMT_ANALYSIS_PYTHONS_OWN_H
#define PMT_ANALYSIS_PYTHONS_OWN_H

#include <stdbool.h>

#include "analysis/functions.h"

/* Of a function, a line or a file. */
bool pmt_function_is_pythons_own(const struct pmt_function *function);

#endif
