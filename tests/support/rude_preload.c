/*
 * librudepreload.so: named behind the tracer's library, it does what real libraries and
 * old systems do to a malloc wrapper. Its constructor allocates before the tracer's runs,
 * its destructor and a thread-specific destructor after; its dlsym allocates, resizes and
 * frees before it answers, as glibc's did up to 2.33.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char *kept; /* given before anything was set up, used and freed long after */

static void fail(const char *what)
{
	fprintf(stderr, "rude: %s\n", what);
	_exit(99);
}

/* All of the family once; fails loudly when memory is not what it should be. */
static void use_family(const char *when)
{
	char *a = malloc(100), *b = calloc(10, 10), *c = NULL;

	if (!a || !b)
		fail(when);
	for (int i = 0; i < 100; i++)
		if (b[i])
			fail("calloc gave used memory");
	memset(a, 'a', 100);
	a = realloc(a, 5000);
	if (!a || a[0] != 'a' || a[99] != 'a' || malloc_usable_size(a) < 5000)
		fail(when);
	if (posix_memalign((void **)&c, 256, 10) || (size_t)c % 256)
		fail(when);
	free(a);
	free(b);
	free(c);
	free(NULL);
}

static void *(*real_dlsym(void))(void *, const char *)
{
	static void *found;

	if (!found)
		found = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
	if (!found)
		found = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
	return *(void *(**)(void *, const char *)) & found;
}

__attribute__((visibility("default"))) void *dlsym(void *restrict handle,
						   const char *restrict name)
{
	static __thread int inside;

	if (!inside++) {
		char *p = calloc(1, 32);

		if (!p || p[31])
			fail("calloc inside dlsym");
		strcpy(p, "kept");
		p = realloc(p, 48);
		if (!p || strcmp(p, "kept") != 0)
			fail("realloc inside dlsym");
		if (!kept)
			kept = p;
		else
			free(p);
		free(malloc(0));
	}
	inside--;
	return real_dlsym()(handle, name);
}

__attribute__((constructor)) static void begin(void)
{
	char *map = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED || munmap(map, 8192) || sbrk(0) == (void *)-1)
		fail("mappings in a constructor");
	use_family("in a constructor");
}

__attribute__((destructor)) static void end(void)
{
	use_family("in a destructor");
	if (kept && strcmp(kept, "kept") != 0)
		fail("early memory was overwritten");
	kept = realloc(kept, 100000);
	if (!kept)
		fail("early memory could not grow");
	free(kept);
}
