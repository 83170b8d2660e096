/* Problems as values: filled where they are found, put into words for the tools. */
#include "reader/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void set_path(struct pmt_problem *p, const char *path)
{
	size_t size = strlen(path) + 1;

	if (size > sizeof(p->path)) {
		path += size - sizeof(p->path);
		size = sizeof(p->path);
	}
	memmove(p->path, path, size);
}

void pmt_problem_set(struct pmt_problem *p, enum pmt_problem_kind kind, const char *path,
		     uint64_t offset, const char *format, ...)
{
	va_list args;

	p->kind = kind;
	p->error_number = 0;
	p->offset = offset;
	p->bytes = 0;
	set_path(p, path);
	va_start(args, format);
	vsnprintf(p->text, sizeof(p->text), format, args);
	va_end(args);
}

void pmt_problem_set_errno(struct pmt_problem *p, const char *path, uint64_t offset,
			   const char *what, int error_number)
{
	pmt_problem_set(p, PMT_PROBLEM_IO, path, offset, "%s: %s", what,
			strerror(error_number));
	p->error_number = error_number;
}

/* The offset says nothing about a file that could not even be opened. */
static bool has_offset(const struct pmt_problem *p)
{
	return p->offset != 0 || p->kind == PMT_PROBLEM_CUT ||
	       p->kind == PMT_PROBLEM_DAMAGED;
}

const char *pmt_problem_describe(const struct pmt_problem *p, char *buffer, size_t size)
{
	if (has_offset(p))
		snprintf(buffer, size, "%s: byte %llu: %s", p->path,
			 (unsigned long long)p->offset, p->text);
	else
		snprintf(buffer, size, "%s: %s", p->path, p->text);
	return buffer;
}
