/*
 * Reads of a page and more. The kernel writes them into memory that may be untouched;
 * where perf may not count kernel-mode faults that growth would go unseen, so a large
 * read is a hint there. Nothing else is done: budget one load, one compare and a jump.
 * The hint comes first, so that the call can be a jump and stays a cancellation point.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "counters/counters.h"
#include "interpose/real.h"
#include "thread.h"

enum { LARGE_BYTES = 4096 };

PMT_INLINE void hint_read(size_t size)
{
	struct pmt_thread *t = pmt_self;

	if (size >= LARGE_BYTES && t && t->rss.method != PMT_RSS_EXACT)
		pmt_counters_rss_hint_self(t);
}

/* Without looking into the vector: it is the program's and may be wrong. */
PMT_INLINE void hint_vector(void)
{
	hint_read(LARGE_BYTES);
}

PMT_EXPORT ssize_t read(int fd, void *to, size_t size)
{
	hint_read(size);
	return pmt_real_bound()->read(fd, to, size);
}

PMT_EXPORT ssize_t pread(int fd, void *to, size_t size, off_t off)
{
	hint_read(size);
	return pmt_real_bound()->pread(fd, to, size, off);
}

PMT_EXPORT ssize_t pread64(int fd, void *to, size_t size, off_t off)
{
	hint_read(size);
	return pmt_real_bound()->pread64(fd, to, size, off);
}

PMT_EXPORT ssize_t readv(int fd, const struct iovec *to, int count)
{
	hint_vector();
	return pmt_real_bound()->readv(fd, to, count);
}

PMT_EXPORT ssize_t recv(int fd, void *to, size_t size, int flags)
{
	hint_read(size);
	return pmt_real_bound()->recv(fd, to, size, flags);
}

PMT_EXPORT ssize_t recvfrom(int fd, void *to, size_t size, int flags,
			    struct sockaddr *from, socklen_t *from_size)
{
	hint_read(size);
	return pmt_real_bound()->recvfrom(fd, to, size, flags, from, from_size);
}

PMT_EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	hint_vector();
	return pmt_real_bound()->recvmsg(fd, message, flags);
}
