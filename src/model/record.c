#include <string.h>

#include "base/path.h"
#include "model/commit.h"
#include "model/manifest.h"

uint64_t
place_expected(const struct before *b)
{
	return (b->place.at + b->place_len + 511) & ~(uint64_t)511;
}

static int
place_check(const struct place *p, uint64_t len, struct err *e)
{
	if (!place_is_stored(p))
		return 0;
	if (p->gen > GEN_MAX && p->gen != GEN_SELF)
		return err_set(e, ERR_FORMAT, "place: no such generation");
	if (p->pack >= COMMIT_PACKS_MAX)
		return err_set(e, ERR_FORMAT, "place: pack %u", p->pack);
	if (p->frame_len == 0 || p->frame_len > FRAME_LEN_LIMIT ||
	    p->frame > INT64_MAX / 2)
		return err_set(e, ERR_FORMAT, "place: frame out of bounds");
	if (len > PLACE_END_MAX || p->at + len > PLACE_END_MAX)
		return err_set(e, ERR_FORMAT, "place: leaves its frame");
	return 0;
}

static int
extents_check(const struct entry *t, struct err *e)
{
	const struct extra *x = t->extra;
	uint64_t left = t->size;

	if (x->extents == NULL)
		return err_set(e, ERR_FORMAT, "extents are missing");
	for (uint32_t i = 0; i < x->extent_count; i++) {
		if (x->extents[i].len == 0 || x->extents[i].len > left)
			return err_set(e, ERR_FORMAT,
			    "extents do not add up to the size");
		left -= x->extents[i].len;
		if (place_check(&x->extents[i].place, x->extents[i].len, e) ==
		    -1)
			return -1;
	}
	if (left > 0)
		return err_set(e, ERR_FORMAT,
		    "extents do not add up to the size");
	return 0;
}

static int
file_check(const struct entry *t, struct err *e)
{
	if (t->size > INT64_MAX)
		return err_set(e, ERR_FORMAT, "size out of bounds");
	if (entry_target(t) != NULL)
		return err_set(e, ERR_FORMAT, "a file with a target");
	if (entry_extent_count(t) > 0)
		return extents_check(t, e);
	return t->size > 0 ? place_check(&t->place, t->size, e) : 0;
}

static int
dir_check(const struct entry *t, struct err *e)
{
	if (t->size != 0 || !hash_is_zero(&t->hash) || entry_group(t) != 0 ||
	    entry_target(t) != NULL || entry_extent_count(t) > 0)
		return err_set(e, ERR_FORMAT, "a directory with content");
	return 0;
}

static int
link_check(const struct entry *t, struct err *e)
{
	const char *target = entry_target(t);
	size_t len = target != NULL ? strlen(target) : 0;

	if (len == 0 || len > TARGET_LEN_MAX || t->size != len)
		return err_set(e, ERR_FORMAT, "target of %zu bytes", len);
	if (t->mode != 0777)
		return err_set(e, ERR_FORMAT, "a symlink of mode %o", t->mode);
	if (entry_extent_count(t) > 0)
		return err_set(e, ERR_FORMAT, "a symlink with content");
	return 0;
}

int
record_check(const struct entry *t, struct err *e)
{
	static int (*const checks[])(const struct entry *, struct err *) = {
		[ENTRY_FILE] = file_check,
		[ENTRY_DIR] = dir_check,
		[ENTRY_LINK] = link_check,
	};
	_Static_assert(sizeof(checks) / sizeof(checks[0]) == ENTRY__COUNT,
	    "every type of entry has a check");

	if (t->type >= ENTRY__COUNT || checks[t->type] == NULL)
		return err_set(e, ERR_FORMAT, "type %u", t->type);
	if (!path_is_clean(t->path, t->path_len))
		return err_set(e, ERR_FORMAT, "path is not clean");
	if ((t->mode & ~ENTRY_MODE_MASK) != 0)
		return err_set(e, ERR_FORMAT, "mode %o", t->mode);
	if (t->extra != NULL && t->extra->attrs != NULL &&
	    !attrs_valid(t->extra->attrs, t->extra->attrs_len))
		return err_set(e, ERR_FORMAT, "attributes are malformed");
	return checks[t->type](t, e);
}

bool
record_same(const struct entry *a, const struct entry *b)
{
	return entry_same(a, b) && a->mtime_ns == b->mtime_ns &&
	    machine_order(a->machine, b->machine) == 0 &&
	    entry_same_places(a, b);
}
