/* The last words; see outcome.h. */
#include "config.h"

#include "run/outcome.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/message.h"
#include "reader/trace.h"
#include "run/program.h"
#include "run/traces.h"

enum { OTHERS_NAMED_MAX = 3 };

/* A path below the current folder without it: what a user types. */
static const char *shorten(const char *path)
{
	static char folder[4096];
	size_t size;

	if (!folder[0] && !getcwd(folder, sizeof(folder)))
		return path;
	size = strlen(folder);
	if (size > 1 && strncmp(path, folder, size) == 0 && path[size] == '/')
		return path + size + 1;
	return path;
}

static void tell_size(uint64_t bytes)
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1024 && unit + 1 < sizeof(units) / sizeof(*units)) {
		value /= 1024;
		unit++;
	}
	fprintf(stderr, "%.*f %s", unit && value < 100 ? 1 : 0, value, units[unit]);
}

static void tell_no_trace(const struct pmt_outcome *outcome)
{
	switch (pmt_program_kind(outcome->program)) {
	case PMT_PROGRAM_PRIVILEGED:
		pmt_message_warning("no trace was left: %s is set-user-ID or "
				    "set-group-ID, and the system ignores LD_PRELOAD "
				    "for those",
				    outcome->program);
		break;
	case PMT_PROGRAM_STATIC:
		pmt_message_warning("no trace was left: %s is statically linked, and "
				    "LD_PRELOAD reaches dynamically linked programs only",
				    outcome->program);
		break;
	case PMT_PROGRAM_ORDINARY:
		pmt_message_warning("no trace was left: %s ran no Python that could be "
				    "traced (or emptied its environment on the way). "
				    "'pymemtrace-run --check python3' tells what is "
				    "possible here.",
				    outcome->program);
		break;
	}
}

/* Events, and what stands against the trace being the whole story. */
static void tell_contents(const char *path)
{
	struct pmt_problem problem;
	struct pmt_trace_end end;
	struct pmt_trace *trace = pmt_trace_open(path, NULL, &problem);
	char text[1024];

	if (!trace) {
		fprintf(stderr, ", unreadable: %s",
			pmt_problem_describe(&problem, text, sizeof(text)));
		return;
	}
	if (pmt_trace_end(trace, &end))
		fprintf(stderr, ", %" PRIu64 " events", end.event_count);
	else
		fputs(pmt_trace_process_runs(trace) ? ", still being written"
						    : ", ends where the process did",
		      stderr);
	if (pmt_trace_problem_count(trace) > 0)
		fputs(", damaged", stderr);
	pmt_trace_close(trace);
}

/* When this process began, in clock ticks since boot: the program began later. */
static uint64_t own_start(void)
{
	char stat[1024];
	FILE *file = fopen("/proc/self/stat", "re");
	size_t got = file ? fread(stat, 1, sizeof(stat) - 1, file) : 0;
	const char *at;

	if (file)
		fclose(file);
	stat[got] = '\0';
	/* Field 22; the command name, field 2, ends at the last parenthesis. */
	at = strrchr(stat, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at, NULL, 10) : 0;
}

static void tell_others(const struct pmt_traces *traces)
{
	if (traces->count < 2)
		return;
	fprintf(stderr, "    and of %zu more process%s:", traces->count - 1,
		traces->count > 2 ? "es" : "");
	for (size_t i = 1; i < traces->count && i <= OTHERS_NAMED_MAX; i++)
		fprintf(stderr, " %s", shorten(traces->at[i].path));
	fputs(traces->count - 1 > OTHERS_NAMED_MAX ? " ...\n" : "\n", stderr);
}

void pmt_outcome_tell(const struct pmt_outcome *outcome)
{
	struct pmt_traces traces;
	int status = outcome->status;

	if (WIFSIGNALED(status))
		fprintf(stderr,
			"pymemtrace-run: the program was killed by signal %d (%s)%s\n",
			WTERMSIG(status), strsignal(WTERMSIG(status)),
			WCOREDUMP(status) ? ", core dumped" : "");
	if (pmt_traces_find(&traces, outcome->out, outcome->run_id, outcome->pid,
			    own_start()) < 0)
		pmt_message_warning("out of memory while looking for traces");
	if (traces.count == 0) {
		tell_no_trace(outcome);
	} else {
		const char *path = shorten(traces.at[0].path);

		fprintf(stderr, "pymemtrace-run: trace in %s (", path);
		tell_size(traces.at[0].bytes);
		tell_contents(traces.at[0].path);
		fputs(")\n", stderr);
		tell_others(&traces);
		fprintf(stderr, "    pymemtrace-report %s%s\n",
			traces.count > 1 ? "processes " : "", path);
	}
	pmt_traces_close(&traces);
}
