/*
 * Counting what Python asks of its raw, mem and obj domains (PyMem_SetAllocator): under
 * pymalloc a malloc wrapper sees one allocation in a thousand.
 */
#ifndef PMT_TRACER_PYTHON_DOMAINS_H
#define PMT_TRACER_PYTHON_DOMAINS_H

/* Puts the counting functions in front of the current allocators; nothing happens where
 * they are already there. After the interpreter's initialisation, with the GIL. */
void pmt_domains_install_gil(void);

#endif
