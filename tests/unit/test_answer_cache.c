#include <sys/stat.h>

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signin/answer_cache.h"

static struct err e;
static char top[] = "/tmp/roam-test-XXXXXX";
static char dir[64], file[80];

static const struct facts alice = { .asked_s = 1800000000,
	.account = "alice",
	.host = "ws1",
	.schema = FACT_YES,
	.user = FACT_YES,
	.foreign = FACT_NO,
	.computer = FACT_YES,
	.listed = FACT_YES };

static void
set_up(void)
{
	cr_assert_not_null(mkdtemp(top));
	snprintf(dir, sizeof(dir), "%s/roam/answers", top);
	snprintf(file, sizeof(file), "%s/1000", dir);
}

static void
tear_down(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", top);
	cr_assert_eq(system(command), 0);
}

TestSuite(answer_cache, .init = set_up, .fini = tear_down);

static int
load(struct facts *f)
{
	return answer_cache_load(f, dir, 1000, &alice, &e);
}

Test(answer_cache, an_answer_is_kept)
{
	struct facts f;
	struct stat st;

	cr_assert_eq(load(&f), -1);
	cr_expect_eq(e.kind, ERR_GONE);
	cr_assert_eq(answer_cache_save(dir, 1000, getgid(), &alice, &e), 0,
	    "%s", e.text);
	cr_assert_eq(load(&f), 0, "%s", e.text);
	cr_expect_eq(facts_answer(&f), ANSWER_LISTED);
	cr_expect_eq(f.asked_s, alice.asked_s);
	cr_assert_eq(stat(file, &st), 0);
	cr_expect_eq(st.st_mode & 0137, 0);
	cr_expect_eq(answer_cache_load(&f, dir, 1001, &alice, &e), -1);
}

Test(answer_cache, an_answer_about_another_is_none)
{
	struct facts f, other = alice;

	strcpy(other.account, "bob");
	cr_assert_eq(answer_cache_save(dir, 1000, getgid(), &other, &e), 0);
	cr_expect_eq(load(&f), -1);
	cr_expect_eq(e.kind, ERR_GONE);
	other = alice;
	strcpy(other.host, "ws2");
	cr_assert_eq(answer_cache_save(dir, 1000, getgid(), &other, &e), 0);
	cr_expect_eq(load(&f), -1);
	cr_expect_eq(e.kind, ERR_GONE);
}

Test(answer_cache, what_others_could_have_written_is_not_believed)
{
	struct facts f;

	cr_assert_eq(answer_cache_save(dir, 1000, getgid(), &alice, &e), 0);
	cr_assert_eq(chmod(file, 0660), 0);
	cr_expect_eq(load(&f), -1);
	cr_expect_eq(e.kind, ERR_POLICY);
	cr_assert_eq(chmod(file, 0600), 0);
	cr_expect_eq(load(&f), 0);
	if (geteuid() == 0) {
		cr_assert_eq(chown(file, 1000, 1000), 0);
		cr_expect_eq(load(&f), -1);
		cr_expect_eq(e.kind, ERR_POLICY);
	}
	cr_assert_eq(unlink(file), 0);
	cr_assert_eq(symlink("/etc/passwd", file), 0);
	cr_expect_eq(load(&f), -1);
	cr_assert_eq(unlink(file), 0);
	cr_assert_eq(mkfifo(file, 0600), 0);
	cr_expect_eq(load(&f), -1);
}

Test(answer_cache, a_damaged_answer_is_none)
{
	struct facts f;
	int fd;

	cr_assert_eq(answer_cache_save(dir, 1000, getgid(), &alice, &e), 0);
	cr_assert_eq(truncate(file, 40), 0);
	cr_expect_eq(load(&f), -1);
	cr_expect_eq(e.kind, ERR_FORMAT);
	cr_assert_eq(truncate(file, 100000), 0);
	cr_expect_eq(load(&f), -1);
	cr_assert_neq(fd = open(file, O_WRONLY | O_TRUNC), -1);
	close(fd);
	cr_expect_eq(load(&f), -1);
	/* The next answer makes it good. */
	cr_assert_eq(answer_cache_save(dir, 1000, getgid(), &alice, &e), 0);
	cr_expect_eq(load(&f), 0);
}
