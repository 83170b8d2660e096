/*
 * dlclose: where a module goes, code of another may come to lie. Threads that remember
 * code by its address (native/native.h) are told.
 */

#include <config.h>

#include <dlfcn.h>

#include "base/atomics.h"
#include "base/attr.h"
#include "native/native.h"

typedef int dlclose_fn(void *handle);

PMT_EXPORT int dlclose(void *handle)
{
	static dlclose_fn *real;

	if (!real) {
		void *found = dlsym(RTLD_NEXT, "dlclose");
		real = *(dlclose_fn **)&found;
	}
	/* Behind it, as nobody runs the old code any more; release: whoever maps the new
	 * one does so later. */
	int result = real(handle);
	pmt_add_relaxed(&pmt_native_epoch, 1);
	return result;
}
