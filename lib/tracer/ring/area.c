/*
 * Making and growing the shared memory of the rings. Space is reserved and populated
 * before use: a sparse file on a full disk would kill the program by SIGBUS at a write
 * of ours. The mappings are not inherited by fork: a ring has one producer, and it lives
 * here.
 */
#include "ring/area.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "os/held_signals.h"
#include "os/say.h"
#include "os/sys.h"
#include "os/text.h"
#include "rss/own_memory.h"

enum { TREE_SLOT_BYTES_MAX = 256 << 10 };

static uint64_t slot_stride(const struct pmt_ring_header *header)
{
	return (uint64_t)header->slot_control_bytes + header->slot_data_bytes;
}

static void *map_private(uint64_t size)
{
	return pmt_own_map(size, PMT_OWN_ABSENT);
}

/*
 * /dev/shm is memory: processes that crash in a loop, each leaving its ring behind, must
 * not fill it. The last quarter is left to others.
 */
static bool has_room(int fd, uint64_t more_bytes)
{
	struct statfs fs;

	if (pmt_sys_fstatfs(fd, &fs) < 0 || fs.f_type != TMPFS_MAGIC || fs.f_blocks == 0)
		return true; /* a disk is to be filled, and a reservation says if it is */
	return fs.f_bavail >= fs.f_blocks / 4 + more_bytes / (uint64_t)fs.f_bsize;
}

/* Reserves [from, from + size) of the file and maps it; NULL if either fails. */
static void *reserve_and_map(int fd, uint64_t from, uint64_t size)
{
	struct pmt_held_signals held;
	int result = -ENOSPC;

	if (has_room(fd, size)) {
		pmt_signals_hold(&held); /* RLIMIT_FSIZE raises SIGXFSZ here too */
		result = pmt_sys_fallocate(fd, 0, (off_t)from, (off_t)size);
		pmt_signals_release(&held, result);
	}
	if (result < 0)
		return NULL;
	return pmt_own_map_shared(fd, from, size);
}

static int create_at(struct pmt_area *area, const char *path)
{
	struct stat st;
	int fd = pmt_sys_openat(AT_FDCWD, path,
				O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return fd;
	int result = -ENOSPC;
	if (pmt_sys_fstat(fd, &st) == 0) {
		area->device = st.st_dev;
		area->inode = st.st_ino;
		area->header = reserve_and_map(fd, 0, PMT_RING_CONTROL_BYTES);
		result = area->header ? 0 : -ENOSPC;
	}
	pmt_sys_close(fd);
	if (result < 0)
		pmt_sys_unlinkat(AT_FDCWD, path, 0);
	else
		pmt_text_copy(area->path, sizeof(area->path), path);
	return result;
}

/* /dev/shm/pymemtrace-<run id>-<pid>-<generation>.ring: a later process that replaces
 * the trace knows the name of its ring from the trace's header alone. */
static void shm_path(char *path, size_t size, const struct pmt_file_header *file)
{
	struct pmt_text_buffer text;

	pmt_text_begin(&text, path, size);
	pmt_text_put(&text, "/dev/shm/pymemtrace-");
	pmt_text_put_hex(&text, file->run_id, 8);
	pmt_text_put(&text, "-");
	pmt_text_put_u64(&text, file->pid);
	pmt_text_put(&text, "-");
	pmt_text_put_u64(&text, file->generation);
	pmt_text_put(&text, ".ring");
}

static void create_somewhere(struct pmt_area *area, enum pmt_ring_place place,
			     const struct pmt_file_header *file, const char *trace_path)
{
	char path[PMT_RING_PATH_BYTES];
	struct pmt_text_buffer text;

	if (place == PMT_RING_AUTO || place == PMT_RING_SHM) {
		shm_path(path, sizeof(path), file);
		if (create_at(area, path) == 0)
			return;
	}
	if (place == PMT_RING_AUTO || place == PMT_RING_FILE) {
		pmt_text_begin(&text, path, sizeof(path));
		pmt_text_put(&text, trace_path);
		pmt_text_put(&text, ".ring");
		pmt_sys_unlinkat(AT_FDCWD, path,
				 0); /* a dead process's: its trace was moved away */
		if (create_at(area, path) == 0)
			return;
	}
	area->header = map_private(PMT_RING_CONTROL_BYTES);
	if (place != PMT_RING_IN_PROCESS)
		pmt_say(PMT_SAY_RING, path,
			": no shared memory for the ring here: a kill will lose the "
			"last second; make room, or set ring= elsewhere",
			NULL);
}

/* Of sums there are definitions and marks only, and the slots hold these themselves:
 * a thread with few of them should not pay for a megabyte of them. */
static uint64_t slot_data_bytes(const struct pmt_options *options)
{
	if (pmt_options_do_sum_all(options) &&
	    options->ring_size_bytes > TREE_SLOT_BYTES_MAX)
		return TREE_SLOT_BYTES_MAX;
	return options->ring_size_bytes;
}

int pmt_area_open(struct pmt_area *area, const struct pmt_options *options,
		  const struct pmt_file_header *file, const char *trace_path)
{
	create_somewhere(area, options->ring, file, trace_path);
	if (!area->header)
		return -ENOMEM;
	struct pmt_ring_header *h = area->header;
	memcpy(h->magic, PMT_RING_MAGIC, sizeof(h->magic));
	h->version = PMT_RING_VERSION;
	h->slot_control_bytes = PMT_RING_CONTROL_BYTES;
	h->slot_data_bytes = (uint32_t)slot_data_bytes(options);
	h->file = *file;
	pmt_text_copy(h->trace_path, sizeof(h->trace_path), trace_path);
	return 0;
}

static void *map_new_slot(struct pmt_area *area, uint32_t index, bool *ret_is_private)
{
	uint64_t stride = slot_stride(area->header);
	struct stat st;
	void *at = NULL;

	*ret_is_private = !area->path[0];
	if (*ret_is_private)
		return map_private(stride);
	int fd = pmt_sys_openat(AT_FDCWD, area->path, O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0);
	if (fd >= 0 && pmt_sys_fstat(fd, &st) == 0 && st.st_dev == area->device &&
	    st.st_ino == area->inode)
		at = reserve_and_map(fd, PMT_RING_CONTROL_BYTES + index * stride, stride);
	if (fd >= 0)
		pmt_sys_close(fd);
	if (at)
		return at;
	/* /dev/shm is full, or somebody cleaned up there: the slot serves all the same,
	 * and where it would lie the file has a hole or its end. */
	pmt_say(PMT_SAY_RING, area->path,
		": no room for another thread's ring: a kill will lose its last second",
		NULL);
	*ret_is_private = true;
	return map_private(stride);
}

/* A slot whose thread is gone and whose bytes are in the trace. */
static struct pmt_slot_map *reuse_slot(struct pmt_area *area)
{
	uint32_t count = pmt_area_slot_count(area);

	for (uint32_t i = 0; i < count; i++) {
		struct pmt_ring_slot *slot = area->slots[i].slot;
		if (pmt_load32_relaxed(&slot->state) == PMT_SLOT_FREE)
			return &area->slots[i];
	}
	return NULL;
}

bool pmt_area_has_free_slot(struct pmt_area *area)
{
	return reuse_slot(area) != NULL;
}

static struct pmt_slot_map *grow(struct pmt_area *area)
{
	uint32_t index = pmt_area_slot_count(area);

	if (index == PMT_RING_SLOTS_MAX)
		return NULL;
	bool is_private;
	uint8_t *at = map_new_slot(area, index, &is_private);
	if (!at)
		return NULL;
	area->slots[index].slot = (struct pmt_ring_slot *)at;
	area->slots[index].is_private = is_private;
	area->slots[index].data = at + area->header->slot_control_bytes;
	pmt_store32_release(&area->header->slot_count, index + 1);
	return &area->slots[index];
}

/* A slot that nobody has, its stream not yet said; NULL: none. Ends with put_in_use. */
static struct pmt_slot_map *begin_take(struct pmt_area *area)
{
	while (!pmt_cas32(&area->growing, 0, 1))
		pmt_sys_sched_yield();
	struct pmt_slot_map *map = reuse_slot(area);
	return map ? map : grow(area);
}

static void put_in_use(struct pmt_area *area, struct pmt_slot_map *map, uint32_t stream,
		       enum pmt_slot_state state)
{
	if (map) {
		map->slot->stream = stream;
		pmt_store_relaxed(&map->slot->tail, 0);
		pmt_store_relaxed(&map->slot->head, 0);
		/* Release: a drain or salvage that sees it in use sees its stream. */
		pmt_store32_release(&map->slot->state, state);
	}
	pmt_store32_release(&area->growing, 0);
}

struct pmt_slot_map *pmt_area_take_slot(struct pmt_area *area, uint32_t os_tid)
{
	struct pmt_slot_map *map = begin_take(area);
	uint32_t stream = 0;

	if (map) {
		map->slot->os_tid = os_tid;
		stream = pmt_add32_relaxed(&area->next_stream, 1);
	}
	put_in_use(area, map, stream, PMT_SLOT_ACTIVE);
	return map;
}

struct pmt_context_block *pmt_area_take_contexts(struct pmt_area *area, uint32_t stream)
{
	struct pmt_slot_map *map = begin_take(area);
	struct pmt_context_block *block = NULL;

	if (map) {
		block = (struct pmt_context_block *)(void *)map->slot;
		block->slot.os_tid = 0;
		block->context_bytes = sizeof(struct pmt_context);
		block->previous = NULL;
		pmt_store32_release(&block->used_count, 0);
	}
	put_in_use(area, map, stream, PMT_SLOT_CONTEXTS);
	return block;
}

void pmt_area_free_contexts(struct pmt_context_block *block)
{
	pmt_store32_release(&block->slot.state, PMT_SLOT_FREE);
}

struct pmt_live_block *pmt_area_take_live(struct pmt_area *area, uint32_t number)
{
	struct pmt_slot_map *map = begin_take(area);
	struct pmt_live_block *block = NULL;

	if (map) {
		block = (struct pmt_live_block *)(void *)map->slot;
		memset(map->data, 0, area->header->slot_data_bytes);
		memset(&block->sums, 0, sizeof(block->sums));
		block->slot.os_tid = 0;
		block->row_bytes = sizeof(struct pmt_live_row);
		block->number = number;
	}
	put_in_use(area, map, 0, PMT_SLOT_LIVE);
	return block;
}

void pmt_area_free_live(struct pmt_live_block *block)
{
	pmt_store32_release(&block->slot.state, PMT_SLOT_FREE);
}

void pmt_area_free_slot(struct pmt_slot_map *map)
{
	pmt_store32_release(&map->slot->state, PMT_SLOT_FREE);
}

uint64_t pmt_area_unread_bytes(const struct pmt_area *area, bool is_private)
{
	uint32_t count = pmt_area_slot_count(area);
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct pmt_ring_slot *slot = area->slots[i].slot;
		if (area->slots[i].is_private == is_private &&
		    pmt_load32_acquire(&slot->state) != PMT_SLOT_FREE)
			bytes +=
			    pmt_load_acquire(&slot->head) - pmt_load_relaxed(&slot->tail);
	}
	return bytes;
}

void pmt_area_close(struct pmt_area *area)
{
	pmt_store32_release(&area->header->closed, 1);
	if (area->path[0])
		pmt_sys_unlinkat(AT_FDCWD, area->path, 0);
}
