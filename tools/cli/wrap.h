/* Paragraphs in a given width. */
#ifndef PMT_CLI_WRAP_H
#define PMT_CLI_WRAP_H

#include <stdio.h>

/* Prints text (ASCII) word by word in lines of at most width columns: the first begins
 * with `first`, the others with as many spaces. Returns the number of lines. */
unsigned pmt_wrap_print(FILE *out, const char *first, const char *text, unsigned width);

#endif
