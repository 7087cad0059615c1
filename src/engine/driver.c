#include <string.h>

#include "engine/driver_parts.h"

/* Every driver: its word in the rules, and the function that does it. */
static const struct {
	const char *word;
	driver_run
	    *run; /* NULL: none that works on bytes alone; see sync/dconf.h */
} drivers[] = {
	[DRIVER_NONE] = { "", NULL },
	[DRIVER_KEYFILE] = { "keyfile", driver_keyfile },
	[DRIVER_LINES] = { "lines", driver_lines },
	[DRIVER_TEXT] = { "text", driver_text },
	[DRIVER_JSON] = { "json", driver_json },
	[DRIVER_XBEL] = { "xbel", driver_xbel },
	[DRIVER_DCONF] = { "dconf", NULL },
	[DRIVER_NEWEST] = { "newest", NULL },
};
_Static_assert(sizeof(drivers) / sizeof(drivers[0]) == DRIVER__COUNT,
    "every driver has a row");

enum driver
driver_of(const char *word)
{
	if (word == NULL)
		return DRIVER_NONE;
	for (enum driver d = DRIVER_NONE + 1; d < DRIVER__COUNT; d++)
		if (strcmp(drivers[d].word, word) == 0)
			return d;
	return DRIVER_NONE;
}

const char *
driver_word(enum driver d)
{
	return drivers[d].word;
}

bool
version_same(const struct version *a, const struct version *b)
{
	return a->len == b->len &&
	    (a->len == 0 || memcmp(a->text, b->text, a->len) == 0);
}

/* What needs no driver: a side that changed nothing, or both the same. */
static const struct version *
trivial(const struct versions *in)
{
	if (version_same(&in->local, &in->remote) ||
	    version_same(&in->base, &in->remote))
		return &in->local;
	return version_same(&in->base, &in->local) ? &in->remote : NULL;
}

static int
run(enum driver d, const struct versions *in, struct buf *out, bool *sure,
    struct err *e)
{
	const struct version *whole = trivial(in);

	if (whole != NULL) {
		buf_bytes(out, whole->text, whole->len);
		return buf_check(out, e);
	}
	if (drivers[d].run(in, out, sure, e) == -1)
		return -1;
	return *sure ? buf_check(out, e) : 0;
}

static struct version
version_of(const struct buf *b)
{
	return (struct version){
		b->len > 0 ? (const char *)b->bytes : "",
		b->len,
	};
}

/* Does merging the outcome with either side give the outcome again? */
static int
settles(enum driver d, const struct versions *in, const struct version *made,
    bool *sure, struct err *e)
{
	const struct versions again[] = {
		{ in->base, *made, in->remote },
		{ in->base, in->local, *made },
	};
	struct buf out = { 0 };
	struct version got;
	int rc = 0;

	for (size_t i = 0; i < 2 && rc == 0 && *sure; i++) {
		buf_clear(&out);
		rc = run(d, &again[i], &out, sure, e);
		got = version_of(&out);
		if (rc == 0 && *sure && !version_same(&got, made))
			*sure = false;
	}
	buf_free(&out);
	return rc;
}

static bool
is_bounded(const struct versions *in)
{
	return in->base.len <= DRIVER_SIZE_MAX &&
	    in->local.len <= DRIVER_SIZE_MAX &&
	    in->remote.len <= DRIVER_SIZE_MAX;
}

int
driver_merge(enum driver d, const struct versions *in, struct buf *out,
    bool *sure, struct err *e)
{
	struct version made;

	*sure = drivers[d].run != NULL && is_bounded(in);
	if (*sure && run(d, in, out, sure, e) == -1)
		return -1;
	made = version_of(out);
	if (*sure && settles(d, in, &made, sure, e) == -1)
		return -1;
	if (!*sure)
		buf_clear(out);
	return 0;
}
