/*
 * The ways out of a program that run no destructors: _exit and exec. What the rings hold
 * is written first; in a vfork child, which only borrows our memory, nothing is done.
 */

#include <config.h>

#include <alloca.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/attr.h"
#include "interpose/next.h"
#include "os/sys.h"
#include "run/run.h"

extern char **environ;

/* A path that cannot be executed makes exec fail: then nothing ends here. os.execvp
 * tries one directory after the other. */
static void before_exec(const char *path)
{
	if (pmt_syscall6(SYS_faccessat, AT_FDCWD, (long)path, X_OK, 0, 0, 0) == 0)
		pmt_run_suspend_for_exec();
}

PMT_EXPORT void _exit(int status)
{
	pmt_run_end(PMT_END_QUICK_EXIT, status);
	for (;;)
		pmt_syscall6(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

PMT_EXPORT void _Exit(int status)
{
	_exit(status);
}

PMT_EXPORT int execve(const char *path, char *const argv[], char *const envp[])
{
	PMT_NEXT(int, execve, (const char *, char *const[], char *const[]));
	before_exec(path);
	return next(path, argv, envp);
}

PMT_EXPORT int execv(const char *path, char *const argv[])
{
	PMT_NEXT(int, execv, (const char *, char *const[]));
	before_exec(path);
	return next(path, argv);
}

PMT_EXPORT int fexecve(int fd, char *const argv[], char *const envp[])
{
	PMT_NEXT(int, fexecve, (int, char *const[], char *const[]));
	pmt_run_suspend_for_exec();
	return next(fd, argv, envp);
}

PMT_EXPORT int execvp(const char *file, char *const argv[])
{
	PMT_NEXT(int, execvp, (const char *, char *const[]));
	pmt_run_suspend_for_exec();
	return next(file, argv);
}

PMT_EXPORT int execvpe(const char *file, char *const argv[], char *const envp[])
{
	PMT_NEXT(int, execvpe, (const char *, char *const[], char *const[]));
	pmt_run_suspend_for_exec();
	return next(file, argv, envp);
}

/* The variadic ones: glibc's own call execve internally, past our wrapper. */
static size_t count_arguments(va_list *arguments)
{
	size_t count = 1;

	while (va_arg(*arguments, const char *))
		count++;
	return count;
}

static void collect(char **argv, const char *first, size_t count, va_list *arguments)
{
	argv[0] = (char *)first;
	for (size_t i = 1; i <= count; i++)
		argv[i] = va_arg(*arguments, char *);
}

#define COLLECT_ARGUMENTS(first)                                                         \
	va_list arguments;                                                               \
	va_start(arguments, first);                                                      \
	size_t count = count_arguments(&arguments);                                      \
	va_end(arguments);                                                               \
	char **argv = alloca((count + 1) * sizeof(char *));                              \
	va_start(arguments, first);                                                      \
	collect(argv, first, count, &arguments)

PMT_EXPORT int execl(const char *path, const char *first, ...)
{
	COLLECT_ARGUMENTS(first);
	va_end(arguments);
	return execve(path, argv, environ);
}

PMT_EXPORT int execlp(const char *file, const char *first, ...)
{
	COLLECT_ARGUMENTS(first);
	va_end(arguments);
	return execvp(file, argv);
}

PMT_EXPORT int execle(const char *path, const char *first, ...)
{
	COLLECT_ARGUMENTS(first);
	char *const *envp = va_arg(arguments, char *const *);
	va_end(arguments);
	return execve(path, argv, envp);
}
