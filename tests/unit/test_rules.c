#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/clock.h"
#include "glob_reference.h"
#include "model/rules.h"

static struct rules *
rules_of(const char *shipped, const char *admin, const char *user)
{
	struct rules *r = NULL;
	struct err e;

	cr_assert_eq(rules_new(&r, &e), 0);
	cr_assert_eq(rules_add(r, RULES_SHIPPED, "shipped", shipped,
			 strlen(shipped), &e),
	    0, "%s", e.text);
	/* The order in which the sources come must not matter. */
	cr_assert_eq(rules_add(r, RULES_USER, "user", user, strlen(user), &e),
	    0, "%s", e.text);
	cr_assert_eq(rules_add(r, RULES_ADMIN, "admin", admin, strlen(admin),
			 &e),
	    0, "%s", e.text);
	return r;
}

/* A path with a '/' behind it is a directory. */
static bool
roams(const struct rules *r, const char *path)
{
	size_t len = strlen(path);
	bool is_dir = path[len - 1] == '/';
	struct ruling ruling;
	bool yes;

	len -= is_dir;
	yes = rules_roams(r, path, len, is_dir);
	rules_explain(r, path, len, is_dir, &ruling);
	cr_expect_eq(ruling.roams, yes, "%s: explained otherwise", path);
	return yes;
}

Test(rules, what_no_rule_names_roams)
{
	struct rules *r = rules_of("", "", "");
	struct ruling ruling;

	cr_expect(roams(r, "Documents/letter.odt"));
	rules_explain(r, "a", 1, false, &ruling);
	cr_expect_null(ruling.file);
	cr_expect_str_eq(ruling.reason, "");
	cr_expect_eq(rules_count(r), 0);
	rules_free(r);
}

Test(rules, the_last_match_of_a_source_wins)
{
	struct rules *r =
	    rules_of("local *.log\nroam keep.log\nlocal x/keep.log\n", "", "");

	cr_expect(!roams(r, "a/b.log"));
	cr_expect(roams(r, "a/keep.log"));
	cr_expect(!roams(r, "x/keep.log"));
	rules_free(r);
}

Test(rules, what_lies_below_a_local_directory_is_local)
{
	struct rules *r =
	    rules_of("local .cache/ # rebuilt\nroam .cache/keep\n", "", "");
	struct ruling ruling;

	cr_expect(!roams(r, ".cache/keep"));
	cr_expect(rules_roams_here(r, ".cache/keep", 11, false));
	rules_explain(r, ".cache/a/b", 10, false, &ruling);
	cr_expect_str_eq(ruling.file, "shipped");
	cr_expect_eq(ruling.line, 1);
	cr_expect_str_eq(ruling.reason, "rebuilt");
	cr_expect(roams(r, ".cache"), "a file of that name roams");
	rules_free(r);
}

Test(rules, what_lies_below_a_roaming_directory_is_explained_by_it)
{
	struct rules *r = rules_of("", "roam .config/ # settings\n", "");
	struct ruling ruling;

	rules_explain(r, ".config/a/b", 11, false, &ruling);
	cr_expect(ruling.roams);
	cr_expect_str_eq(ruling.file, "admin");
	cr_expect_str_eq(ruling.reason, "settings");
	rules_free(r);
}

/* Every way in which three sources can speak of one path. */
Test(rules, a_user_overrides_all_but_what_the_administrator_made_local)
{
	static const char *const say[] = { "", "roam x\n", "local x\n" };

	for (int s = 0; s < 3; s++)
		for (int a = 0; a < 3; a++)
			for (int u = 0; u < 3; u++) {
				struct rules *r =
				    rules_of(say[s], say[a], say[u]);
				int last = u != 0 ? u : a != 0 ? a : s;

				cr_expect_eq(roams(r, "d/x"),
				    a != 2 && last != 2, "%d %d %d", s, a, u);
				rules_free(r);
			}
}

Test(rules, a_user_cannot_reach_below_what_the_administrator_made_local)
{
	struct rules *r = rules_of("", "local a/\nlocal *.iso\n",
	    "roam a/\nroam a/b\nroam **\nroam /films/*.iso\n");

	cr_expect(!roams(r, "a/"));
	cr_expect(!roams(r, "a/b"));
	cr_expect(!roams(r, "films/x.iso"));
	cr_expect(roams(r, "films/x.avi"));
	rules_free(r);
}

Test(rules, an_administrator_may_exempt_what_he_made_local)
{
	struct rules *r =
	    rules_of("", "local *.iso\nroam /boot.iso\n", "local /boot.iso\n");

	cr_expect(!roams(r, "boot.iso"), "the user may leave it at home");
	rules_free(r);
	r = rules_of("local *.iso\n", "local *.iso\nroam /boot.iso\n", "");
	cr_expect(roams(r, "boot.iso"));
	cr_expect(!roams(r, "x/boot.iso"));
	rules_free(r);
}

Test(rules, units_and_drivers_are_told_and_change_nothing)
{
	struct rules *r = rules_of("unit .mozilla/firefox/*.default*/ # dbs\n"
				   "merge=keyfile .config/**/*.desktop\n"
				   "merge=lines .ssh/known_hosts\n"
				   "local .cache/\nunit .cache/x/\n",
	    "merge=newest .config/autostart/*.desktop\n", "");
	struct ruling ruling;

	rules_explain(r, ".mozilla/firefox/a.default-1/places.sqlite", 42,
	    false, &ruling);
	cr_expect(ruling.roams);
	cr_expect_null(ruling.file, "a unit is no class of roaming");
	cr_expect_str_eq(ruling.unit, ".mozilla/firefox/*.default*/");
	cr_expect_null(ruling.driver);
	rules_explain(r, ".config/a/b.desktop", 19, false, &ruling);
	cr_expect_str_eq(ruling.driver, "keyfile");
	rules_explain(r, ".config/autostart/b.desktop", 27, false, &ruling);
	cr_expect_str_eq(ruling.driver, "newest");
	rules_explain(r, ".cache/x/y", 10, false, &ruling);
	cr_expect_null(ruling.unit, "what stays local is merged with nothing");
	cr_expect_eq(rules_count(r), 6);
	rules_free(r);
}

/* A line, the path that its pattern has to match, and its reason. */
static const struct {
	const char *line;
	const char *path;
	const char *reason;
} lines[] = {
	{ "local a", "a", "" },
	{ "  local\t \ta  ", "a", "" },
	{ "local a # why", "a", "why" },
	{ "local a\t#\twhy # indeed \t", "a", "why # indeed" },
	{ "local a #", "a", "" },
	{ "local a  #  ", "a", "" },
	{ "local a #b", "a #b", "" },
	{ "local a# b", "a# b", "" },
	{ "local #a#", "#a#", "" },
	{ "local \\#", "#", "" },
	{ "local a\\ # b", "a # b", "" },
	{ "local a\\ ", "a ", "" },
	{ "local a\\   ", "a ", "" },
	{ "local a b c # d", "a b c", "d" },
	{ "local \\ a", " a", "" },
	{ "local a\r", "a", "" },
	{ "\xef\xbb\xbflocal a", "a", "" },
	{ "# comment\n\n \t\n  # more\nlocal a", "a", "" },
	{ "local \xe4\xff", "\xe4\xff", "" },
};

Test(rules, a_line_is_a_class_a_pattern_and_a_reason)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct rules *r = rules_of(lines[i].line, "", "");
		struct ruling ruling;

		rules_explain(r, lines[i].path, strlen(lines[i].path), false,
		    &ruling);
		cr_expect(!ruling.roams, "%s", lines[i].line);
		cr_expect_str_eq(ruling.reason, lines[i].reason, "%s",
		    lines[i].line);
		cr_expect_eq(rules_count(r), 1);
		rules_free(r);
	}
}

Test(rules, a_bad_line_is_named_and_nothing_is_added)
{
	static const char *const bad[][2] = {
		{ "local", "f:1: pattern missing" },
		{ "local # why", "f:1: pattern missing" },
		{ "\nlocal   ", "f:2: pattern missing" },
		{ "local a\nkeep a", "f:2: 'keep' is not roam, local, unit" },
		{ "Local a", "f:1: 'Local' is not" },
		{ "local= a", "f:1: 'local=' is not" },
		{ "unit=x a", "f:1: 'unit=x' is not" },
		{ "merge a", "f:1: 'merge' is not" },
		{ "merge= a", "f:1: no merge driver ''" },
		{ "merge=diff a", "f:1: no merge driver 'diff'" },
		{ "merge=keyfiles a", "f:1: no merge driver" },
		{ "roam a\n\n\nroam !a\n", "f:4: '!'" },
		{ "\xef\xbb\xbf!a b", "f:1: '!a' is not" },
		{ "local a[", "f:1: malformed" },
		{ "local a\\", "f:1: nothing to escape" },
		{ "local \x1b[2J/../x", "f:1:" },
		{ "\x1b[2J x", "f:1: '\\x1b[2J' is not" },
	};
	struct rules *r = rules_of("local kept\n", "", "");
	struct hash before = rules_hash(r), after;
	struct err e;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_expect_eq(rules_add(r, RULES_USER, "f", bad[i][0],
				 strlen(bad[i][0]), &e),
		    -1, "%s", bad[i][0]);
		cr_expect_eq(e.kind, ERR_USAGE);
		cr_expect_eq(strncmp(e.text, bad[i][1], strlen(bad[i][1])), 0,
		    "%s: %s", bad[i][0], e.text);
	}
	cr_expect_eq(rules_add(r, RULES_USER, "f", "local a\nlocal \0b", 16,
			 &e),
	    -1);
	cr_expect_str_eq(e.text, "f:2: NUL byte");
	after = rules_hash(r);
	cr_expect(hash_same(&before, &after));
	cr_expect_eq(rules_count(r), 1);
	cr_expect(roams(r, "a"));
	rules_free(r);
}

Test(rules, lines_and_their_number_are_bounded)
{
	static char line[RULES_LINE_MAX + 2];
	char *many = malloc((size_t)RULES_MAX * 16);
	struct rules *r = rules_of("", "", "");
	struct err e;
	size_t n = 0;

	memset(line, 'a', sizeof(line));
	memcpy(line, "local ", 6);
	cr_expect_eq(rules_add(r, RULES_USER, "f", line, RULES_LINE_MAX, &e),
	    0);
	cr_expect_eq(rules_add(r, RULES_USER, "f", line, RULES_LINE_MAX + 1,
			 &e),
	    -1);
	cr_expect_str_eq(e.text, "f:1: line longer than 4096 bytes");

	for (int i = 1; i < RULES_MAX; i++)
		n += (size_t)sprintf(many + n, "local f%d\n", i);
	cr_expect_eq(rules_add(r, RULES_USER, "f", many, n, &e), 0, "%s",
	    e.text);
	cr_expect_eq(rules_count(r), RULES_MAX);
	cr_expect_eq(rules_add(r, RULES_USER, "f", "\nlocal x", 8, &e), -1);
	cr_expect_str_eq(e.text, "f:2: more than 100000 rules");
	cr_expect(!roams(r, "x/f99999"));
	cr_expect(roams(r, "x/f100000"));
	free(many);
	rules_free(r);
}

Test(rules, the_hash_follows_what_decides_and_nothing_else)
{
	static const char *const other[][3] = {
		{ "local a\nroam b\n", "", "local c\n" },
		{ "roam b\nlocal a\n", "", "" },
		{ "local a\n", "", "roam b\n" },
		{ "local a\nroam b/\n", "", "" },
		{ "local a\nlocal b\n", "", "" },
		{ "local a\nunit b\n", "", "" },
		{ "local a\nmerge=text b\n", "", "" },
		{ "local a\nmerge=json b\n", "", "" },
		{ "", "", "" },
	};
	struct rules *r = rules_of("local a\nroam b\n", "", ""), *s;
	struct hash want = rules_hash(r), have;

	s = rules_of("# hm\n\n local  a # why\nroam b\n", "", "");
	have = rules_hash(s);
	cr_expect(hash_same(&want, &have));
	rules_free(s);
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		s = rules_of(other[i][0], other[i][1], other[i][2]);
		have = rules_hash(s);
		cr_expect(!hash_same(&want, &have), "%zu", i);
		rules_free(s);
	}
	rules_free(r);
}

/* --- Against the naive way to do it --------------------------------------- */

#define NAIVE_MAX 24

struct naive {
	char pattern[REFERENCE_MAX];
	enum rules_source source;
	bool local;
};

/* 1: roams, 0: local, -1: this source says nothing. */
static int
naive_source(const struct naive *n, size_t count, enum rules_source source,
    const char *path, bool is_dir)
{
	int says = -1;

	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(n[i].pattern);

		if (n[i].source == source &&
		    (is_dir || n[i].pattern[len - 1] != '/') &&
		    reference_match(n[i].pattern, path))
			says = !n[i].local;
	}
	return says;
}

static bool
naive_roams(const struct naive *n, size_t count, const char *path, bool is_dir)
{
	char parent[REFERENCE_MAX];
	char *slash;
	int says[RULES__COUNT];

	strcpy(parent, path);
	if ((slash = strrchr(parent, '/')) != NULL) {
		*slash = '\0';
		if (!naive_roams(n, count, parent, true))
			return false;
	}
	for (int s = 0; s < RULES__COUNT; s++)
		says[s] = naive_source(n, count, s, path, is_dir);
	if (says[RULES_ADMIN] == 0)
		return false;
	if (says[RULES_USER] != -1)
		return says[RULES_USER];
	if (says[RULES_ADMIN] != -1)
		return says[RULES_ADMIN];
	return says[RULES_SHIPPED] != 0;
}

static size_t
naive_fill(struct naive *n, struct rules *r, unsigned *seed)
{
	size_t want = 1 + (size_t)rand_r(seed) % NAIVE_MAX, count = 0;
	char line[REFERENCE_MAX + 16];
	struct err e;

	while (count < want) {
		n[count].source = (enum rules_source)(rand_r(seed) % 3);
		n[count].local = rand_r(seed) % 2 == 0;
		reference_pattern(n[count].pattern, seed);
		snprintf(line, sizeof(line), "%s %s",
		    n[count].local ? "local" : "roam", n[count].pattern);
		if (rules_add(r, n[count].source, "f", line, strlen(line),
			&e) == 0)
			count++;
	}
	return count;
}

Test(rules, random_rules_decide_as_in_a_naive_reading)
{
	struct naive n[NAIVE_MAX];
	char path[REFERENCE_MAX];
	unsigned seed = 7, local = 0, tried = 0;
	struct rules *r;
	size_t count;
	bool is_dir, want;

	while (tried < 200000) {
		r = rules_of("", "", "");
		count = naive_fill(n, r, &seed);
		for (int i = 0; i < 100; i++, tried++) {
			reference_path(path, &seed);
			is_dir = rand_r(&seed) % 2 == 0;
			want = naive_roams(n, count, path, is_dir);
			cr_assert_eq(rules_roams(r, path, strlen(path), is_dir),
			    want, "%s", path);
			local += !want;
		}
		rules_free(r);
	}
	cr_assert(tried / 10 < local && local < tried - tried / 10);
}

/* Prints what a path costs; a machine under load must not fail a test. */
Test(rules, three_hundred_rules_cost_little)
{
	static const char *const kinds[][2] = {
		{ ".config/app", "/*/Cache/" },
		{ ".config/app", "/lock" },
		{ ".app", "-cache/" },
		{ "*.tmp", "" },
		{ ".local/share/app", "/**/*.log" },
		{ "cache", "/" },
	};
	struct rules *r = rules_of("", "", "");
	char line[128], path[128];
	unsigned found = 0, asked = 0;
	double start;
	struct err e;

	for (int i = 0; i < 300; i++) {
		snprintf(line, sizeof(line), "local %s%d%s\n", kinds[i % 6][0],
		    i / 6, kinds[i % 6][1]);
		cr_assert_eq(rules_add(r, RULES_SHIPPED, "f", line,
				 strlen(line), &e),
		    0);
	}
	start = clock_steady_s();
	for (int i = 0; i < 200000; i++, asked++) {
		int n = snprintf(path, sizeof(path),
		    ".config/app%d/profile%d/Cache/file%d.dat", i % 60, i % 7,
		    i);
		size_t dir = (size_t)(strrchr(path, '/') - path);

		found += !rules_roams_here(r, path, (size_t)n, false);
		found += !rules_roams_here(r, path, dir, true);
	}
	cr_expect_gt(found, asked / 2);
	printf("# %.0f ns a path, %u rules, %u local\n",
	    (clock_steady_s() - start) * 1e9 / (2 * asked),
	    (unsigned)rules_count(r), found);
	rules_free(r);
}
