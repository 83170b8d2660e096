/* The rare ways of counting alone; see sole.h. Any thread, in malloc. */
#include "live/sole.h"

#include <linux/membarrier.h>

#include "os/patience.h"
#include "os/seccomp.h"
#include "os/sys.h"

void pmt_sole_open(struct pmt_sole *sole)
{
	if (pmt_sys_membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) < 0)
		pmt_store32_release(&sole->is_shared, 1);
}

/* The right before the name: who finds the name can withdraw the right. */
static bool become_first(struct pmt_sole *sole, struct pmt_sole_thread *self)
{
	struct pmt_sole_thread *expected = NULL;

	if (atomic_load_explicit(&sole->first, memory_order_acquire))
		return false;
	atomic_store_explicit(&self->is_alone, 1, memory_order_relaxed);
	if (atomic_compare_exchange_strong_explicit(&sole->first, &expected, self,
						    memory_order_acq_rel,
						    memory_order_acquire))
		return true;
	atomic_store_explicit(&self->is_alone, 0, memory_order_relaxed);
	return false;
}

/* False: the first does not leave its section. Once given up, it is only looked at. */
static bool withdraw(struct pmt_sole *sole, struct pmt_sole_thread *first)
{
	int tries =
	    pmt_load32_relaxed(&sole->is_stuck) ? PMT_PATIENCE_LOOKS : PMT_PATIENCE_ALL;

	atomic_store_explicit(&first->is_alone, 0, memory_order_relaxed);
	/* Behind a filter that came later the first must come by itself. */
	bool is_ordered = !pmt_seccomp_is_new() &&
			  pmt_sys_membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0;
	for (int i = 0; i < tries; i++) {
		/* Acquire: partner of pmt_sole_leave_self. */
		if (is_ordered && !pmt_load32_acquire(&first->is_within))
			pmt_store32_release(&sole->is_shared, 1);
		if (pmt_load32_acquire(&sole->is_shared)) {
			pmt_store32_release(&sole->is_stuck, 0);
			return true;
		}
		pmt_patience_wait(i);
	}
	pmt_store32_release(&sole->is_stuck, 1);
	return false;
}

enum pmt_sole_way pmt_sole_enter_slow_self(struct pmt_sole *sole,
					   struct pmt_sole_thread *self)
{
	struct pmt_sole_thread *first;

	if (become_first(sole, self) && pmt_sole_try_alone_self(self))
		return PMT_SOLE_ALONE;
	first = atomic_load_explicit(&sole->first, memory_order_acquire);
	if (first != self)
		return withdraw(sole, first) ? PMT_SOLE_SHARED : PMT_SOLE_BUSY;
	/* Withdrawn, by somebody or with the entry of a thread that is gone: and here the
	 * first is, in no section. */
	pmt_store32_release(&sole->is_shared, 1);
	return PMT_SOLE_SHARED;
}
