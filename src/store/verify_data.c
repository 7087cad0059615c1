#include "store/verify_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/text.h"
#include "store/fetch.h"

/* Bytes of a large content that are fetched at a time. */
#define WINDOW ((size_t)16 << 20)
/* Nobody waits for the hash of more zeros than this. */
#define CONTENT_MAX ((uint64_t)1 << 40)
#define CHUNK       ((size_t)4 << 20)
#define SHOWN_MAX   (4 * PATH_LEN_MAX + 1)

void
verify_found(const struct verify *how, uint64_t gen, const char *path,
    const char *text, uint64_t *findings)
{
	char shown[SHOWN_MAX];

	text_show(path, strlen(path), shown, sizeof(shown));
	how->tell(gen, shown, text, how->arg);
	(*findings)++;
}

static void
put_place(struct buf *b, const struct place *p, uint64_t len)
{
	buf_u64(b, p->gen);
	buf_u64(b, p->frame);
	buf_u32(b, p->frame_len);
	buf_u32(b, p->at);
	buf_u32(b, p->pack);
	buf_u64(b, len);
}

static int
key_of(const struct entry *t, struct hash *out, struct err *e)
{
	struct buf b = { 0 };
	int rc = -1;

	buf_bytes(&b, t->hash.b, HASH_LEN);
	buf_u64(&b, t->size);
	if (entry_extent_count(t) == 0)
		put_place(&b, &t->place, t->size);
	for (uint32_t i = 0; i < entry_extent_count(t); i++)
		put_place(&b, &t->extra->extents[i].place,
		    t->extra->extents[i].len);
	if (buf_check(&b, e) == 0) {
		*out = hash_of(b.bytes, b.len);
		rc = 0;
	}
	buf_free(&b);
	return rc;
}

int
contents_add(struct contents *c, const struct entry *t, uint64_t gen,
    struct err *e)
{
	struct content *more;
	size_t cap;

	if (t->type != ENTRY_FILE ||
	    (entry_extent_count(t) == 0 && t->place.gen == GEN_NONE))
		return 0;
	if (c->count == c->cap) {
		cap = c->cap < 1024 ? 1024 : c->cap * 2;
		more = reallocarray(c->at, cap, sizeof(*more));
		if (more == NULL)
			return err_sys(e, "contents");
		c->at = more;
		c->cap = cap;
	}
	c->at[c->count] = (struct content){ .entry = t, .gen = gen };
	if (key_of(t, &c->at[c->count].key, e) == -1)
		return -1;
	c->count++;
	return 0;
}

static int
by_key(const void *a, const void *b)
{
	const struct content *x = a, *y = b;
	int order = hash_order(&x->key, &y->key);

	if (order != 0)
		return order;
	return x->gen < y->gen ? -1 : x->gen > y->gen;
}

static void
keep_distinct(struct contents *c)
{
	size_t n = 0;

	if (c->count > 1)
		qsort(c->at, c->count, sizeof(*c->at), by_key);
	for (size_t i = 0; i < c->count; i++)
		if (n == 0 || !hash_same(&c->at[n - 1].key, &c->at[i].key))
			c->at[n++] = c->at[i];
	c->count = n;
}

/* Where the contents that lie in one piece are compared. */
struct comparer {
	const struct contents *contents;
	const struct verify *how;
	uint64_t *findings;
};

static int
compare_small(const struct want *w, const void *bytes, const struct err *why,
    void *arg, struct err *e)
{
	const struct comparer *c = arg;
	const struct content *is = &c->contents->at[w->tag];
	const char *text = NULL;
	struct hash hash;

	(void)e;
	if (bytes == NULL)
		text = why->text;
	else {
		hash = hash_of(bytes, w->len);
		if (!hash_same(&hash, &is->entry->hash))
			text = "content does not match its hash";
	}
	if (text != NULL)
		verify_found(c->how, is->gen, is->entry->path, text,
		    c->findings);
	return 0;
}

static int
check_small(const struct comparer *to, struct store *s, struct err *e)
{
	const struct contents *c = to->contents;
	struct comparer copy = *to;
	struct want *want;
	size_t n = 0;
	int rc;

	want = reallocarray(NULL, c->count + 1, sizeof(*want));
	if (want == NULL)
		return err_sys(e, "contents");
	for (size_t i = 0; i < c->count; i++)
		if (entry_extent_count(c->at[i].entry) == 0)
			want[n++] = (struct want){
				.place = c->at[i].entry->place,
				.len = c->at[i].entry->size,
				.tag = i,
			};
	rc = fetch_run(s, want, n, compare_small, &copy, e);
	free(want);
	return rc;
}

/* A stretch of a large content, put together from its extents. */
struct window {
	uint8_t *bytes;    /* owned; WINDOW bytes */
	struct want *want; /* owned */
	size_t count, cap;
	size_t len;
	bool bad;
	struct err why; /* if bad */
};

static int
fill_window(const struct want *w, const void *bytes, const struct err *why,
    void *arg, struct err *e)
{
	struct window *win = arg;

	(void)e;
	if (bytes != NULL)
		memcpy(win->bytes + w->off, bytes, w->len);
	else if (!win->bad) {
		win->bad = true;
		win->why = *why;
	}
	return 0;
}

static int
flush_window(struct window *win, struct store *s, struct hash_stream *hash,
    struct err *e)
{
	if (fetch_run(s, win->want, win->count, fill_window, win, e) == -1)
		return -1;
	hash_stream_add(hash, win->bytes, win->len);
	win->len = win->count = 0;
	return 0;
}

static int
add_want(struct window *win, const struct extent *x, struct err *e)
{
	struct want *more;
	size_t cap;

	if (win->count == win->cap) {
		cap = win->cap < 64 ? 64 : win->cap * 2;
		more = reallocarray(win->want, cap, sizeof(*more));
		if (more == NULL)
			return err_sys(e, "contents");
		win->want = more;
		win->cap = cap;
	}
	win->want[win->count++] = (struct want){
		.place = x->place,
		.len = x->len,
		.off = win->len,
	};
	win->len += x->len;
	return 0;
}

static int
add_hole(struct window *win, uint64_t len, struct store *s,
    struct hash_stream *hash, struct err *e)
{
	size_t n;

	for (; len > 0; len -= n) {
		if (win->len == WINDOW && flush_window(win, s, hash, e) == -1)
			return -1;
		n = WINDOW - win->len;
		if (n > len)
			n = (size_t)len;
		memset(win->bytes + win->len, 0, n);
		win->len += n;
	}
	return 0;
}

/* The hash of a content in extents. */
static int
hash_extents(struct window *win, const struct entry *t, struct store *s,
    struct hash_stream *hash, struct err *e)
{
	const struct extent *x;
	int rc;

	for (uint32_t i = 0; i < t->extra->extent_count && !win->bad; i++) {
		x = &t->extra->extents[i];
		if (x->place.gen == GEN_HOLE) {
			rc = add_hole(win, x->len, s, hash, e);
		} else {
			rc = 0;
			if (x->len > WINDOW - win->len)
				rc = flush_window(win, s, hash, e);
			if (rc == 0)
				rc = add_want(win, x, e);
		}
		if (rc == -1)
			return -1;
	}
	return flush_window(win, s, hash, e);
}

static int
check_large(struct window *win, const struct content *c, struct store *s,
    const struct verify *how, uint64_t *findings, struct err *e)
{
	struct hash_stream *stream;
	const char *text = NULL;
	struct hash hash;
	int rc;

	if (c->entry->size > CONTENT_MAX) {
		verify_found(how, c->gen, c->entry->path,
		    "content is too large to be checked", findings);
		return 0;
	}
	if (hash_stream_new(&stream, e) == -1)
		return -1;
	win->len = win->count = 0;
	win->bad = false;
	rc = hash_extents(win, c->entry, s, stream, e);
	hash = hash_stream_get(stream);
	hash_stream_free(stream);
	if (rc == -1)
		return -1;
	if (win->bad)
		text = win->why.text;
	else if (!hash_same(&hash, &c->entry->hash))
		text = "content does not match its hash";
	if (text != NULL)
		verify_found(how, c->gen, c->entry->path, text, findings);
	return 0;
}

int
contents_check(struct contents *c, struct store *s, const struct verify *how,
    uint64_t *findings, struct err *e)
{
	struct comparer to = { c, how, findings };
	struct window win = { 0 };
	int rc;

	keep_distinct(c);
	if (check_small(&to, s, e) == -1)
		return -1;
	if ((win.bytes = malloc(WINDOW)) == NULL)
		return err_sys(e, "contents");
	rc = 0;
	for (size_t i = 0; i < c->count && rc == 0; i++)
		if (entry_extent_count(c->at[i].entry) != 0)
			rc = check_large(&win, &c->at[i], s, how, findings, e);
	free(win.bytes);
	free(win.want);
	return rc;
}

/* The hash of the first size bytes of a file of the store. */
static int
hash_file(struct store *s, const char *path, uint64_t size, uint64_t *bytes,
    struct hash *out, struct err *e)
{
	struct hash_stream *stream = NULL;
	uint8_t *chunk;
	size_t n;
	int rc = -1;

	if ((chunk = malloc(CHUNK)) == NULL)
		return err_sys(e, "pack");
	if (hash_stream_new(&stream, e) == -1)
		goto out;
	for (uint64_t at = 0; at < size; at += n) {
		n = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
		if (store_read(s, path, at, chunk, n, e) == -1)
			goto out;
		hash_stream_add(stream, chunk, n);
		*bytes += n;
	}
	*out = hash_stream_get(stream);
	rc = 0;
out:
	hash_stream_free(stream);
	free(chunk);
	return rc;
}

int
pack_check(struct store *s, const struct pack_name *pack,
    const struct sealed *sealed, const struct verify *how, struct verified *out,
    struct err *e)
{
	char path[STORE_PATH_MAX + 1], name[32];
	struct hash hash;

	snprintf(name, sizeof(name), "pack%u", (unsigned)pack->pack);
	if (hash_file(s, repo_path(path, pack->gen, name), sealed->size,
		&out->bytes, &hash, e) == -1) {
		if (!repo_is_damage(e))
			return -1;
		verify_found(how, pack->gen, name, e->text, &out->findings);
	} else if (!hash_same(&hash, &sealed->hash))
		verify_found(how, pack->gen, name,
		    "not the bytes that its commit says", &out->findings);
	return 0;
}
