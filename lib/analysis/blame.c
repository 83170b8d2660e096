/* Past the runtime's frames; see blame.h. */
#include "analysis/blame.h"

#include <stddef.h>
#include <string.h>

bool pmt_code_is_runtime(const struct pmt_code *code)
{
	/* Beginnings of names: libpython3.13.so.1.0, python3.11, ld-linux-x86-64.so.2. */
	static const char *const names[] = {
	    "libpython", "python", "libc.so", "libc-", "ld-linux", "ld-2", "libstdc++",
	};

	if (!code || code->kind != PMT_CODE_NATIVE || !code->file)
		return false;
	const char *slash = strrchr(code->file, '/');
	const char *name = slash ? slash + 1 : code->file;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strncmp(name, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static const struct pmt_function *function_at(const struct pmt_tree *tree,
					      const struct pmt_functions *functions,
					      uint32_t node)
{
	uint32_t function = tree->paths[node].function;

	return &functions->items[functions->items[function].alias];
}

uint32_t pmt_blamed_node(const struct pmt_tree *tree,
			 const struct pmt_functions *functions, uint32_t node)
{
	uint32_t at = node;

	while (at != PMT_TREE_ROOT && function_at(tree, functions, at)->is_runtime)
		at = tree->paths[at].parent;
	return at == PMT_TREE_ROOT ||
		       function_at(tree, functions, at)->kind == PMT_FUNCTION_THREAD
		   ? node
		   : at;
}
