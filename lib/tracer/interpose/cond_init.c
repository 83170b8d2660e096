/*
 * pthread_cond_init: the one libc call through which we learn that Python is there; see
 * python/attach.h. The real function is the one of the newest symbol version: dlsym would
 * give the oldest, whose condition variables have another layout (glibc 2.3.2).
 */

#include <config.h>

#include <dlfcn.h>
#include <pthread.h>

#include "base/attr.h"
#include "python/attach.h"

typedef int cond_init_fn(pthread_cond_t *cond, const pthread_condattr_t *attr);

static cond_init_fn *find_real(void)
{
	void *found = dlvsym(RTLD_NEXT, "pthread_cond_init", "GLIBC_2.3.2");

	if (!found)
		found = dlsym(RTLD_NEXT, "pthread_cond_init");
	return *(cond_init_fn **)&found;
}

PMT_EXPORT int pthread_cond_init(pthread_cond_t *restrict cond,
				 const pthread_condattr_t *restrict attr)
{
	static cond_init_fn *real;

	if (!real)
		real = find_real();
	pmt_attach_judge(__builtin_return_address(0));
	return real(cond, attr);
}
