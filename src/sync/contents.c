#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "sync/contents.h"

#define COPY_LEN ((size_t)1 << 20) /* bytes a read */

/* A file in more pieces than this is stored whole again. */
#define PIECES_MIN 1024u
#define PIECE_MEAN ((uint64_t)16 << 10)
/* Pieces are worth it only where they save a quarter of the file. */
#define WORTH_PIECES(new_len, size) ((new_len) <= (size) / 4 * 3)

int
contents_new(struct contents *out, struct err *e)
{
	struct contents c = { .slots = 1024 };

	c.slot = calloc(c.slots, sizeof(*c.slot));
	c.copy = malloc(COPY_LEN);
	if (c.slot == NULL || c.copy == NULL) {
		err_sys(e, "contents");
		contents_free(&c);
		return -1;
	}
	if (hash_stream_new(&c.stream, e) == -1) {
		contents_free(&c);
		return -1;
	}
	*out = c;
	return 0;
}

void
contents_free(struct contents *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->at[i].parts);
	free(c->at);
	free(c->slot);
	free(c->copy);
	hash_stream_free(c->stream);
	*c = (struct contents){ 0 };
}

uint32_t *
contents_slot(const struct contents *c, const struct hash *hash, uint64_t size)
{
	uint64_t k;
	size_t i;
	const struct content *at;

	memcpy(&k, hash->b, sizeof(k));
	for (i = (size_t)k & (c->slots - 1); c->slot[i] != 0;
	     i = (i + 1) & (c->slots - 1)) {
		at = &c->at[c->slot[i] - 1];
		if (at->size == size && hash_same(&at->hash, hash))
			break;
	}
	return &c->slot[i];
}

bool
contents_has(const struct contents *c, const struct entry *like)
{
	return *contents_slot(c, &like->hash, like->size) != 0;
}

static int
grow(struct contents *c, struct err *e)
{
	size_t cap = c->cap > 0 ? c->cap * 2 : 256;
	struct content *grown;
	uint32_t *slot;

	if (c->count < c->cap)
		return 0;
	if (cap > UINT32_MAX / 2)
		return err_set(e, ERR_LIMIT, "%zu contents", c->count);
	if ((grown = realloc(c->at, cap * sizeof(*grown))) == NULL)
		return err_sys(e, "contents");
	c->at = grown;
	c->cap = cap;
	if (cap * 2 <= c->slots)
		return 0;
	if ((slot = calloc(cap * 2, sizeof(*slot))) == NULL)
		return err_sys(e, "contents");
	free(c->slot);
	c->slot = slot;
	c->slots = cap * 2;
	for (size_t i = 0; i < c->count; i++)
		*contents_slot(c, &c->at[i].hash, c->at[i].size) =
		    (uint32_t)i + 1;
	return 0;
}

static size_t
count_of(const struct content *t)
{
	return t->parts != NULL ? t->parts->count : 0;
}

static int
end_member(struct packer *p, struct content *t, struct err *e)
{
	size_t first, count;

	if (packer_end(p, &first, &count, e) == -1)
		return -1;
	if (first + count > UINT32_MAX)
		return err_set(e, ERR_LIMIT, "more than %u pieces in one run",
		    UINT32_MAX);
	t->run_first = (uint32_t)first;
	t->run_count = (uint32_t)count;
	return 0;
}

static bool
is_named(const struct content *t, struct usage *named)
{
	for (size_t i = 0; i < count_of(t); i++) {
		const struct part *part = &t->parts->at[i];

		if (part->from == PART_PLACED && part->place.gen != GEN_HOLE &&
		    !usage_has(named, part->place.gen, part->place.pack))
			return false;
	}
	return true;
}

void
contents_recheck(struct contents *c, struct usage *named)
{
	size_t kept = 0;

	memset(c->slot, 0, c->slots * sizeof(*c->slot));
	for (size_t i = 0; i < c->count; i++) {
		if (!is_named(&c->at[i], named)) {
			free(c->at[i].parts);
			continue;
		}
		c->at[kept++] = c->at[i];
		*contents_slot(c, &c->at[kept - 1].hash, c->at[kept - 1].size) =
		    (uint32_t)kept;
	}
	c->count = kept;
}

static int
add_part(struct content *t, const struct part *part, struct err *e)
{
	size_t count = t->parts != NULL ? t->parts->count : 0;
	size_t cap = count > 0 ? count * 2 : 16;
	struct parts *grown;

	if (t->parts == NULL || count == t->parts->cap) {
		grown = realloc(t->parts,
		    sizeof(*grown) + cap * sizeof(grown->at[0]));
		if (grown == NULL)
			return err_sys(e, "contents");
		*grown = (struct parts){ .count = count, .cap = cap };
		t->parts = grown;
	}
	t->parts->at[t->parts->count++] = *part;
	return 0;
}

/* The new version as it is read: once through, in order, for its hash and its
 * signature; single pieces again. */
struct reading {
	struct contents *c;
	const struct content_in *in;
	struct blocks_maker *maker; /* owned; NULL: small, or made ... */
	struct blocks made;         /* ... from the older version's */
	uint64_t next;              /* what has been read in order so far */
};

static int
reading_open(struct reading *r, bool in_pieces, struct err *e)
{
	hash_stream_reset(r->c->stream);
	if (r->in->entry->size < LARGE_FILE || in_pieces)
		return 0;
	return blocks_maker_new(&r->maker, r->in->entry->size, e);
}

/* A blocks_read(): what comes in order is hashed on the way. */
static int
read_at(void *arg, uint64_t off, void *bytes, size_t len, struct err *e)
{
	struct reading *r = arg;
	uint64_t skip;
	ssize_t n = io_read_at(r->in->fd, bytes, len, off, e);

	if (n == -1)
		return -1;
	if ((size_t)n != len)
		return err_set(e, ERR_RACE, "%s: became shorter",
		    r->in->entry->path);
	if (off > r->next || off + len <= r->next)
		return 0;
	skip = r->next - off;
	hash_stream_add(r->c->stream, (unsigned char *)bytes + skip,
	    len - (size_t)skip);
	r->next = off + len;
	if (r->maker == NULL)
		return 0;
	return blocks_maker_add(r->maker, (unsigned char *)bytes + skip,
	    len - (size_t)skip, e);
}

/* All was read: is it still the file that the scan saw? */
static int
reading_check(struct reading *r, struct buf *sig, struct err *e)
{
	const struct stat *was = r->in->st;
	const struct entry *t = r->in->entry;
	struct hash got = hash_stream_get(r->c->stream);
	struct stat now;

	if (fstat(r->in->fd, &now) == -1)
		return err_sys(e, "%s", t->path);
	if (r->next != t->size || !hash_same(&got, &t->hash) ||
	    now.st_size != was->st_size ||
	    now.st_ctim.tv_sec != was->st_ctim.tv_sec ||
	    now.st_ctim.tv_nsec != was->st_ctim.tv_nsec)
		return err_set(e, ERR_RACE, "%s: changed while it was read",
		    t->path);
	if (r->maker != NULL && blocks_maker_end(r->maker, &r->made, e) == -1)
		return -1;
	return r->made.count > 0 ? blocks_encode(sig, &r->made, e) : 0;
}

/* Bytes off..off+len of the file into the open member. */
static int
pack_range(struct reading *r, uint64_t off, uint64_t len, struct err *e)
{
	size_t n;

	while (len > 0) {
		n = len < COPY_LEN ? (size_t)len : COPY_LEN;
		if (read_at(r, off, r->c->copy, n, e) == -1 ||
		    packer_data(r->c->packer, r->c->copy, n, e) == -1)
			return -1;
		off += n;
		len -= n;
	}
	return 0;
}

/* One member: the whole file. */
static int
pack_whole(struct reading *r, struct content *t, struct err *e)
{
	struct packer *p = r->c->packer;
	int rc;

	if (packer_begin(p, r->in->entry, r->in->name, t->size, e) == -1)
		return -1;
	rc = pack_range(r, 0, t->size, e);
	/* The member is ended in any case: a pack stays a valid archive. */
	if (end_member(p, t, e) == -1)
		return -1;
	if (rc == 0)
		r->c->bytes += t->size;
	return rc;
}

/* Read what is a hole as the zeros that it stands for: hash only. */
static int
hash_hole(struct reading *r, uint64_t off, uint64_t len, struct err *e)
{
	size_t n;

	while (len > 0) {
		n = len < COPY_LEN ? (size_t)len : COPY_LEN;
		if (read_at(r, off, r->c->copy, n, e) == -1)
			return -1;
		off += n;
		len -= n;
	}
	return 0;
}

static int
add_hole(struct content *t, uint64_t len, struct err *e)
{
	const struct part hole = { .len = len,
		.from = PART_PLACED,
		.place = { .gen = GEN_HOLE } };

	return add_part(t, &hole, e);
}

/* The data segments of a sparse file as parts; *data: their sum. */
static int
find_data(struct reading *r, struct content *t, uint64_t *data, struct err *e)
{
	off_t at = 0, from, to, size = (off_t)t->size;

	*data = 0;
	while (at < size) {
		from = lseek(r->in->fd, at, SEEK_DATA);
		if (from == -1 && errno != ENXIO)
			return err_sys(e, "%s", r->in->entry->path);
		if (from == -1 || from > size)
			from = size;
		if (from > at && add_hole(t, (uint64_t)(from - at), e) == -1)
			return -1;
		if (from == size)
			return 0;
		to = lseek(r->in->fd, from, SEEK_HOLE);
		if (to == -1)
			return err_sys(e, "%s", r->in->entry->path);
		to = to > size ? size : to;
		const struct part part = { .len = (uint64_t)(to - from),
			.from = *data };

		if (add_part(t, &part, e) == -1)
			return -1;
		*data += part.len;
		at = to;
	}
	return 0;
}

/* Pieces live below ".roam/", named by the content they belong to. */
static const char *
piece_name(char out[64], const struct content *t)
{
	char hex[HASH_HEX_MAX];

	snprintf(out, 64, ".roam/%s", hash_hex(&t->hash, hex));
	return out;
}

/* One member with the parts that are new; all parts are in file order. */
static int
pack_parts(struct reading *r, struct content *t, uint64_t data, struct err *e)
{
	struct packer *p = r->c->packer;
	char name[64];
	uint64_t off = 0;
	int rc = 0;

	if (data > 0 &&
	    packer_begin(p, r->in->entry, piece_name(name, t), data, e) == -1)
		return -1;
	for (size_t i = 0; i < count_of(t) && rc == 0; i++) {
		const struct part *part = &t->parts->at[i];

		if (part->from != PART_PLACED)
			rc = pack_range(r, off, part->len, e);
		else if (off + part->len > r->next)
			rc = hash_hole(r, off, part->len, e);
		off += part->len;
	}
	if (data > 0 && end_member(p, t, e) == -1)
		return -1;
	if (rc == 0)
		r->c->bytes += data;
	return rc;
}

static int
pack_sparse(struct reading *r, struct content *t, struct err *e)
{
	uint64_t data;

	if (find_data(r, t, &data, e) == -1)
		return -1;
	return pack_parts(r, t, data, e);
}

static int
add_copy(struct content *t, const struct entry *older, const struct span *s,
    struct err *e)
{
	struct extents x = { 0 };
	int rc;

	rc = extents_add_slice(&x, older, s->from, s->len, e);
	for (size_t i = 0; i < x.count && rc == 0; i++) {
		const struct part part = { .len = x.at[i].len,
			.from = PART_PLACED,
			.place = x.at[i].place };

		rc = add_part(t, &part, e);
	}
	extents_free(&x);
	return rc;
}

/* Spans of the new version as parts; *data: the new bytes. */
static int
parts_of(struct content *t, const struct entry *older, const struct spans *s,
    uint64_t *data, struct err *e)
{
	*data = 0;
	for (size_t i = 0; i < s->count; i++) {
		const struct span *at = &s->span[i];
		const struct part part = { .len = at->len, .from = *data };

		if (at->from != SPAN_NEW) {
			if (add_copy(t, older, at, e) == -1)
				return -1;
			continue;
		}
		if (add_part(t, &part, e) == -1)
			return -1;
		*data += at->len;
	}
	return 0;
}

static bool
worth_pieces(const struct content *t, uint64_t data)
{
	uint64_t most = t->size / PIECE_MEAN;

	if (most < PIECES_MIN)
		most = PIECES_MIN;
	return WORTH_PIECES(data, t->size) && count_of(t) <= most;
}

static int
pack_pieces(struct reading *r, struct content *t, struct err *e)
{
	struct spans spans = { 0 };
	uint64_t data = 0;
	int rc;

	rc = blocks_match(&spans, r->in->older_blocks, t->size, read_at, r, e);
	if (rc == 0)
		rc = blocks_next(&r->made, r->in->older_blocks, &spans, read_at,
		    r, e);
	if (rc == 0)
		rc = parts_of(t, r->in->older, &spans, &data, e);
	spans_free(&spans);
	if (rc == -1)
		return -1;
	if (worth_pieces(t, data))
		return pack_parts(r, t, data, e);
	free(t->parts);
	t->parts = NULL;
	return pack_whole(r, t, e);
}

static bool
is_sparse(const struct content_in *in)
{
	off_t hole;

	if (in->st->st_blocks * 512 >= in->st->st_size)
		return false;
	hole = lseek(in->fd, 0, SEEK_HOLE);
	return hole != -1 && hole < in->st->st_size;
}

static int
pack_one(struct reading *r, struct content *t, struct err *e)
{
	bool sparse = is_sparse(r->in);
	bool in_pieces = r->in->older != NULL && !sparse;

	if (reading_open(r, in_pieces, e) == -1)
		return -1;
	if (sparse)
		return pack_sparse(r, t, e);
	return in_pieces ? pack_pieces(r, t, e) : pack_whole(r, t, e);
}

int
contents_pack(struct contents *c, const struct content_in *in, struct buf *sig,
    struct err *e)
{
	struct reading r = { .c = c, .in = in };
	struct content t = { .hash = in->entry->hash, .size = in->entry->size };
	int rc = -1;

	if (pack_one(&r, &t, e) == -1 || reading_check(&r, sig, e) == -1 ||
	    grow(c, e) == -1)
		goto out;
	*contents_slot(c, &t.hash, t.size) = (uint32_t)c->count + 1;
	c->at[c->count++] = t;
	t.parts = NULL;
	rc = 0;
out:
	blocks_maker_free(r.maker);
	blocks_free(&r.made);
	free(t.parts);
	return rc;
}
