#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "model/manifest.h"

/* A machine and its number in the body's table. */
struct listed {
	const struct machine *machine;
	uint64_t number;
};

/*
 * The parts of a body grow side by side: what compresses well is kept apart
 * from hashes and times, which do not.
 */
enum part {
	PART_MACHINES,
	PART_HASHES,
	PART_TIMES,
	PART_ENTRIES,
	PART_REMOVED,
	PART_CONFLICTS,
	PART__COUNT
};
#define PIECES ((size_t)2 * PART__COUNT) /* each with a count in front */

struct writer {
	struct buf part[PART__COUNT]; /* owned */
	struct buf *records;          /* the part that records go to now */
	struct before before;
	uint64_t entry_count, removed_count, hash_count;
	uint64_t path_bytes, extents; /* bounded, as when they are read */
	struct listed *listed;        /* owned; in machine_order() */
	size_t listed_count, listed_cap;
};

static int
list_grow(struct writer *w, struct err *e)
{
	size_t cap = w->listed_cap > 0 ? w->listed_cap * 2 : 8;
	struct listed *grown;

	if (w->listed_count < w->listed_cap)
		return 0;
	if (w->listed_count >= MACHINES_MAX)
		return err_set(e, ERR_LIMIT, "too many machines");
	grown = reallocarray(w->listed, cap, sizeof(*grown));
	if (grown == NULL)
		return err_sys(e, "machines");
	w->listed = grown;
	w->listed_cap = cap;
	return 0;
}

static void
put_text(struct buf *b, const char *text)
{
	size_t len = strlen(text);

	buf_varint(b, len);
	buf_bytes(b, text, len);
}

/* The number of m, which is listed when it is not yet; 0 is no machine. */
static int
machine_number(struct writer *w, const struct machine *m, uint64_t *out,
    struct err *e)
{
	size_t low = 0, high = w->listed_count, middle;

	while (m != NULL && low < high) {
		middle = low + (high - low) / 2;
		if (machine_order(w->listed[middle].machine, m) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (m == NULL) {
		*out = 0;
		return 0;
	}
	if (low == w->listed_count ||
	    machine_order(w->listed[low].machine, m) != 0) {
		if (list_grow(w, e) == -1)
			return -1;
		memmove(w->listed + low + 1, w->listed + low,
		    (w->listed_count - low) * sizeof(w->listed[0]));
		w->listed[low] = (struct listed){ m, ++w->listed_count };
		put_text(&w->part[PART_MACHINES], m->id);
		put_text(&w->part[PART_MACHINES], m->name);
	}
	*out = w->listed[low].number;
	return 0;
}

static void
put_path(struct buf *b, struct before *before, const char *path, size_t len)
{
	size_t most = len < before->path_len ? len : before->path_len;
	size_t shared = 0;

	while (shared < most && path[shared] == before->path[shared])
		shared++;
	buf_varint(b, shared);
	buf_varint(b, len - shared);
	buf_bytes(b, path + shared, len - shared);
	memcpy(before->path + shared, path + shared, len - shared);
	before->path_len = len;
}

static void
put_place(struct buf *b, struct before *before, const struct place *p,
    uint64_t len)
{
	const struct place *last = &before->place;
	uint64_t expected = 0;

	if (!place_is_stored(p)) {
		buf_varint(b, p->gen == GEN_HOLE ? PLACE_HOLE : PLACE_NONE);
		return;
	}
	if (place_same_frame(p, last)) {
		buf_varint(b, PLACE_SAME);
		expected = place_expected(before);
	} else {
		buf_varint(b,
		    p->gen == GEN_SELF ? PLACE_SELF : PLACE_GEN + p->gen);
		buf_varint(b, p->pack);
		buf_zigzag(b,
		    (int64_t)(p->frame - (last->frame + last->frame_len)));
		buf_varint(b, p->frame_len);
	}
	buf_zigzag(b, (int64_t)(p->at - expected));
	before->place = *p;
	before->place_len = len;
}

static void
put_content(struct writer *w, const struct entry *t)
{
	uint32_t count = entry_extent_count(t);
	const struct extent *x;

	buf_varint(w->records, t->size);
	buf_bytes(&w->part[PART_HASHES], t->hash.b, HASH_LEN);
	w->hash_count++;
	if (count == 0) {
		if (t->size > 0)
			put_place(w->records, &w->before, &t->place, t->size);
		return;
	}
	buf_varint(w->records, count);
	for (x = t->extra->extents; count > 0; count--, x++) {
		buf_varint(w->records, x->len);
		put_place(w->records, &w->before, &x->place, x->len);
	}
}

static uint8_t
record_bits(const struct before *b, const struct entry *t)
{
	const struct extra *x = t->extra;
	unsigned bits = t->type;

	if (t->mode == b->mode[t->type])
		bits |= RECORD_SAME_MODE;
	if (machine_order(t->machine, b->machine) == 0)
		bits |= RECORD_SAME_MACHINE;
	if (entry_extent_count(t) > 0)
		bits |= RECORD_EXTENTS;
	if (entry_group(t) != 0)
		bits |= RECORD_GROUP;
	if (x != NULL && x->attrs != NULL && x->attrs_len > 0)
		bits |= RECORD_ATTRS;
	return (uint8_t)bits;
}

static int
bounds_check(struct writer *w, const struct entry *t, struct err *e)
{
	w->path_bytes += t->path_len;
	w->extents += entry_extent_count(t);
	if (w->path_bytes > PATHS_MAX || w->extents > EXTENTS_MAX)
		return err_set(e, ERR_LIMIT, "paths or extents are too many");
	return 0;
}

static int
put_record(struct writer *w, const struct entry *t, struct err *e)
{
	struct before *before = &w->before;
	struct buf *b = w->records;
	uint8_t bits;
	uint64_t machine;

	if (record_check(t, e) == -1 || bounds_check(w, t, e) == -1)
		return -1;
	bits = record_bits(before, t);
	buf_u8(b, bits);
	put_path(b, before, t->path, t->path_len);
	if ((bits & RECORD_SAME_MODE) == 0)
		buf_varint(b, t->mode);
	if ((bits & RECORD_SAME_MACHINE) == 0) {
		if (machine_number(w, t->machine, &machine, e) == -1)
			return -1;
		buf_varint(b, machine);
	}
	buf_zigzag(&w->part[PART_TIMES],
	    (int64_t)((uint64_t)t->mtime_ns - (uint64_t)before->mtime_ns));
	if (t->type == ENTRY_FILE)
		put_content(w, t);
	else if (t->type == ENTRY_LINK)
		put_text(b, entry_target(t));
	if ((bits & RECORD_GROUP) != 0)
		buf_varint(b, t->extra->group);
	if ((bits & RECORD_ATTRS) != 0) {
		buf_varint(b, t->extra->attrs_len);
		buf_bytes(b, t->extra->attrs, t->extra->attrs_len);
	}
	before->mode[t->type] = t->mode;
	before->mtime_ns = t->mtime_ns;
	before->machine = t->machine;
	return 0;
}

static void
put_conflict_facts(struct writer *w, const struct conflict *c, uint64_t machine)
{
	uint64_t gen = c->gen == GEN_SELF ? 1 : c->gen + 1;

	buf_varint(w->records, machine);
	buf_zigzag(w->records, c->time_ns);
	buf_varint(w->records, c->gen == 0 ? 0 : gen);
}

static int
put_conflicts(struct writer *w, const struct profile *now, struct err *e)
{
	const struct conflict *c;
	uint64_t machine, last = 0;

	if (now->conflict_count > CONFLICTS_MAX)
		return err_set(e, ERR_LIMIT, "too many conflicts");
	w->records = &w->part[PART_CONFLICTS];
	w->before = (struct before){ 0 };
	buf_varint(w->records, now->conflict_count);
	for (size_t i = 0; i < now->conflict_count; i++) {
		c = &now->conflict[i];
		if (c->id <= last || (c->gen > GEN_MAX && c->gen != GEN_SELF))
			return err_set(e, ERR_FORMAT, "conflict %zu", i);
		last = c->id;
		buf_u64(w->records, c->id);
		if (put_record(w, c->loser, e) == -1 ||
		    machine_number(w, c->machine, &machine, e) == -1)
			return -1;
		put_conflict_facts(w, c, machine);
	}
	return 0;
}

static int
put_change(struct writer *w, const struct entry *was, const struct entry *is,
    struct err *e)
{
	if (was != NULL && record_same(was, is))
		return 0;
	w->entry_count++;
	return put_record(w, is, e);
}

/* One walk over both trees; what is the same object needs no comparing. */
static int
put_changes(struct writer *w, const struct tree *parent, const struct tree *now,
    struct err *e)
{
	struct tree_walk walk = { .tree = { parent, now }, .count = 2 };
	struct before gone = { 0 };

	w->records = &w->part[PART_ENTRIES];
	while (tree_walk_next(&walk)) {
		if (walk.at[0] == walk.at[1])
			continue;
		if (walk.at[1] != NULL) {
			if (put_change(w, walk.at[0], walk.at[1], e) == -1)
				return -1;
			continue;
		}
		if (!path_is_clean(walk.path, walk.path_len))
			return err_set(e, ERR_FORMAT, "path is not clean");
		put_path(&w->part[PART_REMOVED], &gone, walk.path,
		    walk.path_len);
		w->removed_count++;
	}
	return 0;
}

/* The parts in their order, each behind what says how much of it there is. */
static int
put_body(struct buf *out, struct writer *w, bool delta, size_t entries,
    struct err *e)
{
	struct buf count[PART__COUNT] = { 0 };
	const struct buf *piece[PIECES];
	int rc = -1;

	buf_varint(&count[PART_MACHINES], entries);
	buf_varint(&count[PART_MACHINES], w->listed_count);
	buf_varint(&count[PART_HASHES], w->hash_count);
	buf_varint(&count[PART_TIMES], w->part[PART_TIMES].len);
	buf_varint(&count[PART_ENTRIES], w->entry_count);
	if (delta)
		buf_varint(&count[PART_REMOVED], w->removed_count);
	for (size_t i = 0; i < PART__COUNT; i++) {
		piece[2 * i] = &count[i];
		piece[2 * i + 1] = &w->part[i];
		if (buf_check(&count[i], e) == -1 ||
		    buf_check(&w->part[i], e) == -1)
			goto out;
	}
	rc = manifest_seal(out, delta, piece, PIECES, e);
out:
	for (size_t i = 0; i < PART__COUNT; i++)
		buf_free(&count[i]);
	return rc;
}

int
manifest_write(struct buf *out, const struct profile *parent,
    const struct profile *now, struct err *e)
{
	static const struct tree nothing;
	const struct tree *from = parent != NULL ? &parent->tree : &nothing;
	struct writer *w = calloc(1, sizeof(*w));
	int rc = -1;

	if (w == NULL)
		return err_sys(e, "manifest");
	for (size_t i = 0; i < PART__COUNT; i++)
		w->part[i].max = BODY_MAX;
	if (tree_check(&now->tree, e) == 0 &&
	    put_changes(w, from, &now->tree, e) == 0 &&
	    put_conflicts(w, now, e) == 0 &&
	    put_body(out, w, parent != NULL, now->tree.count, e) == 0)
		rc = 0;
	for (size_t i = 0; i < PART__COUNT; i++)
		buf_free(&w->part[i]);
	free(w->listed);
	free(w);
	return rc == -1 ? err_wrap(e, "manifest") : 0;
}
