/*
 * A program with Python inside, in the ways that such programs have it.
 *
 *   host LIBRARY WAY CODE      LIBRARY: a libpython to open with RTLD_LOCAL, or "-" where
 *                              the program is linked to one
 *
 * WAY: once; again (three times begun and ended); second (beside two subinterpreters);
 * threads (four of C, with PyGILState_Ensure, twenty times each); aside (Python lives in
 * a thread that is not the first). No header of Python is needed: a few names of its ABI.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, ROUNDS = 20 };

static const char *code;
static const char *way;
static void (*initialize)(void);
static int (*finalize)(void);
static int (*run_string)(const char *text, void *flags);
static void *(*new_interpreter)(void);
static void (*end_interpreter)(void *thread_state);
static void *(*save_thread)(void);
static void (*restore_thread)(void *thread_state);
static void *(*swap_thread)(void *thread_state);
static int (*ensure)(void);
static void (*release)(int state);

static void *find(void *handle, const char *name)
{
	void *found = dlsym(handle, name);

	if (!found) {
		fprintf(stderr, "host: %s\n", dlerror());
		exit(3);
	}
	return found;
}

static void find_all(void *handle)
{
	*(void **)&initialize = find(handle, "Py_Initialize");
	*(void **)&finalize = find(handle, "Py_FinalizeEx");
	*(void **)&run_string = find(handle, "PyRun_SimpleStringFlags");
	*(void **)&new_interpreter = find(handle, "Py_NewInterpreter");
	*(void **)&end_interpreter = find(handle, "Py_EndInterpreter");
	*(void **)&save_thread = find(handle, "PyEval_SaveThread");
	*(void **)&restore_thread = find(handle, "PyEval_RestoreThread");
	*(void **)&swap_thread = find(handle, "PyThreadState_Swap");
	*(void **)&ensure = find(handle, "PyGILState_Ensure");
	*(void **)&release = find(handle, "PyGILState_Release");
}

static void run(void)
{
	if (run_string(code, NULL) != 0)
		exit(4);
}

static void *thread_main(void *unused)
{
	(void)unused;
	for (int i = 0; i < ROUNDS; i++) {
		int state = ensure();

		run();
		release(state);
	}
	return NULL;
}

static void run_threads(void)
{
	pthread_t threads[THREADS];
	void *main_state = save_thread();

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, thread_main, NULL) != 0)
			exit(3);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	restore_thread(main_state);
}

static void run_second(void)
{
	void *main_state = swap_thread(NULL);

	swap_thread(main_state);
	run();
	for (int i = 0; i < 2; i++) {
		void *state = new_interpreter();

		if (!state)
			exit(4);
		run();
		end_interpreter(state);
		swap_thread(main_state);
	}
	run();
}

static void live(void)
{
	int times = strcmp(way, "again") == 0 ? 3 : 1;

	for (int i = 0; i < times; i++) {
		initialize();
		if (strcmp(way, "threads") == 0)
			run_threads();
		else if (strcmp(way, "second") == 0)
			run_second();
		else
			run();
		if (finalize() < 0)
			exit(5);
	}
}

static void *live_aside(void *unused)
{
	(void)unused;
	live();
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc != 4)
		return 2;
	way = argv[2];
	code = argv[3];
	void *handle =
	    dlopen(strcmp(argv[1], "-") == 0 ? NULL : argv[1], RTLD_NOW | RTLD_LOCAL);
	if (!handle) {
		fprintf(stderr, "host: %s\n", dlerror());
		return 3;
	}
	find_all(handle);
	if (strcmp(way, "aside") != 0) {
		live();
		return 0;
	}
	if (pthread_create(&thread, NULL, live_aside, NULL) != 0)
		return 3;
	pthread_join(thread, NULL);
	return 0;
}
