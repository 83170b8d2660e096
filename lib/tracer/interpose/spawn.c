/*
 * Starting another program: exec in this process, posix_spawn in a new one. Comes in: the
 * environment that the program wants it to have; goes out: the same, with PYMEMTRACE_RUN
 * when it preloads us. Before an exec, what the rings hold is written; in a vfork child,
 * which only borrows our memory, nothing is. Everything here may run in such a child:
 * nothing but its stack is written, and the real functions were looked up before.
 */

#include <config.h>

#include <alloca.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/attr.h"
#include "os/sys.h"
#include "run/child_env.h"
#include "run/run.h"

extern char **environ;

typedef int spawn_fn(pid_t *, const char *, const posix_spawn_file_actions_t *,
		     const posix_spawnattr_t *, char *const[], char *const[]);

/* Written by the constructor; before it, by whoever comes first, with the same values. */
static struct {
	int (*execve)(const char *, char *const[], char *const[]);
	int (*execvpe)(const char *, char *const[], char *const[]);
	int (*fexecve)(int, char *const[], char *const[]);
	int (*execveat)(int, const char *, char *const[], char *const[], int);
	spawn_fn *posix_spawn;
	spawn_fn *posix_spawnp;
	bool bound;
} next;

__attribute__((constructor)) static void bind_next(void)
{
	/* dlsym gives an object pointer; POSIX promises that it converts. */
	*(void **)&next.execve = dlsym(RTLD_NEXT, "execve");
	*(void **)&next.execvpe = dlsym(RTLD_NEXT, "execvpe");
	*(void **)&next.fexecve = dlsym(RTLD_NEXT, "fexecve");
	*(void **)&next.execveat = dlsym(RTLD_NEXT, "execveat"); /* glibc 2.34, later */
	*(void **)&next.posix_spawn = dlsym(RTLD_NEXT, "posix_spawn");
	*(void **)&next.posix_spawnp = dlsym(RTLD_NEXT, "posix_spawnp");
	next.bound = true;
}

static void need_next(void)
{
	if (!next.bound)
		bind_next();
}

/* A path that cannot be executed makes exec fail: then nothing ends here. os.execvp
 * tries one directory after the other. */
static void before_exec(const char *path)
{
	if (pmt_syscall6(SYS_faccessat, AT_FDCWD, (long)path, X_OK, 0, 0, 0) == 0)
		pmt_run_suspend_for_exec();
}

PMT_EXPORT int execve(const char *path, char *const argv[], char *const envp[])
{
	size_t slots = pmt_child_env_slots_sigsafe(envp);
	char **room = alloca(slots * sizeof(char *));

	need_next();
	before_exec(path);
	return next.execve(path, argv, pmt_child_env_fill_sigsafe(room, slots, envp));
}

PMT_EXPORT int execv(const char *path, char *const argv[])
{
	return execve(path, argv, environ);
}

PMT_EXPORT int fexecve(int fd, char *const argv[], char *const envp[])
{
	size_t slots = pmt_child_env_slots_sigsafe(envp);
	char **room = alloca(slots * sizeof(char *));

	need_next();
	pmt_run_suspend_for_exec();
	return next.fexecve(fd, argv, pmt_child_env_fill_sigsafe(room, slots, envp));
}

PMT_EXPORT int execveat(int fd, const char *path, char *const argv[], char *const envp[],
			int flags)
{
	size_t slots = pmt_child_env_slots_sigsafe(envp);
	char **room = alloca(slots * sizeof(char *));

	need_next();
	if (!next.execveat) {
		errno = ENOSYS;
		return -1;
	}
	pmt_run_suspend_for_exec();
	return next.execveat(fd, path, argv,
			     pmt_child_env_fill_sigsafe(room, slots, envp), flags);
}

PMT_EXPORT int execvpe(const char *file, char *const argv[], char *const envp[])
{
	size_t slots = pmt_child_env_slots_sigsafe(envp);
	char **room = alloca(slots * sizeof(char *));

	need_next();
	pmt_run_suspend_for_exec();
	return next.execvpe(file, argv, pmt_child_env_fill_sigsafe(room, slots, envp));
}

PMT_EXPORT int execvp(const char *file, char *const argv[])
{
	return execvpe(file, argv, environ);
}

/* --- the variadic ones: glibc's own call execve internally, past our wrapper ----------
 */

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

/* --- a new process --------------------------------------------------------------------
 */

PMT_EXPORT int posix_spawn(pid_t *pid, const char *path,
			   const posix_spawn_file_actions_t *actions,
			   const posix_spawnattr_t *attributes, char *const argv[],
			   char *const envp[])
{
	size_t slots = pmt_child_env_slots_sigsafe(envp);
	char **room = alloca(slots * sizeof(char *));

	need_next();
	return next.posix_spawn(pid, path, actions, attributes, argv,
				pmt_child_env_fill_sigsafe(room, slots, envp));
}

PMT_EXPORT int posix_spawnp(pid_t *pid, const char *file,
			    const posix_spawn_file_actions_t *actions,
			    const posix_spawnattr_t *attributes, char *const argv[],
			    char *const envp[])
{
	size_t slots = pmt_child_env_slots_sigsafe(envp);
	char **room = alloca(slots * sizeof(char *));

	need_next();
	return next.posix_spawnp(pid, file, actions, attributes, argv,
				 pmt_child_env_fill_sigsafe(room, slots, envp));
}
