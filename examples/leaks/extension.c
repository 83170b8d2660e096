/* A C extension, as ctypes loads it, that forgets one of its two blocks. */
#include <stdlib.h>
#include <string.h>

int leaky_sum(int count);

int leaky_sum(int count)
{
	char *text = malloc(100000);
	char *copy = malloc(100000);
	int sum = 0;

	if (text && copy) {
		memset(text, 1, 100000);
		memcpy(copy, text, 100000);
		for (int i = 0; i < count && i < 100000; i++)
			sum += copy[i];
	}
	free(text);
	return sum; /* copy is lost */
}
