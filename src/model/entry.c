#include "model/entry.h"

#include <string.h>

#include "base/reader.h"

#define ATTR_NAME_MAX 255 /* bytes; the kernel's own bound */

/* A name is one of ours or begins with "user." and goes on. */
static bool
attr_name_valid(const uint8_t *name, size_t len)
{
	static const char user[] = "user.";
	static const char *const acl[] = {
		"system.posix_acl_access",
		"system.posix_acl_default",
	};

	if (len > ATTR_NAME_MAX || memchr(name, '\0', len) != NULL)
		return false;
	if (len >= sizeof(user) && memcmp(name, user, sizeof(user) - 1) == 0)
		return true;
	for (size_t i = 0; i < sizeof(acl) / sizeof(acl[0]); i++)
		if (len == strlen(acl[i]) && memcmp(name, acl[i], len) == 0)
			return true;
	return false;
}

static bool
bytes_rise(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order < 0 || (order == 0 && a_len < b_len);
}

bool
attrs_valid(const uint8_t *attrs, size_t len)
{
	const uint8_t *name, *before = NULL;
	size_t name_len, before_len = 0;
	struct reader r;

	if (len > ATTRS_MAX)
		return false;
	for (r = reader_of(attrs, len); r.left > 0;) {
		name_len = reader_u16(&r);
		name = reader_bytes(&r, name_len);
		(void)reader_bytes(&r, reader_u32(&r));
		if (r.bad || !attr_name_valid(name, name_len))
			return false;
		if (before != NULL &&
		    !bytes_rise(before, before_len, name, name_len))
			return false;
		before = name;
		before_len = name_len;
	}
	return true;
}

const char *
entry_target(const struct entry *t)
{
	return t->extra != NULL ? t->extra->target : NULL;
}

uint64_t
entry_group(const struct entry *t)
{
	return t->extra != NULL ? t->extra->group : 0;
}

uint32_t
entry_extent_count(const struct entry *t)
{
	return t->extra != NULL ? t->extra->extent_count : 0;
}

bool
entry_has_place(const struct entry *t)
{
	return t->size == 0 || entry_extent_count(t) > 0 ||
	    t->place.gen != GEN_NONE;
}

bool
entry_same_places(const struct entry *a, const struct entry *b)
{
	uint32_t count = entry_extent_count(a);
	const struct extent *x, *y;

	if (a->type != ENTRY_FILE || a->size == 0)
		return true;
	if (count != entry_extent_count(b))
		return false;
	if (count == 0)
		return place_same(&a->place, &b->place);
	x = a->extra->extents;
	y = b->extra->extents;
	for (uint32_t i = 0; x != y && i < count; i++)
		if (x[i].len != y[i].len ||
		    !place_same(&x[i].place, &y[i].place))
			return false;
	return true;
}

static bool
same_target(const struct entry *a, const struct entry *b)
{
	const char *to_a = entry_target(a), *to_b = entry_target(b);

	if (to_a == NULL || to_b == NULL)
		return to_a == to_b;
	return to_a == to_b || strcmp(to_a, to_b) == 0;
}

bool
entry_same_content(const struct entry *a, const struct entry *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case ENTRY_FILE:
		return a->size == b->size && hash_same(&a->hash, &b->hash);
	case ENTRY_LINK:
		return same_target(a, b);
	default:
		return true;
	}
}

static bool
same_attrs(const struct extra *a, const struct extra *b)
{
	size_t a_len = a != NULL && a->attrs != NULL ? a->attrs_len : 0;
	size_t b_len = b != NULL && b->attrs != NULL ? b->attrs_len : 0;

	if (a_len != b_len)
		return false;
	return a_len == 0 || a->attrs == b->attrs ||
	    memcmp(a->attrs, b->attrs, a_len) == 0;
}

bool
entry_same_attributes(const struct entry *a, const struct entry *b)
{
	if (a->mode != b->mode)
		return false;
	if (a->extra == b->extra)
		return true;
	return entry_group(a) == entry_group(b) &&
	    same_attrs(a->extra, b->extra);
}

bool
entry_same(const struct entry *a, const struct entry *b)
{
	if (a == b)
		return true;
	if (a == NULL || b == NULL)
		return false;
	return entry_same_content(a, b) && entry_same_attributes(a, b);
}

struct entry *
entry_copy(struct arena *a, const struct entry *t, struct err *e)
{
	struct entry *copy = arena_alloc(a, sizeof(*copy), e);

	if (copy != NULL)
		*copy = *t;
	return copy;
}

struct entry *
entry_copy_extra(struct arena *a, const struct entry *t, struct extra **extra,
    struct err *e)
{
	struct entry *copy = entry_copy(a, t, e);
	struct extra *own;

	if (copy == NULL || (own = arena_alloc(a, sizeof(*own), e)) == NULL)
		return NULL;
	*own = t->extra != NULL ? *t->extra : (struct extra){ 0 };
	copy->extra = own;
	*extra = own;
	return copy;
}

const char *
entry_kind(const struct entry *t)
{
	static const char *const kinds[] = {
		[ENTRY_NONE] = "nothing",
		[ENTRY_FILE] = "file",
		[ENTRY_DIR] = "directory",
		[ENTRY_LINK] = "symlink",
	};
	_Static_assert(sizeof(kinds) / sizeof(kinds[0]) == ENTRY__COUNT,
	    "every type of entry has a word");

	return kinds[t->type < ENTRY__COUNT ? t->type : ENTRY_NONE];
}

struct entry *
entry_own(const struct entry *t)
{
	const union {
		const struct entry *shared;
		struct entry *own;
	} u = { .shared = t };

	return u.own;
}

struct extra *
entry_own_extra(const struct entry *t)
{
	const union {
		const struct extra *shared;
		struct extra *own;
	} u = { .shared = t->extra };

	return u.own;
}
