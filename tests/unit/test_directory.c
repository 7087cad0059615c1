#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "signin/directory.h"

static struct err e;
static struct facts f;

/* Ask a helper that is this line of a shell. */
static int
ask(const char *line, unsigned ms)
{
	char name[] = "sh", option[] = "-c", path[] = "PATH=/usr/bin:/bin";
	char *const argv[] = { name, option, strdup(line), NULL };
	char *const envp[] = { path, NULL };
	const struct directory_ask how = { .program = "/bin/sh",
		.argv = argv,
		.envp = envp,
		.deadline_ms = ms };

	int rc;

	memset(&f, 0, sizeof(f));
	rc = directory_ask(&f, &how, &e);
	free(argv[2]);
	return rc;
}

Test(directory, what_the_helper_says_is_read)
{
	cr_assert_eq(ask("echo roam-ldap=1; echo site=here; echo end=", 20000),
	    0, "%s", e.text);
	cr_expect_str_eq(f.site, "here");
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
		"echo roam-ldap=1; echo end=; exec sleep 60",
		"exec 1>&-; exec sleep 60" };
	double from = clock_steady_s();

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		cr_expect_eq(ask(lines[i], 300), -1, "%s", lines[i]);
	cr_expect_lt(clock_steady_s() - from, 40);
}

Test(directory, a_helper_that_never_stops_talking_is_cut_off)
{
	cr_expect_eq(ask("yes roam-ldap=1", 20000), -1);
	cr_expect_eq(e.kind, ERR_FORMAT);
	cr_expect_not_null(strstr(e.text, "more than"));
}

Test(directory, a_helper_that_is_not_there_is_an_error)
{
	char name[] = "x";
	char *const argv[] = { name, NULL };
	const struct directory_ask how = { .program = "/nonexistent",
		.argv = argv,
		.envp = argv + 1,
		.deadline_ms = 1000 };

	cr_expect_eq(directory_ask(&f, &how, &e), -1);
	cr_expect_eq(e.kind, ERR_SYSTEM);
}
