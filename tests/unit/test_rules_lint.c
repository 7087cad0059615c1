#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "model/rules_lint.h"

/* What a check said, a line a fault: "file:line: what". */
struct said {
	char text[4096];
	size_t len;
};

static void
hear(void *arg, const char *file, unsigned line, const char *what)
{
	struct said *s = arg;

	s->len += (size_t)snprintf(s->text + s->len, sizeof(s->text) - s->len,
	    "%s:%u: %s\n", file, line, what);
	cr_assert_lt(s->len, sizeof(s->text));
}

static void
add(struct rules *r, enum rules_source source, const char *name,
    enum rules_care care, const char *text, struct said *s)
{
	const struct rules_file f = { .source = source,
		.name = name,
		.text = text,
		.len = strlen(text) };
	struct err e;

	cr_assert_eq(rules_lint_file(r, &f, care, hear, s, &e), 0, "%s",
	    e.text);
}

/* The faults of one shipped, one administrator's and one user's file. */
static struct said
faults(const char *shipped, const char *admin, const char *user)
{
	struct rules *r = NULL;
	struct said s = { .len = 0 };
	struct err e;

	cr_assert_eq(rules_new(&r, &e), 0);
	add(r, RULES_SHIPPED, "s", RULES_CARE_LINES, shipped, &s);
	add(r, RULES_ADMIN, "a", RULES_CARE_LINES, admin, &s);
	add(r, RULES_USER, "u", RULES_CARE_LINES, user, &s);
	rules_lint_dead(r, hear, &s);
	rules_free(r);
	return s;
}

static void
expect_faults(const char *shipped, const char *want)
{
	struct said s = faults(shipped, "", "");

	cr_expect_str_eq(s.text, want, "%s", s.text);
}

Test(rules_lint, every_bad_line_is_named_and_the_others_still_count)
{
	expect_faults("frob x\nlocal a/\nmerge=magic y\nlocal a/b\nlocal\n",
	    "s:1: 'frob' is not roam, local, unit, beside, listed or "
	    "merge=DRIVER\n"
	    "s:3: no merge driver 'magic'\n"
	    "s:5: pattern missing\n"
	    "s:4: never decides: it lies below what s:2 makes local\n");
}

Test(rules_lint, a_rule_that_a_later_one_always_overrules_is_named)
{
	expect_faults("local a/b\nroam a/*\n",
	    "s:1: never decides: s:2 always does\n");
	expect_faults("local *.iso\nroam *\n",
	    "s:1: never decides: s:2 always does\n");
	expect_faults("local a/[xy]/b\nlocal a/[xy]/b\n",
	    "s:1: never decides: s:2 always does\n");
	expect_faults("local a/*/c/\nlocal a/**/c/\n",
	    "s:1: never decides: s:2 always does\n");
	expect_faults("unit a\nunit a\n",
	    "s:1: never decides: s:2 always does\n");
}

Test(rules_lint, a_rule_that_decides_about_one_path_at_least_is_not)
{
	expect_faults("local a/*\nroam a/b\n", "");
	expect_faults("local a?/x\nroam ab/x\n", "");
	expect_faults("local a/**/c/\nlocal a/*/c/\n", "");
	expect_faults("local a/[x-z]\nroam a/[yz]\n", "");
	expect_faults("local Code*/x\nroam Code/x\n", "");
	expect_faults("local a\nunit a\nmerge=text a\n", "");
	expect_faults("local a/\nroam a\n",
	    "s:1: never decides: s:2 always does\n");
	expect_faults("roam a\nlocal a/\n", "");
	expect_faults("roam .cache/\nlocal .cache/*\nroam .cache/x/\n", "");
}

Test(rules_lint, what_lies_below_a_local_directory_is_named)
{
	expect_faults("local **/cache/\nroam x/cache/y\n",
	    "s:2: never decides: it lies below what s:1 makes local\n");
	expect_faults("unit a/b/\nlocal a/\n",
	    "s:1: never decides: it lies below what s:2 makes local\n");
	expect_faults("local a/*/\nmerge=text a/b/c\n",
	    "s:2: never decides: it lies below what s:1 makes local\n");
}

Test(rules_lint, later_sources_may_overrule_earlier_ones)
{
	struct said s = faults("local a/\nunit b/\n", "roam a/\nlocal b/", "");

	cr_expect_str_eq(s.text, "", "%s", s.text);
	s = faults("", "local a/\nlocal k", "roam a/\nroam a/b\nroam k");
	cr_expect_str_eq(s.text,
	    "u:1: never decides: a:1 is the administrator's\n"
	    "u:2: never decides: it lies below what a:1 makes local\n"
	    "u:3: never decides: a:2 is the administrator's\n",
	    "%s", s.text);
}

Test(rules_lint, no_directory_is_merged)
{
	expect_faults("merge=text a/\n",
	    "s:1: never merges: the slash at the end makes it a directory\n");
}

Test(rules_lint, a_name_has_an_end)
{
	char text[400];
	struct said s;

	snprintf(text, sizeof(text), "local a/%0256d/b\n", 0);
	s = faults(text, "", "");
	cr_expect_str_eq(s.text,
	    "s:1: never matches: no name has more than 255 bytes\n");
}

Test(rules_lint, the_catalogue_has_reasons_and_versions)
{
	struct rules *r = NULL;
	struct said s = { .len = 0 };
	struct err e;

	cr_assert_eq(rules_new(&r, &e), 0);
	add(r, RULES_SHIPPED, "s", RULES_CARE_ALL, "# x\nlocal a\nlocal b # b",
	    &s);
	cr_expect_str_eq(s.text,
	    "s:2: no reason: write one behind ' # '\n"
	    "s:1: no version: write a line '# Version: 1'\n");
	s.len = 0;
	s.text[0] = '\0';
	add(r, RULES_SHIPPED, "s", RULES_CARE_ALL,
	    "# x\n# Version: 7\nlocal b # b", &s);
	cr_expect_str_eq(s.text, "");
	rules_free(r);
}

Test(rules_lint, a_version_is_a_number_in_a_comment)
{
	static const struct {
		const char *text;
		unsigned want;
	} rows[] = {
		{ "", 0 },
		{ "# Version: 1", 1 },
		{ "# what\n#\n# Version: 20261125\nlocal a\n", 20261125 },
		{ "# Version: 0\n", 0 },
		{ "# Version: one\n", 0 },
		{ "# Version: \n", 0 },
		{ "#Version: 1\n", 0 },
		{ "# Version: 99999999999999999999\n", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(rules_version(rows[i].text, strlen(rows[i].text)),
		    rows[i].want, "%s", rows[i].text);
}
