/*
 * C stacks that are hard to unwind, for programs that load this by ctypes. Each ends in
 * note(), which says what glibc's backtrace() makes of the stack, as one line to the file
 * descriptor that was given, and then allocates:
 *
 *     SIZE FILE+OFFSET FILE+OFFSET ...        the innermost first, addresses of return
 */
#define _GNU_SOURCE
#include <alloca.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#ifdef __clang__
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE __attribute__((noinline, noclone))
#endif
/* What stands behind a call, so that it is no jump. */
#define STAY __asm__ volatile("" ::: "memory")

enum { FRAMES_MAX = 600, STACK_BYTES = 1 << 18 };

static int truth = -1;
static void *kept[64];
static unsigned kept_count;

/* backtrace loads a library at its first call: that is done here. */
EXPORT void unwound_begin(int fd)
{
	void *address;

	truth = fd;
	backtrace(&address, 1);
}

NOINLINE static void note(size_t size)
{
	static char line[FRAMES_MAX * 200]; /* one of these calls at a time */
	void *addresses[FRAMES_MAX];
	int count = backtrace(addresses, FRAMES_MAX);
	int used = snprintf(line, sizeof(line), "%zu", size);

	for (int i = 1; i < count; i++) {
		struct link_map *map = NULL;
		Dl_info info;

		if (!dladdr1(addresses[i], &info, (void **)&map, RTLD_DL_LINKMAP))
			continue;
		const char *name = strrchr(info.dli_fname, '/');
		used += snprintf(line + used, sizeof(line) - (size_t)used, " %s+%lx",
				 name ? name + 1 : info.dli_fname,
				 (unsigned long)((uintptr_t)addresses[i] - map->l_addr));
	}
	line[used++] = '\n';
	if (write(truth, line, (size_t)used) != used)
		abort();
	kept[kept_count++ % 64] = malloc(size);
}

/* --- threads --- */

NOINLINE static void *in_thread(void *argument)
{
	note((size_t)argument);
	STAY;
	return NULL;
}

EXPORT void unwound_thread(size_t size)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, in_thread, (void *)size) != 0) /* NOLINT */
		abort();
	pthread_join(thread, NULL);
}

static void (*thread_calls)(size_t);

NOINLINE static void *call_in_thread(void *argument)
{
	thread_calls((size_t)argument);
	STAY;
	return NULL;
}

/* A thread made here, that calls Python. */
EXPORT void unwound_thread_calls(void (*call)(size_t), size_t size)
{
	pthread_t thread;

	thread_calls = call;
	if (pthread_create(&thread, NULL, call_in_thread, (void *)size) != 0) /* NOLINT */
		abort();
	pthread_join(thread, NULL);
}

EXPORT NOINLINE void unwound_plain(size_t size)
{
	note(size);
	STAY;
}

/* --- signals --- */

static size_t signal_size;
static char *forbidden;

static void on_signal(int number)
{
	(void)number;
	note(signal_size);
	STAY;
}

static void install(int number, int flags, void (*handler)(int))
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = handler;
	action.sa_flags = flags;
	sigaction(number, &action, NULL);
}

NOINLINE static void with_alternate_stack(size_t size, void (*go)(void))
{
	stack_t stack = {.ss_size = STACK_BYTES}, old;

	stack.ss_sp = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack.ss_sp == MAP_FAILED || sigaltstack(&stack, &old) != 0)
		abort();
	signal_size = size;
	go();
	if (sigaltstack(&old, NULL) != 0)
		abort();
	munmap(stack.ss_sp, STACK_BYTES);
}

EXPORT void unwound_keep_alternate_stack(void)
{
	static char room[STACK_BYTES];
	stack_t stack = {.ss_sp = room, .ss_size = sizeof(room)};

	if (sigaltstack(&stack, NULL) != 0)
		abort();
}

NOINLINE static void raise_usr2(void)
{
	pthread_kill(pthread_self(), SIGUSR2);
	STAY;
}

EXPORT void unwound_signal(size_t size)
{
	install(SIGUSR2, SA_ONSTACK, on_signal);
	with_alternate_stack(size, raise_usr2);
	note(size + 1); /* and back on its own stack */
	STAY;
}

static void on_fault(int number)
{
	on_signal(number);
	if (mprotect(forbidden, 4096, PROT_READ | PROT_WRITE) != 0)
		abort();
}

/* Interrupted within an instruction, the first that it has. */
NOINLINE static void store(char *at)
{
	*at = 1;
}

NOINLINE static void fault(void)
{
	store(forbidden);
	STAY;
}

EXPORT void unwound_fault(size_t size)
{
	struct sigaction before;

	forbidden = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sigaction(SIGSEGV, NULL, &before);
	install(SIGSEGV, SA_ONSTACK, on_fault);
	with_alternate_stack(size, fault);
	sigaction(SIGSEGV, &before, NULL);
	STAY;
}

/* --- depth --- */

NOINLINE static unsigned recurse(unsigned depth, size_t size)
{
	unsigned below = 0;

	if (depth)
		below = recurse(depth - 1, size);
	else
		note(size);
	STAY;
	return below + 1;
}

EXPORT unsigned unwound_deep(unsigned depth, size_t size)
{
	return recurse(depth, size);
}

/* --- frames of other kinds --- */

NOINLINE static void fill(void *at, size_t size, size_t noted)
{
	memset(at, 1, size);
	note(noted);
	STAY;
}

/* Its size is known as it runs: only the frame pointer finds the caller. */
NOINLINE static void variable(unsigned bytes, size_t size)
{
	fill(alloca(bytes), bytes, size);
	STAY;
}

/* Realigned, and with arguments on the stack: the caller is found through a pointer. */
NOINLINE static long realigned(long a, long b, long c, long d, long e, long f, long g,
			       unsigned bytes, size_t size)
{
	char aligned[64] __attribute__((aligned(64)));

	memset(aligned, (int)g, sizeof(aligned));
	__asm__ volatile("" ::"r"(aligned) : "memory");
	fill(alloca(bytes), bytes, size);
	STAY;
	return a + b + c + d + e + f + g + aligned[3];
}

EXPORT void unwound_variable(unsigned bytes, size_t size)
{
	variable(bytes, size);
	STAY;
}

EXPORT void unwound_realigned(unsigned bytes, size_t size)
{
	realigned(1, 2, 3, 4, 5, 6, 7, bytes, size);
	/* Whose caller needs the frame pointer that it restores. */
	variable(bytes + (unsigned)realigned(1, 2, 3, 4, 5, 6, 7, bytes, size + 1),
		 size + 2);
	STAY;
}

/* --- another stack --- */

static ucontext_t outside, inside;

static void on_own_stack(void)
{
	note(signal_size);
	STAY;
}

EXPORT void unwound_coroutine(size_t size)
{
	void *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	signal_size = size;
	if (stack == MAP_FAILED || getcontext(&inside) != 0)
		abort();
	inside.uc_stack.ss_sp = stack;
	inside.uc_stack.ss_size = STACK_BYTES;
	inside.uc_link = &outside;
	makecontext(&inside, on_own_stack, 0);
	swapcontext(&outside, &inside);
	munmap(stack, STACK_BYTES);
	note(size + 1);
	STAY;
}

/* --- a child on the same stack --- */

NOINLINE static void in_child(size_t size)
{
	note(size);
	STAY;
}

EXPORT void unwound_vfork(size_t size)
{
	int status;
	pid_t pid = vfork();

	if (pid == 0) {
		in_child(size); /* of its parent's memory, which waits meanwhile */
		_exit(7);
	}
	if (waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 7)
		abort();
	note(size + 1);
	STAY;
}

/* --- left by a jump --- */

static jmp_buf landing;

static volatile int jumps = 1;

NOINLINE static void jump(unsigned depth, size_t size)
{
	if (depth)
		jump(depth - 1, size);
	else
		note(size);
	if (jumps)
		longjmp(landing, 1);
}

EXPORT void unwound_jump(size_t size)
{
	if (setjmp(landing) == 0)
		jump(9, size);
	else
		note(size + 1);
	STAY;
}

/* --- at every instruction --- */

static unsigned step_count;

static void on_step(int number)
{
	(void)number;
	note(signal_size + step_count++);
	STAY;
}

EXPORT NOINLINE void unwound_stepped(char *at, unsigned size)
{
	for (unsigned i = 0; i < size; i += 32)
		at[i] = (char)i;
	STAY;
}

NOINLINE static int stepped_variable(unsigned bytes)
{
	char *at = alloca(bytes);

	unwound_stepped(at, bytes);
	return at[0];
}

NOINLINE static long stepped_realigned(long a, long b, long c, long d, long e, long f,
				       long g, unsigned bytes)
{
	char aligned[64] __attribute__((aligned(64)));

	__asm__ volatile("" ::"r"(aligned) : "memory");
	unwound_stepped(alloca(bytes), bytes);
	unwound_stepped(aligned, sizeof(aligned));
	return a + b + c + d + e + f + g + aligned[32];
}

/* The processor's trap flag brings a signal at each instruction. How many there were. */
EXPORT NOINLINE unsigned unwound_steps(unsigned bytes, size_t size)
{
	signal_size = size;
	step_count = 0;
	install(SIGTRAP, 0, on_step);
#if defined(__x86_64__)
	__asm__ volatile(
	    "lea -128(%%rsp), %%rsp\n\tpushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\t"
	    "lea 128(%%rsp), %%rsp" ::
		: "memory", "cc");
	stepped_variable(bytes);
	stepped_realigned(1, 2, 3, 4, 5, 6, 7, bytes);
	__asm__ volatile(
	    "lea -128(%%rsp), %%rsp\n\tpushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq\n\t"
	    "lea 128(%%rsp), %%rsp" ::
		: "memory", "cc");
#endif
	return step_count;
}

/* --- at random --- */

enum { WANDER_DEPTH = 40 };

static uint64_t chance;
static unsigned notes_left;
static size_t next_size;

/* xorshift64 */
static unsigned draw(unsigned below)
{
	chance ^= chance << 13;
	chance ^= chance >> 7;
	chance ^= chance << 17;
	return (unsigned)(chance >> 33) % below;
}

static void wander(unsigned depth);

NOINLINE static void wander_variable(unsigned depth)
{
	volatile char *at = alloca(16 + draw(200));

	at[0] = (char)depth;
	wander(depth);
	at[1] = 0;
}

NOINLINE static long wander_realigned(long a, long b, long c, long d, long e, long f,
				      unsigned depth)
{
	char aligned[64] __attribute__((aligned(64)));
	volatile char *at = alloca(16 + draw(200));

	__asm__ volatile("" ::"r"(aligned) : "memory");
	at[0] = (char)depth;
	wander(depth);
	return a + b + c + d + e + f + at[0];
}

NOINLINE static void wander_signal(unsigned depth)
{
	(void)depth;
	signal_size = next_size++;
	notes_left--;
	pthread_kill(pthread_self(), SIGUSR2);
	STAY;
}

/* A few calls of functions that do the same, one of which is drawn each time. */
NOINLINE static void wander(unsigned depth)
{
	for (unsigned calls = 1 + draw(4); calls && notes_left; calls--) {
		unsigned which = depth < WANDER_DEPTH ? draw(5) : 3;

		if (which == 0) {
			wander(depth + 1);
		} else if (which == 1) {
			wander_variable(depth + 1);
		} else if (which == 2) {
			wander_realigned(1, 2, 3, 4, 5, 6, depth + 1);
		} else if (which == 3) {
			notes_left--;
			note(next_size++);
		} else {
			wander_signal(depth);
		}
	}
	STAY;
}

EXPORT void unwound_wander(uint64_t seed, unsigned notes, size_t size)
{
	chance = seed * 2 + 1;
	notes_left = notes;
	next_size = size;
	install(SIGUSR2, seed & 1 ? SA_ONSTACK : 0, on_signal);
	while (notes_left)
		wander(0);
}
