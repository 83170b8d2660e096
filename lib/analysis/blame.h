/*
 * Whose a block is where its stack has C frames: the interpreter and the C library ask
 * for whoever called them. So in flat tables the blame goes outwards past their frames,
 * to the innermost of Python or of another library; trees and stacks show them all. Where
 * nobody else is on the stack the innermost has it.
 */
#ifndef PMT_ANALYSIS_BLAME_H
#define PMT_ANALYSIS_BLAME_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/functions.h"
#include "analysis/tree.h"
#include "reader/tables.h"

/* Whether code is a module of the interpreter's or the C library's, by its file's name.
 */
bool pmt_code_is_runtime(const struct pmt_code *code);

/* The node that has the blame for what stands at node. */
uint32_t pmt_blamed_node(const struct pmt_tree *tree,
			 const struct pmt_functions *functions, uint32_t node);

#endif
