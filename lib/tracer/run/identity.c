/* Identity of a process in its run; see identity.h. */
#include "run/identity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/sys.h"
#include "os/text.h"

enum { PID_DIGITS = 10, ID_DIGITS = 2 * PMT_RUN_ID_BYTES };

struct pmt_identity pmt_identity;

/* PYMEMTRACE_RUN=<id>:<pid>:<path>, lent to environ: the pid has a fixed width so that a
 * forked child can put its own there without touching environ. */
static char
    variable[sizeof(PMT_RUN_VARIABLE) + ID_DIGITS + PID_DIGITS + 8 + PMT_RING_PATH_BYTES];
static char *variable_pid;

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* True when text is a well-formed value; then the identity has been taken from it. */
static bool take_over(const char *text)
{
	uint8_t id[PMT_RUN_ID_BYTES];

	for (int i = 0; i < PMT_RUN_ID_BYTES; i++, text += 2) {
		int high = hex_digit(text[0]);
		int low = high < 0 ? -1 : hex_digit(text[1]);
		if (low < 0)
			return false;
		id[i] = (uint8_t)(high << 4 | low);
	}
	if (*text++ != ':')
		return false;
	uint64_t pid = pmt_text_get_u64(&text);
	if (*text++ != ':')
		return false;
	memcpy(pmt_identity.run_id, id, sizeof(id));
	pmt_identity.parent_pid = (pid_t)pid;
	pmt_text_copy(pmt_identity.parent_path, sizeof(pmt_identity.parent_path), text);
	return true;
}

static void make_run_id(void)
{
	uint64_t fallback[2] = {pmt_clock_realtime_ns(),
				pmt_clock_ticks() ^ (uint64_t)pmt_sys_getpid() << 32};

	if (pmt_sys_getrandom(pmt_identity.run_id, PMT_RUN_ID_BYTES, 1 /* NONBLOCK */) !=
	    PMT_RUN_ID_BYTES)
		memcpy(pmt_identity.run_id, fallback, PMT_RUN_ID_BYTES);
}

static void write_pid(pid_t pid)
{
	for (int i = PID_DIGITS - 1; i >= 0; i--, pid /= 10)
		variable_pid[i] = (char)('0' + pid % 10);
}

static void lend_variable(const struct pmt_options *options, pid_t pid)
{
	struct pmt_text_buffer text;
	char path[PMT_RING_PATH_BYTES];

	if (pmt_identity_trace_path(options, (uint32_t)pid, path, sizeof(path)) < 0)
		return;
	pmt_text_begin(&text, variable, sizeof(variable));
	pmt_text_put(&text, PMT_RUN_VARIABLE "=");
	pmt_text_put_hex(&text, pmt_identity.run_id, PMT_RUN_ID_BYTES);
	pmt_text_put(&text, ":");
	variable_pid = variable + text.used;
	pmt_text_put(&text, "0000000000:");
	pmt_text_put(&text, path);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): the constructor, one thread */
	putenv(variable);
}

/* Its own words may be overwritten: programs write their title over their environment. */
static void keep_variable(const char *inherited)
{
	struct pmt_text_buffer text;

	pmt_text_begin(&text, variable, sizeof(variable));
	pmt_text_put(&text, PMT_RUN_VARIABLE "=");
	pmt_text_put(&text, inherited);
	if (text.cut)
		variable[0] = '\0';
}

void pmt_identity_init(const struct pmt_options *options, int is_python)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): the constructor, one thread */
	const char *inherited = getenv(PMT_RUN_VARIABLE);

	pmt_identity.first_pid = pmt_sys_getpid();
	if (pmt_sys_getcwd(pmt_identity.directory, sizeof(pmt_identity.directory)) < 0)
		pmt_identity.directory[0] = '\0';
	if (!inherited || !take_over(inherited))
		make_run_id();
	else if (!is_python) {
		keep_variable(inherited); /* our children's ancestor is ours */
		return;
	}
	lend_variable(options, pmt_identity.first_pid);
	if (is_python && variable_pid)
		write_pid(pmt_identity.first_pid);
}

const char *pmt_identity_variable(void)
{
	return variable[0] ? variable : NULL;
}

void pmt_identity_adopt(pid_t pid)
{
	static pid_t adopted;

	if (pid != pmt_identity.first_pid)
		pmt_identity.parent_pid = adopted ? adopted : pmt_identity.first_pid;
	adopted = pid;
	pmt_identity.has_traced = true;
	if (variable_pid)
		write_pid(pid);
}

int pmt_identity_trace_path(const struct pmt_options *options, uint32_t pid, char *path,
			    size_t size)
{
	char out[PMT_RING_PATH_BYTES];
	struct pmt_text_buffer text;
	int result = pmt_options_expand_out(options, pid, out, sizeof(out));

	if (result < 0)
		return result;
	pmt_text_begin(&text, path, size);
	if (out[0] != '/') {
		pmt_text_put(&text, pmt_identity.directory);
		pmt_text_put(&text, "/");
	}
	pmt_text_put(&text, out);
	return text.cut ? -ENAMETOOLONG : 0;
}
