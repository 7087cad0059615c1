#include "ground.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

/*
 * What store.h promises, for any kind of store. ROAM_TEST_STORE is the URL of
 * one; each test works in a directory of its own in it. Without that the store
 * is a temporary directory. ROAM_TEST_PASSWORD is a file with its password,
 * ROAM_TEST_ENCRYPT says "desired" or "off", ROAM_TEST_MIN_PROTOCOL of SMB, and
 * ROAM_TEST_ROUNDS how often eight race.
 */
TestSuite(contract, .init = enter, .fini = leave, .timeout = 300);

/* The names in a directory in order, directories with a slash. */
struct listing {
	char name[64][32];
	size_t count;
	const char *stop_at;
};

static int
note(const struct store_item *item, void *arg, struct err *why)
{
	struct listing *l = arg;

	cr_assert_lt(l->count, 64);
	snprintf(l->name[l->count++], 32, "%s%s:%llu", item->name,
	    item->is_dir ? "/" : "", (unsigned long long)item->size);
	if (l->stop_at != NULL && strcmp(item->name, l->stop_at) == 0)
		return err_set(why, ERR_BUSY, "enough");
	return 0;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static const char *
list(const char *path)
{
	static char text[2048];
	struct listing l = { .count = 0 };

	text[0] = '\0';
	if (store_list(store, path, note, &l, &e) == -1)
		return err_word(&e);
	qsort(l.name, l.count, sizeof(l.name[0]), by_text);
	for (size_t i = 0; i < l.count; i++) {
		strcat(text, i > 0 ? " " : "");
		strcat(text, l.name[i]);
	}
	return text;
}

Test(contract, a_file_is_read_as_it_was_written)
{
	cr_assert_eq(make_file(at("a"), "hello", 5), 0, "%s", e.text);
	cr_expect_str_eq(load(at("a")), "hello");
	cr_expect_eq(make_file(at("empty"), "", 0), 0);
	cr_expect_str_eq(load(at("empty")), "");
	cr_expect_str_eq(list(dir), "a:5 empty:0");
}

Test(contract, a_name_is_given_to_one_file_only)
{
	struct store_file *f;

	cr_assert_eq(make_file(at("a"), "first", 5), 0);
	cr_assert_eq(store_create(store, at("a"), &f, &e), -1);
	cr_expect_eq(e.kind, ERR_RACE);
	cr_assert_eq(store_mkdir(store, at("a"), &e), -1);
	cr_expect_eq(e.kind, ERR_RACE);
	cr_expect_str_eq(load(at("a")), "first");
}

Test(contract, a_file_that_is_given_up_leaves_nothing)
{
	struct store_file *f;

	cr_assert_eq(store_create(store, at("a"), &f, &e), 0);
	cr_assert_eq(store_write(f, "x", 1, &e), 0);
	cr_assert_eq(store_finish(f, false, &e), 0, "%s", e.text);
	cr_expect_str_eq(list(dir), "");
	cr_expect_eq(make_file(at("a"), "again", 5), 0);
}

Test(contract, two_files_can_be_written_at_once)
{
	struct store_file *a, *b;

	cr_assert_eq(store_create(store, at("a"), &a, &e), 0);
	cr_assert_eq(store_create(store, at("b"), &b, &e), 0);
	cr_assert_eq(store_write(a, "1", 1, &e), 0);
	cr_assert_eq(store_write(b, "2", 1, &e), 0);
	cr_assert_eq(store_write(a, "3", 1, &e), 0);
	cr_assert_eq(store_finish(b, true, &e), 0);
	cr_assert_eq(store_finish(a, true, &e), 0);
	cr_expect_str_eq(load(at("a")), "13");
	cr_expect_str_eq(load(at("b")), "2");
}

Test(contract, what_is_missing_is_said_to_be_gone)
{
	struct store_file *f;
	char byte;

	cr_expect_str_eq(load(at("none")), "gone");
	cr_expect_str_eq(load(at("none/none")), "gone");
	cr_expect_str_eq(list(at("none")), "gone");
	cr_expect_eq(store_read(store, at("none"), 0, &byte, 1, &e), -1);
	cr_expect_eq(e.kind, ERR_GONE);
	cr_expect_eq(store_create(store, at("none/a"), &f, &e), -1);
	cr_expect_eq(e.kind, ERR_GONE);
	cr_expect_eq(store_mkdir(store, at("none/a"), &e), -1);
	cr_expect_eq(e.kind, ERR_GONE);
	cr_expect_eq(store_publish(store, at("none"), at("b"), &e), -1);
	cr_expect_eq(e.kind, ERR_GONE);
}

Test(contract, loading_stops_at_the_ceiling)
{
	struct buf b = { .max = 4 };

	cr_assert_eq(make_file(at("a"), "12345", 5), 0);
	cr_expect_eq(store_load(store, at("a"), &b, &e), -1);
	cr_expect_eq(e.kind, ERR_LIMIT);
	buf_free(&b);
}

Test(contract, loading_appends)
{
	struct buf b = { .max = 16 };

	cr_assert_eq(make_file(at("a"), "12345", 5), 0);
	cr_assert_eq(store_load(store, at("a"), &b, &e), 0);
	cr_assert_eq(store_load(store, at("a"), &b, &e), 0);
	cr_expect_eq(b.len, 10);
	cr_expect_eq(memcmp(b.bytes, "1234512345", 10), 0);
	buf_free(&b);
}

Test(contract, ranges_are_exact)
{
	static const struct {
		uint64_t off;
		size_t len;
		const char *want; /* NULL: ERR_FORMAT */
	} cases[] = {
		{ 0, 6, "abcdef" },
		{ 0, 1, "a" },
		{ 2, 3, "cde" },
		{ 5, 1, "f" },
		{ 6, 0, "" },
		{ 5, 2, NULL },
		{ 6, 1, NULL },
		{ 1000000, 1, NULL },
		{ INT64_MAX, 1, NULL },
		{ UINT64_MAX, 2, NULL },
	};
	char bytes[8];
	int rc;

	cr_assert_eq(make_file(at("a"), "abcdef", 6), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rc = store_read(store, at("a"), cases[i].off, bytes,
		    cases[i].len, &e);
		cr_expect_eq(rc, cases[i].want != NULL ? 0 : -1, "case %zu", i);
		if (rc == -1)
			cr_expect_eq(e.kind, ERR_FORMAT, "case %zu", i);
		else
			cr_expect_eq(memcmp(bytes, cases[i].want, cases[i].len),
			    0);
	}
}

/* Reading keeps a file in mind; it must not outlive the file's name. */
Test(contract, a_name_used_again_is_read_anew)
{
	char byte = 0;

	cr_assert_eq(make_file(at("a"), "1", 1), 0);
	cr_assert_eq(store_read(store, at("a"), 0, &byte, 1, &e), 0);
	cr_assert_eq(store_remove(store, at("a"), false, &e), 0);
	cr_expect_eq(store_read(store, at("a"), 0, &byte, 1, &e), -1);
	cr_assert_eq(make_file(at("a"), "2", 1), 0);
	cr_assert_eq(store_read(store, at("a"), 0, &byte, 1, &e), 0);
	cr_expect_eq(byte, '2');
}

Test(contract, a_large_file_arrives_whole_and_in_ranges)
{
	const size_t chunk = (size_t)3 << 20, count = 12;
	uint8_t *bytes = malloc(chunk), *back = malloc(chunk);
	struct store_file *f;

	for (size_t i = 0; i < chunk; i++)
		bytes[i] = (uint8_t)(i * 31 + (i >> 11));
	cr_assert_eq(store_create(store, at("big"), &f, &e), 0);
	for (size_t i = 0; i < count; i++) {
		bytes[0] = (uint8_t)i;
		cr_assert_eq(store_write(f, bytes, chunk, &e), 0, "%s", e.text);
	}
	cr_assert_eq(store_finish(f, true, &e), 0, "%s", e.text);
	for (size_t i = count; i-- > 0;) {
		bytes[0] = (uint8_t)i;
		cr_assert_eq(store_read(store, at("big"), i * chunk, back,
				 chunk, &e),
		    0, "%s", e.text);
		cr_expect_eq(memcmp(bytes, back, chunk), 0, "chunk %zu", i);
	}
	free(bytes);
	free(back);
}

Test(contract, a_list_tells_names_kinds_and_sizes)
{
	cr_assert_eq(store_mkdir(store, at("d"), &e), 0);
	cr_assert_eq(make_file(at("000000000001"), "x", 1), 0);
	cr_assert_eq(make_file(at("a-b"), "xyz", 3), 0);
	cr_assert_eq(make_file(at("d/inside"), "xyz", 3), 0);
	cr_expect_str_eq(list(dir), "000000000001:1 a-b:3 d/:0");
	cr_expect_str_eq(list(at("d")), "inside:3");
}

Test(contract, a_list_ends_where_its_visitor_fails)
{
	struct listing l = { .stop_at = "a" };

	cr_assert_eq(make_file(at("a"), "", 0), 0);
	cr_expect_eq(store_list(store, dir, note, &l, &e), -1);
	cr_expect_eq(e.kind, ERR_BUSY);
}

struct time_of {
	const char *name;
	int64_t mtime_ns;
};

static int
note_time(const struct store_item *item, void *arg, struct err *why)
{
	struct time_of *t = arg;

	(void)why;
	if (strcmp(item->name, t->name) == 0)
		t->mtime_ns = item->mtime_ns;
	return 0;
}

Test(contract, a_new_directory_bears_the_servers_time)
{
	struct time_of t = { "d", 0 }, later = { "f", 0 };

	cr_assert_eq(store_mkdir(store, at("d"), &e), 0);
	clock_sleep_ms(20);
	cr_assert_eq(make_file(at("f"), "", 0), 0);
	cr_assert_eq(store_list(store, dir, note_time, &t, &e), 0);
	cr_assert_eq(store_list(store, dir, note_time, &later, &e), 0);
	cr_expect_gt(t.mtime_ns, (int64_t)1600000000 * 1000000000);
	cr_expect_geq(later.mtime_ns, t.mtime_ns);
}

Test(contract, removing_twice_is_success)
{
	cr_assert_eq(make_file(at("a"), "", 0), 0);
	cr_assert_eq(store_mkdir(store, at("d"), &e), 0);
	for (int i = 0; i < 2; i++) {
		cr_expect_eq(store_remove(store, at("a"), false, &e), 0);
		cr_expect_eq(store_remove(store, at("d"), true, &e), 0);
		cr_expect_eq(store_remove(store, at("d/x"), false, &e), 0);
	}
	cr_expect_str_eq(list(dir), "");
}

Test(contract, a_directory_that_holds_something_is_not_removed)
{
	cr_assert_eq(store_mkdir(store, at("d"), &e), 0);
	cr_assert_eq(make_file(at("d/a"), "x", 1), 0);
	cr_expect_eq(store_remove(store, at("d"), true, &e), -1);
	cr_expect_eq(e.kind, ERR_RACE);
	cr_expect_str_eq(load(at("d/a")), "x");
}

static void
make_dir_with(const char *path, const char *text)
{
	char file[STORE_PATH_MAX + 1];

	snprintf(file, sizeof(file), "%.190s/id", path);
	cr_assert_eq(store_mkdir(store, path, &e), 0, "%s", e.text);
	cr_assert_eq(make_file(file, text, strlen(text)), 0, "%s", e.text);
}

Test(contract, a_published_directory_bears_its_new_name_only)
{
	make_dir_with(at("from"), "me");
	cr_assert_eq(store_mkdir(store, at("gen"), &e), 0);
	cr_assert_eq(store_publish(store, at("from"), at("gen/1"), &e), 0, "%s",
	    e.text);
	cr_expect_str_eq(load(at("gen/1/id")), "me");
	cr_expect_str_eq(list(dir), "gen/:0");
}

Test(contract, publishing_onto_a_name_that_exists_is_refused)
{
	make_dir_with(at("gen"), "first");
	make_dir_with(at("from"), "second");
	cr_expect_eq(store_publish(store, at("from"), at("gen"), &e), -1);
	cr_expect_eq(e.kind, ERR_RACE);
	cr_expect_str_eq(load(at("gen/id")), "first");
	cr_expect_str_eq(load(at("from/id")), "second");
	cr_expect_eq(store_publish(store, at("from"), at("other"), &e), 0);
	cr_expect_str_eq(load(at("other/id")), "second");
}

/* What an SMB server and its library would delete to make room. */
Test(contract, publishing_replaces_neither_a_file_nor_an_empty_directory)
{
	make_dir_with(at("from"), "me");
	cr_assert_eq(make_file(at("file"), "theirs", 6), 0);
	cr_assert_eq(store_mkdir(store, at("empty"), &e), 0);
	cr_expect_eq(store_publish(store, at("from"), at("file"), &e), -1);
	cr_expect_eq(e.kind, ERR_RACE);
	cr_expect_str_eq(load(at("file")), "theirs");
	cr_expect_eq(store_publish(store, at("from"), at("empty"), &e), -1);
	cr_expect_eq(e.kind, ERR_RACE);
	cr_expect_str_eq(list(dir), "empty/:0 file:6 from/:0");
}

Test(contract, names_that_are_not_ours_are_refused)
{
	static const char *const bad[] = { "", "/", "a/", "/a", "a//b", "..",
		"a/../b", ".", "A", "a b", "a_b", "a.b", "\xc3\xa4", "a\n",
		"a\\b", "a:b" };
	struct store_file *f;
	struct buf b = { .max = 8 };
	char longest[STORE_PATH_MAX + 2];

	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	for (size_t i = 0; i <= sizeof(bad) / sizeof(bad[0]); i++) {
		const char *name =
		    i < sizeof(bad) / sizeof(bad[0]) ? bad[i] : longest;

		e.kind = ERR_NONE;
		cr_expect_eq(store_create(store, name, &f, &e), -1);
		cr_expect_eq(e.kind, ERR_USAGE, "\"%s\"", name);
		cr_expect_eq(store_mkdir(store, name, &e), -1);
		cr_expect_eq(store_load(store, name, &b, &e), -1);
		cr_expect_eq(store_read(store, name, 0, longest, 1, &e), -1);
		cr_expect_eq(store_remove(store, name, false, &e), -1);
		cr_expect_eq(store_publish(store, name, "a", &e), -1);
		cr_expect_eq(store_publish(store, "a", name, &e), -1);
		cr_expect_eq(e.kind, ERR_USAGE, "\"%s\"", name);
	}
}

Test(contract, bytes_and_calls_are_counted)
{
	struct buf b = { .max = 100 };
	char bytes[3];
	uint64_t calls;

	cr_assert_eq(make_file(at("a"), "12345", 5), 0);
	cr_expect_eq(store->bytes_written, 5);
	cr_assert_eq(store_load(store, at("a"), &b, &e), 0);
	calls = store->calls;
	cr_assert_eq(store_read(store, at("a"), 1, bytes, 3, &e), 0);
	cr_expect_eq(store->bytes_read, 8);
	cr_expect_eq(store->calls, calls + 1);
	buf_free(&b);
}

Test(contract, a_store_that_is_not_there_is_gone_unless_it_is_to_be_made)
{
	struct store_how look = { .deadline_ms = 60000 };
	struct store_how make = { .deadline_ms = 60000, .create = true };
	struct store *other = NULL;
	char there[sizeof(url) + 64];

	if (tmp[0] == '\0')
		cr_skip_test("not in a store that is not ours");
	snprintf(there, sizeof(there), "%s-other", url);
	cr_expect_eq(store_open(&other, there, &look, &e), -1);
	cr_expect_eq(e.kind, ERR_GONE);
	cr_expect_null(other);
	cr_assert_eq(store_open(&other, there, &make, &e), 0, "%s", e.text);
	store_close(other);
	cr_assert_eq(store_open(&other, there, &look, &e), 0);
	store_close(other);
}
