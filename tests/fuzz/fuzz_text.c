#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Words of a settings file: numbers, durations, sizes. */
static void
read_words(const char *s)
{
	struct err e;
	uint64_t v;
	bool b;

	if (text_number(s, 10, 1000, &v, &e) == 0 && (v < 10 || v > 1000))
		abort();
	(void)!text_duration(s, &v, &e);
	(void)!text_size(s, &v, &e);
	(void)!text_bool(s, &b, &e);
}

/* Whatever a name holds, what is shown of it is clean and fits. */
static void
show(const uint8_t *bytes, size_t len, size_t cap)
{
	char *out = malloc(cap);

	if (out == NULL)
		abort();
	text_show((const char *)bytes, len, out, cap);
	if (!text_is_utf8(out, strlen(out)))
		abort();
	for (const char *c = out; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			abort();
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *s = strndup((const char *)bytes, len);

	if (s == NULL)
		abort();
	read_words(s);
	free(s);
	for (size_t cap = 1; cap <= 8; cap++)
		show(bytes, len, cap);
	show(bytes, len, 4 * len + 1);
	return 0;
}
