#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "base/text.h"
#include "model/manifest.h"

#define SHOWN_MAX 256 /* bytes of a path in a message */

struct parse {
	struct reader records; /* the body, but for hashes and times */
	struct reader hashes;
	struct reader times;
	const struct decode *how;
	const struct machine **machine; /* owned; borrowed pointers */
	uint64_t machine_count;
	uint64_t path_bytes, extents; /* so far, bounded */
	struct before before;
};

/* A text of at most max bytes as a string of its own in the arena; NULL is an
 * error, or, with a bad reader, bytes that are not there. */
static const char *
get_text(struct parse *p, uint64_t max, struct err *e)
{
	size_t len = reader_count(&p->records, max);
	const uint8_t *bytes = reader_bytes(&p->records, len);

	if (bytes == NULL || memchr(bytes, '\0', len) != NULL) {
		err_set(e, ERR_FORMAT, "a text is cut off or malformed");
		return NULL;
	}
	return arena_copy(p->how->arena, bytes, len, e);
}

static int
get_machines(struct parse *p, struct err *e)
{
	uint64_t count = reader_varint(&p->records);
	const char *id, *name;

	/* One takes two bytes at least. */
	if (count > MACHINES_MAX || count > p->records.left / 2)
		return err_set(e, ERR_FORMAT, "table of machines is cut off");
	p->machine = reallocarray(NULL, count + 1, sizeof(p->machine[0]));
	if (p->machine == NULL)
		return err_sys(e, "machines");
	p->machine[0] = NULL;
	for (uint64_t i = 1; i <= count; i++) {
		if ((id = get_text(p, MACHINE_TEXT_MAX, e)) == NULL ||
		    (name = get_text(p, MACHINE_TEXT_MAX, e)) == NULL)
			return -1;
		p->machine[i] = machines_intern(p->how->machines, id, name, e);
		if (p->machine[i] == NULL)
			return -1;
	}
	p->machine_count = count;
	return 0;
}

/* The rest of the path into before.path; false where there is none. */
static bool
get_path(struct parse *p)
{
	struct before *b = &p->before;
	size_t shared = reader_count(&p->records, b->path_len);
	size_t len = reader_count(&p->records, PATH_LEN_MAX - shared);
	const uint8_t *bytes = reader_bytes(&p->records, len);

	if (bytes == NULL)
		return false;
	memcpy(b->path + shared, bytes, len);
	b->path_len = shared + len;
	return true;
}

static uint64_t
get_gen(struct parse *p, uint64_t code)
{
	if (code == PLACE_SELF && (p->how->gen == 0 || p->how->gen > GEN_MAX))
		p->records.bad = true;
	return code == PLACE_SELF ? p->how->gen : code - PLACE_GEN;
}

static void
get_place(struct parse *p, struct place *out, uint64_t len)
{
	struct reader *r = &p->records;
	struct before *b = &p->before;
	uint64_t code = reader_count(r, PLACE_GEN + GEN_MAX);
	uint64_t expected = 0, at;

	*out = (struct place){ 0 };
	if (code == PLACE_NONE || code == PLACE_HOLE) {
		out->gen = code == PLACE_HOLE ? GEN_HOLE : GEN_NONE;
		return;
	}
	if (code == PLACE_SAME) {
		*out = b->place;
		expected = place_expected(b);
		r->bad |= b->place.gen == GEN_NONE;
	} else {
		out->gen = get_gen(p, code);
		out->pack = (uint32_t)reader_count(r, UINT32_MAX);
		out->frame = b->place.frame + b->place.frame_len +
		    (uint64_t)reader_zigzag(r);
		out->frame_len = (uint32_t)reader_count(r, UINT32_MAX);
	}
	at = expected + (uint64_t)reader_zigzag(r);
	r->bad |= at > PLACE_END_MAX;
	out->at = (uint32_t)at;
	b->place = *out;
	b->place_len = len;
}

static int
get_extents(struct parse *p, struct extra *x, struct err *e)
{
	uint64_t count = reader_varint(&p->records);
	struct extent *extent;

	/* One takes two bytes at least. */
	if (count == 0 || count > p->records.left / 2)
		return err_set(e, ERR_FORMAT, "extents are cut off");
	if (count > EXTENTS_MAX - p->extents)
		return err_set(e, ERR_LIMIT, "too many extents");
	p->extents += count;
	extent = arena_alloc(p->how->arena, count * sizeof(*extent), e);
	if (extent == NULL)
		return -1;
	for (uint64_t i = 0; i < count; i++) {
		extent[i].len = reader_varint(&p->records);
		get_place(p, &extent[i].place, extent[i].len);
	}
	x->extents = extent;
	x->extent_count = (uint32_t)count;
	return 0;
}

static int
get_content(struct parse *p, struct entry *t, struct extra *x, unsigned bits,
    struct err *e)
{
	const uint8_t *hash;

	if (t->type == ENTRY_LINK) {
		x->target = get_text(p, TARGET_LEN_MAX, e);
		if (x->target == NULL)
			return -1;
		t->size = strlen(x->target);
		t->hash = hash_of(x->target, t->size);
		return 0;
	}
	if (t->type == ENTRY_DIR)
		return 0;
	t->size = reader_varint(&p->records);
	if ((hash = reader_bytes(&p->hashes, HASH_LEN)) == NULL)
		return err_set(e, ERR_FORMAT, "a hash is missing");
	memcpy(t->hash.b, hash, HASH_LEN);
	if ((bits & RECORD_EXTENTS) != 0)
		return get_extents(p, x, e);
	if (t->size > 0)
		get_place(p, &t->place, t->size);
	return 0;
}

static int
get_attrs(struct parse *p, struct extra *x, struct err *e)
{
	size_t len = reader_count(&p->records, ATTRS_MAX);
	const uint8_t *bytes = reader_bytes(&p->records, len);

	if (bytes == NULL || len == 0)
		return err_set(e, ERR_FORMAT, "attributes are cut off");
	x->attrs_len = (uint32_t)len;
	x->attrs = (const uint8_t *)arena_copy(p->how->arena, bytes, len, e);
	return x->attrs != NULL ? 0 : -1;
}

/* Mode, machine and time: each as it was before, or said anew. */
static int
get_facts(struct parse *p, struct entry *t, unsigned bits, struct err *e)
{
	struct before *b = &p->before;
	uint64_t machine;

	if ((bits & RECORD_SAME_MODE) == 0)
		b->mode[t->type] =
		    (uint16_t)reader_count(&p->records, UINT16_MAX);
	if ((bits & RECORD_SAME_MACHINE) == 0) {
		machine = reader_count(&p->records, p->machine_count);
		b->machine = p->machine[machine];
	}
	b->mtime_ns = (int64_t)((uint64_t)b->mtime_ns +
	    (uint64_t)reader_zigzag(&p->times));
	if (p->records.bad || p->times.bad)
		return err_set(e, ERR_FORMAT, "is cut off or malformed");
	t->mode = b->mode[t->type];
	t->machine = b->machine;
	t->mtime_ns = b->mtime_ns;
	return 0;
}

static int
get_name(struct parse *p, struct entry *t, struct err *e)
{
	struct before *b = &p->before;

	if (!get_path(p))
		return err_set(e, ERR_FORMAT, "path is cut off");
	/* Prefixes cost no bytes: without a bound, few bytes fill memory. */
	p->path_bytes += b->path_len;
	if (p->path_bytes > PATHS_MAX)
		return err_set(e, ERR_LIMIT, "paths are too long");
	t->path_len = (uint16_t)b->path_len;
	t->path = arena_copy(p->how->arena, b->path, b->path_len, e);
	return t->path != NULL ? 0 : -1;
}

static int
get_extra(struct parse *p, struct entry *t, const struct extra *x,
    struct err *e)
{
	struct extra *own;

	if (x->target == NULL && x->group == 0 && x->attrs == NULL &&
	    x->extents == NULL)
		return 0;
	if ((own = arena_alloc(p->how->arena, sizeof(*own), e)) == NULL)
		return -1;
	*own = *x;
	t->extra = own;
	return 0;
}

static int
get_record(struct parse *p, const struct entry **out, struct err *e)
{
	unsigned bits = reader_u8(&p->records);
	struct extra x = { 0 };
	struct entry *t;

	if ((t = arena_alloc(p->how->arena, sizeof(*t), e)) == NULL)
		return -1;
	*t = (struct entry){ .type = bits & RECORD_TYPE };
	if (get_name(p, t, e) == -1)
		return -1;
	if (t->type == ENTRY_NONE || (bits & RECORD_UNUSED) != 0 ||
	    ((bits & RECORD_EXTENTS) != 0 && t->type != ENTRY_FILE))
		return err_set(e, ERR_FORMAT, "no such type (%#x)", bits);
	if (get_facts(p, t, bits, e) == -1 ||
	    get_content(p, t, &x, bits, e) == -1)
		return -1;
	if ((bits & RECORD_GROUP) != 0) {
		x.group = reader_varint(&p->records);
		p->records.bad |= x.group == 0;
	}
	if ((bits & RECORD_ATTRS) != 0 && get_attrs(p, &x, e) == -1)
		return -1;
	if (p->records.bad)
		return err_set(e, ERR_FORMAT, "is cut off or malformed");
	if (get_extra(p, t, &x, e) == -1 || record_check(t, e) == -1)
		return -1;
	*out = t;
	return 0;
}

/* Say in e which record it is about; its path, or the last one before. */
static int
wrap_record(const struct parse *p, const char *what, uint64_t i, struct err *e)
{
	char shown[SHOWN_MAX];

	return err_wrap(e, "%s %ju (%s)", what, (uintmax_t)i,
	    text_show(p->before.path, p->before.path_len, shown,
		sizeof(shown)));
}

static int
get_entries(struct parse *p, struct tree *out, struct err *e)
{
	uint64_t count = reader_varint(&p->records);
	const struct entry *t;

	for (uint64_t i = 0; i < count; i++) {
		if (get_record(p, &t, e) == -1)
			return wrap_record(p, "entry", i, e);
		if (tree_add(out, t, e) == -1)
			return -1;
	}
	return 0;
}

/* Removed paths as entries of no type, so that a tree can hold them. */
static int
get_removed(struct parse *p, struct tree *out, struct err *e)
{
	uint64_t count = reader_varint(&p->records);
	struct entry *t;

	p->before = (struct before){ 0 };
	for (uint64_t i = 0; i < count; i++) {
		if ((t = arena_alloc(p->how->arena, sizeof(*t), e)) == NULL)
			return -1;
		*t = (struct entry){ 0 };
		if (get_name(p, t, e) == -1)
			return wrap_record(p, "removed path", i, e);
		if (tree_add(out, t, e) == -1)
			return -1;
	}
	return 0;
}

static int
get_conflict(struct parse *p, struct conflict *c, struct err *e)
{
	struct reader *r = &p->records;
	uint64_t code;

	c->id = reader_u64(r);
	if (get_record(p, &c->loser, e) == -1)
		return -1;
	c->machine = p->machine[reader_count(r, p->machine_count)];
	c->time_ns = reader_zigzag(r);
	code = reader_count(r, GEN_MAX + 1);
	c->gen = code == 1 ? get_gen(p, PLACE_SELF) : code > 0 ? code - 1 : 0;
	if (r->bad)
		return err_set(e, ERR_FORMAT, "is cut off or malformed");
	return 0;
}

static int
get_conflicts(struct parse *p, struct profile *out, struct err *e)
{
	uint64_t count = reader_varint(&p->records), last = 0;
	struct conflict c;

	if (count > CONFLICTS_MAX)
		return err_set(e, ERR_LIMIT, "too many conflicts");
	p->before = (struct before){ 0 };
	for (uint64_t i = 0; i < count; i++) {
		if (get_conflict(p, &c, e) == -1)
			return wrap_record(p, "conflict", i, e);
		if (c.id <= last)
			return err_set(e, ERR_FORMAT,
			    "conflict %ju: out of order", (uintmax_t)i);
		last = c.id;
		if (profile_add_conflict(out, &c, e) == -1)
			return -1;
	}
	return 0;
}

/* Hashes and times lie before the records that use them. */
static int
get_columns(struct parse *p, struct err *e)
{
	struct reader *r = &p->records;
	uint64_t hashes = reader_count(r, r->left / HASH_LEN);
	const uint8_t *bytes = reader_bytes(r, hashes * HASH_LEN);
	uint64_t times;

	p->hashes = reader_of(bytes, r->bad ? 0 : hashes * HASH_LEN);
	times = reader_count(r, r->left);
	bytes = reader_bytes(r, times);
	p->times = reader_of(bytes, r->bad ? 0 : times);
	if (r->bad)
		return err_set(e, ERR_FORMAT, "hashes or times are cut off");
	return 0;
}

/*
 * parent with changed put in and removed taken out. A removal has to name what
 * is there, or this is not the parent that the manifest was made against.
 */
static int
tree_apply(struct tree *out, const struct tree *parent,
    const struct tree *changed, const struct tree *removed, struct err *e)
{
	struct tree_walk w = { .tree = { parent, changed, removed },
		.count = 3 };
	const struct entry *t;

	while (tree_walk_next(&w)) {
		t = w.at[1] != NULL ? w.at[1] : w.at[0];
		if (w.at[2] == NULL) {
			if (tree_add(out, t, e) == -1)
				return -1;
		} else if (w.at[0] == NULL || w.at[1] != NULL) {
			return err_set(e, ERR_FORMAT,
			    "not made against this parent");
		}
	}
	return 0;
}

/* The tree of all entries, from parent where there is one. */
static int
get_tree(struct parse *p, const struct profile *parent, struct tree *out,
    struct err *e)
{
	struct tree changed = { 0 }, removed = { 0 };
	int rc = -1;

	if (parent == NULL)
		return get_entries(p, out, e);
	if (get_entries(p, &changed, e) == 0 &&
	    get_removed(p, &removed, e) == 0)
		rc = tree_apply(out, &parent->tree, &changed, &removed, e);
	tree_free(&changed);
	tree_free(&removed);
	return rc;
}

static int
get_profile(struct parse *p, const struct profile *parent, struct profile *out,
    struct err *e)
{
	uint64_t entries = reader_varint(&p->records);

	if (get_machines(p, e) == -1 || get_columns(p, e) == -1 ||
	    get_tree(p, parent, &out->tree, e) == -1 ||
	    get_conflicts(p, out, e) == -1 || tree_check(&out->tree, e) == -1)
		return -1;
	if (p->records.bad || p->records.left > 0 || p->hashes.left > 0 ||
	    p->times.left > 0)
		return err_set(e, ERR_FORMAT, "has bytes left over");
	if (out->tree.count != entries)
		return err_set(e, ERR_FORMAT, "has not the entries it says");
	return 0;
}

int
manifest_read(struct profile *out, const struct profile *parent,
    const void *body, size_t len, const struct decode *how, struct err *e)
{
	struct parse *p = calloc(1, sizeof(*p));
	struct profile made = { 0 };
	int rc;

	if (p == NULL)
		return err_sys(e, "manifest");
	p->how = how;
	p->records = reader_of(body, len);
	rc = get_profile(p, parent, &made, e);
	free(p->machine);
	free(p);
	if (rc == -1)
		profile_free(&made);
	else
		*out = made;
	return rc;
}
