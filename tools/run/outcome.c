/* The last words; see outcome.h. */
#include "config.h"

#include "run/outcome.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/figure_text.h"
#include "cli/message.h"
#include "run/program.h"
#include "run/salvage.h"
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

/* The first trace, and what stands against its being the whole story. */
static void tell_first(const char *path, const struct pmt_salvaged *first)
{
	char text[PMT_PROBLEM_PATH_BYTES + PMT_PROBLEM_TEXT_BYTES + 64];
	char size[PMT_FIGURE_BYTES], count[PMT_FIGURE_BYTES];

	if (!first->is_readable) {
		fprintf(stderr, "pymemtrace-run: %s\n",
			pmt_problem_describe(&first->problem, text, sizeof(text)));
		return;
	}
	fprintf(stderr, "pymemtrace-run: trace in %s (%s", path,
		pmt_figure_bytes(size, first->file_bytes, false));
	if (first->has_end)
		fprintf(stderr, ", %s event%s",
			pmt_figure_count(count, first->event_count, true),
			first->event_count == 1 ? "" : "s");
	else
		fputs(first->still_runs ? ", still being written" : ", has no end",
		      stderr);
	if (first->ring_bytes)
		fputs(", the last of them saved from memory", stderr);
	if (first->is_damaged)
		fputs(", damaged", stderr);
	fputs(")\n", stderr);
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

static void tell(const struct pmt_outcome *outcome, const struct pmt_traces *traces,
		 const struct pmt_salvaged *first)
{
	int status = outcome->status;

	if (WIFSIGNALED(status))
		fprintf(stderr,
			"pymemtrace-run: the program was killed by signal %d (%s)%s%s\n",
			WTERMSIG(status), strsignal(WTERMSIG(status)),
			WCOREDUMP(status) ? ", core dumped" : "",
			traces->count ? "; its trace ends there" : "");
	if (traces->count == 0) {
		tell_no_trace(outcome);
		return;
	}
	const char *path = shorten(traces->at[0].path);
	tell_first(path, first);
	tell_others(traces);
	fprintf(stderr, "    pymemtrace-report %s%s\n",
		traces->count > 1 ? "processes " : "", path);
}

void pmt_outcome_finish(const struct pmt_outcome *outcome)
{
	struct pmt_traces traces;
	struct pmt_salvaged first = {0}, other;
	int status = outcome->status;

	if (pmt_traces_find(&traces, outcome->out, outcome->run_id, outcome->pid,
			    own_start()) < 0)
		pmt_message_warning("out of memory while looking for traces");
	for (size_t i = 0; i < traces.count; i++) {
		bool is_program = traces.at[i].header.pid == outcome->pid;

		pmt_salvage(traces.at[i].path,
			    is_program && WIFSIGNALED(status) ? WTERMSIG(status) : 0,
			    i == 0 ? &first : &other);
	}
	if (!outcome->quiet)
		tell(outcome, &traces, &first);
	pmt_traces_close(&traces);
}
