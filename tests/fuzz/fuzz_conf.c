#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* What is shown of each key is a value that makes the same again. */
static void
show_again(const struct conf_set *c)
{
	struct conf_set again;
	char value[4096], text[8192], other[4096];
	struct err e;

	if (conf_new(&again, &e) == -1)
		abort();
	for (size_t i = 0; i < conf_key_count; i++) {
		conf_show(c, i, value, sizeof(value));
		snprintf(text, sizeof(text), "[%s]\n%s=%s\n",
		    conf_keys[i].section, conf_keys[i].name, value);
		if (conf_read(&again, "again", text, strlen(text), &e) == -1 ||
		    strcmp(conf_show(&again, i, other, sizeof(other)), value) !=
			0)
			abort();
	}
	conf_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct conf_set c;
	char url[256];
	struct err e;

	if (conf_new(&c, &e) == -1)
		abort();
	if (conf_read(&c, "file", (const char *)bytes, len, &e) == -1 &&
	    strncmp(e.text, "file:", 5) != 0)
		abort();
	show_again(&c);
	if (conf_store_url(url, sizeof(url), c.conf.store, "user", "/home/u",
		&e) == 0 &&
	    strlen(url) >= sizeof(url))
		abort();
	conf_free(&c);
	return 0;
}
