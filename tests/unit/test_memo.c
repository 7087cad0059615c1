#include <sys/stat.h>

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "local/vouch.h"
#include "sync/memo.h"

#define NOON   1763805600000000000 /* some day */
#define SECOND 1000000000

/* A state directory of the test's own; what it is called is lost. */
static int
make_dir(void)
{
	char name[] = "/tmp/roam-memo.XXXXXX";
	int fd;

	cr_assert_not_null(mkdtemp(name));
	fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_neq(fd, -1);
	return fd;
}

static void
drop_dir(int fd)
{
	char link[64], name[256];
	ssize_t n;

	unlinkat(fd, "status", 0);
	unlinkat(fd, "status", AT_REMOVEDIR);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, name, sizeof(name) - 1);
	cr_assert_gt(n, 0);
	name[n] = '\0';
	cr_assert_eq(rmdir(name), 0, "%s holds more than the memo", name);
	close(fd);
}

static void
note(int fd, const struct memo *now, bool changed)
{
	struct err e;

	cr_assert_eq(memo_note(fd, now, changed, &e), 0, "%s", e.text);
}

static void
put(int fd, const void *bytes, size_t len)
{
	int file = openat(fd, "status", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	cr_assert_neq(file, -1);
	cr_assert_eq(write(file, bytes, len), (ssize_t)len);
	close(file);
}

static struct stat
stat_of(int fd)
{
	struct stat st;

	cr_assert_eq(fstatat(fd, "status", &st, AT_SYMLINK_NOFOLLOW), 0);
	return st;
}

static bool
is_empty(const struct memo *m)
{
	return m->last_attempt_ns == 0 && m->last_success_ns == 0 &&
	    m->last_error[0] == '\0' && m->pending == 0 && m->skipped == 0 &&
	    m->held_deletes == 0;
}

Test(memo, what_was_noted_is_remembered)
{
	const struct memo now = { .last_attempt_ns = NOON,
		.pending = 1,
		.skipped = 2,
		.held_deletes = 3 };
	struct memo got;
	int fd = make_dir();

	note(fd, &now, true);
	memo_load(&got, fd);
	cr_assert_geq(got.last_attempt_ns, NOON);
	cr_assert_eq(got.last_success_ns, got.last_attempt_ns);
	cr_assert_str_empty(got.last_error);
	cr_assert_eq(got.pending, 1);
	cr_assert_eq(got.skipped, 2);
	cr_assert_eq(got.held_deletes, 3);
	drop_dir(fd);
}

Test(memo, an_idle_run_moves_the_time_and_writes_nothing)
{
	struct memo now = { .last_attempt_ns = NOON }, got;
	struct stat before, after;
	int fd = make_dir();

	note(fd, &now, false);
	before = stat_of(fd);
	now.last_attempt_ns = stat_mtime_ns(&before) + SECOND;
	note(fd, &now, false);
	after = stat_of(fd);
	cr_assert_eq(before.st_ino, after.st_ino);
	cr_assert_eq(stat_mtime_ns(&after), now.last_attempt_ns);
	memo_load(&got, fd);
	cr_assert_eq(got.last_attempt_ns, now.last_attempt_ns);
	cr_assert_eq(got.last_success_ns, now.last_attempt_ns);
	drop_dir(fd);
}

Test(memo, news_are_written)
{
	static const struct {
		const char *why;
		struct memo now;
		bool changed;
	} rows[] = {
		{ "a run that changed something", { 0 }, true },
		{ "pending", { .pending = 1 }, false },
		{ "skipped", { .skipped = 1 }, false },
		{ "held back", { .held_deletes = 1 }, false },
		{ "an error", { .last_error = "no" }, false },
	};
	struct memo now;
	struct stat before, after;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int fd = make_dir();

		note(fd, &(struct memo){ .last_attempt_ns = NOON }, false);
		before = stat_of(fd);
		now = rows[i].now;
		now.last_attempt_ns = NOON + SECOND;
		note(fd, &now, rows[i].changed);
		after = stat_of(fd);
		cr_expect_neq(before.st_ino, after.st_ino, "%s", rows[i].why);
		drop_dir(fd);
	}
}

Test(memo, a_failure_leaves_what_was_known_of_the_last_success)
{
	struct memo got;
	int64_t success;
	int fd = make_dir();

	note(fd, &(struct memo){ .last_attempt_ns = NOON, .pending = 7 }, true);
	memo_load(&got, fd);
	success = got.last_success_ns;
	for (int i = 1; i <= 2; i++) {
		struct memo now = { .last_attempt_ns = success + i * SECOND,
			.last_error = "away" };
		ino_t inode = stat_of(fd).st_ino;

		note(fd, &now, false);
		memo_load(&got, fd);
		cr_assert_eq(got.last_success_ns, success);
		cr_assert_geq(got.last_attempt_ns, now.last_attempt_ns);
		cr_assert_str_eq(got.last_error, "away");
		cr_assert_eq(got.pending, 7);
		/* The same failure again is no news. */
		cr_assert(i == 1 || inode == stat_of(fd).st_ino);
	}
	note(fd, &(struct memo){ .last_attempt_ns = got.last_attempt_ns },
	    false);
	memo_load(&got, fd);
	cr_assert_str_empty(got.last_error);
	cr_assert_gt(got.last_success_ns, success);
	drop_dir(fd);
}

Test(memo, an_error_may_hold_any_bytes)
{
	struct memo now = { .last_attempt_ns = NOON }, got;
	ino_t inode;
	int fd = make_dir();

	for (size_t i = 0; i + 1 < sizeof(now.last_error); i++)
		now.last_error[i] = (char)(i % 255 + 1);
	note(fd, &now, false);
	inode = stat_of(fd).st_ino;
	memo_load(&got, fd);
	cr_assert_str_not_empty(got.last_error);
	cr_assert(text_is_utf8(got.last_error, strlen(got.last_error)));
	note(fd, &now, false);
	cr_assert_eq(stat_of(fd).st_ino, inode, "the same error is no news");
	drop_dir(fd);
}

Test(memo, without_a_memo_nothing_is_known)
{
	struct memo got;
	int fd = make_dir();

	memo_load(&got, fd);
	cr_assert(is_empty(&got));
	memo_load(&got, -1);
	cr_assert(is_empty(&got));
	drop_dir(fd);
}

Test(memo, a_damaged_memo_is_none)
{
#define TIMES "\"last_attempt_ns\":5,\"last_success_ns\":5"
#define REST  "\"pending\":0,\"skipped\":0,\"held_deletes\":0"
	static const char *const rows[] = {
		"",
		"{",
		"[]",
		"null",
		"{}",
		"{" TIMES "," REST "}",
		"{" TIMES ",\"last_error\":null,\"pending\":0}",
		"{" TIMES ",\"last_error\":null,\"pending\":\"x\","
		"\"skipped\":0,\"held_deletes\":0}",
		"{" TIMES ",\"last_error\":null,\"pending\":-1,"
		"\"skipped\":0,\"held_deletes\":0}",
		"{\"last_attempt_ns\":0,\"last_success_ns\":0,"
		"\"last_error\":null," REST "}",
		"{\"last_attempt_ns\":99999999999999999999,"
		"\"last_success_ns\":0,\"last_error\":null," REST "}",
		"{" TIMES ",\"last_error\":null," REST "}garbage",
		"{" TIMES ",\"last_error\":\"\xff\"," REST "}",
	};
	static char big[100000];
	struct memo got;
	int fd = make_dir();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put(fd, rows[i], strlen(rows[i]));
		memo_load(&got, fd);
		cr_expect(is_empty(&got), "%s", rows[i]);
	}
	memset(big, '[', sizeof(big));
	put(fd, big, sizeof(big));
	memo_load(&got, fd);
	cr_expect(is_empty(&got));
	/* And is written anew. */
	note(fd, &(struct memo){ .last_attempt_ns = NOON }, false);
	memo_load(&got, fd);
	cr_expect_geq(got.last_attempt_ns, NOON);
	drop_dir(fd);
}

Test(memo, nothing_but_a_file_of_its_own_is_read_or_touched, .timeout = 10)
{
	struct memo now = { .last_attempt_ns = NOON }, got;
	struct stat st;
	int fd = make_dir();
	struct err e;

	cr_assert_eq(mkfifoat(fd, "status", 0600), 0);
	memo_load(&got, fd);
	cr_expect(is_empty(&got));
	note(fd, &now, false);
	st = stat_of(fd);
	cr_expect(S_ISREG(st.st_mode));

	cr_assert_eq(unlinkat(fd, "status", 0), 0);
	cr_assert_eq(symlinkat("/etc/hostname", fd, "status"), 0);
	memo_load(&got, fd);
	cr_expect(is_empty(&got));
	note(fd, &now, false);
	st = stat_of(fd);
	cr_expect(S_ISREG(st.st_mode));

	cr_assert_eq(unlinkat(fd, "status", 0), 0);
	cr_assert_eq(mkdirat(fd, "status", 0700), 0);
	memo_load(&got, fd);
	cr_expect(is_empty(&got));
	cr_expect_eq(memo_note(fd, &now, false, &e), -1);
	cr_expect_str_not_empty(e.text);
	drop_dir(fd);
}
