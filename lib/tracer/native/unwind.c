/* Stepping from frame to frame; see unwind.h. In malloc, on the thread itself. */
#include <config.h>

#include "native/unwind.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <ucontext.h>

#include "base/attr.h"
#include "os/sys.h"

struct registers {
	uint64_t pc;
	uint64_t sp;
	uint64_t bp;
	bool is_exact; /* pc is where it runs, not where a call returns to */
};

/* --- the stack's bounds --- */

static bool get_hex(const char **p, const char *end, uint64_t *ret_value)
{
	const char *begin = *p;
	uint64_t value = 0;

	for (; *p < end; (*p)++) {
		unsigned c = (unsigned char)**p;
		unsigned digit = c - '0' < 10 ? c - '0' : c - 'a' + 10;

		if (digit > 15)
			break;
		value = value << 4 | digit;
	}
	*ret_value = value;
	return *p > begin;
}

/* One line of /proc/self/maps, "from-to perms ...": whether `at` lies in it. */
static bool is_in_line(const char *line, const char *end, uint64_t at,
		       struct pmt_unwind *u)
{
	uint64_t low, high;

	if (!get_hex(&line, end, &low) || line == end || *line++ != '-' ||
	    !get_hex(&line, end, &high) || at < low || at >= high || end - line < 2 ||
	    line[1] != 'r')
		return false;
	u->low = low;
	u->high = high;
	return true;
}

/* Once a thread, and when it runs on another stack (coroutines, signal stacks): some
 * 100 us. */
static PMT_NOINLINE bool find_bounds(struct pmt_unwind *u, uint64_t at)
{
	char text[2048];
	size_t used = 0;
	ssize_t size;
	bool found = false;
	int fd = pmt_sys_openat(AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);

	u->low = u->high = 0;
	if (fd < 0)
		return false;
	while (!found &&
	       (size = pmt_sys_read(fd, text + used, sizeof(text) - used)) > 0) {
		const char *line = text, *end = text + used + size, *next;

		while (!found && (next = memchr(line, '\n', (size_t)(end - line)))) {
			found = is_in_line(line, next, at, u);
			line = next + 1;
		}
		used = (size_t)(end - line);
		if (used == sizeof(text)) /* a very long name: its rest is no line */
			used = 0;
		memmove(text, line, used);
	}
	pmt_sys_close(fd);
	return found;
}

PMT_INLINE bool holds(const struct pmt_unwind *u, uint64_t at)
{
	return at - u->low < u->high - u->low && u->high - at >= sizeof(uint64_t);
}

PMT_INLINE uint64_t load(uint64_t at)
{
	return *(const uint64_t *)(uintptr_t)at; /* NOLINT: an address on the stack */
}

/* --- steps --- */

PMT_INLINE const struct pmt_cfi_rule *rule_for(struct pmt_unwind *u, uint64_t address)
{
	struct pmt_cfi_rule *rule =
	    &u->rules[address * 0x9e3779b97f4a7c15u >> 52]; /* 12 bits: RULES */

	if (PMT_UNLIKELY(rule->address != address))
		*rule = pmt_cfi_rule_at(address);
	return rule;
}

#if defined(__x86_64__)
/* The kernel's frame begins where the handler's return address was popped. */
static bool step_over_signal(struct pmt_unwind *u, struct registers *r)
{
	const ucontext_t *context = (const ucontext_t *)(uintptr_t)r->sp; /* NOLINT */

	if (!holds(u, r->sp) || !holds(u, r->sp + sizeof(*context)))
		return false;
	const greg_t *regs = context->uc_mcontext.gregs;
	*r = (struct registers){(uint64_t)regs[REG_RIP], (uint64_t)regs[REG_RSP],
				(uint64_t)regs[REG_RBP], true};
	return holds(u, r->sp) || find_bounds(u, r->sp);
}

PMT_INLINE void read_registers(struct registers *r)
{
	__asm__ volatile("leaq 0(%%rip), %0\n\tmovq %%rsp, %1\n\tmovq %%rbp, %2"
			 : "=r"(r->pc), "=r"(r->sp), "=r"(r->bp));
	r->is_exact = true;
}
#else
static bool step_over_signal(struct pmt_unwind *u, struct registers *r)
{
	(void)u, (void)r;
	return false;
}

PMT_INLINE void read_registers(struct registers *r)
{
	*r = (struct registers){0, 0, 0, true};
}
#endif

/* To the caller; *ret_end is where the frame's part of the stack ended. */
PMT_INLINE bool step(struct pmt_unwind *u, const struct pmt_cfi_rule *rule,
		     struct registers *r, uint64_t *ret_end)
{
	if (PMT_UNLIKELY(rule->kind == PMT_CFI_SIGNAL)) {
		*ret_end = r->sp;
		return step_over_signal(u, r);
	}
	uint64_t base = rule->kind == PMT_CFI_BY_SP ? r->sp : r->bp;
	uint64_t end = base + (uint64_t)(int64_t)rule->cfa_offset, bp_base = end;
	if (PMT_UNLIKELY(rule->kind == PMT_CFI_BY_POINTER)) {
		bp_base = base;
		end = holds(u, end) ? load(end) : 0;
	}
	*ret_end = end;
	if (rule->kind <= PMT_CFI_OUTERMOST || end <= r->sp || !holds(u, end - 8))
		return false;
	if (rule->bp_offset != PMT_CFI_BP_SAME) {
		uint64_t at = bp_base + (uint64_t)(int64_t)rule->bp_offset;
		if (!holds(u, at))
			return false;
		r->bp = load(at);
	}
	r->pc = load(end - 8);
	r->sp = end;
	r->is_exact = false;
	return r->pc != 0;
}

PMT_NOINLINE size_t pmt_unwind_self(struct pmt_unwind *u)
{
	struct registers r;
	uint64_t end;
	size_t count = 0;
	bool is_own = true; /* this function's frame is left out */

	read_registers(&r);
	if (PMT_UNLIKELY(!holds(u, r.sp)) && !find_bounds(u, r.sp))
		return 0;
	while (count < PMT_UNWIND_FRAMES_MAX) {
		uint64_t address = r.pc - !r.is_exact;
		bool goes_on = step(u, rule_for(u, address), &r, &end);

		if (!is_own)
			u->frames[count++] = (struct pmt_unwind_frame){address, end};
		is_own = false;
		if (!goes_on)
			break;
	}
	return count;
}

void pmt_unwind_forget(struct pmt_unwind *u)
{
	memset(u->rules, 0, sizeof(u->rules));
}
