#include "engine/driver.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/rules.h"

static struct version
text(const char *s)
{
	return (struct version){ s, strlen(s) };
}

/* A triple and what it has to become; NULL: the driver is unsure. */
struct row {
	const char *base, *local, *remote, *want;
};

static void
check(enum driver d, const struct row *row, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct versions in = { text(row[i].base),
			text(row[i].local), text(row[i].remote) };
		const char *want = row[i].want;
		struct buf out = { 0 };
		struct err e;
		bool sure;

		cr_assert_eq(driver_merge(d, &in, &out, &sure, &e), 0);
		if (want == NULL)
			cr_expect(!sure, "row %zu: sure of \"%.*s\"", i,
			    (int)out.len, (const char *)out.bytes);
		else
			cr_expect(sure && out.len == strlen(want) &&
				(out.len == 0 ||
				    memcmp(want, out.bytes, out.len) == 0),
			    "row %zu: %s \"%.*s\", not \"%s\"", i,
			    sure ? "got" : "unsure", (int)out.len,
			    (const char *)out.bytes, want);
		buf_free(&out);
	}
}
#define CHECK(driver, rows) check(driver, rows, sizeof(rows) / sizeof(rows[0]))

Test(driver, has_every_word_that_the_rules_know)
{
	static const char *const words[] = { "keyfile", "lines", "text", "json",
		"xbel", "dconf", "newest" };
	char line[64];
	struct err e;

	for (size_t i = 0; i < 7; i++) {
		struct rules *r = NULL;
		int n = snprintf(line, sizeof(line), "merge=%s a\n", words[i]);

		cr_assert_eq(rules_new(&r, &e), 0);
		cr_expect_eq(rules_add(r, RULES_USER, "f", line, (size_t)n, &e),
		    0);
		rules_free(r);
		cr_expect_str_eq(driver_word(driver_of(words[i])), words[i]);
	}
	cr_expect_eq(driver_of("else"), DRIVER_NONE);
	cr_expect_eq(driver_of(NULL), DRIVER_NONE);
}

Test(driver, leaves_large_files_to_people)
{
	size_t len = DRIVER_SIZE_MAX + 1;
	char *large = malloc(len);
	struct buf out = { 0 };
	struct versions in;
	struct err e;
	bool sure = true;

	cr_assert_not_null(large);
	memset(large, '\n', len);
	in = (struct versions){ text("a\n"), { large, len }, text("b\n") };
	cr_assert_eq(driver_merge(DRIVER_LINES, &in, &out, &sure, &e), 0);
	cr_expect_not(sure);
	cr_expect_eq(out.len, 0);
	free(large);
}

Test(lines, keeps_what_either_side_added_and_honours_removals)
{
	static const struct row rows[] = {
		{ "a\nb\n", "a\nb\nl\n", "a\nb\nr\n", "a\nb\nr\nl\n" },
		{ "", "l\n", "r\n", "r\nl\n" },
		{ "a\nb\nc\n", "b\nc\nl\n", "a\nb\n", "b\nl\n" },
		{ "a\nb\n", "a\n", "b\n", "" },
		/* Both edited one line: both lines live. */
		{ "host old\n", "host one\n", "host two\n",
		    "host two\nhost one\n" },
		/* What both added stands once. */
		{ "a\n", "a\nx\nl\n", "a\nr\nx\n", "a\nr\nx\nl\n" },
		/* A last line without an end does not run into the next. */
		{ "a", "a\nl", "r\na", "r\na\nl" },
		{ "a", "al", "ar", "ar\nal" },
		{ "a\r\n", "a\r\nl\r\n", "a\r\nr\r\n", "a\r\nr\r\nl\r\n" },
		/* Moved to the end by both. */
		{ "ls\na\n", "a\nls\n", "a\nls\nr\n", "a\nls\nr\n" },
	};

	CHECK(DRIVER_LINES, rows);
}

Test(lines, keeps_commands_and_their_times_together)
{
	static const struct row rows[] = {
		{ "#100\na\n", "#100\na\n#300\nls\n", "#100\na\n#200\nls\n",
		    "#100\na\n#200\nls\n#300\nls\n" },
		/* A command of several lines, as bash reads it back. */
		{ "#100\na\n", "#100\na\n#300\nfor\ndone\n",
		    "#100\na\n#200\nb\n#400\nc\n",
		    "#100\na\n#200\nb\n#300\nfor\ndone\n#400\nc\n" },
		/* The same command at the same time is the same. */
		{ "", "#100\na\n", "#100\na\n", "#100\na\n" },
		{ "", "#100\na\n#150\nl\n", "#100\na\n#120\nr\n",
		    "#100\na\n#120\nr\n#150\nl\n" },
		/* zsh's, with a line break inside of a command. */
		{ ": 100:0;a\n", ": 100:0;a\n: 300:0;echo \\\nx\n",
		    ": 100:0;a\n: 200:0;b\n: 400:0;c\n",
		    ": 100:0;a\n: 200:0;b\n: 300:0;echo \\\nx\n: 400:0;c\n" },
		/* No time on one side: the store's first. */
		{ "", "#300\nl\n", "r\n", "r\n#300\nl\n" },
	};

	CHECK(DRIVER_LINES, rows);
}

Test(text, is_diff3)
{
	static const struct row rows[] = {
		{ "a\nb\nc\nd\n", "A\nb\nc\nd\n", "a\nb\nc\nD\n",
		    "A\nb\nc\nD\n" },
		{ "a\nb\nc\n", "a\nc\n", "a\nb\nc\nd\n", "a\nc\nd\n" },
		{ "a\nb\nc\n", "a\nX\nc\n", "a\nY\nc\n", NULL },
		{ "a\nb\nc\n", "a\nX\nc\n", "a\nc\n", NULL },
		{ "a\nb\nc\n", "a\nX\nc\n", "a\nX\nc\n", "a\nX\nc\n" },
		{ "a\n", "l\na\n", "r\na\n", NULL },
		/* Nothing in common to go by. */
		{ "", "l\n", "r\n", NULL },
		/* A line end is something in a text. */
		{ "a\nb\n", "a\r\nb\n", "a\nb\nc\n", "a\r\nb\nc\n" },
	};

	CHECK(DRIVER_TEXT, rows);
}

Test(keyfile, merges_key_by_key)
{
	static const struct row rows[] = {
		{ "[A]\nx=1\ny=1\n", "[A]\nx=2\ny=1\n", "[A]\nx=1\ny=2\n",
		    "[A]\nx=2\ny=2\n" },
		{ "[A]\nx=1\n", "[A]\nx=1\nl=1\n", "[A]\nx=1\nr=1\n",
		    "[A]\nx=1\nr=1\nl=1\n" },
		{ "[A]\nx=1\n[B]\ny=1\n", "[A]\nx=1\n", "[A]\nx=2\n[B]\ny=1\n",
		    "[A]\nx=2\n" },
		/* One key, two values. */
		{ "[A]\nx=1\n", "[A]\nx=2\n", "[A]\nx=3\n", NULL },
		/* Removed here, changed there: the change lives. */
		{ "[A]\nx=1\ny=1\n", "[A]\ny=1\n", "[A]\nx=2\ny=1\n",
		    "[A]\nx=2\ny=1\n" },
		{ "[A]\nx=1\n[B]\ny=1\n", "[A]\nx=1\n", "[A]\nx=1\n[B]\ny=2\n",
		    "[A]\nx=1\n[B]\ny=2\n" },
		/* Keys of one name in other groups are others. */
		{ "[A]\nx=1\n[B]\nx=1\n", "[A]\nx=2\n[B]\nx=1\n",
		    "[A]\nx=1\n[B]\nx=3\n", "[A]\nx=2\n[B]\nx=3\n" },
		/* New groups, each behind what it stood behind. */
		{ "[A]\nx=1\n", "[A]\nx=1\nl=1\n\n[L]\nz=1\n",
		    "[A]\nx=1\n\n[R]\nz=1\n",
		    "[A]\nx=1\nl=1\n\n[R]\nz=1\n[L]\nz=1\n" },
		/* No group at all: user-dirs.dirs. */
		{ "# c\nX=\"$HOME/a\"\nY=\"$HOME/b\"\n",
		    "# c\nX=\"$HOME/l\"\nY=\"$HOME/b\"\n",
		    "# c\nX=\"$HOME/a\"\nY=\"$HOME/r\"\n",
		    "# c\nX=\"$HOME/l\"\nY=\"$HOME/r\"\n" },
		{ "", "[A]\nl=1\n", "[A]\nr=1\n", "[A]\nr=1\nl=1\n" },
	};

	CHECK(DRIVER_KEYFILE, rows);
}

Test(keyfile, keeps_comments_order_repeated_keys_and_line_ends)
{
	static const struct row rows[] = {
		{ "# one\n[A]\n# two\nx=1\n", "# one\n[A]\n# two\nx=2\n",
		    "# one\n[A]\n# two\n# three\nx=1\ny=1\n",
		    "# one\n[A]\n# two\n# three\nx=2\ny=1\n" },
		{ "[A]\nx=1\nx=2\n", "[A]\nx=1\nx=3\n", "[A]\nx=4\nx=2\n",
		    "[A]\nx=4\nx=3\n" },
		{ "[A]\nb=1\na=1\n", "[A]\nb=1\na=2\n", "[A]\nb=2\na=1\n",
		    "[A]\nb=2\na=2\n" },
		{ "[A]\r\nx=1\r\n", "[A]\r\nx=1\r\nl=1\r\n", "[A]\nx=1\nr=1\n",
		    "[A]\r\nx=1\r\nr=1\r\nl=1\r\n" },
		{ "[A]\nx=1", "[A]\nx=2", "[A]\nx=1\ny=1", "[A]\nx=2\ny=1" },
	};

	CHECK(DRIVER_KEYFILE, rows);
}

Test(keyfile, knows_the_marks_of_kde_and_locales)
{
	static const struct row rows[] = {
		{ "[A][B]\nx=1\n[A]\nx=1\n", "[A][B]\nx=2\n[A]\nx=1\n",
		    "[A][B]\nx=1\n[A]\nx=2\n", "[A][B]\nx=2\n[A]\nx=2\n" },
		{ "[A]\nx=1\n", "[A]\nx[$i]=1\n", "[A]\nx=1\ny=1\n",
		    "[A]\nx[$i]=1\ny=1\n" },
		{ "[A]\nx=1\n", "[A]\nx[$e]=$HOME\n", "[A]\nx=2\n", NULL },
		{ "[A]\nx=1\n", "[A]\nx[$d]\n", "[A]\nx=1\ny=1\n",
		    "[A]\nx[$d]\ny=1\n" },
		{ "[A]\nx=1\n", "[A][$i]\nx=1\n", "[A]\nx=2\n",
		    "[A][$i]\nx=2\n" },
		{ "[D]\nName=a\nName[de]=b\n", "[D]\nName=c\nName[de]=b\n",
		    "[D]\nName=a\nName[de]=d\n", "[D]\nName=c\nName[de]=d\n" },
	};

	CHECK(DRIVER_KEYFILE, rows);
}

Test(keyfile, merges_lists_of_words_and_no_numbers)
{
	static const struct row rows[] = {
		{ "[D]\nt=a;b;\n", "[D]\nt=a;b;l;\n", "[D]\nt=r;b;\n",
		    "[D]\nt=r;b;l;\n" },
		{ "[D]\n", "[D]\nt=l;\n", "[D]\nt=r;\n", "[D]\nt=r;l;\n" },
		{ "[D]\nt=1;2;\n", "[D]\nt=1;3;\n", "[D]\nt=4;2;\n", NULL },
		{ "[D]\nt=a\n", "[D]\nt=l;\n", "[D]\nt=r;\n", NULL },
	};

	CHECK(DRIVER_KEYFILE, rows);
}

Test(json, merges_objects_by_key_and_keeps_the_text)
{
	static const struct row rows[] = {
		{ "{\n  \"a\": 1,\n  \"b\": 2\n}\n",
		    "{\n  \"a\": 3,\n  \"b\": 2\n}\n",
		    "{\n  \"a\": 1,\n  \"b\": 4,\n  \"c\": 5\n}\n",
		    "{\n  \"a\": 3,\n  \"b\": 4,\n  \"c\": 5\n}\n" },
		{ "{\"o\": {\"x\": 1}}", "{\"o\": {\"x\": 1, \"l\": 1}}",
		    "{\"o\": {\"x\": 2}}", "{\"o\": {\"x\": 2, \"l\": 1}}" },
		{ "{}", "{\"o\": {\"l\": 1}}", "{\"o\": {\"r\": 1}}",
		    "{\"o\": {\"r\": 1,\"l\": 1}}" },
		/* A removal is honoured, but for what the other side changed. */
		{ "{\"a\":1,\"b\":1}", "{\"b\":1}", "{\"a\":1,\"b\":2}",
		    "{\"b\":2}" },
		{ "{\"a\":1,\"b\":1}", "{\"b\":1}", "{\"a\":2,\"b\":1}",
		    "{\"a\":2,\"b\":1}" },
		{ "", "{\"l\":1}\n", "{\"r\":1}\n", "{\"r\":1,\"l\":1}\n" },
		{ "{ }", "{\n\t\"l\": 1\n}", "{\n\t\"r\": 1\n}",
		    "{\n\t\"r\": 1,\n\t\"l\": 1\n}" },
	};

	CHECK(DRIVER_JSON, rows);
}

Test(json, lets_comments_pass_and_is_unsure_of_the_rest)
{
	static const struct row rows[] = {
		{ "{\n// one\n\"a\": 1, /* , */\n}",
		    "{\n// one\n\"a\": 2, /* , */\n}",
		    "{\n// one\n\"a\": 1, // \"{\n\"r\": \"}\\\"\",\n}",
		    "{\n// one\n\"a\": 2, // \"{\n\"r\": \"}\\\"\", /* , "
		    "*/\n}" },
		{ "{\"a\":[1]}", "{\"a\":[1,2]}", "{\"a\":[0,1]}", NULL },
		{ "{\"a\":1}", "{\"a\":2}", "{\"a\":3}", NULL },
		{ "{\"a\":1}", "{\"a\":2}", "{\"a\":1,}}", NULL },
		{ "{\"a\":1}", "{\"a\":2", "{\"b\":1}", NULL },
		{ "[1]", "[1,2]", "[0,1]", NULL },
		{ "{\"a\":1}", "", "{\"b\":1}", NULL },
	};

	CHECK(DRIVER_JSON, rows);
}

#define XBEL(items)    "<?xml version=\"1.0\"?>\n<xbel>" items "\n</xbel>\n"
#define MARK(id, when) "\n <bookmark href=\"" id "\" visited=\"" when "\"/>"

Test(xbel, merges_bookmarks_by_address)
{
	static const struct row rows[] = {
		{ XBEL(MARK("a", "1")), XBEL(MARK("a", "1") MARK("l", "2")),
		    XBEL(MARK("a", "1") MARK("r", "3")),
		    XBEL(MARK("a", "1") MARK("r", "3") MARK("l", "2")) },
		{ XBEL(MARK("a", "1") MARK("b", "1")), XBEL(MARK("b", "1")),
		    XBEL(MARK("a", "1") MARK("b", "2")), XBEL(MARK("b", "2")) },
		/* Visited on both machines: the later visit is the true one. */
		{ XBEL(MARK("a", "1")), XBEL(MARK("a", "2")),
		    XBEL(MARK("a", "3")), XBEL(MARK("a", "3")) },
		{ "<xbel><title>t</title></xbel>",
		    "<xbel><title>l</title></xbel>",
		    "<xbel><title>r</title></xbel>", NULL },
		{ "", "<xbel></xbel>", "<xbel/>", "<xbel></xbel>" },
		{ "<xbel><a/></xbel>", "<xbel/>", "<xbel><a/><b/></xbel>",
		    NULL },
		{ "<xbel/>", "<xbel>", "<xbel><a/></xbel>", NULL },
		{ "<xbel/>", "<html/>", "<xbel><a/></xbel>", NULL },
		{ "<xbel/>", "<!DOCTYPE xbel [<!ENTITY a \"b\">]><xbel/>",
		    "<xbel><a/></xbel>", NULL },
	};

	CHECK(DRIVER_XBEL, rows);
}
