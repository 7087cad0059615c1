#include <sys/stat.h>

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "signin/directory.h"

static struct err e;
static struct facts f;
static struct buf items = { .max = 65536 };
static char dir[] = "/tmp/roam-test-XXXXXX";
static char helper[64];

static void
set_up(void)
{
	cr_assert_not_null(mkdtemp(dir));
	snprintf(helper, sizeof(helper), "%s/helper", dir);
}

static void
tear_down(void)
{
	(void)unlink(helper);
	(void)rmdir(dir);
	buf_free(&items);
}

TestSuite(directory, .init = set_up, .fini = tear_down);

/* Ask a helper that is this line of a shell. */
static int
ask(const char *line, unsigned ms)
{
	char path[] = "PATH=/usr/bin:/bin";
	char *const envp[] = { path, NULL };
	const struct question q = { .user = "alice", .deadline_ms = ms };
	const struct directory_ask how = { .program = helper,
		.envp = envp,
		.q = &q };
	FILE *out = fopen(helper, "w");

	cr_assert_not_null(out);
	fprintf(out, "#!/bin/sh\n%s\n", line);
	fclose(out);
	cr_assert_eq(chmod(helper, 0700), 0);
	memset(&f, 0, sizeof(f));
	buf_clear(&items);
	return directory_ask(&f, &items, &how, &e);
}

Test(directory, what_the_helper_says_is_read)
{
	cr_assert_eq(ask("echo roam-ldap=1; echo site=here; echo end=", 20000),
	    0, "%s", e.text);
	cr_expect_str_eq(f.site, "here");
	cr_expect_eq(items.len, 0);
	cr_expect_not(directory_error(&f, &e));
	cr_assert_eq(ask("echo item=a; echo roam-ldap=1; echo end=", 20000), 0);
	cr_expect_eq(items.len, 7);
}

Test(directory, the_helper_is_told_the_question)
{
	cr_assert_eq(ask("echo roam-ldap=1; grep -c alice | sed s/^/values=/;"
			 "echo end=",
			 20000),
	    0, "%s", e.text);
	cr_expect_eq(f.values, 1);
}

Test(directory, an_error_of_the_helpers_is_one_of_ours)
{
	cr_assert_eq(ask("echo roam-ldap=1; echo error=away; "
			 "echo error_kind=4; echo end=",
			 20000),
	    0);
	cr_assert(directory_error(&f, &e));
	cr_expect_eq(e.kind, ERR_AUTH);
	cr_expect_str_eq(e.text, "away");
	f.error_kind = 999;
	cr_assert(directory_error(&f, &e));
	cr_expect_eq(e.kind, ERR_OFFLINE);
}

Test(directory, a_helper_that_was_stopped_said_nothing)
{
	cr_expect_eq(ask("echo roam-ldap=1; echo site=here; kill -9 $$", 20000),
	    -1);
	cr_expect_eq(ask("echo roam-ldap=1; echo site=here", 20000), -1);
	cr_expect_eq(e.kind, ERR_FORMAT);
	cr_expect_eq(ask("exit 1", 20000), -1);
}

Test(directory, nothing_lasts_longer_than_the_deadline)
{
	static const char *const lines[] = { "exec sleep 60",
		"trap '' TERM; while :; do :; done",
		"echo roam-ldap=1; echo end=; exec sleep 60" };
	double from = clock_steady_s();

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		cr_expect_eq(ask(lines[i], 300), -1, "%s", lines[i]);
		cr_expect_eq(e.kind, ERR_OFFLINE);
	}
	/* What was said is enough, even if the end does not come. */
	cr_expect_eq(ask("echo roam-ldap=1; echo end=; "
			 "exec 1>&- ; exec sleep 60",
			 300),
	    0);
	cr_expect_lt(clock_steady_s() - from, 50);
}

Test(directory, a_helper_that_never_stops_talking_is_cut_off)
{
	cr_expect_eq(ask("exec yes roam-ldap=1", 30000), -1);
	cr_expect_eq(e.kind, ERR_FORMAT);
	cr_expect_not_null(strstr(e.text, "more than"));
}

Test(directory, a_helper_that_is_not_there_is_an_error)
{
	char *const envp[] = { NULL };
	const struct question q = { .deadline_ms = 1000 };
	const struct directory_ask how = { .program = "/nonexistent",
		.envp = envp,
		.q = &q };

	cr_expect_eq(directory_ask(&f, NULL, &how, &e), -1);
	cr_expect_eq(e.kind, ERR_SYSTEM);
}
