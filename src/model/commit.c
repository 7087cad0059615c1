#include "model/commit.h"

#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "model/entry.h"
#include "model/tree.h"

/*
 * The first 12 bytes and the hash at the end are the same in every format to
 * come, so that damage and a newer Roam can be told apart.
 */
static const char magic[8] = { 'R', 'O', 'A', 'M', 'C', 'M', 'I', 'T' };
#define HEAD_LEN (sizeof(magic) + 4)

static bool
text_valid(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	return len <= COMMIT_TEXT_MAX;
}

static int
ancestors_check(const struct commit *c, struct err *e)
{
	uint64_t above = c->number;

	if (c->ancestor_count > COMMIT_ANCESTORS)
		return err_set(e, ERR_FORMAT, "commit: too many ancestors");
	for (uint32_t i = 0; i < c->ancestor_count; i++) {
		if (c->ancestor[i].number == 0 ||
		    c->ancestor[i].number >= above)
			return err_set(e, ERR_FORMAT,
			    "commit: ancestors out of order");
		above = c->ancestor[i].number;
	}
	return 0;
}

static int
commit_check(const struct commit *c, struct err *e)
{
	if (c->number == 0 || c->number > GEN_MAX || c->parent >= c->number)
		return err_set(e, ERR_FORMAT, "commit: number out of bounds");
	if (c->parent == 0 &&
	    (c->ancestor_count > 0 || c->deltas > 0 ||
		!hash_is_zero(&c->parent_id) ||
		!hash_is_zero(&c->parent_manifest)))
		return err_set(e, ERR_FORMAT, "commit: a parent of no number");
	if (c->deltas > DELTAS_MAX)
		return err_set(e, ERR_FORMAT, "commit: too many deltas");
	if (c->entries > ENTRIES_MAX || c->pack_count > COMMIT_PACKS_MAX)
		return err_set(e, ERR_FORMAT, "commit: count out of bounds");
	return ancestors_check(c, e);
}

static void
put_hash(struct buf *out, const struct hash *h)
{
	buf_bytes(out, h->b, HASH_LEN);
}

static void
put_sealed(struct buf *out, const struct sealed *s)
{
	buf_u64(out, s->size);
	put_hash(out, &s->hash);
}

static void
put_numbers(struct buf *out, const struct commit *c)
{
	put_hash(out, &c->store_id);
	put_hash(out, &c->id);
	buf_u64(out, c->number);
	buf_u64(out, c->parent);
	put_hash(out, &c->parent_id);
	put_hash(out, &c->parent_manifest);
	buf_u64(out, (uint64_t)c->time_ns);
	put_hash(out, &c->rules);
	buf_u64(out, c->entries);
	buf_u64(out, c->changes);
	buf_u64(out, c->bytes);
	buf_u32(out, c->deltas);
	put_sealed(out, &c->manifest);
}

static int
put_text(struct buf *out, const char *text, struct err *e)
{
	size_t len = strnlen(text, COMMIT_TEXT_MAX + 1);

	if (!text_valid(text, len))
		return err_set(e, ERR_FORMAT, "commit: a text is malformed");
	buf_u16(out, (uint16_t)len);
	buf_bytes(out, text, len);
	return 0;
}

int
commit_encode(struct buf *out, const struct commit *c, struct err *e)
{
	const char *const text[] = { c->machine_id, c->machine_name, c->user,
		c->version };
	size_t begin = out->len;
	struct hash hash;

	if (commit_check(c, e) == -1)
		return -1;
	buf_bytes(out, magic, sizeof(magic));
	buf_u32(out, COMMIT_FORMAT);
	put_numbers(out, c);
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		if (put_text(out, text[i], e) == -1)
			return -1;
	buf_u32(out, c->ancestor_count);
	for (uint32_t i = 0; i < c->ancestor_count; i++) {
		buf_u64(out, c->ancestor[i].number);
		put_hash(out, &c->ancestor[i].id);
	}
	buf_u32(out, c->pack_count);
	for (uint32_t i = 0; i < c->pack_count; i++)
		put_sealed(out, &c->pack[i]);
	if (buf_check(out, e) == -1)
		return err_wrap(e, "commit");
	hash = hash_of(out->bytes + begin, out->len - begin);
	put_hash(out, &hash);
	return buf_check(out, e);
}

static struct hash
get_hash(struct reader *r)
{
	const uint8_t *bytes = reader_bytes(r, HASH_LEN);
	struct hash h = { { 0 } };

	if (bytes != NULL)
		memcpy(h.b, bytes, HASH_LEN);
	return h;
}

static struct sealed
get_sealed(struct reader *r)
{
	struct sealed s;

	s.size = reader_u64(r);
	s.hash = get_hash(r);
	return s;
}

static void
get_numbers(struct reader *r, struct commit *c)
{
	c->store_id = get_hash(r);
	c->id = get_hash(r);
	c->number = reader_u64(r);
	c->parent = reader_u64(r);
	c->parent_id = get_hash(r);
	c->parent_manifest = get_hash(r);
	c->time_ns = (int64_t)reader_u64(r);
	c->rules = get_hash(r);
	c->entries = reader_u64(r);
	c->changes = reader_u64(r);
	c->bytes = reader_u64(r);
	c->deltas = reader_u32(r);
	c->manifest = get_sealed(r);
}

static void
get_text(struct reader *r, char *out)
{
	size_t len = reader_u16(r);
	const uint8_t *bytes = reader_bytes(r, len);

	if (bytes == NULL || !text_valid((const char *)bytes, len)) {
		r->bad = true;
		return;
	}
	memcpy(out, bytes, len);
	out[len] = '\0';
}

static void
get_ancestors(struct reader *r, struct commit *c)
{
	c->ancestor_count = reader_u32(r);
	if (c->ancestor_count > COMMIT_ANCESTORS) {
		r->bad = true;
		return;
	}
	for (uint32_t i = 0; i < c->ancestor_count; i++) {
		c->ancestor[i].number = reader_u64(r);
		c->ancestor[i].id = get_hash(r);
	}
}

static int
get_packs(struct reader *r, struct commit *c, struct err *e)
{
	uint32_t count = reader_u32(r);

	if (r->bad || count > COMMIT_PACKS_MAX || count > r->left)
		return err_set(e, ERR_FORMAT, "commit: is malformed");
	c->pack = reallocarray(NULL, count + (size_t)1, sizeof(c->pack[0]));
	if (c->pack == NULL)
		return err_sys(e, "commit");
	c->pack_count = count;
	for (uint32_t i = 0; i < count; i++)
		c->pack[i] = get_sealed(r);
	return 0;
}

/* Leaves in r what lies between the format number and the checksum. */
static int
commit_open(struct reader *r, const uint8_t *bytes, size_t len, struct err *e)
{
	uint32_t format;
	struct hash hash, said;

	if (len > COMMIT_SIZE_MAX)
		return err_set(e, ERR_LIMIT, "commit: too large");
	if (len < HEAD_LEN + HASH_LEN ||
	    memcmp(bytes, magic, sizeof(magic)) != 0)
		return err_set(e, ERR_FORMAT, "commit: is none");
	hash = hash_of(bytes, len - HASH_LEN);
	memcpy(said.b, bytes + len - HASH_LEN, HASH_LEN);
	if (!hash_same(&hash, &said))
		return err_set(e, ERR_FORMAT, "commit: is damaged");

	*r = reader_of(bytes + sizeof(magic), len - sizeof(magic) - HASH_LEN);
	format = reader_u32(r);
	if (format > COMMIT_FORMAT)
		return err_set(e, ERR_POLICY,
		    "commit: written by a newer Roam (format %u): "
		    "update Roam on this machine",
		    format);
	if (format != COMMIT_FORMAT)
		return err_set(e, ERR_FORMAT, "commit: format %u", format);
	return 0;
}

int
commit_decode(struct commit *out, const void *bytes, size_t len, struct err *e)
{
	struct commit c = { .number = 0 };
	char *const text[] = { c.machine_id, c.machine_name, c.user,
		c.version };
	struct reader r;

	if (commit_open(&r, bytes, len, e) == -1)
		return -1;
	get_numbers(&r, &c);
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		get_text(&r, text[i]);
	get_ancestors(&r, &c);
	if (get_packs(&r, &c, e) == -1)
		return -1;
	if (r.bad || r.left > 0) {
		err_set(e, ERR_FORMAT, "commit: is malformed");
	} else if (commit_check(&c, e) == 0) {
		*out = c;
		return 0;
	}
	commit_free(&c);
	return -1;
}

void
commit_free(struct commit *c)
{
	free(c->pack);
	c->pack = NULL;
	c->pack_count = 0;
}

bool
commit_descends(const struct commit *c, uint64_t number, const struct hash *id)
{
	if (c->number == number)
		return hash_same(&c->id, id);
	if (c->parent == number && number > 0)
		return hash_same(&c->parent_id, id);
	for (uint32_t i = 0; i < c->ancestor_count; i++)
		if (c->ancestor[i].number == number)
			return hash_same(&c->ancestor[i].id, id);
	return false;
}
