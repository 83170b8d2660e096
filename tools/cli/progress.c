/* The progress bar. Called about once a chunk; draws only when a percent was made. */
#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/fit.h"
#include "cli/terminal.h"

enum {
	BAR_COLUMNS = 30,
	BAR_WIDTH_MIN = 60, /* of a terminal with room for a bar and words */
	WORDS_MAX = 200,
	PATIENCE_MS = 500,
};

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

/* One line, and its last column free: a terminal cannot take back one that wrapped. */
static void draw(const struct pmt_progress *progress, unsigned percent)
{
	char bar[BAR_COLUMNS + 4] = "", words[PMT_FIT_ROOM(WORDS_MAX)];
	unsigned width = pmt_terminal_width(STDERR_FILENO);
	unsigned used = sizeof("100% ");

	if (width >= BAR_WIDTH_MIN) {
		unsigned filled = percent * BAR_COLUMNS / 100;
		memset(bar, ' ', BAR_COLUMNS + 3);
		bar[0] = '[';
		memset(bar + 1, '#', filled);
		bar[BAR_COLUMNS + 1] = ']';
		bar[BAR_COLUMNS + 3] = '\0';
		used += BAR_COLUMNS + 3;
	}
	unsigned room = width - used < WORDS_MAX ? width - used : WORDS_MAX;
	pmt_fit(words, progress->what, room, PMT_FIT_END, pmt_terminal_is_ascii());
	fprintf(stderr, "\r%s%3u%% %s", bar, percent, words);
}

void pmt_progress_show(void *context, uint64_t done, uint64_t total)
{
	struct pmt_progress *progress = context;

	if (!progress->on_terminal || total == 0)
		return;
	unsigned percent = done >= total ? 100 : (unsigned)((double)done / total * 100);
	if (progress->shown && percent == progress->percent)
		return;
	if (!progress->shown &&
	    now_ns() - progress->begun_ns < (uint64_t)PATIENCE_MS * 1000000)
		return;
	draw(progress, percent);
	progress->shown = true;
	progress->percent = percent;
}

void pmt_progress_end(struct pmt_progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}
