/*
 * Counting what Python asks of its raw, mem and obj domains (PyMem_SetAllocator): under
 * pymalloc a malloc wrapper sees one allocation in a thousand.
 */
#ifndef PMT_TRACER_PYTHON_DOMAINS_H
#define PMT_TRACER_PYTHON_DOMAINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* The calling thread's last block of the obj domain: an object that begins in it is made
 * right after. Only where that is noted. */
struct pmt_noted_block {
	uintptr_t at;
	size_t size;
};
extern PMT_HIDDEN PMT_TLS struct pmt_noted_block pmt_noted_block;

/* Puts the counting functions in front of the current allocators; nothing happens where
 * they are already there. notes: the last block is noted too, always or never in a
 * process. After the interpreter's initialisation, with the GIL. */
void pmt_domains_install_gil(bool notes);

#endif
