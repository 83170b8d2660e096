/*
 * System calls, straight to the kernel. libc's functions of the same name would pass
 * our own wrappers (and be counted), change errno, and be cancellation points; these do
 * none of that and can be called anywhere, in a signal handler and in a vfork child too.
 *
 * All return what the kernel returns: a result, or a negative errno. Interrupted calls
 * return -EINTR; the caller decides. 64-bit systems only: no argument is split.
 */
#ifndef PMT_TRACER_OS_SYS_H
#define PMT_TRACER_OS_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/attr.h"

struct perf_event_attr;
struct rlimit;
struct stat;
struct statfs;
struct timespec;

_Static_assert(sizeof(long) == 8, "system calls take 64-bit registers");

#if defined(__clang_analyzer__)
/* The analyzer does not see that assembly fills the memory it is handed. */
long pmt_syscall6(long nr, long a, long b, long c, long d, long e, long f);
#elif defined(__x86_64__)
PMT_INLINE long pmt_syscall6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}
#elif defined(__aarch64__)
PMT_INLINE long pmt_syscall6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}
#else
#include <errno.h>
#include <unistd.h>
PMT_INLINE long pmt_syscall6(long nr, long a, long b, long c, long d, long e, long f)
{
	int saved = errno;
	long ret = syscall(nr, a, b, c, d, e, f);

	if (ret == -1)
		ret = -errno;
	errno = saved;
	return ret;
}
#endif

/* True when p is an errno that a call returning an address gave back. */
static inline bool pmt_sys_is_error(const void *p)
{
	return (uintptr_t)p >= (uintptr_t)-4095;
}

/* --- memory --- */

static inline void *pmt_sys_mmap(void *at, size_t size, int prot, int flags, int fd,
				 int64_t offset)
{
	return (void *)pmt_syscall6(SYS_mmap, (long)at, (long)size, prot, flags, fd,
				    (long)offset);
}

static inline int pmt_sys_munmap(void *at, size_t size)
{
	return (int)pmt_syscall6(SYS_munmap, (long)at, (long)size, 0, 0, 0, 0);
}

static inline void *pmt_sys_mremap(void *at, size_t old_size, size_t size, int flags,
				   void *new_at)
{
	return (void *)pmt_syscall6(SYS_mremap, (long)at, (long)old_size, (long)size,
				    flags, (long)new_at, 0);
}

static inline int pmt_sys_madvise(void *at, size_t size, int advice)
{
	return (int)pmt_syscall6(SYS_madvise, (long)at, (long)size, advice, 0, 0, 0);
}

static inline int pmt_sys_mprotect(void *at, size_t size, int prot)
{
	return (int)pmt_syscall6(SYS_mprotect, (long)at, (long)size, prot, 0, 0, 0);
}

/* --- files --- */

static inline int pmt_sys_openat(int dir_fd, const char *path, int flags, mode_t mode)
{
	return (int)pmt_syscall6(SYS_openat, dir_fd, (long)path, flags, mode, 0, 0);
}

static inline int pmt_sys_close(int fd)
{
	return (int)pmt_syscall6(SYS_close, fd, 0, 0, 0, 0, 0);
}

static inline ssize_t pmt_sys_read(int fd, void *to, size_t size)
{
	return pmt_syscall6(SYS_read, fd, (long)to, (long)size, 0, 0, 0);
}

static inline ssize_t pmt_sys_pread(int fd, void *to, size_t size, int64_t offset)
{
	return pmt_syscall6(SYS_pread64, fd, (long)to, (long)size, (long)offset, 0, 0);
}

static inline ssize_t pmt_sys_write(int fd, const void *from, size_t size)
{
	return pmt_syscall6(SYS_write, fd, (long)from, (long)size, 0, 0, 0);
}

static inline ssize_t pmt_sys_pwrite(int fd, const void *from, size_t size,
				     int64_t offset)
{
	return pmt_syscall6(SYS_pwrite64, fd, (long)from, (long)size, (long)offset, 0, 0);
}

static inline int64_t pmt_sys_lseek(int fd, int64_t offset, int whence)
{
	return pmt_syscall6(SYS_lseek, fd, (long)offset, whence, 0, 0, 0);
}

static inline int pmt_sys_fallocate(int fd, int mode, int64_t offset, int64_t size)
{
	return (int)pmt_syscall6(SYS_fallocate, fd, mode, (long)offset, (long)size, 0, 0);
}

static inline int pmt_sys_ftruncate(int fd, int64_t size)
{
	return (int)pmt_syscall6(SYS_ftruncate, fd, (long)size, 0, 0, 0, 0);
}

static inline int pmt_sys_fsync(int fd)
{
	return (int)pmt_syscall6(SYS_fsync, fd, 0, 0, 0, 0, 0);
}

static inline int pmt_sys_fcntl(int fd, int command, long argument)
{
	return (int)pmt_syscall6(SYS_fcntl, fd, command, argument, 0, 0, 0);
}

static inline int pmt_sys_fchmod(int fd, mode_t mode)
{
	return (int)pmt_syscall6(SYS_fchmod, fd, mode, 0, 0, 0, 0);
}

/* The kernel's struct statfs is libc's on 64-bit systems. */
static inline int pmt_sys_fstatfs(int fd, struct statfs *ret_fs)
{
	return (int)pmt_syscall6(SYS_fstatfs, fd, (long)ret_fs, 0, 0, 0, 0);
}

/* The kernel's struct stat is libc's on 64-bit systems. */
static inline int pmt_sys_fstat(int fd, struct stat *ret_stat)
{
	return (int)pmt_syscall6(SYS_fstat, fd, (long)ret_stat, 0, 0, 0, 0);
}

static inline int pmt_sys_fstatat(int dir_fd, const char *path, struct stat *ret_stat,
				  int flags)
{
	return (int)pmt_syscall6(SYS_newfstatat, dir_fd, (long)path, (long)ret_stat,
				 flags, 0, 0);
}

static inline int pmt_sys_unlinkat(int dir_fd, const char *path, int flags)
{
	return (int)pmt_syscall6(SYS_unlinkat, dir_fd, (long)path, flags, 0, 0, 0);
}

static inline int pmt_sys_renameat(int old_dir_fd, const char *old_path, int new_dir_fd,
				   const char *new_path, unsigned flags)
{
	return (int)pmt_syscall6(SYS_renameat2, old_dir_fd, (long)old_path, new_dir_fd,
				 (long)new_path, flags, 0);
}

static inline ssize_t pmt_sys_readlinkat(int dir_fd, const char *path, char *to,
					 size_t size)
{
	return pmt_syscall6(SYS_readlinkat, dir_fd, (long)path, (long)to, (long)size, 0,
			    0);
}

/* Returns the length with the closing NUL. */
static inline ssize_t pmt_sys_getcwd(char *to, size_t size)
{
	return pmt_syscall6(SYS_getcwd, (long)to, (long)size, 0, 0, 0, 0);
}

static inline ssize_t pmt_sys_getdents64(int fd, void *to, size_t size)
{
	return pmt_syscall6(SYS_getdents64, fd, (long)to, (long)size, 0, 0, 0);
}

static inline ssize_t pmt_sys_getrandom(void *to, size_t size, unsigned flags)
{
	return pmt_syscall6(SYS_getrandom, (long)to, (long)size, flags, 0, 0, 0);
}

/* --- threads and processes --- */

/* Not cached: a fork or a raw clone must never be told its parent's. */
static inline pid_t pmt_sys_getpid(void)
{
	return (pid_t)pmt_syscall6(SYS_getpid, 0, 0, 0, 0, 0, 0);
}

static inline pid_t pmt_sys_gettid(void)
{
	return (pid_t)pmt_syscall6(SYS_gettid, 0, 0, 0, 0, 0, 0);
}

static inline int pmt_sys_kill(pid_t pid, int sig)
{
	return (int)pmt_syscall6(SYS_kill, pid, sig, 0, 0, 0, 0);
}

static inline int pmt_sys_tgkill(pid_t pid, pid_t tid, int sig)
{
	return (int)pmt_syscall6(SYS_tgkill, pid, tid, sig, 0, 0, 0);
}

static inline int pmt_sys_futex(const volatile void *word, int op, uint32_t value,
				const struct timespec *timeout, const void *word2,
				uint32_t value3)
{
	return (int)pmt_syscall6(SYS_futex, (long)word, op, value, (long)timeout,
				 (long)word2, value3);
}

static inline int pmt_sys_clock_nanosleep(clockid_t clock, int flags,
					  const struct timespec *time)
{
	return (int)pmt_syscall6(SYS_clock_nanosleep, clock, flags, (long)time, 0, 0, 0);
}

static inline int pmt_sys_sched_yield(void)
{
	return (int)pmt_syscall6(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
}

/* Of this process; cmd is one of linux/membarrier.h's. */
static inline int pmt_sys_membarrier(int cmd)
{
	return (int)pmt_syscall6(SYS_membarrier, cmd, 0, 0, 0, 0, 0);
}

static inline int pmt_sys_getrlimit(int resource, struct rlimit *ret_limit)
{
	return (int)pmt_syscall6(SYS_prlimit64, 0, resource, 0, (long)ret_limit, 0, 0);
}

/* Reads this process's own memory where it may be gone: false instead of a fault. */
static inline bool pmt_sys_read_own(void *to, const void *from, size_t size)
{
	struct iovec local = {to, size}, remote = {(void *)from, size};

	return pmt_syscall6(SYS_process_vm_readv, pmt_sys_getpid(), (long)&local, 1,
			    (long)&remote, 1, 0) == (long)size;
}

static inline int pmt_sys_setrlimit(int resource, const struct rlimit *limit)
{
	return (int)pmt_syscall6(SYS_prlimit64, 0, resource, (long)limit, 0, 0, 0);
}

/* The calling thread, on any processor. */
static inline int pmt_sys_perf_event_open(struct perf_event_attr *attr,
					  unsigned long flags)
{
	return (int)pmt_syscall6(SYS_perf_event_open, (long)attr, 0, -1, -1, (long)flags,
				 0);
}

#endif
