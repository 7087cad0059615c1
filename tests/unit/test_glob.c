#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "glob_reference.h"
#include "model/glob.h"

/* Does pattern match path? Patterns that are no patterns match nothing. */
static bool
matches(const char *pattern, const char *path)
{
	struct arena a = { 0 };
	struct glob g;
	struct err e;
	bool yes;

	yes = glob_parse(&g, &a, pattern, strlen(pattern), &e) == 0 &&
	    glob_match(&g, 0, path, strlen(path));
	arena_free(&a);
	return yes;
}

/* What gitignore(5) says, sentence by sentence. */
static const struct {
	const char *pattern;
	const char *path;
	bool yes;
} cases[] = {
	/* no slash: at any depth */
	{ "a", "a", true },
	{ "a", "x/y/a", true },
	{ "a", "a/x", false }, /* what is below goes by its directory */
	{ "*.o", "x/y.o", true },
	{ "*.o", "x.o/y", false },
	{ "**", "x/y/z", true },
	{ "a**", "x/abc", true },
	{ "**a", "x/bca", true },
	/* a slash in front or within: anchored */
	{ "/a", "a", true },
	{ "/a", "x/a", false },
	{ "a/b", "a/b", true },
	{ "a/b", "x/a/b", false },
	{ "/*", "a", true },
	{ "/*", "a/b", false },
	/* a slash at the end anchors nothing */
	{ "a/", "x/a", true },
	{ "a/b/", "x/a/b", false },
	/* wildcards do not match a slash */
	{ "a/*", "a/b", true },
	{ "a/*", "a/b/c", false },
	{ "a/*/c", "a/b/c", true },
	{ "a/*/c", "a/b/b/c", false },
	{ "a?b/c", "a/b/c", false },
	{ "a[!x]b/c", "a/b/c", false },
	{ "*", ".hidden", true },
	{ "a*b*c", "aXbXbXc", true },
	{ "a*b*c", "aXbXb", false },
	{ "???", "abc", true },
	{ "???", "ab", false },
	/* "**" between slashes */
	{ "**/a", "a", true },
	{ "**/a", "x/y/a", true },
	{ "**/a/b", "a/b", true },
	{ "**/a/b", "x/a/b", true },
	{ "**/a/b", "x/a/y/b", false },
	{ "a/**", "a", false },
	{ "a/**", "a/b", true },
	{ "a/**", "a/b/c", true },
	{ "/**", "a/b", true },
	{ "a/**/b", "a/b", true },
	{ "a/**/b", "a/x/b", true },
	{ "a/**/b", "a/x/y/b", true },
	{ "a/**/b", "x/a/b", false },
	{ "a/**/**/b", "a/b", true },
	{ "a/**/b/**/c", "a/x/b/b/y/c", true },
	{ "a/**/b/c", "a/b/x/b/c", true },
	{ "a/**/b/c", "a/b/x/c", false },
	{ "a/**/", "a/b/c", true },
	{ "a/b**/c", "a/bx/c", true },
	{ "a/b**/c", "a/bx/y/c", false },
	/* brackets */
	{ "[a-c]x", "bx", true },
	{ "[a-c]x", "dx", false },
	{ "[!a-c]x", "dx", true },
	{ "[^a-c]x", "bx", false },
	{ "[]a]", "]", true },
	{ "[!]a]", "]", false },
	{ "[a-]", "-", true },
	{ "[\\]]", "]", true },
	{ "[[:digit:]]", "7", true },
	{ "[[:digit:]]", "d", false },
	{ "[![:space:]x]", "y", true },
	{ "[[:upper:][:digit:]_]", "_", true },
	{ "[\x80-\xff]", "\xc3", true },
	/* escapes */
	{ "\\*", "*", true },
	{ "\\*", "a", false },
	{ "\\!a", "!a", true },
	{ "\\#a", "#a", true },
	{ "a\\?b*", "a?bc", true },
	{ "a\\\\b", "a\\b", true },
	/* bytes, not characters */
	{ "??", "\xc3\xa4", true },
};

Test(glob, patterns_match_as_gitignore_says)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(matches(cases[i].pattern, cases[i].path),
		    cases[i].yes, "%s : %s", cases[i].pattern, cases[i].path);
}

Test(glob, the_reference_agrees_with_the_cases)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (strpbrk(cases[i].pattern, "[\\") != NULL)
			continue; /* it knows but a few of those */
		cr_expect_eq(reference_match(cases[i].pattern, cases[i].path),
		    cases[i].yes, "%s : %s", cases[i].pattern, cases[i].path);
	}
}

Test(glob, random_patterns_match_as_in_a_naive_matcher)
{
	char pattern[REFERENCE_MAX], path[REFERENCE_MAX];
	struct arena a = { 0 };
	struct glob g;
	struct err e;
	unsigned seed = 1, tried = 0, hits = 0;
	bool yes;

	while (tried < 200000) {
		reference_pattern(pattern, &seed);
		reference_path(path, &seed);
		if (glob_parse(&g, &a, pattern, strlen(pattern), &e) == -1)
			continue;
		yes = glob_match(&g, 0, path, strlen(path));
		cr_assert_eq(yes, reference_match(pattern, path), "%s : %s",
		    pattern, path);
		tried++;
		hits += yes;
	}
	arena_free(&a);
	cr_assert_gt(hits, tried / 20, "too few matches to mean much");
}

Test(glob, a_pattern_that_could_not_be_meant_is_refused)
{
	static const char *const bad[][2] = {
		{ "", "pattern missing" },
		{ "/", "pattern missing" },
		{ "//", "pattern missing" },
		{ "a//b", "'//'" },
		{ "//a", "'//'" },
		{ "./a", "'.' and '..'" },
		{ "a/..", "'.' and '..'" },
		{ "..", "'.' and '..'" },
		{ "!a", "'!'" },
		{ "~/a", "'~/'" },
		{ "a\\", "nothing to escape" },
		{ "a\\/b", "nothing to escape" },
		{ "a[", "malformed" },
		{ "a[b", "malformed" },
		{ "[]", "malformed" },
		{ "[!]", "malformed" },
		{ "[b\\", "malformed" },
		{ "[z-a]", "malformed" },
		{ "[a/b]", "malformed" },
		{ "[[:nothing:]]", "malformed" },
		{ "[[:digit", "malformed" },
	};
	struct arena a = { 0 };
	struct glob g;
	struct err e;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		e.text[0] = '\0';
		cr_expect_eq(glob_parse(&g, &a, bad[i][0], strlen(bad[i][0]),
				 &e),
		    -1, "%s", bad[i][0]);
		cr_expect_eq(e.kind, ERR_USAGE);
		cr_expect_not_null(strstr(e.text, bad[i][1]), "%s: %s",
		    bad[i][0], e.text);
	}
	arena_free(&a);
}

Test(glob, the_exact_front_of_a_pattern_is_known)
{
	struct arena a = { 0 };
	struct glob g;
	struct err e;

	cr_assert_eq(glob_parse(&g, &a, "/a/b\\*/c*/d/", 12, &e), 0);
	cr_assert_str_eq(g.lead, "a/b*");
	cr_assert_eq(g.lead_len, 4);
	cr_assert_eq(g.lead_count, 2);
	cr_assert_eq(g.count, 4);
	cr_assert(g.dir_only);
	cr_assert_eq(glob_parse(&g, &a, "a", 1, &e), 0);
	cr_assert_eq(g.lead_count, 0);
	cr_assert(!g.dir_only);
	arena_free(&a);
}

/* Time has to be bounded by lengths, not by what an attacker thinks up. */
Test(glob, many_stars_do_not_explode, .timeout = 20)
{
	char pattern[GLOB_TEXT_MAX + 1], path[4096];
	size_t n = 0;

	for (size_t i = 0; i + 2 < sizeof(path); i += 2)
		memcpy(path + i, "a/", 3);
	path[sizeof(path) - 2] = 'b';
	path[sizeof(path) - 1] = '\0';
	while (n + 10 < sizeof(pattern))
		n += (size_t)sprintf(pattern + n, "**/*a*/");
	memcpy(pattern + n, "c", 2);
	cr_assert(!matches(pattern, path));

	memset(path, 'a', 255);
	path[255] = '\0';
	for (n = 0; n + 2 < 250; n += 2)
		memcpy(pattern + n, "*a", 3);
	memcpy(pattern + n, "b", 2);
	cr_assert(!matches(pattern, path));
}
