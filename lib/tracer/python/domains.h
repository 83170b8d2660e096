/*
 * What Python asks of its raw, mem and obj domains (PyMem_SetAllocator), counted or
 * recorded: under pymalloc a malloc wrapper sees one allocation in a thousand.
 */
#ifndef PMT_TRACER_PYTHON_DOMAINS_H
#define PMT_TRACER_PYTHON_DOMAINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "python/api.h"

/* PYMEM_DOMAIN_RAW, _MEM, _OBJ */
enum { PMT_DOMAIN_RAW = 0, PMT_DOMAIN_MEM = 1, PMT_DOMAIN_OBJ = 2, PMT_DOMAINS = 3 };

/* What is done with them, one way in a process. */
enum pmt_domains_way {
	PMT_DOMAINS_COUNT,
	PMT_DOMAINS_NOTE,   /* the last block is noted too */
	PMT_DOMAINS_RECORD, /* that, and each block is a record (domain_blocks.c) */
};

/* The allocators that we stand in front of. Written with the GIL, before our functions
 * are called. */
extern PMT_HIDDEN struct pmt_py_allocator pmt_domains_real[PMT_DOMAINS];
extern PMT_HIDDEN const struct pmt_py_allocator pmt_domains_recording[PMT_DOMAINS];

/* The calling thread's last block of the obj domain: an object that begins in it is made
 * right after. Only where that is noted. */
struct pmt_noted_block {
	uintptr_t at;
	size_t size;
};
extern PMT_HIDDEN PMT_TLS struct pmt_noted_block pmt_noted_block;

/* Puts our functions in front of the current allocators; nothing happens where they are
 * already there. After the interpreter's initialisation, with the GIL; to record, behind
 * pmt_blocks_start. What is allocated meanwhile is to be ours (emitter.ours). */
void pmt_domains_install_gil(enum pmt_domains_way way);

/* Whether somebody changed the object domain's allocator since: tracemalloc puts back at
 * its stop what it found at its start, and what came in front of it is gone. */
bool pmt_domains_changed_gil(void);

#endif
