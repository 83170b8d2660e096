/*
 * What an interpreter allows, by tracing a few calls with it and reading the trace: no
 * list of versions can be as true as that.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/exit_code.h"
#include "reader/tables.h"
#include "reader/trace.h"
#include "run/check.h"
#include "run/environment.h"

enum { PATIENCE_MS = 20000 };

/* 100 calls, then who it is; a marker, as the interpreter may print other things. */
static const char script[] =
    "import sys\n"
    "def f(): pass\n"
    "for i in range(100): f()\n"
    "print('pymemtrace-check %s %d.%d.%d' % ((getattr(getattr(sys, 'implementation', "
    "None), 'name', 'unknown'),) + sys.version_info[:3]))\n";

struct probe {
	char folder[64];
	char trace[96];
	char output[4096]; /* terminated */
	int status;        /* as wait(2) gives it */
	bool timed_out;
};

/* What the script said of itself. */
struct python_name {
	char name[32];
	char version[32];
	bool has_monitoring; /* 3.12 and newer */
};

static void become_python(const char *python, int output)
{
	int null = open("/dev/null", O_RDWR);

	dup2(null, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	execlp(python, python, "-E", "-S", "-c", script, (char *)NULL);
	_exit(errno == ENOENT ? PMT_LAUNCH_NOT_FOUND : PMT_LAUNCH_NOT_EXECUTABLE);
}

/* Reads what the child prints until it closes its end or patience does. */
static void read_output(struct probe *probe, int fd)
{
	struct pollfd waiting = {.fd = fd, .events = POLLIN};
	size_t used = 0;

	while (used < sizeof(probe->output) - 1) {
		if (poll(&waiting, 1, PATIENCE_MS) <= 0) {
			probe->timed_out = true;
			break;
		}
		ssize_t got =
		    read(fd, probe->output + used, sizeof(probe->output) - 1 - used);
		if (got <= 0)
			break;
		used += (size_t)got;
	}
	probe->output[used] = '\0';
}

/* Runs the script. 0 or a negative errno. */
static int run_script(struct probe *probe, const char *python, const char *library)
{
	uint8_t run_id[PMT_RUN_ID_BYTES];
	char settings[160];
	int ends[2];

	snprintf(settings, sizeof(settings), "out=%s,quiet=1", probe->trace);
	unsetenv("PYMEMTRACE_RUN");
	int result = pmt_environment_set(library, settings, run_id);
	if (result < 0)
		return result;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid_t pid = fork();
	if (pid == 0)
		become_python(python, ends[1]);
	result = pid < 0 ? -errno : 0;
	close(ends[1]);
	if (pid > 0) {
		read_output(probe, ends[0]);
		if (probe->timed_out)
			kill(pid, SIGKILL);
		waitpid(pid, &probe->status, 0);
	}
	close(ends[0]);
	return result;
}

/* Names of the RSS methods, with their bound. */
static const char *describe_rss(unsigned method)
{
	switch (method) {
	case PMT_RSS_EXACT:
		return "rss=exact: no page of error at a call's boundary";
	case PMT_RSS_TRIGGER:
		return "rss=trigger: exact but for small reads into fresh memory";
	case PMT_RSS_CLOCK:
		return "rss=clock: read every 100 us; mean error some pages";
	case PMT_RSS_EACH:
		return "rss=each: read at every event";
	default:
		return "none";
	}
}

static void tell_rss(struct pmt_trace *trace)
{
	struct pmt_tables *tables = pmt_tables_new(trace);

	if (tables && pmt_tables_scan(tables, trace) == 0) {
		for (size_t i = 0; i < pmt_tables_thread_count(tables); i++) {
			const struct pmt_thread_info *thread =
			    pmt_tables_thread_at(tables, i);

			if (!thread->is_main)
				continue;
			pmt_check_print(thread->rss_method == PMT_RSS_EXACT
					    ? PMT_CHECK_GOOD
					    : PMT_CHECK_FAIR,
					"RSS", "%s", describe_rss(thread->rss_method));
			break;
		}
	}
	pmt_tables_free(tables);
}

static void read_name(const char *found, struct python_name *name)
{
	char *end;

	if (sscanf(found, "pymemtrace-check %31s %31s", name->name, name->version) != 2)
		*name = (struct python_name){"an unknown", "Python", false};
	long major = strtol(name->version, &end, 10);
	long minor = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
	name->has_monitoring = major > 3 || (major == 3 && minor >= 12);
}

static int tell_calls(const struct python_name *python, uint64_t event_count)
{
	/* 100 calls of f, each with its return. */
	if (event_count < 200) {
		pmt_check_print(PMT_CHECK_BAD, "calls",
				"%s %s: its calls are not traced, only counters, RSS and "
				"samples of the whole process",
				python->name, python->version);
		pmt_check_print_remedy("CPython 3.8 to 3.15 are traced call by call");
		return PMT_EXIT_NO;
	}
	pmt_check_print(PMT_CHECK_GOOD, "calls", "%s %s: every call is traced",
			python->name, python->version);
	if (python->has_monitoring) {
		pmt_check_print(PMT_CHECK_GOOD, "lines+c_calls", "by sys.monitoring");
	} else {
		pmt_check_print(
		    PMT_CHECK_FAIR, "lines+c_calls",
		    "by the trace and profile functions of each thread: slow, "
		    "and lost where the program sets its own");
		pmt_check_print_remedy("CPython 3.12 and newer do it by sys.monitoring");
	}
	return PMT_EXIT_OK;
}

static int tell_traced(const struct probe *probe, const char *found)
{
	struct pmt_problem problem;
	struct pmt_trace_end end = {0};
	struct pmt_trace *trace = pmt_trace_open(probe->trace, NULL, &problem);
	struct python_name name;
	char text[1024];
	int status;

	read_name(found, &name);
	if (!trace) {
		pmt_check_print(
		    PMT_CHECK_BAD, "calls", "%s %s ran, but left no trace: %s", name.name,
		    name.version, pmt_problem_describe(&problem, text, sizeof(text)));
		return PMT_EXIT_NO;
	}
	if (!pmt_trace_end(trace, &end))
		pmt_check_print(PMT_CHECK_FAIR, "trace", "has no end");
	status = tell_calls(&name, end.event_count);
	tell_rss(trace);
	pmt_trace_close(trace);
	return status;
}

static int tell(const struct probe *probe, const char *python)
{
	const char *found = strstr(probe->output, "pymemtrace-check ");

	if (found)
		return tell_traced(probe, found);
	if (probe->timed_out)
		pmt_check_print(PMT_CHECK_BAD, "calls",
				"%s did not end within 20 s: is it a Python?", python);
	else if (WIFEXITED(probe->status) &&
		 WEXITSTATUS(probe->status) == PMT_LAUNCH_NOT_FOUND)
		pmt_check_print(PMT_CHECK_BAD, "calls", "%s was not found", python);
	else if (WIFEXITED(probe->status) &&
		 WEXITSTATUS(probe->status) == PMT_LAUNCH_NOT_EXECUTABLE)
		pmt_check_print(PMT_CHECK_BAD, "calls", "%s cannot be executed", python);
	else if (WIFSIGNALED(probe->status))
		pmt_check_print(PMT_CHECK_BAD, "calls",
				"%s was killed by signal %d under the tracer", python,
				WTERMSIG(probe->status));
	else
		pmt_check_print(PMT_CHECK_BAD, "calls",
				"%s did not run a Python script: is it a Python?",
				python);
	return PMT_EXIT_NO;
}

int pmt_check_python(const char *python, const char *library)
{
	struct probe probe = {.folder = "/tmp/pymemtrace-check-XXXXXX"};
	int result, status = PMT_LAUNCH_FAILED;

	if (!mkdtemp(probe.folder)) {
		pmt_check_print(PMT_CHECK_BAD, "calls", "no folder in /tmp to try in: %s",
				strerror(errno));
		return status;
	}
	snprintf(probe.trace, sizeof(probe.trace), "%s/trace.bin", probe.folder);
	result = run_script(&probe, python, library);
	if (result < 0)
		pmt_check_print(PMT_CHECK_BAD, "calls", "could not be tried: %s",
				strerror(-result));
	else
		status = tell(&probe, python);
	unlink(probe.trace);
	rmdir(probe.folder);
	return status;
}
