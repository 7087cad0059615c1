#include "model/entry.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "garden.h"

/* Everything that can differ, one at a time, and whether it counts. */
static const struct difference {
	const char *what;
	bool content, attributes;
} differences[] = {
	{ "nothing", false, false },
	{ "mtime", false, false },
	{ "place", false, false },
	{ "machine", false, false },
	{ "hollow", false, false },
	{ "extents", false, false },
	{ "mode", false, true },
	{ "group", false, true },
	{ "attrs", false, true },
	{ "size", true, false },
	{ "hash", true, false },
	{ "type", true, false },
};

static void
differ(struct entry *t, struct extra *x, const char *what)
{
	static const uint8_t attrs[] = "\6\0user.a\0\0\0\0";
	static const struct machine machine = { "id", "name" };
	static const struct extent extent = { .len = 1 };

	if (strcmp(what, "mtime") == 0)
		t->mtime_ns++;
	else if (strcmp(what, "place") == 0)
		t->place.gen++;
	else if (strcmp(what, "machine") == 0)
		t->machine = &machine;
	else if (strcmp(what, "hollow") == 0)
		t->hollow = 1;
	else if (strcmp(what, "extents") == 0)
		x->extents = &extent, x->extent_count = 1;
	else if (strcmp(what, "mode") == 0)
		t->mode ^= 1;
	else if (strcmp(what, "group") == 0)
		x->group++;
	else if (strcmp(what, "attrs") == 0)
		x->attrs = attrs, x->attrs_len = sizeof(attrs) - 1;
	else if (strcmp(what, "size") == 0)
		t->size++;
	else if (strcmp(what, "hash") == 0)
		t->hash.b[15] ^= 1;
	else if (strcmp(what, "type") == 0)
		t->type = ENTRY_DIR;
}

Test(entry, only_what_users_see_as_a_change_counts_as_one)
{
	struct arena a = { 0 };
	struct entry t = { .path = "f",
		.path_len = 1,
		.type = ENTRY_FILE,
		.mode = 0644,
		.size = 3 };
	const struct difference *d = differences;
	struct extra *x;
	struct entry *u;
	struct err e;

	for (; d < differences + sizeof(differences) / sizeof(*d); d++) {
		cr_assert_not_null(u = entry_copy_extra(&a, &t, &x, &e));
		differ(u, x, d->what);
		cr_expect_eq(entry_same_content(&t, u), !d->content, "%s",
		    d->what);
		cr_expect_eq(entry_same_attributes(&t, u), !d->attributes, "%s",
		    d->what);
		cr_expect_eq(entry_same(&t, u), !d->content && !d->attributes,
		    "%s", d->what);
		cr_expect_eq(entry_same(u, &t), entry_same(&t, u), "%s",
		    d->what);
	}
	arena_free(&a);
}

Test(entry, symlinks_are_compared_by_target)
{
	struct extra to_a = { .target = "a" }, to_b = { .target = "b" };
	struct extra too = { .target = (char[]){ 'a', '\0' } }, none = { 0 };
	struct entry a = { .type = ENTRY_LINK, .size = 1, .extra = &to_a };
	struct entry b = a, c = a, d = a;

	b.extra = &to_b;
	c.extra = &too;
	d.extra = &none;
	cr_assert(!entry_same(&a, &b));
	cr_assert(entry_same(&a, &c));
	cr_assert(!entry_same(&a, &d));
	cr_assert(!entry_same(&d, &a));
}

Test(entry, an_absent_entry_equals_an_absent_one_only)
{
	struct entry t = { .type = ENTRY_DIR };

	cr_assert(entry_same(NULL, NULL));
	cr_assert(!entry_same(&t, NULL));
	cr_assert(!entry_same(NULL, &t));
}

Test(entry, attributes_are_compared_by_bytes)
{
	struct extra a = { .attrs = (const uint8_t[]){ 1, 2 }, .attrs_len = 2 };
	struct extra b = { .attrs = (const uint8_t[]){ 1, 3 }, .attrs_len = 2 };
	struct extra c = { .attrs = (const uint8_t[]){ 1, 2 }, .attrs_len = 2 };
	struct entry x = { .type = ENTRY_DIR, .extra = &a }, y = x;

	y.extra = &b;
	cr_assert(!entry_same_attributes(&x, &y));
	y.extra = &c;
	cr_assert(entry_same_attributes(&x, &y));
}

Test(entry, an_empty_extra_is_the_same_as_none)
{
	static const struct extra nothing;
	struct entry a = { .type = ENTRY_DIR }, b = a;

	b.extra = &nothing;
	cr_assert(entry_same(&a, &b) && entry_same(&b, &a));
	cr_assert_null(entry_target(&a));
	cr_assert_eq(entry_group(&a), 0);
	cr_assert_eq(entry_extent_count(&a), 0);
}

Test(entry, a_copy_can_be_changed_without_the_original)
{
	struct arena a = { 0 };
	struct extra first = { .group = 4 };
	struct entry t = { .path = "f", .type = ENTRY_FILE, .extra = &first };
	struct entry *u;
	struct extra *x;
	struct err e;

	cr_assert_not_null(u = entry_copy(&a, &t, &e));
	cr_assert_eq(u->extra, &first);
	u->size = 9;
	cr_assert_eq(t.size, 0);
	cr_assert_not_null(u = entry_copy_extra(&a, &t, &x, &e));
	cr_assert_eq(u->extra, x);
	cr_assert_eq(x->group, 4);
	x->group = 5;
	cr_assert_eq(first.group, 4);
	arena_free(&a);
}

#define USER_A "\6\0user.a\1\0\0\0x"
#define USER_B "\6\0user.b\0\0\0\0"
#define ACL    "\x17\0system.posix_acl_access\1\0\0\0\0"
#define CASE(good, bytes)                                                      \
	{                                                                      \
		good, bytes, sizeof(bytes) - 1                                 \
	}

static const struct {
	bool good;
	const char *bytes;
	size_t len;
} blocks[] = {
	CASE(true, ""),
	CASE(true, USER_A),
	CASE(true, USER_A USER_B),
	CASE(true, ACL USER_A),
	CASE(true, "\x18\0system.posix_acl_default\0\0\0\0"),
	CASE(true, "\7\0user.\xff\n\0\0\0\0"), /* names are bytes */
	CASE(false, USER_B USER_A),
	CASE(false, USER_A USER_A),
	CASE(false, USER_A ACL),
	CASE(false, "\0\0\0\0\0\0"),
	CASE(false, "\5\0user.\0\0\0\0"),
	CASE(false, "\7\0user.a\0\0\0\0\0"),
	CASE(false, "\7\0trusted\0\0\0\0"),
	CASE(false, "\x13\0security.capability\0\0\0\0"),
	CASE(false, "\x0f\0system.nfs4_acl\0\0\0\0"),
	CASE(false, USER_A "\6"),
	CASE(false, "\6\0user.a\2\0\0\0x"),
	CASE(false, "\6\0user.a\xff\xff\xff\xffx"),
	CASE(false, "\xff\xffuser.a\0\0\0\0"),
};

Test(entry, attributes_are_checked_byte_by_byte)
{
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		cr_expect_eq(attrs_valid((const uint8_t *)blocks[i].bytes,
				 blocks[i].len),
		    blocks[i].good, "block %zu", i);
	cr_assert(attrs_valid(NULL, 0));
}

Test(entry, attributes_cut_off_inside_one_are_refused)
{
	static const char whole[] = ACL USER_A USER_B;
	size_t acl = sizeof(ACL) - 1, a = acl + sizeof(USER_A) - 1;
	uint8_t *copy;

	for (size_t len = 0; len < sizeof(whole); len++) {
		cr_assert_not_null(copy = malloc(len + 1));
		memcpy(copy + 1, whole, len);
		cr_expect_eq(attrs_valid(copy + 1, len),
		    len == 0 || len == acl || len == a ||
			len == sizeof(whole) - 1,
		    "%zu", len);
		free(copy);
	}
}

Test(entry, attributes_have_a_bound)
{
	static uint8_t big[ATTRS_MAX + 1];
	size_t head = 12;

	memcpy(big, "\6\0user.a", 8);
	for (size_t len = ATTRS_MAX; len <= ATTRS_MAX + 1; len++) {
		for (size_t i = 0; i < 4; i++)
			big[8 + i] = (uint8_t)((len - head) >> 8 * i);
		cr_assert_eq(attrs_valid(big, len), len == ATTRS_MAX);
	}
}

Test(entry, every_type_has_a_word)
{
	struct entry t = { .type = ENTRY_FILE };

	cr_assert_str_eq(entry_kind(&t), "file");
	t.type = ENTRY_DIR;
	cr_assert_str_eq(entry_kind(&t), "directory");
	t.type = ENTRY_LINK;
	cr_assert_str_eq(entry_kind(&t), "symlink");
	t.type = 200;
	cr_assert_not_null(entry_kind(&t));
}
