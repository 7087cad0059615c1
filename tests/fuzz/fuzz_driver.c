#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/driver.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* The text up to a line "--", which is stepped over, or to the end. */
static struct version
next_text(const char **text, size_t *len)
{
	const char *cut = memmem(*text, *len, "\n--\n", 4);
	struct version v = { *text, *len };
	size_t step = *len;

	if (cut != NULL) {
		v.len = (size_t)(cut - *text) + 1;
		step = v.len + 3;
	}
	*text += step;
	*len -= step;
	return v;
}

/* The driver's number, then base, local and remote with "--" between them. */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const char *text = (const char *)bytes + 1;
	struct buf out = { 0 }, again = { 0 };
	struct versions in;
	enum driver d;
	struct err e;
	bool sure;

	if (len < 1)
		return 0;
	d = bytes[0] % DRIVER__COUNT;
	len--;
	in.base = next_text(&text, &len);
	in.local = next_text(&text, &len);
	in.remote = next_text(&text, &len);
	if (driver_merge(d, &in, &out, &sure, &e) == -1)
		abort();
	if (sure && out.len > 0) {
		in.local = (struct version){ (const char *)out.bytes, out.len };
		if (driver_merge(d, &in, &again, &sure, &e) == -1 || !sure ||
		    again.len != out.len ||
		    memcmp(again.bytes, out.bytes, out.len) != 0)
			abort();
	}
	buf_free(&out);
	buf_free(&again);
	return 0;
}
