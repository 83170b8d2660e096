/* make_trace SCENE TRACE: writes the trace that a scene (scene.h) describes, for golden
 * cases. SCENE is a file. */
#include <stdio.h>
#include <stdlib.h>

#include "format/format.h"
#include "support/scene.h"

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (f) {
		ssize_t got = getdelim(&text, &size, '\0', f);

		fclose(f);
		if (got >= 0)
			return text;
	}
	fprintf(stderr, "make_trace: %s: cannot be read\n", path);
	exit(99);
}

int main(int argc, char **argv)
{
	struct test_bytes trace = {NULL, 0, 0};

	if (argc != 3) {
		fprintf(stderr, "usage: make_trace SCENE TRACE\n");
		return 99;
	}
	char *scene = read_file(argv[1]);
	test_scene_build(scene, PMT_CODEC_LZ4, &trace);
	FILE *f = fopen(argv[2], "we");
	if (!f || fwrite(trace.bytes, 1, trace.size, f) != trace.size || fclose(f) != 0) {
		fprintf(stderr, "make_trace: %s: cannot be written\n", argv[2]);
		return 99;
	}
	test_bytes_close(&trace);
	free(scene);
	return 0;
}
