/*
 * How to step from one C frame to its caller, by the unwind tables (.eh_frame) that every
 * module brings along for exceptions. x86-64; elsewhere no address has a rule.
 *
 * Memory of the program's own modules is read, nothing is called but _dl_find_object
 * (glibc 2.35), which takes no lock and may be called in a signal handler.
 */
#ifndef PMT_TRACER_NATIVE_CFI_H
#define PMT_TRACER_NATIVE_CFI_H

#include <stdbool.h>
#include <stdint.h>

/* What glibc's <dlfcn.h> calls struct dl_find_object, of the same layout. */
struct pmt_module_place {
	unsigned long long flags;
	void *map_start;
	void *map_end;
	struct link_map *link_map;
	void *frame_header; /* .eh_frame_hdr */
	unsigned long long reserved[11];
};

/* The module at an address within it; false where there is none. */
bool pmt_module_find(uint64_t address, struct pmt_module_place *ret_place);

/* Looks _dl_find_object up. Not in malloc. False: this libc or processor cannot. */
bool pmt_cfi_init(void);

enum pmt_cfi_kind {
	PMT_CFI_UNKNOWN = 0, /* nobody knows: the stack ends here for us */
	PMT_CFI_OUTERMOST,   /* the stack ends here */
	PMT_CFI_BY_SP,
	PMT_CFI_BY_BP,
	PMT_CFI_BY_POINTER, /* the stack was realigned: a pointer leads to the caller's */
	PMT_CFI_SIGNAL,     /* what a signal interrupted is in the kernel's frame */
};

enum { PMT_CFI_BP_SAME = INT32_MIN };

/*
 * At one address: the caller's stack pointer (the CFA) is a register plus cfa_offset, or
 * by PMT_CFI_BY_POINTER what lies in memory there; the return address lies below it. The
 * caller's frame pointer lies at the CFA, or by PMT_CFI_BY_POINTER at this frame's own
 * one, plus bp_offset.
 */
struct pmt_cfi_rule {
	uint64_t address; /* 0: of no module, as long as none is loaded there */
	int32_t cfa_offset;
	int32_t bp_offset; /* PMT_CFI_BP_SAME: the register still has it */
	uint8_t kind;      /* enum pmt_cfi_kind */
};

/* Some 300 ns. address: within an instruction, for a caller within its call. */
struct pmt_cfi_rule pmt_cfi_rule_at(uint64_t address);

#endif
