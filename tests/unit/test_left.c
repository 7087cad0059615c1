#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/io.h"
#include "sync/left.h"

static struct arena arena;
static struct machines machines = { .arena = &arena };
static char dir[] = "/tmp/roam-left-XXXXXX";
static int dirfd = -1;
static struct err e;

static void
enter(void)
{
	cr_assert_not_null(mkdtemp(dir));
	dirfd = open(dir, O_RDONLY | O_DIRECTORY);
	cr_assert_neq(dirfd, -1);
}

static void
leave(void)
{
	unlinkat(dirfd, "left", 0);
	close(dirfd);
	rmdir(dir);
	arena_free(&arena);
}

TestSuite(left, .init = enter, .fini = leave);

static struct hash
hash_n(uint64_t n)
{
	return hash_of(&n, sizeof(n));
}

/* A file that holds content n, in a generation, in so many extents. */
static const struct entry *
file(const char *path, uint64_t n, uint64_t size, uint64_t gen,
    uint32_t extents)
{
	struct entry *t = arena_alloc(&arena, sizeof(*t), &e);
	struct extra *x = arena_alloc(&arena, sizeof(*x), &e);
	struct extent *at =
	    arena_alloc(&arena, (extents + 1) * sizeof(*at), &e);
	const struct place place = { .gen = gen,
		.frame = n,
		.frame_len = 100,
		.pack = 1 };

	cr_assert(t != NULL && x != NULL && at != NULL);
	*t = (struct entry){ .type = ENTRY_FILE,
		.mode = 0644,
		.mtime_ns = 5,
		.size = size,
		.hash = hash_n(n) };
	t->path = arena_copy(&arena, path, strlen(path), &e);
	t->path_len = (uint16_t)strlen(path);
	if (extents == 0) {
		t->place = place;
		return t;
	}
	for (uint32_t i = 0; i < extents; i++)
		at[i] = (struct extent){ size / extents, place };
	*x = (struct extra){ .extents = at, .extent_count = extents };
	t->extra = x;
	return t;
}

static void
add(struct left *l, const struct entry *t, uint64_t number)
{
	struct hash id = hash_n(number);

	cr_assert_eq(left_add(l, t, number, &id, &arena, &e), 0);
}

static struct left
again(const struct left *l)
{
	struct left got = { .loaded = false };

	cr_assert_eq(left_save(l, dirfd, "left", &arena, &e), 0, "%s", e.text);
	cr_assert_eq(left_load(&got, dirfd, "left", &arena, &machines, &e), 0);
	return got;
}

/* The generation that is named for content n; 0: it is not there. */
static uint64_t
named(const struct left *l, uint64_t n, uint64_t size)
{
	const struct entry *t = index_find(&l->index, file("x", n, size, 1, 0));
	struct hash id, want;
	uint64_t number;

	if (t == NULL)
		return 0;
	left_generation(t, &number, &id);
	want = hash_n(number);
	cr_expect(hash_same(&id, &want));
	return number;
}

Test(left, says_where_contents_lie)
{
	struct left l = { .loaded = true }, got;
	const struct entry *t;

	add(&l, file("a", 1, 5000, 7, 0), 9);
	add(&l, file("b", 2, 6000, 7, 3), 12);
	cr_assert_eq(left_end(&l, &e), 0);
	got = again(&l);
	cr_expect_eq(got.tree.count, 2);
	cr_expect_eq(named(&got, 1, 5000), 9);
	cr_expect_eq(named(&got, 2, 6000), 12);
	cr_expect_eq(named(&got, 3, 6000), 0);
	t = index_find(&got.index, file("x", 1, 5000, 1, 0));
	cr_expect_eq(t->place.gen, 7);
	cr_expect_eq(t->place.frame, 1);
	t = index_find(&got.index, file("x", 2, 6000, 1, 0));
	cr_assert_eq(entry_extent_count(t), 3);
	cr_expect_eq(t->extra->extents[2].len, 2000);
	left_free(&l);
	left_free(&got);
}

Test(left, takes_no_more_than_is_worth_it)
{
	struct left l = { .loaded = true };
	const struct entry *empty = file("a", 1, 0, 7, 0);

	add(&l, empty, 9);
	add(&l, file("a", 1, LEFT_MIN - 1, 7, 0), 9);
	add(&l, file("a", 1, LEFT_MIN, GEN_NONE, 0), 9);
	add(&l, file("a", 1, 10000000, 7, LEFT_EXTENTS + 1), 9);
	cr_assert_eq(left_end(&l, &e), 0);
	cr_expect_eq(l.tree.count, 0);
	left_free(&l);
}

Test(left, knows_a_content_once_by_its_newest_generation)
{
	struct left l = { .loaded = true };

	add(&l, file("a", 1, 5000, 2, 0), 9);
	add(&l, file("b", 1, 5000, 3, 0), 11);
	add(&l, file("c", 1, 5000, 2, 0), 10);
	cr_assert_eq(left_end(&l, &e), 0);
	cr_expect_eq(l.tree.count, 1);
	cr_expect_eq(named(&l, 1, 5000), 11);
	/* That is no news, and nothing to write. */
	add(&l, file("c", 1, 5000, 2, 0), 10);
	add(&l, file("c", 1, 5000, 2, 0), 11);
	cr_expect_eq(l.tree.count, 1);
	add(&l, file("c", 1, 5000, 2, 0), 12);
	cr_expect_eq(l.tree.count, 2);
	left_free(&l);
}

Test(left, keeps_the_newest_where_there_are_too_many)
{
	struct left l = { .loaded = true }, got;

	for (uint64_t n = 1; n <= LEFT_CONTENTS + 100; n++)
		add(&l, file("a", n, 5000, 1, 0), n);
	cr_assert_eq(left_end(&l, &e), 0);
	cr_expect_eq(l.tree.count, LEFT_CONTENTS);
	got = again(&l);
	cr_expect_eq(got.tree.count, LEFT_CONTENTS);
	cr_expect_eq(named(&got, 100, 5000), 0);
	cr_expect_eq(named(&got, 101, 5000), 101);
	cr_expect_eq(named(&got, LEFT_CONTENTS + 100, 5000),
	    LEFT_CONTENTS + 100);
	left_free(&l);
	left_free(&got);
}

Test(left, keeps_no_more_extents_than_it_may)
{
	struct left l = { .loaded = true };

	for (uint64_t n = 1; n <= 5; n++)
		add(&l, file("a", n, LEFT_EXTENTS * 10, 1, LEFT_EXTENTS / 4),
		    n);
	cr_assert_eq(left_end(&l, &e), 0);
	cr_expect_eq(l.tree.count, 4);
	cr_expect_eq(named(&l, 1, LEFT_EXTENTS * 10), 0);
	cr_expect_eq(named(&l, 2, LEFT_EXTENTS * 10), 2);
	left_free(&l);
}

Test(left, learns_what_a_head_lacks)
{
	struct left l = { .loaded = true };
	struct profile was = { 0 }, next = { 0 };
	const struct conflict lost = { .id = 1,
		.loser = file("f", 6, 5000, 2, 0) };
	const struct conflict kept = { .id = 2,
		.loser = file("g", 4, 5000, 2, 0) };
	struct known head = { .profile = &was, .number = 9, .id = hash_n(9) };
	bool news;

	for (uint64_t n = 1; n <= 5; n++) {
		char path[2] = { (char)('a' + n), '\0' };

		cr_assert_eq(tree_add(&was.tree, file(path, n, 5000, 2, 0), &e),
		    0);
	}
	cr_assert_eq(profile_add_conflict(&was, &lost, &e), 0);
	/* The same, moved, among what lost; gone are 3 and 5. */
	cr_assert_eq(tree_add(&next.tree, was.tree.entry[0], &e), 0);
	cr_assert_eq(tree_add(&next.tree, file("d", 7, 5000, 2, 0), &e), 0);
	cr_assert_eq(tree_add(&next.tree, file("z", 2, 5000, 2, 0), &e), 0);
	cr_assert_eq(profile_add_conflict(&next, &kept, &e), 0);
	cr_assert_eq(left_learn(&l, &head, &next, &arena, &news, &e), 0);
	cr_expect(news);
	cr_expect_eq(l.tree.count, 3);
	cr_expect_eq(named(&l, 3, 5000), 9);
	cr_expect_eq(named(&l, 5, 5000), 9);
	cr_expect_eq(named(&l, 6, 5000), 9);
	head.profile = &next;
	head.number = 10;
	cr_assert_eq(left_learn(&l, &head, &next, &arena, &news, &e), 0);
	cr_expect_not(news);
	left_free(&l);
	profile_free(&was);
	profile_free(&next);
}

Test(left, is_nothing_where_the_file_is_not_whole)
{
	struct left l = { .loaded = true }, got = { .loaded = false };
	struct buf b = { 0 };

	cr_assert_eq(left_load(&got, dirfd, "left", &arena, &machines, &e), 0);
	cr_expect_eq(got.tree.count, 0);
	add(&l, file("a", 1, 5000, 7, 0), 9);
	cr_assert_eq(left_end(&l, &e), 0);
	cr_assert_eq(left_save(&l, dirfd, "left", &arena, &e), 0);
	cr_assert_eq(io_load(dirfd, "left", &b, &e), 0);
	for (size_t len = 0; len < b.len; len++) {
		cr_assert_eq(io_replace(dirfd, "left", b.bytes, len, &e), 0);
		got.loaded = false;
		cr_assert_eq(left_load(&got, dirfd, "left", &arena, &machines,
				 &e),
		    0, "%zu: %s", len, e.text);
		cr_expect_eq(got.tree.count, 0);
	}
	buf_free(&b);
	left_free(&l);
	left_free(&got);
}
