/* Text of PYMEMTRACE; see settings.h. The tracer's parser reads it back unchanged. */
#include "config.h"

#include "run/settings.h"

#include <stdlib.h>
#include <string.h>

void pmt_settings_init(struct pmt_settings *settings)
{
	memset(settings, 0, sizeof(*settings));
}

static void append(struct pmt_settings *settings, const char *bytes, size_t count)
{
	char *text = realloc(settings->text, settings->bytes + count + 1);

	if (!text) {
		settings->out_of_memory = true;
		return;
	}
	memcpy(text + settings->bytes, bytes, count);
	settings->text = text;
	settings->bytes += count;
	text[settings->bytes] = '\0';
}

void pmt_settings_put_text(struct pmt_settings *settings, const char *text)
{
	if (settings->bytes > 0)
		append(settings, ",", 1);
	append(settings, text, strlen(text));
}

void pmt_settings_put(struct pmt_settings *settings, const char *key, const char *value)
{
	pmt_settings_put_text(settings, key);
	append(settings, "=", 1);
	for (; *value; value++) {
		if (*value == ',' || *value == '\\')
			append(settings, "\\", 1);
		append(settings, value, 1);
	}
}

char *pmt_settings_steal(struct pmt_settings *settings)
{
	char *text = settings->text;

	if (settings->out_of_memory)
		return NULL;
	settings->text = NULL;
	return text ? text : strdup("");
}

void pmt_settings_close(struct pmt_settings *settings)
{
	free(settings->text);
}
