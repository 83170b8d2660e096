/*
 * What the output can show: its width, colours, characters. Asked once, at the start;
 * the answers travel in the request.
 */
#ifndef PMT_CLI_TERMINAL_H
#define PMT_CLI_TERMINAL_H

#include <stdbool.h>

enum pmt_color_choice {
	PMT_COLOR_AUTO, /* on a terminal, unless NO_COLOR is set or TERM is dumb */
	PMT_COLOR_ALWAYS,
	PMT_COLOR_NEVER,
};

/* Columns of the terminal behind descriptor fd; else COLUMNS; else 80. */
unsigned pmt_terminal_width(int fd);

/* Rows of the terminal behind fd; else LINES; else 0: not known. */
unsigned pmt_terminal_height(int fd);

bool pmt_terminal_color(int fd, enum pmt_color_choice choice);

/* True when the locale's characters are not UTF-8: draw with ASCII then. Call
 * setlocale(LC_CTYPE, "") first. */
bool pmt_terminal_is_ascii(void);

#endif
