#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "signin/ledger.h"

static char dir[64], below[96];
static struct err e;

static void
begin(void)
{
	snprintf(dir, sizeof(dir), "/tmp/roam-test-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	snprintf(below, sizeof(below), "%s/lib/users", dir);
}

static void
end(void)
{
	char line[128];

	snprintf(line, sizeof(line), "rm -rf %s", dir);
	cr_assert_eq(system(line), 0);
}

TestSuite(ledger, .init = begin, .fini = end);

Test(ledger, what_was_kept_is_known_again)
{
	struct ledger l = { .state = LEDGER_PENDING,
		.loaded = true,
		.temporary = true,
		.used_s = 1234567890,
		.name = "alice",
		.reason = "no\nanswer" };
	struct ledger got;

	cr_assert_eq(ledger_save(below, 1000, &l, &e), 0, "%s", e.text);
	cr_assert_eq(ledger_load(&got, below, 1000, "alice", &e), 0);
	cr_expect_eq(got.state, LEDGER_PENDING);
	cr_expect(got.loaded);
	cr_expect(got.temporary);
	cr_expect_eq(got.used_s, 1234567890);
	cr_expect_str_eq(got.reason, "no?answer");
}

Test(ledger, nothing_is_known_of_a_new_user_or_of_a_uid_used_again)
{
	struct ledger l = { .state = LEDGER_IN, .name = "alice" }, got;

	cr_assert_eq(ledger_load(&got, below, 1000, "alice", &e), 0);
	cr_expect_eq(got.state, LEDGER_OUT);
	cr_assert_eq(ledger_save(below, 1000, &l, &e), 0);
	cr_assert_eq(ledger_load(&got, below, 1000, "bob", &e), 0);
	cr_expect_eq(got.state, LEDGER_OUT);
	cr_expect_str_eq(got.name, "bob");
}

static void
write_file(const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/1000", below);
	cr_assert_not_null(f = fopen(path, "w"));
	fputs(text, f);
	fclose(f);
}

Test(ledger, damage_is_an_error_and_no_guess)
{
	static const char *const bad[] = { "state=what\n", "noise\n",
		"loaded=perhaps\n", "temporary=\n", "used=-1\n", "used=x\n" };
	struct ledger l = { .name = "alice" }, got;

	cr_assert_eq(ledger_save(below, 1000, &l, &e), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		write_file(bad[i]);
		cr_expect_eq(ledger_load(&got, below, 1000, "alice", &e), -1,
		    "%s", bad[i]);
		cr_expect_eq(e.kind, ERR_FORMAT, "%s", bad[i]);
	}
	write_file("name=alice\nstate=in\nnews=of a newer program\n");
	cr_expect_eq(ledger_load(&got, below, 1000, "alice", &e), 0);
	cr_expect_eq(got.state, LEDGER_IN);
}

static int
add_uid(uid_t uid, const struct ledger *l, void *arg, struct err *why)
{
	(void)l;
	(void)why;
	*(uid_t *)arg += uid;
	return 0;
}

Test(ledger, each_user_comes_once_and_what_is_damaged_is_passed_over)
{
	struct ledger l = { .name = "x" };
	uid_t sum = 0;

	cr_expect_eq(ledger_each(below, add_uid, &sum, &e), 0);
	cr_assert_eq(ledger_save(below, 1000, &l, &e), 0);
	cr_assert_eq(ledger_save(below, 20, &l, &e), 0);
	cr_assert_eq(ledger_save(below, 3, &l, &e), 0);
	write_file("noise\n");
	cr_expect_eq(ledger_each(below, add_uid, &sum, &e), 0);
	cr_expect_eq(sum, 23);
}
