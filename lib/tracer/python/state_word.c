/* Finding the word; see state_word.h. */
#define _GNU_SOURCE /* dl_iterate_phdr */
#include "python/state_word.h"

#include <link.h>
#include <stdint.h>
#include <stdlib.h>

#include "os/sys.h"
#include "python/api.h"
#include "thread.h"

/* Variables of modules that are there from the start lie as far from each other on each
 * thread, and no farther than this. */
enum { APART_MOST = 1 << 16 };

/* From pmt_self; 0: not known. */
static ptrdiff_t distance;

struct search {
	uintptr_t function; /* in the module whose variables are looked at */
	const void *state;
	const void *found;
	unsigned count;
};

static bool has(const struct dl_phdr_info *module, uintptr_t address)
{
	for (unsigned i = 0; i < module->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &module->dlpi_phdr[i];
		uintptr_t begin = module->dlpi_addr + segment->p_vaddr;

		if (segment->p_type == PT_LOAD && address - begin < segment->p_memsz)
			return true;
	}
	return false;
}

static void look_through(struct search *search, void *const *words, size_t size)
{
	for (size_t i = 0; i < size / sizeof(*words); i++) {
		if (words[i] != search->state)
			continue;
		search->found = &words[i];
		search->count++;
	}
}

static int look_at(struct dl_phdr_info *module, size_t size, void *data)
{
	struct search *search = data;

	if (size < offsetof(struct dl_phdr_info, dlpi_tls_data) + sizeof(void *) ||
	    !has(module, search->function))
		return 0;
	for (unsigned i = 0; i < module->dlpi_phnum && module->dlpi_tls_data; i++)
		if (module->dlpi_phdr[i].p_type == PT_TLS)
			look_through(search, module->dlpi_tls_data,
				     module->dlpi_phdr[i].p_memsz);
	return 1;
}

void pmt_state_word_find_gil(void)
{
	struct search search = {.function = (uintptr_t)pmt_py.thread_state_unchecked};

	distance = 0;
	if (pmt_py.minor < 12)
		return;
	search.state = pmt_py.thread_state_unchecked();
	if (!search.state)
		return;
	dl_iterate_phdr(look_at, &search);
	if (search.count != 1) /* of two the other may be PyGILState's own */
		return;
	ptrdiff_t apart = (const char *)search.found - (const char *)&pmt_self;
	if (labs(apart) <= APART_MOST)
		distance = apart;
}

pmt_state_word *pmt_state_word_self(void)
{
	const char *at = (const char *)&pmt_self + distance;
	const void *state = distance ? pmt_py.thread_state_unchecked() : NULL;
	const void *word;

	/* By the kernel: on this thread there may be nothing at all. */
	if (!state || !pmt_sys_read_own(&word, at, sizeof(word)) || word != state)
		return NULL;
	return (pmt_state_word *)at;
}
