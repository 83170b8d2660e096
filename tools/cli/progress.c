/* The progress bar. Called about once a chunk; draws only when a percent was made. */
#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BAR_COLUMNS = 30, PATIENCE_MS = 500 };

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void pmt_progress_begin(struct pmt_progress *progress, const char *what)
{
	*progress = (struct pmt_progress){
	    .what = what,
	    .on_terminal = isatty(STDERR_FILENO) != 0,
	    .begun_ns = now_ns(),
	};
}

void pmt_progress_show(void *context, uint64_t done, uint64_t total)
{
	struct pmt_progress *progress = context;
	char bar[BAR_COLUMNS + 1];

	if (!progress->on_terminal || total == 0)
		return;
	unsigned percent = done >= total ? 100 : (unsigned)((double)done / total * 100);
	if (progress->shown && percent == progress->percent)
		return;
	if (!progress->shown &&
	    now_ns() - progress->begun_ns < (uint64_t)PATIENCE_MS * 1000000)
		return;
	unsigned filled = percent * BAR_COLUMNS / 100;
	memset(bar, ' ', BAR_COLUMNS);
	memset(bar, '#', filled);
	bar[BAR_COLUMNS] = '\0';
	fprintf(stderr, "\r[%s] %3u%% %s", bar, percent, progress->what);
	progress->shown = true;
	progress->percent = percent;
}

void pmt_progress_end(struct pmt_progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}
