/*
 * The program of a function in .eh_frame: instructions that say, from the function's
 * first address on, where its caller's registers are. Run up to one address it leaves
 * how a frame looks there.
 */
#ifndef PMT_TRACER_NATIVE_CFI_PROGRAM_H
#define PMT_TRACER_NATIVE_CFI_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "native/cfi_bytes.h"

/* Where the stack ended before the call: the CFA. */
enum pmt_cfi_base {
	PMT_CFI_BASE_ODD = 0, /* a register or an expression that we do not follow */
	PMT_CFI_BASE_SP,
	PMT_CFI_BASE_BP,
	PMT_CFI_BASE_POINTER, /* in memory, at the frame pointer plus the offset */
};

/* The caller's frame pointer. */
enum pmt_cfi_bp {
	PMT_CFI_BP_KEPT = 0, /* the register still has it */
	PMT_CFI_BP_AT_CFA,   /* in memory, at the CFA plus the offset */
	PMT_CFI_BP_AT_BP,    /* at the frame pointer plus the offset */
	PMT_CFI_BP_ODD,
};

struct pmt_cfi_state {
	uint8_t base; /* enum pmt_cfi_base */
	uint8_t bp;   /* enum pmt_cfi_bp */
	bool has_caller;
	bool has_odd_return; /* the return address is not below the CFA */
	int64_t base_offset;
	int64_t bp_offset;
};

enum { PMT_CFI_SAVED_MAX = 8 };

struct pmt_cfi_program {
	struct pmt_cfi_bytes code;
	uint64_t at;     /* the address that the next instruction is about */
	uint64_t wanted; /* stop behind it */
	uint64_t code_step;
	int64_t data_step;
	uint8_t encoding; /* of addresses */
	struct pmt_cfi_state now;
	struct pmt_cfi_state initial;
	struct pmt_cfi_state saved[PMT_CFI_SAVED_MAX];
	unsigned saved_count;
};

/* Runs until the program speaks of what lies behind the wanted address; code.bad: it says
 * what we do not understand. */
void pmt_cfi_program_run(struct pmt_cfi_program *p);

#endif
