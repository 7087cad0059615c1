#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "model/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* The three ways to ask have to agree. */
static void
ask(const struct rules *r, const char *path, size_t len, bool is_dir)
{
	size_t parent = path_parent_len(path, len);
	struct ruling ruling;
	bool here;

	rules_explain(r, path, len, is_dir, &ruling);
	here = rules_roams_here(r, path, len, is_dir) &&
	    (parent == 0 || rules_roams(r, path, parent, true));
	if (rules_roams(r, path, len, is_dir) != here || ruling.roams != here)
		abort();
}

/* Rules, a line of its own with "--", and paths to ask about. */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const char *text = (const char *)bytes, *end = text + len;
	const char *cut = memmem(text, len, "\n--\n", 4), *stop;
	enum rules_source source = len == 0 ? 0 : bytes[0] % RULES__COUNT;
	size_t rules_len = cut != NULL ? (size_t)(cut - text) : len;
	struct rules *r = NULL;
	struct err e;

	if (rules_new(&r, &e) == -1)
		abort();
	if (rules_add(r, source, "file", text, rules_len, &e) == -1 &&
	    (rules_count(r) != 0 || e.text[0] == '\0'))
		abort();
	for (text = cut != NULL ? cut + 4 : end; text < end; text = stop + 1) {
		stop = memchr(text, '\n', (size_t)(end - text));
		if (stop == NULL)
			stop = end;
		if (path_is_clean(text, (size_t)(stop - text))) {
			ask(r, text, (size_t)(stop - text), false);
			ask(r, text, (size_t)(stop - text), true);
		}
	}
	rules_free(r);
	return 0;
}
