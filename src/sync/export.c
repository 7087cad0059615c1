#include "sync/export.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/io.h"
#include "store/tar.h"
#include "sync/extents.h"
#include "sync/slices.h"

#define OUT_LEN   ((size_t)1 << 20) /* bytes written in one call, about */
#define ZEROS_LEN 65536u

/* A file on its way. */
struct item {
	const struct entry *entry;
	struct place first;      /* where its content begins; zeros: nowhere */
	const struct item *link; /* the same file under an earlier name */
	bool lost;               /* something of it is */
	bool absent;             /* from the archive */
};

struct exporter {
	const struct export_how *how;
	struct store *store; /* borrowed */
	struct tar *tar;
	struct buf out;     /* what the descriptor is yet to get */
	struct item *item;  /* owned; in order of the paths */
	struct item **list; /* owned; the same in another order */
	size_t count;
	struct slices slices;
	/* The member that is being written; NULL: none. */
	struct item *now;
	uint64_t done;   /* bytes of it */
	const char *why; /* it is damaged; else NULL */
	struct hash_stream *stream;
};

static int
flush(struct exporter *x, struct err *e)
{
	int rc;

	if (buf_check(&x->out, e) == -1)
		return -1;
	rc = io_write(x->how->fd, x->out.bytes, x->out.len, e);
	buf_clear(&x->out);
	return rc == 0 ? 0 : err_wrap(e, "the archive");
}

/* A tar_sink(). */
static int
take_bytes(const void *bytes, size_t len, void *arg, struct err *e)
{
	struct exporter *x = arg;

	buf_bytes(&x->out, bytes, len);
	return x->out.len >= OUT_LEN ? flush(x, e) : 0;
}

static void
lose(const struct exporter *x, struct item *it, const char *why)
{
	it->lost = true;
	x->how->lost(it->entry, why, x->how->arg);
}

static void
leave_out(const struct exporter *x, struct item *it, const char *why)
{
	it->absent = true;
	lose(x, it, why);
}

static bool
has_holes(const struct entry *t)
{
	for (uint32_t i = 0; i < entry_extent_count(t); i++)
		if (t->extra->extents[i].place.gen == GEN_HOLE)
			return true;
	return false;
}

static int
begin(struct exporter *x, struct item *it, struct err *e)
{
	const struct member m = {
		.meta = it->entry,
		.size = it->entry->size,
		.sparse = has_holes(it->entry),
	};

	x->now = it;
	x->done = 0;
	x->why = NULL;
	hash_stream_reset(x->stream);
	return tar_begin(x->tar, &m, e);
}

static int
put(struct exporter *x, const void *bytes, size_t len, struct err *e)
{
	hash_stream_add(x->stream, bytes, len);
	x->done += len;
	return tar_data(x->tar, bytes, len, e);
}

static int
put_zeros(struct exporter *x, uint64_t len, struct err *e)
{
	static const unsigned char zeros[ZEROS_LEN];
	size_t n;

	for (; len > 0; len -= n) {
		n = len < ZEROS_LEN ? (size_t)len : ZEROS_LEN;
		if (put(x, zeros, n, e) == -1)
			return -1;
	}
	return 0;
}

static int
end(struct exporter *x, struct err *e)
{
	struct hash got = hash_stream_get(x->stream);

	if (x->why == NULL && x->done > 0 &&
	    !hash_same(&got, &x->now->entry->hash))
		x->why = "its content does not match its hash";
	if (x->why != NULL)
		lose(x, x->now, x->why);
	x->now = NULL;
	return tar_end(x->tar, e);
}

/* A file whose whole content is here: it is looked at before it is written. */
static int
write_whole(struct exporter *x, struct item *it, const void *bytes, size_t len,
    struct err *e)
{
	struct hash got = hash_of(bytes, len);

	if (!hash_same(&got, &it->entry->hash)) {
		leave_out(x, it,
		    "left out: its content does not match its hash");
		return 0;
	}
	if (begin(x, it, e) == -1 || put(x, bytes, len, e) == -1)
		return -1;
	return end(x, e);
}

/* A slices_deliver(): the next bytes of a file. */
static int
deliver(const struct slice *slice, const void *bytes, const struct err *why,
    void *arg, struct err *e)
{
	struct exporter *x = arg;
	struct item *it = slice->of;
	int rc;

	if (x->now == NULL && slice->len == it->entry->size) {
		if (bytes != NULL)
			return write_whole(x, it, bytes, (size_t)slice->len, e);
		if (why != NULL) {
			leave_out(x, it,
			    "left out: its content cannot be read");
			return 0;
		}
	}
	if (x->now == NULL && begin(x, it, e) == -1)
		return -1;
	if (why != NULL)
		x->why = "zeros stand for what of it cannot be read";
	rc = bytes != NULL ? put(x, bytes, (size_t)slice->len, e)
			   : put_zeros(x, slice->len, e);
	if (rc == 0 && x->done == it->entry->size)
		return end(x, e);
	return rc;
}

/* What has no content: directories and symlinks. */
static int
write_frame(struct exporter *x, const struct tree *t, struct err *e)
{
	struct member m = { 0 };

	for (size_t i = 0; i < t->count; i++) {
		m.meta = t->entry[i];
		if (m.meta->type != ENTRY_FILE &&
		    (tar_begin(x->tar, &m, e) == -1 ||
			tar_end(x->tar, e) == -1))
			return -1;
	}
	return 0;
}

static int
find_files(struct exporter *x, const struct tree *t, struct err *e)
{
	const struct extent *at;
	struct extent one;
	struct item *it;
	size_t count;

	x->item = calloc(t->count + 1, sizeof(*x->item));
	x->list = calloc(t->count + 1, sizeof(struct item *));
	if (x->item == NULL || x->list == NULL)
		return err_sys(e, "the archive");
	for (size_t i = 0; i < t->count; i++) {
		if (t->entry[i]->type != ENTRY_FILE)
			continue;
		x->list[x->count] = it = &x->item[x->count];
		x->count++;
		it->entry = t->entry[i];
		at = extents_of(it->entry, &one, &count);
		for (; count > 0 && at->place.gen == GEN_HOLE; count--)
			at++;
		if (count > 0)
			it->first = at->place;
	}
	return 0;
}

static int
by_group(const void *a, const void *b)
{
	const struct item *x = *(struct item *const *)a;
	const struct item *y = *(struct item *const *)b;
	uint64_t p = entry_group(x->entry), q = entry_group(y->entry);

	if (p != q)
		return p < q ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* All but the first of the names that share a file become links to that. */
static void
find_links(struct exporter *x)
{
	const struct item *first = NULL;
	struct item *it;

	qsort(x->list, x->count, sizeof(struct item *), by_group);
	for (size_t i = 0; i < x->count; i++) {
		it = x->list[i];
		if (entry_group(it->entry) == 0)
			continue;
		if (first != NULL &&
		    entry_group(first->entry) == entry_group(it->entry) &&
		    entry_same_content(first->entry, it->entry))
			it->link = first;
		else
			first = it;
	}
}

static int
by_place(const void *a, const void *b)
{
	const struct item *x = *(struct item *const *)a;
	const struct item *y = *(struct item *const *)b;
	int order = place_order(&x->first, &y->first);

	return order != 0 ? order : x < y ? -1 : x > y;
}

static int
add_slices(struct exporter *x, struct item *it, struct err *e)
{
	const struct extent *at;
	struct extent one;
	size_t count;

	at = extents_of(it->entry, &one, &count);
	for (size_t i = 0; i < count; i++) {
		const struct slice s = { at[i].place, at[i].len, it };

		if (slices_add(&x->slices, &s, e) == -1)
			return -1;
	}
	return 0;
}

/* Empty files, too, are looked at as a whole. */
static int
write_files(struct exporter *x, struct err *e)
{
	qsort(x->list, x->count, sizeof(struct item *), by_place);
	for (size_t i = 0; i < x->count; i++) {
		struct item *it = x->list[i];

		if (it->link != NULL)
			continue;
		if (it->entry->size == 0) {
			if (begin(x, it, e) == -1 || end(x, e) == -1)
				return -1;
		} else if (add_slices(x, it, e) == -1) {
			return -1;
		}
	}
	return slices_read(x->store, &x->slices, deliver, x, e);
}

static int
write_links(struct exporter *x, struct err *e)
{
	for (size_t i = 0; i < x->count; i++) {
		struct item *it = &x->item[i];
		struct member m = { .meta = it->entry };

		if (it->link == NULL)
			continue;
		if (it->link->absent) {
			leave_out(x, it, "left out: nor is its other name");
			continue;
		}
		if (it->link->lost)
			lose(x, it, "the same file as one that is damaged");
		m.link = it->link->entry->path;
		if (tar_begin(x->tar, &m, e) == -1 || tar_end(x->tar, e) == -1)
			return -1;
	}
	return 0;
}

static int
write_all(struct exporter *x, const struct tree *t, struct err *e)
{
	if (write_frame(x, t, e) == -1 || find_files(x, t, e) == -1)
		return -1;
	find_links(x);
	if (write_files(x, e) == -1 || write_links(x, e) == -1 ||
	    tar_finish(x->tar, e) == -1)
		return -1;
	return flush(x, e);
}

int
export_tree(struct store *store, const struct tree *t,
    const struct export_how *how, struct err *e)
{
	struct exporter x = { .how = how, .store = store };
	int rc = -1;

	if (tar_new(&x.tar, take_bytes, &x, e) == 0 &&
	    hash_stream_new(&x.stream, e) == 0)
		rc = write_all(&x, t, e);
	tar_free(x.tar);
	hash_stream_free(x.stream);
	slices_free(&x.slices);
	buf_free(&x.out);
	free(x.item);
	free(x.list);
	return rc;
}
