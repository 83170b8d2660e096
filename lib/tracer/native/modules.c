/* Modules; see modules.h. In malloc, on the thread itself: code that runs on its stack
 * keeps its module loaded, so what the loader knows of it may be read. */
#include "native/modules.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <string.h>

#include "format/payload.h"
#include "native/cfi.h"
#include "os/sys.h"
#include "os/text.h"
#include "python/code_ids.h"
#include "python/define.h"
#include "thread.h"

enum { BUILD_ID_BYTES_MAX = 64 };

/* Notes of one segment: the build id in hexadecimal, if it is there. */
static bool find_in_notes(const char *p, uint64_t size, struct pmt_text_buffer *text)
{
	for (ElfW(Nhdr) note; size >= sizeof(note);) {
		memcpy(&note, p, sizeof(note));
		uint64_t name = (note.n_namesz + 3u) & ~UINT64_C(3);
		uint64_t whole =
		    sizeof(note) + name + ((note.n_descsz + 3u) & ~UINT64_C(3));
		if (whole > size)
			return false;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
		    note.n_descsz <= BUILD_ID_BYTES_MAX &&
		    memcmp(p + sizeof(note), "GNU", 4) == 0) {
			pmt_text_put_hex(text, (const uint8_t *)p + sizeof(note) + name,
					 note.n_descsz);
			return true;
		}
		p += whole;
		size -= whole;
	}
	return false;
}

/* By the program headers, which lie at the module's beginning. */
static void put_build_id(const struct pmt_module_place *place, uint64_t load_address,
			 struct pmt_text_buffer *text)
{
	const char *base = place->map_start;
	uint64_t room =
	    (uint64_t)((const char *)place->map_end - (const char *)place->map_start);
	ElfW(Ehdr) header;

	if (room < sizeof(header))
		return;
	memcpy(&header, base, sizeof(header));
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_phoff > room - sizeof(ElfW(Phdr)) * header.e_phnum)
		return;
	for (unsigned i = 0; i < header.e_phnum; i++) {
		ElfW(Phdr) segment;

		memcpy(&segment, base + header.e_phoff + i * sizeof(segment),
		       sizeof(segment));
		uint64_t at = load_address + segment.p_vaddr - (uint64_t)(uintptr_t)base;
		if (segment.p_type == PT_NOTE && at < room &&
		    segment.p_memsz <= room - at &&
		    find_in_notes(base + at, segment.p_memsz, text))
			return;
	}
}

static uint32_t define(struct pmt_thread *t, const struct pmt_module_place *place,
		       uint64_t load_address)
{
	char path[PATH_MAX], build_id[2 * BUILD_ID_BYTES_MAX + 1];
	struct pmt_text_buffer text;
	const char *name = place->link_map->l_name;
	struct pmt_code_def def = {
	    .id = pmt_code_id_next(),
	    .first_line = load_address,
	    .kind = PMT_CODE_NATIVE,
	};

	pmt_text_begin(&text, build_id, sizeof(build_id));
	put_build_id(place, load_address, &text);
	def.name = (struct pmt_text){build_id, text.used};
	def.file = (struct pmt_text){name, name ? strlen(name) : 0};
	if (def.file.size == 0) { /* the program itself */
		ssize_t size =
		    pmt_sys_readlinkat(AT_FDCWD, "/proc/self/exe", path, sizeof(path));
		def.file = (struct pmt_text){path, size > 0 ? (size_t)size : 0};
	}
	switch (pmt_define_write(t, &def)) {
	case PMT_DEFINED:
		return def.id;
	case PMT_DEFINED_HIDDEN:
		return (uint32_t)PMT_CODE_HIDDEN;
	default:
		return PMT_CODE_UNKNOWN;
	}
}

const struct pmt_module *
pmt_modules_at_self(struct pmt_thread *t, struct pmt_modules *modules, uint64_t address)
{
	struct pmt_module_place place;
	struct pmt_module *m = &modules->items[modules->recent];

	if (address - m->from < m->to - m->from)
		return m;
	for (uint32_t i = 0; i < modules->count; i++) {
		m = &modules->items[i];
		if (address - m->from < m->to - m->from) {
			modules->recent = i;
			return m;
		}
	}
	if (modules->count == PMT_MODULES_MAX || !pmt_module_find(address, &place))
		return NULL;
	m = &modules->items[modules->count];
	m->from = (uint64_t)(uintptr_t)place.map_start;
	m->to = (uint64_t)(uintptr_t)place.map_end;
	m->load_address = place.link_map->l_addr;
	m->code_id = define(t, &place, m->load_address);
	if (m->code_id == PMT_CODE_UNKNOWN)
		return NULL;
	modules->recent = modules->count++;
	return m;
}
