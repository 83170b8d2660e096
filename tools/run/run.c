/*
 * pymemtrace-run: starts a program with the tracer preloaded.
 *
 *   command line -> settings -> environment -> child -> its status, and last words
 *
 * Whoever started us must not notice the difference: arguments, descriptors, signals and
 * the exit status are the program's own.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/exit_code.h"
#include "cli/message.h"
#include "run/arguments.h"
#include "run/check.h"
#include "run/child.h"
#include "run/environment.h"
#include "run/help.h"
#include "run/library.h"
#include "run/outcome.h"
#include "run/settings.h"

/*
 * The settings with out= made absolute: a program that changes its folder and starts
 * another Python means one place all the same. NULL after a message.
 */
static char *settle(struct pmt_launch_request *request)
{
	struct pmt_settings settings;
	char folder[PATH_MAX], *out = NULL, *text;
	size_t used = 0;

	if (request->options.out[0] == '/')
		return strdup(request->settings);
	if (!getcwd(folder, sizeof(folder))) {
		pmt_message_error("the current folder has no path: %s", strerror(errno));
		return NULL;
	}
	out = malloc(2 * strlen(folder) + strlen(request->options.out) + 2);
	if (!out)
		return NULL;
	for (const char *p = folder; *p; p++) {
		if (*p == '%')
			out[used++] = '%';
		out[used++] = *p;
	}
	sprintf(out + used, "/%s", request->options.out);
	pmt_settings_init(&settings);
	if (*request->settings)
		pmt_settings_put_text(&settings, request->settings);
	pmt_settings_put(&settings, "out", out);
	text = pmt_settings_steal(&settings);
	pmt_settings_close(&settings);
	free(out);
	return text;
}

static bool find_library(char *path, size_t size)
{
	switch (pmt_library_find(path, size)) {
	case 0:
		return true;
	case -EINVAL:
		pmt_message_error(
		    "%s: LD_PRELOAD cannot name a path with a space or colon "
		    "in it; install pymemtrace elsewhere",
		    path);
		return false;
	default:
		pmt_message_error("libpymemtrace.so was not found; looked at%s", path);
		return false;
	}
}

static int say_not_started(const char *program, int error, int exec_failed)
{
	if (!exec_failed) {
		pmt_message_error("cannot start a process: %s", strerror(error));
		return PMT_LAUNCH_FAILED;
	}
	pmt_message_error("%s: %s", program, strerror(error));
	return error == ENOENT ? PMT_LAUNCH_NOT_FOUND : PMT_LAUNCH_NOT_EXECUTABLE;
}

static int launch(const struct pmt_launch_request *request, const char *out)
{
	struct pmt_child child;
	uint8_t run_id[PMT_RUN_ID_BYTES];
	char library[4 * PATH_MAX];
	int exec_failed, result;

	if (!find_library(library, sizeof(library)))
		return PMT_LAUNCH_FAILED;
	result = pmt_environment_set(library, request->settings, run_id);
	if (result < 0) {
		pmt_message_error("cannot set the environment: %s", strerror(-result));
		return PMT_LAUNCH_FAILED;
	}
	result = pmt_child_start(&child, request->program, &exec_failed);
	if (result < 0)
		return say_not_started(request->program[0], -result, exec_failed);
	pmt_child_wait(&child);
	if (request->options.modes != PMT_MODE_OFF)
		pmt_outcome_finish(&(struct pmt_outcome){
		    .program = request->program[0],
		    .out = out,
		    .run_id = run_id,
		    .pid = (uint32_t)child.pid,
		    .status = child.status,
		    .quiet = request->options.quiet,
		});
	if (WIFSIGNALED(child.status)) {
		fflush(stderr);
		pmt_child_die_alike(&child);
		return 128 + WTERMSIG(child.status);
	}
	return WEXITSTATUS(child.status);
}

/* Completes the settings and runs the program; the request's options stay valid. */
static int run(struct pmt_launch_request *request)
{
	struct pmt_options_error error;
	char message[PMT_OPTIONS_MESSAGE_BYTES];
	char *settled = settle(request);

	if (!settled)
		return PMT_LAUNCH_FAILED;
	free(request->settings);
	request->settings = settled;
	if (pmt_options_parse(&request->options, settled, &error) < 0) {
		pmt_options_explain(&error, message);
		pmt_message_error("%s", message);
		return PMT_LAUNCH_FAILED;
	}
	return launch(request, request->options.out);
}

int main(int argc, char **argv)
{
	/* Static: 10 KiB of options that hold pointers into themselves. */
	static struct pmt_launch_request request;
	int status = PMT_LAUNCH_FAILED;

	pmt_message_program("pymemtrace-run");
	pmt_launch_read(argc, argv, getenv("PYMEMTRACE"), &request);
	switch (request.action) {
	case PMT_LAUNCH_RUN:
		status = run(&request);
		break;
	case PMT_LAUNCH_CHECK:
		status = pmt_check(&request);
		break;
	case PMT_LAUNCH_HELP:
		pmt_launch_print_help();
		status = PMT_EXIT_OK;
		break;
	case PMT_LAUNCH_VERSION:
		puts("pymemtrace-run " PACKAGE_VERSION);
		status = PMT_EXIT_OK;
		break;
	case PMT_LAUNCH_REFUSED:
		pmt_message_see_help();
		break;
	}
	free(request.settings);
	return status;
}
