#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/arena.h"

Test(arena, what_was_taken_stays_apart_and_unchanged)
{
	enum { PIECES = 3000 };
	static unsigned char *piece[PIECES];
	static size_t len[PIECES];
	struct arena a = { 0 };
	struct err e;

	srandom(1);
	for (size_t i = 0; i < PIECES; i++) {
		/* now and then more than a block holds */
		len[i] = (size_t)random() % (i % 100 == 0 ? 3000000 : 300);
		piece[i] = arena_alloc(&a, len[i], &e);
		cr_assert_not_null(piece[i]);
		cr_assert_eq((uintptr_t)piece[i] % alignof(max_align_t), 0);
		memset(piece[i], (int)(i % 251), len[i]);
	}
	for (size_t i = 0; i < PIECES; i++)
		for (size_t k = 0; k < len[i]; k += 97)
			cr_assert_eq(piece[i][k], i % 251);
	arena_free(&a);
}

Test(arena, a_copy_ends_in_a_nul)
{
	struct arena a = { 0 };
	struct err e;
	char *empty, *text;

	cr_assert_not_null(text = arena_copy(&a, "abcdef", 3, &e));
	cr_assert_not_null(empty = arena_copy(&a, NULL, 0, &e));
	cr_assert_str_eq(text, "abc");
	cr_assert_str_eq(empty, "");
	arena_free(&a);
}

Test(arena, joined_memory_lives_as_long_as_the_other_arena)
{
	struct arena into = { 0 }, a = { 0 };
	struct err e;
	char *small[64], *large;

	for (size_t i = 0; i < 64; i++)
		cr_assert_not_null(
		    small[i] = arena_copy(i % 2 == 0 ? &a : &into, "x", 1, &e));
	cr_assert_not_null(large = arena_alloc(&a, 1 << 20, &e));
	memset(large, 'y', 1 << 20);
	arena_join(&into, &a);
	cr_assert_null(a.block);

	/* a starts anew; freeing it takes nothing from into */
	cr_assert_not_null(arena_copy(&a, "z", 1, &e));
	arena_free(&a);
	for (size_t i = 0; i < 64; i++)
		cr_assert_str_eq(small[i], "x");
	cr_assert_eq(large[(1 << 20) - 1], 'y');
	cr_assert_not_null(arena_copy(&into, "more", 4, &e));
	arena_free(&into);
}

Test(arena, joining_works_whichever_is_empty)
{
	struct arena empty = { 0 }, a = { 0 };
	struct err e;
	char *text;

	arena_join(&empty, &a);
	cr_assert_null(empty.block);
	cr_assert_not_null(text = arena_copy(&a, "abc", 3, &e));
	arena_join(&a, &empty);
	cr_assert_str_eq(text, "abc");
	arena_join(&empty, &a);
	cr_assert_str_eq(text, "abc");
	arena_free(&a);
	cr_assert_str_eq(text, "abc");
	arena_free(&empty);
}

Test(arena, a_freed_arena_is_an_empty_one)
{
	struct arena a = { 0 };
	struct err e;

	arena_free(&a);
	for (int i = 0; i < 3; i++) {
		cr_assert_not_null(arena_alloc(&a, 100000, &e));
		arena_free(&a);
		cr_assert_null(a.block);
	}
}

Test(arena, more_than_there_can_be_is_an_error)
{
	struct arena a = { 0 };
	struct err e;
	/* volatile: the compiler need not know how much that is */
	volatile size_t all = SIZE_MAX;

	cr_assert_null(arena_alloc(&a, all, &e));
	cr_assert_eq(e.kind, ERR_LIMIT);
	cr_assert_null(arena_copy(&a, "", all, &e));
	cr_assert_eq(e.kind, ERR_LIMIT);
	cr_assert_not_null(arena_alloc(&a, 8, &e));
	arena_free(&a);
}
