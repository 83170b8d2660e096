/* Why a program might have left no trace, read off its file. */
#include "config.h"

#include "run/program.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens the file that execvp would run, or returns -1. */
static int open_program(const char *name)
{
	const char *path = getenv("PATH");
	char file[PATH_MAX];

	if (strchr(name, '/'))
		return open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	while (path && *path) {
		size_t size = strcspn(path, ":");

		snprintf(file, sizeof(file), "%.*s/%s", (int)size, path, name);
		if (access(file, X_OK) == 0)
			return open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		path += size + (path[size] == ':');
	}
	return -1;
}

/* Whether the ELF file asks for no dynamic linker. A position-independent static program
 * has a dynamic section, but no interpreter either. */
static bool is_static(int fd)
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;

	if (pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    header.e_phentsize != sizeof(segment))
		return false;
	for (unsigned i = 0; i < header.e_phnum; i++) {
		off_t offset = (off_t)(header.e_phoff + i * sizeof(segment));

		if (pread(fd, &segment, sizeof(segment), offset) !=
			(ssize_t)sizeof(segment) ||
		    segment.p_type == PT_INTERP)
			return false;
	}
	return true;
}

enum pmt_program_kind pmt_program_kind(const char *name)
{
	enum pmt_program_kind kind = PMT_PROGRAM_ORDINARY;
	int fd = open_program(name);
	struct stat st;

	if (fd < 0)
		return kind;
	if (fstat(fd, &st) == 0) {
		if (st.st_mode & (S_ISUID | S_ISGID))
			kind = PMT_PROGRAM_PRIVILEGED;
		else if (is_static(fd))
			kind = PMT_PROGRAM_STATIC;
	}
	close(fd);
	return kind;
}
