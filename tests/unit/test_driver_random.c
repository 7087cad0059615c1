#include "engine/driver.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Triples by chance: one text, and two versions of it, edited by chance. What
 * must hold of all: nothing that a side added is lost, the sides can be
 * exchanged, and the outcome merged again is the outcome.
 */
#define TRIPLES 10000

static uint32_t
draw(uint64_t *seed, uint32_t below)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((*seed >> 33) % below);
}

/* A kind of file: how a line of it looks, and how sure the driver has to be. */
struct kind {
	enum driver driver;
	void (*line)(struct buf *out, uint64_t *seed);
	const char *head, *between, *tail; /* what nobody edits */
	/* Lines that begin so are merged inside; of others, what stands before
	 * until is what must not get lost. */
	const char *inside, *until;
	uint32_t sure; /* per cent of triples, at least */
};

static void
word_line(struct buf *out, uint64_t *seed)
{
	buf_text(out, "%c%u\n", 'a' + (int)draw(seed, 3), draw(seed, 9));
}

static void
stamped_line(struct buf *out, uint64_t *seed)
{
	buf_text(out, "#%u\nls %u\n", 1000 + draw(seed, 900), draw(seed, 5));
}

static void
key_line(struct buf *out, uint64_t *seed)
{
	switch (draw(seed, 8)) {
	case 0:
		buf_text(out, "[G%u]\n", draw(seed, 4));
		return;
	case 1:
		buf_text(out, "# comment %u\n", draw(seed, 4));
		return;
	case 2:
		buf_text(out, "\n");
		return;
	case 3:
		buf_text(out, "list=%c;%c;\n", 'a' + (int)draw(seed, 4),
		    'a' + (int)draw(seed, 4));
		return;
	default:
		buf_text(out, "k%u=%u\n", draw(seed, 12), draw(seed, 4));
	}
}

static void
member_line(struct buf *out, uint64_t *seed)
{
	if (draw(seed, 4) == 0)
		buf_text(out, "\"in%u\": {\"a%u\": 1}", draw(seed, 2),
		    draw(seed, 4));
	else
		buf_text(out, "\"k%u\": %u", draw(seed, 30), draw(seed, 3));
}

static void
bookmark_line(struct buf *out, uint64_t *seed)
{
	buf_text(out, "<b href='%u' added='%u'/>\n", draw(seed, 20),
	    10 + draw(seed, 80));
}

/* As "dconf dump" writes a database, which is what its driver merges. */
static void
setting_line(struct buf *out, uint64_t *seed)
{
	if (draw(seed, 5) == 0)
		buf_text(out, "\n[org/app%u]\n", draw(seed, 3));
	else
		buf_text(out, "key%u=['%c', '%c']\n", draw(seed, 9),
		    'a' + (int)draw(seed, 4), 'a' + (int)draw(seed, 4));
}

static const struct kind kinds[] = {
	{ DRIVER_LINES, word_line, .sure = 90 },
	{ DRIVER_LINES, stamped_line, .sure = 90 },
	{ DRIVER_TEXT, word_line, .head = "begin\n", .sure = 50 },
	{ DRIVER_KEYFILE, key_line, .head = "[G]\n",
	    .inside = "list=", .sure = 80 },
	{ DRIVER_KEYFILE, setting_line, .head = "[/]\n", .sure = 50 },
	{ DRIVER_JSON, member_line, .head = "{", .between = ",\n",
	    .tail = "}\n", .inside = "\"in", .sure = 80 },
	{ DRIVER_XBEL, bookmark_line, .head = "<xbel>\n", .tail = "</xbel>\n",
	    .until = " added", .sure = 80 },
};

/* Lines in a list, so that they can be edited. */
struct lines {
	char at[40][40];
	size_t count;
};

static void
lines_draw(struct lines *l, const struct kind *k, uint64_t *seed)
{
	struct buf b = { 0 };

	l->count = draw(seed, 12);
	for (size_t i = 0; i < l->count; i++) {
		buf_clear(&b);
		k->line(&b, seed);
		snprintf(l->at[i], sizeof(l->at[i]), "%.*s", (int)b.len,
		    (const char *)b.bytes);
	}
	buf_free(&b);
}

static void
lines_edit(struct lines *l, const struct kind *k, uint64_t *seed)
{
	struct lines new;
	size_t at;

	for (uint32_t n = draw(seed, 4); n > 0; n--) {
		do
			lines_draw(&new, k, seed);
		while (new.count == 0);
		at = draw(seed, (uint32_t)l->count + 1);
		if (draw(seed, 3) == 0 && at < l->count) {
			memmove(l->at[at], l->at[at + 1],
			    (l->count - at - 1) * sizeof(l->at[0]));
			l->count--;
		} else if (l->count < 38) {
			memmove(l->at[at + 1], l->at[at],
			    (l->count - at) * sizeof(l->at[0]));
			memcpy(l->at[at], new.at[0], sizeof(l->at[0]));
			l->count++;
		}
	}
}

static void
lines_join(struct buf *out, const struct lines *l, const struct kind *k)
{
	buf_clear(out);
	buf_text(out, "%s", k->head != NULL ? k->head : "");
	for (size_t i = 0; i < l->count; i++)
		buf_text(out, "%s%s",
		    i > 0 && k->between != NULL ? k->between : "", l->at[i]);
	buf_text(out, "%s", k->tail != NULL ? k->tail : "");
}

static size_t
times(const struct lines *l, const char *line)
{
	size_t n = 0;

	for (size_t i = 0; i < l->count; i++)
		n += strcmp(l->at[i], line) == 0;
	return n;
}

static bool
holds(const struct buf *b, const char *line, const char *until)
{
	const char *end = until != NULL ? strstr(line, until) : NULL;
	size_t len = end != NULL ? (size_t)(end - line) : strlen(line);

	return memmem(b->bytes, b->len, line, len) != NULL;
}

/* Lines that side has and base has not are in out. */
static bool
keeps_news(const struct buf *out, const struct lines *base,
    const struct lines *side, const struct kind *k)
{
	for (size_t i = 0; i < side->count; i++)
		if (times(base, side->at[i]) == 0 &&
		    (k->inside == NULL ||
			strncmp(side->at[i], k->inside, strlen(k->inside)) !=
			    0) &&
		    !holds(out, side->at[i], k->until))
			return false;
	return true;
}

static struct version
version(const struct buf *b)
{
	return (
	    struct version){ b->len > 0 ? (const char *)b->bytes : "", b->len };
}

static bool
merge(enum driver d, const struct versions *in, struct buf *out)
{
	struct err e;
	bool sure;

	buf_clear(out);
	cr_assert_eq(driver_merge(d, in, out, &sure, &e), 0);
	return sure;
}

static bool
same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len &&
	    (a->len == 0 || memcmp(a->bytes, b->bytes, a->len) == 0);
}

/* How many of each byte, but for space. */
static void
ink(const struct buf *b, size_t n[256])
{
	memset(n, 0, 256 * sizeof(*n));
	for (size_t i = 0; i < b->len; i++)
		n[b->bytes[i]] += strchr(" \n", b->bytes[i]) == NULL;
}

static bool
same_ink(const struct buf *a, const struct buf *b)
{
	size_t x[256], y[256];

	ink(a, x);
	ink(b, y);
	return memcmp(x, y, sizeof(x)) == 0;
}

struct triple {
	struct lines base, local, remote;
	struct buf b, l, r, out, again;
};

static bool
check_triple(struct triple *t, const struct kind *k, uint64_t seed)
{
	const struct versions in = { version(&t->b), version(&t->l),
		version(&t->r) };
	const struct versions turned = { in.base, in.remote, in.local };
	struct versions settled = in;
	bool sure = merge(k->driver, &in, &t->out);

	if (!sure)
		return false;
	cr_assert(keeps_news(&t->out, &t->base, &t->local, k) &&
		keeps_news(&t->out, &t->base, &t->remote, k),
	    "%s, seed %llu: something is lost", driver_word(k->driver),
	    (unsigned long long)seed);
	settled.local = version(&t->out);
	cr_assert(merge(k->driver, &settled, &t->again) &&
		same(&t->out, &t->again),
	    "%s, seed %llu: merged again it is another", driver_word(k->driver),
	    (unsigned long long)seed);
	if (merge(k->driver, &turned, &t->again))
		cr_assert(same_ink(&t->out, &t->again),
		    "%s, seed %llu: it matters who is who",
		    driver_word(k->driver), (unsigned long long)seed);
	return true;
}

/* A side that changed nothing has no say, and two that did the same agree. */
static void
check_identity(struct triple *t, const struct kind *k)
{
	const struct version b = version(&t->b), l = version(&t->l);
	const struct versions rows[] = { { b, l, b }, { b, b, l },
		{ b, l, l } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_assert(merge(k->driver, &rows[i], &t->again) &&
			same(&t->again, &t->l),
		    "%s: identity %zu", driver_word(k->driver), i);
}

static void
check_kind(const struct kind *k)
{
	struct triple t = { .b = { 0 } };
	uint32_t sure = 0;

	for (uint64_t n = 0; n < TRIPLES; n++) {
		uint64_t seed = n + 1;

		lines_draw(&t.base, k, &seed);
		t.local = t.remote = t.base;
		lines_edit(&t.local, k, &seed);
		lines_edit(&t.remote, k, &seed);
		lines_join(&t.b, &t.base, k);
		lines_join(&t.l, &t.local, k);
		lines_join(&t.r, &t.remote, k);
		sure += check_triple(&t, k, n);
		check_identity(&t, k);
	}
	cr_expect_geq(sure, TRIPLES / 100 * k->sure, "%s: sure of %u",
	    driver_word(k->driver), sure);
	buf_free(&t.b);
	buf_free(&t.l);
	buf_free(&t.r);
	buf_free(&t.out);
	buf_free(&t.again);
}

Test(driver_random, loses_nothing_and_settles, .timeout = 300)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		check_kind(&kinds[i]);
}
