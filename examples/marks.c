/*
 * A C library of a Python program that says what it does: marks.py calls it. It runs the
 * same with and without the tracer, and links to nothing for it.
 *
 *     cc -fPIC -shared -o libmarks.so marks.c $(pkg-config --cflags pymemtrace)
 */
#include <pymemtrace/pymemtrace.h>
#include <stdio.h>
#include <stdlib.h>

int marks_build_table(size_t row_count);

/* Builds and drops a table of row_count rows of 1000 bytes. 0, or -1 without memory. */
__attribute__((visibility("default"))) int marks_build_table(size_t row_count)
{
	char **rows = calloc(row_count, sizeof(*rows));
	char text[64];
	int status = rows ? 0 : -1;

	pymemtrace_region_begin("C: build table");
	for (size_t i = 0; rows && i < row_count; i++) {
		rows[i] = malloc(1000);
		if (!rows[i])
			status = -1;
		/* Making the text costs more than the mark: only when somebody listens.
		 */
		if (i == row_count / 2 && pymemtrace_active()) {
			snprintf(text, sizeof(text), "half of %zu rows", row_count);
			pymemtrace_mark(text);
		}
	}
	pymemtrace_region_end("C: build table");
	for (size_t i = 0; rows && i < row_count; i++)
		free(rows[i]);
	free(rows);
	return status;
}
