#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "model/conf.h"

static struct conf_set
defaults(void)
{
	struct conf_set c = { 0 };
	struct err e;

	cr_assert_eq(conf_new(&c, &e), 0, "%s", e.text);
	return c;
}

static int
read_text(struct conf_set *c, const char *text, struct err *e)
{
	return conf_read(c, "f", text, strlen(text), e);
}

/* The index of a key by its name. */
static size_t
key(const char *name)
{
	for (size_t i = 0; i < conf_key_count; i++)
		if (strcmp(conf_keys[i].name, name) == 0)
			return i;
	cr_assert_fail("no key %s", name);
	return 0;
}

static void
expect_shown(const struct conf_set *c, const char *name, const char *want)
{
	char out[256];

	cr_expect_str_eq(conf_show(c, key(name), out, sizeof(out)), want);
}

Test(conf, every_key_has_a_default_that_it_accepts_and_shows)
{
	struct conf_set c = defaults();
	char out[256], text[512];
	struct err e;

	for (size_t i = 0; i < conf_key_count; i++) {
		const struct conf_key *k = &conf_keys[i];

		cr_expect_str_eq(conf_show(&c, i, out, sizeof(out)),
		    k->fallback, "%s", k->name);
		snprintf(text, sizeof(text), "[%s]\n%s = %s\n", k->section,
		    k->name, k->fallback);
		cr_expect_eq(read_text(&c, text, &e), 0, "%s", e.text);
		cr_expect_neq(k->what[0], '\0');
		cr_expect_not_null(k->windows);
	}
	conf_free(&c);
}

Test(conf, the_defaults_are_those_of_the_manual)
{
	struct conf_set c = defaults();

	cr_expect_str_eq(c.conf.store, "");
	cr_expect_eq(c.conf.keep_s, 30 * 24 * 60 * 60);
	cr_expect_eq(c.conf.keep_min, 10);
	cr_expect_eq(c.conf.records, 512);
	cr_expect_eq(c.conf.guard_percent, 50);
	cr_expect_eq(c.conf.guard_count, 100);
	cr_expect_eq(c.conf.compression, 3);
	cr_expect_eq(c.conf.connect_timeout_s, 5);
	cr_expect_eq(c.conf.answer_timeout_s, 30);
	cr_expect_str_eq(c.conf.smb_encrypt, "required");
	cr_expect_str_eq(c.conf.smb_min_protocol, "SMB3");
	cr_expect(c.conf.user_rules);
	cr_expect(c.conf.check_owner);
	for (size_t i = 0; i < conf_key_count; i++)
		cr_expect_null(c.origin[i].file);
	conf_free(&c);
}

Test(conf, a_value_comes_with_its_file_and_line)
{
	struct conf_set c = defaults();
	struct err e;

	cr_assert_eq(read_text(&c,
			 "\xef\xbb\xbf# comment\n; another\r\n"
			 "[roam]\r\n"
			 "\tstore = smb://server/profiles/%u\r\n"
			 "\n"
			 "  user_rules=no\n"
			 "[history]\n"
			 "keep=2w\n"
			 "[guard]\n"
			 "percent   =   7",
			 &e),
	    0, "%s", e.text);
	expect_shown(&c, "store", "smb://server/profiles/%u");
	expect_shown(&c, "user_rules", "no");
	expect_shown(&c, "keep", "14d");
	expect_shown(&c, "percent", "7");
	cr_expect_str_eq(c.origin[key("store")].file, "f");
	cr_expect_eq(c.origin[key("store")].line, 4);
	cr_expect_eq(c.origin[key("user_rules")].line, 6);
	cr_expect_eq(c.origin[key("percent")].line, 10);
	cr_expect_null(c.origin[key("count")].file);
	conf_free(&c);
}

Test(conf, what_is_set_again_overrides)
{
	struct conf_set c = defaults();
	struct err e;

	cr_assert_eq(read_text(&c,
			 "[guard]\ncount=1\ncount=2\n[roam]\nstore=file:///"
			 "a\n[guard]\n"
			 "percent=3\n",
			 &e),
	    0);
	expect_shown(&c, "count", "2");
	cr_expect_eq(c.origin[key("count")].line, 3);
	cr_assert_eq(conf_read(&c, "g", "[roam]\nstore=\n[guard]\ncount=9\n",
			 30, &e),
	    0, "%s", e.text);
	expect_shown(&c, "count", "9");
	expect_shown(&c, "percent", "3");
	expect_shown(&c, "store", "");
	cr_expect_str_eq(c.origin[key("store")].file, "g");
	cr_expect_str_eq(c.origin[key("percent")].file, "f");
	conf_free(&c);
}

/* A text, and how the message begins. */
static const char *const bad[][2] = {
	{ "store = file:///a\n", "f:1: 'store' is in no [section]" },
	{ "[roam]\nkeep = 30d\n", "f:2: no setting 'keep' in [roam]" },
	{ "[roam]\nStore = file:///a\n", "f:2: no setting 'Store'" },
	{ "[roaming]\nstore = file:///a\n", "f:2: no section [roaming]" },
	{ "[roam]\n= x\n", "f:2: no setting ''" },
	{ "[roam]\n\nstore\n", "f:3: not of the form name = value" },
	{ "[roam]\nstore: file:///a\n", "f:2: not of the form name = value" },
	{ "[roam\nstore = file:///a\n", "f:1: not of the form [section]" },
	{ "[roam] store = x\n", "f:1: not of the form [section]" },
	{ "[roam] ; here\n", "f:1: a comment needs a line of its own" },
	{ "[roam]]\n", "f:1: not of the form [section]" },
	/* What libinih alone would take for "file:///a". */
	{ "[roam]\nstore = file:///a ; mine\n", "f:2: a comment needs" },
	{ "[roam]\nstore = file:///a\t;b\n", "f:2: a comment needs" },
	{ "[roam]\nstore = ;b\n", "f:2: a comment needs" },
	{ "[roam]\nstore = file:///a # mine\n", "f:2: a comment needs" },
	/* What libinih alone would add to the value above. */
	{ "[roam]\nstore = file:///a\n  smb://b\n", "f:3: not of the form" },
	{ "[roam]\nstore = http://a\n", "f:2: store: a URL begins with" },
	{ "[roam]\nstore = /srv/a\n", "f:2: store: a URL begins with" },
	{ "[roam]\nstore = file://a\n", "f:2: store: a URL begins with" },
	{ "[roam]\nstore = file:///%x\n", "f:2: store: a '%' is %u, %h" },
	{ "[roam]\nstore = file:///a%\n", "f:2: store: a '%' is %u, %h" },
	{ "[roam]\nstore = file:///\x1b[2J\n", "f:2: control byte 0x1b" },
	{ "[roam]\nstore = file:///a\rb\n", "f:2: control byte 0x0d" },
	{ "[roam]\nuser_rules = maybe\n", "f:2: user_rules: 'maybe'" },
	{ "[roam]\nuser_rules =\n", "f:2: user_rules: ''" },
	{ "[roam]\ncompression = 0\n", "f:2: compression: '0'" },
	{ "[roam]\ncompression = 20\n", "f:2: compression: '20'" },
	{ "[roam]\ncompression = 3.5\n", "f:2: compression: '3.5'" },
	{ "[history]\nkeep = 30 d\n", "f:2: keep: '30 d'" },
	{ "[history]\nkeep = -1d\n", "f:2: keep: '-1d'" },
	{ "[history]\nkeep = 101y\n", "f:2: keep: '101y'" },
	{ "[history]\nkeep = 36501d\n", "f:2: keep: '36501d': not within" },
	{ "[network]\nsmb_encrypt = yes\n",
	    "f:2: smb_encrypt: 'yes': not one" },
	{ "[network]\nsmb_min_protocol = NT1\n",
	    "f:2: smb_min_protocol: 'NT1': not one" },
	{ "[network]\nconnect_timeout = 0\n",
	    "f:2: connect_timeout: '0': not within 1 to 300 seconds" },
	{ "[directory]\nservers = dc1, ldaps://dc2 http://dc3\n",
	    "f:2: servers: 'http://dc3': neither" },
	{ "[directory]\nservers = dc1:389\n", "f:2: servers: 'dc1:389'" },
	{ "[directory]\nservers = dc1 a/b\n", "f:2: servers: 'a/b'" },
	{ "[history]\nkeep_min = 0\n", "f:2: keep_min: '0'" },
	{ "[guard]\npercent = 101\n", "f:2: percent: '101'" },
	{ "[guard]\npercent = 50%\n", "f:2: percent: '50%'" },
	{ "[guard]\ncount = 18446744073709551616\n", "f:2: count: '1844" },
	{ "[guard]\ncount = 1\ncount = x\ncount = y\n", "f:3: count: 'x'" },
};

Test(conf, a_bad_line_is_named_and_changes_nothing)
{
	struct conf_set c = defaults();
	struct err e;

	cr_assert_eq(read_text(&c, "[guard]\ncount = 77\n", &e), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_expect_eq(read_text(&c, bad[i][0], &e), -1, "%s", bad[i][0]);
		cr_expect_eq(e.kind, ERR_USAGE, "%s", bad[i][0]);
		cr_expect_eq(strncmp(e.text, bad[i][1], strlen(bad[i][1])), 0,
		    "%s: %s", bad[i][0], e.text);
	}
	cr_expect_eq(conf_read(&c, "f", "[roam]\n\0", 8, &e), -1);
	cr_expect_str_eq(e.text, "f:2: control byte 0x00");
	cr_expect_eq(conf_read(&c, "f", "[roam]\nstore=file:///a\0b", 24, &e),
	    -1);
	expect_shown(&c, "count", "77");
	expect_shown(&c, "store", "");
	cr_expect_eq(c.origin[key("count")].line, 2);
	conf_free(&c);
}

/* libinih cuts lines at a length that was set when it was built. */
Test(conf, a_line_is_taken_whole_or_refused)
{
	struct conf_set c = defaults();
	char text[1024], want[700];
	unsigned taken = 0, refused = 0;
	struct err e;

	for (size_t n = 1; n < 600; n++) {
		memset(want, 'a', sizeof(want));
		memcpy(want, "file:///", 8);
		want[8 + n] = '\0';
		snprintf(text, sizeof(text), "[roam]\nstore=%s\n[guard]\n",
		    want);
		if (read_text(&c, text, &e) == 0) {
			cr_expect_str_eq(c.conf.store, want);
			taken++;
		} else {
			cr_expect_eq(strncmp(e.text, "f:2: line longer than ",
					 22),
			    0, "%s", e.text);
			refused++;
		}
	}
	cr_expect_geq(taken, 150);
	cr_expect_gt(refused, 0, "or else it has no bound");
	conf_free(&c);
}

Test(conf, a_comment_may_be_of_any_length)
{
	struct conf_set c = defaults();
	char text[2048];
	struct err e;

	memset(text, 'x', sizeof(text));
	text[0] = '#';
	memcpy(text + 1500, "\n[guard]\ncount=5", 17);
	cr_assert_eq(read_text(&c, text, &e), 0, "%s", e.text);
	cr_expect_eq(c.conf.guard_count, 5);
	cr_expect_eq(c.origin[key("count")].line, 3);
	conf_free(&c);
}

Test(conf, durations_are_shown_in_their_largest_unit)
{
	static const char *const ways[][2] = { { "0", "0d" }, { "86400", "1d" },
		{ "36h", "36h" }, { "48h", "2d" }, { "90m", "90m" },
		{ "61", "61s" }, { "1w", "7d" } };
	struct conf_set c = defaults();
	char text[64];
	struct err e;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		snprintf(text, sizeof(text), "[history]\nkeep=%s", ways[i][0]);
		cr_assert_eq(read_text(&c, text, &e), 0, "%s", e.text);
		expect_shown(&c, "keep", ways[i][1]);
	}
	conf_free(&c);
}

Test(conf, sizes_are_shown_in_the_largest_unit_without_a_rest)
{
	static const char *const ways[][2] = { { "0", "0" }, { "1000", "1000" },
		{ "1024", "1K" }, { "500M", "500M" }, { "2048M", "2G" },
		{ "1536K", "1536K" } };
	struct conf_set c = defaults();
	char text[64];
	struct err e;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		snprintf(text, sizeof(text), "[roam]\nmax_size=%s", ways[i][0]);
		cr_assert_eq(read_text(&c, text, &e), 0, "%s", e.text);
		expect_shown(&c, "max_size", ways[i][1]);
	}
	cr_expect_eq(read_text(&c, "[roam]\nmax_size=-1\n", &e), -1);
	cr_expect_eq(read_text(&c, "[roam]\nmax_size=1X\n", &e), -1);
	conf_free(&c);
}

Test(conf, a_time_of_day_has_hours_and_minutes)
{
	static const char *const wrong[] = { "7:05", "24:00", "12:60", "12.00",
		"1200", "12:000", "noon!" };
	struct conf_set c = defaults();
	char text[64];
	struct err e;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), "[sessions]\ncheckpoint_time=%s",
		    wrong[i]);
		cr_expect_eq(read_text(&c, text, &e), -1, "%s", wrong[i]);
	}
	cr_expect_eq(read_text(&c, "[sessions]\ncheckpoint_time=23:59", &e), 0);
	conf_free(&c);
}

Test(conf, a_store_without_which_nobody_signs_in_ends_in_man)
{
	cr_expect(conf_store_is_needed("smb://s/p/kiosk.man"));
	cr_expect(conf_store_is_needed("file:///srv/KIOSK.MAN//"));
	cr_expect(!conf_store_is_needed("file:///srv/kiosk.man/alice"));
	cr_expect(!conf_store_is_needed(".man"));
	cr_expect(!conf_store_is_needed(""));
}

/* Its settings, those behind a '#' without a blank too, make the defaults. */
Test(conf, the_example_shows_the_defaults)
{
	const char *srcdir = getenv("srcdir");
	struct conf_set c = defaults();
	char path[4096], line[256], text[16384] = "", shown[256];
	struct err e;
	FILE *f;

	snprintf(path, sizeof(path), "%s/examples/roam.conf",
	    srcdir != NULL ? srcdir : ".");
	cr_assert_not_null(f = fopen(path, "r"), "%s", path);
	while (fgets(line, sizeof(line), f) != NULL)
		strcat(text, line[0] == '#' && line[1] > ' ' ? line + 1 : line);
	fclose(f);
	cr_assert_eq(read_text(&c, text, &e), 0, "%s", e.text);
	for (size_t i = 0; i < conf_key_count; i++) {
		cr_expect_not_null(c.origin[i].file, "%s is not in it",
		    conf_keys[i].name);
		if (i != key("store"))
			cr_expect_str_eq(conf_show(&c, i, shown, sizeof(shown)),
			    conf_keys[i].fallback);
	}
	conf_free(&c);
}

/* text, user, home, URL or NULL */
static const char *const urls[][4] = {
	{ "file:///srv/%u", "alice", "/home/al", "file:///srv/alice" },
	{ "smb://s/p/%h/%u", "DOM\\a", "/home/al", "smb://s/p/al/DOM\\a" },
	{ "file:///100%%", "alice", "/home/al", "file:///100%" },
	{ "", "alice", "/home/al", "" },
	{ "file:///%u", "%h", "/home/al", "file:///%h" },
	{ "file:///fixed", "..", "/", "file:///fixed" },
	{ "file:///%u", "", "/home/al", NULL },
	{ "file:///%u", "..", "/home/al", NULL },
	{ "file:///%u", ".", "/home/al", NULL },
	{ "file:///%u", "a/../b", "/home/al", NULL },
	{ "file:///%h", "alice", "/", NULL },
	{ "file:///%d", "alice", "/home/al", NULL },
	{ "file:///%", "alice", "/home/al", NULL },
};

Test(conf, a_user_gets_a_store_of_his_own)
{
	char out[64];
	struct err e;
	int rc;

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		rc = conf_store_url(out, sizeof(out), urls[i][0], urls[i][1],
		    urls[i][2], &e);
		cr_expect_eq(rc, urls[i][3] == NULL ? -1 : 0, "%s %s",
		    urls[i][0], urls[i][1]);
		if (rc == 0 && urls[i][3] != NULL)
			cr_expect_str_eq(out, urls[i][3]);
		else
			cr_expect_eq(e.kind, ERR_USAGE);
	}
	cr_expect_eq(conf_store_url(out, 12, "file:///%u", "abc", "/h", &e), 0);
	cr_expect_eq(conf_store_url(out, 11, "file:///%u", "abc", "/h", &e),
	    -1);
	cr_expect_eq(e.kind, ERR_LIMIT);
}
