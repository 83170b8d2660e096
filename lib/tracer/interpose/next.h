/* Finding the next definition of a function that we wrap. */
#ifndef PMT_TRACER_INTERPOSE_NEXT_H
#define PMT_TRACER_INTERPOSE_NEXT_H

#include <dlfcn.h>

/* Declares `next`, the real function, looked up once. For functions that dlsym itself
 * does not need. A race looks it up twice, with the same result. */
#define PMT_NEXT(result, name, args)                                                     \
	static result(*next) args;                                                       \
	if (!next)                                                                       \
	*(void **)&next = dlsym(RTLD_NEXT, #name)

#endif
