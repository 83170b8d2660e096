/* A scene (scene.h) that a test writes line by line. */
#ifndef PMT_TESTS_SUPPORT_SCENE_TEXT_H
#define PMT_TESTS_SUPPORT_SCENE_TEXT_H

#include <check.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

struct scene_text {
	char *text; /* freed by whoever began it */
	size_t used;
	size_t size;
};

static inline void scene_text_begin(struct scene_text *scene, size_t size)
{
	*scene = (struct scene_text){.text = malloc(size), .size = size};
	ck_assert_ptr_nonnull(scene->text);
}

__attribute__((format(printf, 2, 3))) static inline void
scene_text_say(struct scene_text *scene, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	scene->used += (size_t)vsnprintf(scene->text + scene->used,
					 scene->size - scene->used, format, arguments);
	va_end(arguments);
	ck_assert_uint_lt(scene->used, scene->size);
}

#endif
