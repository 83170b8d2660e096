/*
 * The environment of a program that is about to be started: PYMEMTRACE_RUN is hidden from
 * Python's os.environ, so a program that hands its children an environment of its own
 * making leaves it out. It is put back, beside a preload of ours only.
 */
#ifndef PMT_TRACER_RUN_CHILD_ENV_H
#define PMT_TRACER_RUN_CHILD_ENV_H

#include <stddef.h>

/* From the constructor: by which file name this library is preloaded. */
void pmt_child_env_init(void);

/* Pointers that an environment like envp with our variable has, its NULL among them; 0
 * when it shall stay as it is. No malloc, no lock, no system call: fit for a vfork child.
 */
size_t pmt_child_env_slots_sigsafe(char *const envp[]);

/* envp, or with slots > 0 its copy in room (that many pointers) with our variable.
 * Another thread may change envp meanwhile: what no longer fits is left out. */
char *const *pmt_child_env_fill_sigsafe(char **room, size_t slots, char *const envp[]);

#endif
