/* One line on standard error; see say.h. */
#include "os/say.h"

#include <errno.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomics.h"
#include "os/held_signals.h"
#include "os/sys.h"
#include "os/text.h"

static _Atomic uint32_t said[PMT_SAY_SUBJECTS];
static bool quiet_wanted;

/* What descriptor 2 was when the program began; mode 0: it was closed. */
static struct stat stderr_then;

void pmt_say_init(bool quiet)
{
	quiet_wanted = quiet;
	if (pmt_sys_fstat(STDERR_FILENO, &stderr_then) < 0)
		stderr_then.st_mode = 0;
}

/* A program that closed its standard error and opened a file or a connection may have got
 * its number for it. */
static bool stderr_is_still_there(void)
{
	struct stat now;

	return stderr_then.st_mode && pmt_sys_fstat(STDERR_FILENO, &now) == 0 &&
	       now.st_dev == stderr_then.st_dev && now.st_ino == stderr_then.st_ino &&
	       now.st_rdev == stderr_then.st_rdev;
}

void pmt_say(enum pmt_say subject, const char *a, const char *b, const char *c)
{
	char line[2048];
	struct pmt_held_signals held;
	struct pmt_text_buffer text;
	const char *parts[] = {a, b, c};

	if ((quiet_wanted && subject != PMT_SAY_CONFIG) ||
	    !pmt_cas32(&said[subject], 0, 1) || !stderr_is_still_there())
		return;
	pmt_text_begin(&text, line, sizeof(line) - 1);
	pmt_text_put(&text, "pymemtrace: ");
	for (unsigned i = 0; i < 3; i++)
		if (parts[i])
			pmt_text_put(&text, parts[i]);
	line[text.used++] = '\n';
	pmt_signals_hold(&held);
	pmt_signals_release(&held, pmt_sys_write(STDERR_FILENO, line, text.used));
}

/* strerror allocates and asks the locale; these are the ones a user meets here. */
const char *pmt_say_errno(int error)
{
	switch (-error) {
	case EACCES:
		return "Permission denied";
	case EAGAIN:
		return "Resource temporarily unavailable";
	case ENOSYS:
	case ENOTSUP:
		return "The kernel does not support it";
	case EPERM:
		return "Operation not permitted";
	case ENOENT:
		return "No such file or directory";
	case ENOTDIR:
		return "Not a directory";
	case EISDIR:
		return "Is a directory";
	case EROFS:
		return "Read-only file system";
	case ENOSPC:
		return "No space left on device";
	case EDQUOT:
		return "Disk quota exceeded";
	case EFBIG:
		return "File too large";
	case EMFILE:
	case ENFILE:
		return "Too many open files";
	case ELOOP:
		return "A symbolic link is not followed";
	case EIO:
		return "Input/output error";
	case ENAMETOOLONG:
		return "File name too long";
	case ENOMEM:
		return "Cannot allocate memory";
	case ESTALE:
		return "The file was replaced";
	case EEXIST:
		return "File exists";
	case ENXIO:
	case EINVAL:
		return "Not a regular file";
	default:
		return "Error";
	}
}
