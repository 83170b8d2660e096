/* From a place in a function's bytecode to the line in its source. */
#ifndef PMT_READER_CODE_LINES_H
#define PMT_READER_CODE_LINES_H

#include <stdint.h>

#include "reader/tables.h"

/* The line of the instruction at offset (bytes). 0: it has none, as instructions that no
 * source made. Where the table is not whole, the function's first line. */
uint64_t pmt_code_line(const struct pmt_code *code, uint64_t offset);

#endif
