/* Page faults of a thread by perf; see fault_word.h. */
#include "rss/fault_word.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os/sys.h"

/* The control page and the smallest ring. */
static size_t mapping_bytes(void)
{
	return 2 * (size_t)getpagesize();
}

int pmt_fault_word_open_self(bool with_kernel, const volatile uint64_t **ret_word,
			     void **ret_page)
{
	struct perf_event_attr attr = {
	    .type = PERF_TYPE_SOFTWARE,
	    .size = sizeof(attr),
	    .config = PERF_COUNT_SW_PAGE_FAULTS,
	    .sample_period = 1, /* every fault moves the head... */
	    .sample_type = 0,   /* ...by a header of eight bytes */
	    .exclude_kernel = !with_kernel,
	    .exclude_hv = 1,
	    .write_backward = 1, /* overwrite: the reader need not consume */
	    .watermark = 1,
	    .wakeup_watermark = UINT32_MAX, /* wake nobody */
	};
	int fd = pmt_sys_perf_event_open(&attr, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return fd;
	/* The mapping keeps the event: no descriptor stays for the program to trip on. */
	struct perf_event_mmap_page *page =
	    pmt_sys_mmap(NULL, mapping_bytes(), PROT_READ, MAP_SHARED, fd, 0);
	pmt_sys_close(fd);
	if (pmt_sys_is_error(page))
		return -ENOMEM;
	*ret_word = (const volatile uint64_t *)&page->data_head;
	*ret_page = page;
	return 0;
}

void pmt_fault_word_close(void *page)
{
	pmt_sys_munmap(page, mapping_bytes());
}
