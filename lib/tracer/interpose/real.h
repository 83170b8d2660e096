/*
 * The functions behind our wrappers: those the program would have called without us,
 * libc's or those of another allocator preloaded after us.
 */
#ifndef PMT_TRACER_INTERPOSE_REAL_H
#define PMT_TRACER_INTERPOSE_REAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/attr.h"

struct pmt_real {
	/* These four are callable from the first instruction on: they begin as functions
	 * that bind, and serve from the bootstrap pool what binding itself asks for. */
	void *(*malloc)(size_t);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void (*free)(void *);
	/* The others come from pmt_real_bound. */
	int (*posix_memalign)(void **, size_t, size_t);
	void *(*aligned_alloc)(size_t, size_t);
	void *(*memalign)(size_t, size_t);
	void *(*valloc)(size_t);
	void *(*pvalloc)(size_t);
	size_t (*malloc_usable_size)(void *);
	int (*malloc_trim)(size_t);

	void *(*mmap)(void *, size_t, int, int, int, off_t);
	void *(*mmap64)(void *, size_t, int, int, int, off_t);
	int (*munmap)(void *, size_t);
	void *(*mremap)(void *, size_t, size_t, int, void *);
	int (*madvise)(void *, size_t, int);
	int (*mlock)(const void *, size_t);
	int (*mlock2)(const void *, size_t, unsigned);
	int (*mlockall)(int);
	void *(*sbrk)(intptr_t);
	int (*brk)(void *);
	void *(*shmat)(int, const void *, int);
	int (*shmdt)(const void *);

	ssize_t (*read)(int, void *, size_t);
	ssize_t (*pread)(int, void *, size_t, off_t);
	ssize_t (*pread64)(int, void *, size_t, off_t);
	ssize_t (*readv)(int, const struct iovec *, int);
	ssize_t (*recv)(int, void *, size_t, int);
	ssize_t (*recvfrom)(int, void *, size_t, int, struct sockaddr *, socklen_t *);
	ssize_t (*recvmsg)(int, struct msghdr *, int);

	uint32_t bound; /* the table is complete; written once, release */
	/* The object that holds malloc, when it is not libc: its mappings are malloc's.
	 */
	uintptr_t allocator_begin, allocator_end;
};

/* Written by pmt_real_bind, before threads in all but the strangest programs: a second
 * thread that comes meanwhile writes the same values. */
extern PMT_HIDDEN struct pmt_real pmt_real;

/* Looks up every function. Runs in our constructor, or at the first call of a wrapper if
 * that comes before it. Repeats harmlessly; errno and dlerror are kept. */
void pmt_real_bind(void);

PMT_INLINE const struct pmt_real *pmt_real_bound(void)
{
	if (PMT_UNLIKELY(!__atomic_load_n(&pmt_real.bound, __ATOMIC_ACQUIRE)))
		pmt_real_bind();
	return &pmt_real;
}

/* Whether a call came from the preloaded allocator itself. */
PMT_INLINE bool pmt_real_is_allocator(const void *return_address)
{
	uintptr_t at = (uintptr_t)return_address;

	return at - pmt_real.allocator_begin <
	       pmt_real.allocator_end - pmt_real.allocator_begin;
}

#endif
