/* Bounds; see stack_bounds.h. In malloc, on the thread itself. */
#include "native/stack_bounds.h"

#include <fcntl.h>
#include <string.h>

#include "os/sys.h"

static bool get_hex(const char **p, const char *end, uint64_t *ret_value)
{
	const char *begin = *p;
	uint64_t value = 0;

	for (; *p < end; (*p)++) {
		unsigned c = (unsigned char)**p;
		unsigned digit = c - '0' < 10 ? c - '0' : c - 'a' + 10;

		if (digit > 15)
			break;
		value = value << 4 | digit;
	}
	*ret_value = value;
	return *p > begin;
}

/* One line of /proc/self/maps, "from-to perms ...": whether `at` lies in it. */
static bool is_in_line(const char *line, const char *end, uint64_t at,
		       struct pmt_stack_bounds *b)
{
	uint64_t low, high;

	if (!get_hex(&line, end, &low) || line == end || *line++ != '-' ||
	    !get_hex(&line, end, &high) || at < low || at >= high || end - line < 2 ||
	    line[1] != 'r')
		return false;
	b->low = low;
	b->high = high;
	return true;
}

static bool find_in_maps(int fd, uint64_t at, struct pmt_stack_bounds *b)
{
	char text[2048];
	size_t used = 0;
	ssize_t size;
	bool found = false;

	while (!found &&
	       (size = pmt_sys_read(fd, text + used, sizeof(text) - used)) > 0) {
		const char *line = text, *end = text + used + size, *next;

		while (!found && (next = memchr(line, '\n', (size_t)(end - line)))) {
			found = is_in_line(line, next, at, b);
			line = next + 1;
		}
		used = (size_t)(end - line);
		if (used == sizeof(text)) /* a very long name: its rest is no line */
			used = 0;
		memmove(text, line, used);
	}
	return found;
}

PMT_NOINLINE bool pmt_stack_bounds_find(struct pmt_stack_bounds *b, uint64_t at)
{
	b->low = b->high = 0;
	/* After the first few refusals only where their number has one bit set. */
	if (b->refusals > 8 && (b->refusals & (b->refusals - 1)) != 0) {
		b->refusals++;
		return false;
	}
	int fd = pmt_sys_openat(AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);
	bool found = fd >= 0 && find_in_maps(fd, at, b);
	if (fd >= 0)
		pmt_sys_close(fd);
	if (found)
		b->refusals = 0;
	else if (b->refusals < UINT32_MAX)
		b->refusals++;
	return found;
}
