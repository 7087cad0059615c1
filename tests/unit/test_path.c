#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/path.h"

#define LENGTH_OF(a) (sizeof(a) / sizeof((a)[0]))

Test(path, a_clean_path_stays_below_the_home)
{
	static const struct {
		const char *path;
		bool want;
	} cases[] = {
		{ "a", true },
		{ ".a", true },
		{ "..a", true },
		{ "...", true },
		{ "a.", true },
		{ "a/b/c", true },
		{ "a/.../b", true },
		{ "\n\377/\033", true },
		{ "", false },
		{ "/", false },
		{ "/a", false },
		{ "a/", false },
		{ "a//b", false },
		{ ".", false },
		{ "..", false },
		{ "./a", false },
		{ "../a", false },
		{ "a/.", false },
		{ "a/..", false },
		{ "a/./b", false },
		{ "a/../b", false },
	};

	for (size_t i = 0; i < LENGTH_OF(cases); i++)
		cr_expect_eq(path_is_clean(cases[i].path,
				 strlen(cases[i].path)),
		    cases[i].want, "'%s'", cases[i].path);
	cr_expect_not(path_is_clean("a\0b", 3));
	cr_expect_not(path_is_clean("a\0", 2));
}

/* Names of 255 bytes, len bytes in all. */
static char *
long_path(size_t len)
{
	char *path = malloc(len + 1);

	cr_assert_not_null(path);
	for (size_t i = 0; i < len; i++)
		path[i] = i % 256 == 255 ? '/' : 'x';
	path[len] = '\0';
	return path;
}

Test(path, a_clean_path_has_bounds)
{
	char *path = long_path(PATH_LEN_MAX + 1);

	cr_expect(path_is_clean(path, 255));
	cr_expect(path_is_clean(path, PATH_LEN_MAX - 1));
	cr_expect_not(path_is_clean(path, PATH_LEN_MAX + 1));
	path[255] = 'x';
	cr_expect_not(path_is_clean(path, 256));
	path[100] = '/';
	cr_expect(path_is_clean(path, 256));
	free(path);
}

Test(path, the_order_puts_a_directory_right_before_what_it_holds)
{
	static const char *const sorted[] = { "A", "a", "a/\001", "a/b",
		"a/b/c", "a/b.c", "a/bc", "a\001", "a b", "a-b", "a.b", "a.b/c",
		"a0", "ab", "abcdefgh", "abcdefgh/z", "abcdefgh.",
		"abcdefghijklmnop/a", "abcdefghijklmnop/b", "b", "\303\244",
		"\377" };

	for (size_t i = 0; i < LENGTH_OF(sorted); i++)
		for (size_t k = 0; k < LENGTH_OF(sorted); k++)
			cr_expect_eq(path_order(sorted[i], strlen(sorted[i]),
					 sorted[k], strlen(sorted[k])),
			    (i > k) - (i < k), "'%s' and '%s'", sorted[i],
			    sorted[k]);
}

/* What path_order() promises, said in the slowest way: the components one by
 * one, and a path before all that is below it. */
static int
order_by_components(const char *a, const char *b)
{
	size_t n = strcspn(a, "/"), m = strcspn(b, "/");
	int by_bytes = memcmp(a, b, n < m ? n : m);

	if (by_bytes != 0)
		return by_bytes < 0 ? -1 : 1;
	if (n != m)
		return n < m ? -1 : 1;
	if (a[n] == '\0' || b[n] == '\0')
		return (a[n] != '\0') - (b[n] != '\0');
	return order_by_components(a + n + 1, b + n + 1);
}

Test(path, the_order_is_the_one_of_components)
{
	static const char alphabet[] = "/ab.\001\377";
	char a[24], b[24];

	srandom(1);
	for (unsigned round = 0; round < 200000; round++) {
		size_t n = 1 + (size_t)random() % 20;
		size_t m = 1 + (size_t)random() % 20;

		for (size_t i = 0; i < n; i++)
			a[i] = alphabet[random() % 6];
		a[n] = '\0';
		memcpy(b, a, sizeof(b));
		for (size_t i = (size_t)random() % 20; i < m; i++)
			b[i] = alphabet[random() % 6];
		b[m] = '\0';
		if (!path_is_clean(a, n) || !path_is_clean(b, strlen(b)))
			continue;
		cr_assert_eq(path_order(a, n, b, strlen(b)),
		    order_by_components(a, b), "'%s' and '%s'", a, b);
	}
}

Test(path, within_means_equal_or_below)
{
	static const struct {
		const char *path;
		const char *dir;
		bool want;
	} cases[] = {
		{ "a", "a", true },
		{ "a/b", "a", true },
		{ "a/b/c", "a/b", true },
		{ "a", "", true },
		{ "", "", true },
		{ "ab", "a", false },
		{ "a", "a/b", false },
		{ "a.b", "a", false },
		{ "b", "a", false },
	};

	for (size_t i = 0; i < LENGTH_OF(cases); i++)
		cr_expect_eq(path_is_within(cases[i].path,
				 strlen(cases[i].path), cases[i].dir,
				 strlen(cases[i].dir)),
		    cases[i].want, "'%s' in '%s'", cases[i].path, cases[i].dir);
}

Test(path, parent_and_name_make_up_the_path)
{
	cr_expect_eq(path_parent_len("a", 1), 0);
	cr_expect_eq(path_parent_len("a/b", 3), 1);
	cr_expect_eq(path_parent_len("a/b/c", 5), 3);
	cr_expect_eq(path_parent_len("a/b/c", 3), 1);
	cr_expect_str_eq(path_name("a", 1), "a");
	cr_expect_str_eq(path_name("a/b/cd", 6), "cd");
}

Test(path, joining_fits_or_says_so)
{
	char out[8];
	struct err e;

	cr_assert_eq(path_join(out, sizeof(out), "", "abc", &e), 0);
	cr_assert_str_eq(out, "abc");
	cr_assert_eq(path_join(out, sizeof(out), out, "def", &e), 0);
	cr_assert_str_eq(out, "abc/def");
	cr_assert_eq(path_join(out, sizeof(out), "abc", "defg", &e), -1);
	cr_assert_eq(e.kind, ERR_LIMIT);
	cr_assert_eq(path_join(out, sizeof(out), "", "abcdefgh", &e), -1);
	cr_assert_eq(e.kind, ERR_LIMIT);
	cr_assert_str_eq(out, "abc/def");
}

Test(path, no_path_grows_beyond_the_bound_of_all_paths)
{
	char *dir = long_path(PATH_LEN_MAX - 4);
	char out[2 * PATH_LEN_MAX];
	struct err e;

	cr_expect_eq(path_join(out, sizeof(out), dir, "abc", &e), 0);
	cr_expect_eq(strlen(out), PATH_LEN_MAX);
	cr_expect_eq(path_join(out, sizeof(out), dir, "abcd", &e), -1);
	free(dir);
}

Test(path, an_argument_becomes_a_clean_path)
{
	static const struct {
		const char *home;
		const char *arg;
		const char *want; /* NULL: refused */
	} cases[] = {
		{ "/home/alice", "a", "a" },
		{ "/home/alice", "./a", "a" },
		{ "/home/alice", "././a/", "a" },
		{ "/home/alice", "a//b///", "a/b" },
		{ "/home/alice", "a/./b/.", "a/b" },
		{ "/home/alice", ".config", ".config" },
		{ "/home/alice", "/home/alice/a/b", "a/b" },
		{ "/home/alice", "/home/alice//a", "a" },
		{ "/home/alice/", "/home/alice/a", "a" },
		{ "/home/alice", "/home/alice", "" },
		{ "/home/alice", "/home/alice/", "" },
		{ "/home/alice", ".", "" },
		{ "/home/alice", "./", "" },
		{ "/", "/a", "a" },
		{ "/home/alice", "", NULL },
		{ "/home/alice", "/", NULL },
		{ "/home/alice", "/home", NULL },
		{ "/home/alice", "/home/bob/a", NULL },
		{ "/home/alice", "/home/alicex", NULL },
		{ "/home/alice", "/home/alice/../bob", NULL },
		{ "/home/alice", "..", NULL },
		{ "/home/alice", "../a", NULL },
		{ "/home/alice", "a/..", NULL },
		{ "/home/alice", "a/../b", NULL },
	};
	char out[64];
	struct err e;

	for (size_t i = 0; i < LENGTH_OF(cases); i++) {
		int rc = path_from_user(out, sizeof(out), cases[i].home,
		    cases[i].arg, &e);

		if (cases[i].want == NULL) {
			cr_expect_eq(rc, -1, "'%s'", cases[i].arg);
			cr_expect_eq(e.kind, ERR_USAGE, "'%s'", cases[i].arg);
		} else {
			cr_expect_eq(rc, 0, "'%s'", cases[i].arg);
			cr_expect_str_eq(out, cases[i].want);
		}
	}
}

Test(path, an_argument_that_is_too_long_is_refused)
{
	char *arg = long_path(PATH_LEN_MAX - 1);
	char out[PATH_LEN_MAX + 1], small[5];
	struct err e;

	cr_expect_eq(path_from_user(out, sizeof(out), "/h", arg, &e), 0);
	cr_expect_str_eq(out, arg);
	cr_expect_eq(path_from_user(small, sizeof(small), "/h", "a/b", &e), 0);
	cr_expect_eq(path_from_user(small, sizeof(small), "/h", "a/b/c", &e),
	    -1);
	cr_expect_eq(e.kind, ERR_LIMIT);
	arg[255] = 'x';
	cr_expect_eq(path_from_user(out, sizeof(out), "/h", arg, &e), -1);
	cr_expect_eq(e.kind, ERR_LIMIT);
	free(arg);
}
