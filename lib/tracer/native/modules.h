/*
 * Modules of the process (programs and libraries) as definitions in a thread's stream: a
 * CODE record of kind PMT_CODE_NATIVE, whose "offsets in the bytecode" are addresses as
 * the module's own file counts them.
 */
#ifndef PMT_TRACER_NATIVE_MODULES_H
#define PMT_TRACER_NATIVE_MODULES_H

#include <stdint.h>

struct pmt_thread;

enum { PMT_MODULES_MAX = 512 };

struct pmt_module {
	uint64_t from, to;     /* mapped */
	uint64_t load_address; /* what is added to the file's addresses */
	uint32_t code_id;      /* PMT_CODE_HIDDEN: filtered */
};

/* Of one thread; all zero is empty. A fork wipes it with the rest. */
struct pmt_modules {
	uint32_t count;
	uint32_t recent;
	struct pmt_module items[PMT_MODULES_MAX];
};

/* The module at an address, defined in the thread's stream; NULL: in none, or there was
 * no room to say it. emitter.busy is set. */
const struct pmt_module *
pmt_modules_at_self(struct pmt_thread *t, struct pmt_modules *modules, uint64_t address);

#endif
