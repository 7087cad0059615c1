#include <sys/wait.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/step.h"
#include "storage.h"
#include "store/collect.h"

/* Collection, and contents that come back meanwhile. */

#define DAY_S  ((uint64_t)24 * 3600)
#define DAY_NS ((int64_t)DAY_S * 1000000000)
#define NOW    ((int64_t)1800000000 * 1000000000)

static struct storage s;
static struct err e;

static void
enter(void)
{
	storage_make(&s);
}

static void
leave(void)
{
	storage_free(&s);
}

TestSuite(collect_news, .init = enter, .fini = leave, .timeout = 300);

/* A checkpoint, so many days old. */
static void
push_aged(const char *words, int64_t days)
{
	struct push p = {
		.words = words,
		.time_ns = NOW - days * DAY_NS,
		.full = true,
	};

	cr_assert_neq(storage_try(&s, &p, &e), 0, "%s", e.text);
}

/* All that is older than 30 days goes, the head never. */
static void
collect(struct repo *repo)
{
	struct keep_policy keep = { .keep_s = 30 * DAY_S, .now_ns = NOW };
	struct collected c;

	cr_assert_eq(repo_collect(repo, &keep, false, &c, &e), 0, "%s", e.text);
	cr_expect_eq(c.damaged, 0);
	collected_free(&c);
}

static void
collect_in_child(const char *stop_at)
{
	int status;
	pid_t pid;

	if ((pid = fork()) == 0) {
		setenv("ROAM_STOP_AT", stop_at, 1);
		collect(s.repo);
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(WEXITSTATUS(status), STEP_EXIT);
}

/* Somebody publishes what only the first generation still names. */
static void
bring_back(void *arg, const char *path)
{
	struct push p = { .words = "a=RAND:1:50000 n=3", .back = arg };

	cr_expect_str_eq(path, "gen/000000000001/manifest");
	cr_assert_eq(storage_try(&s, &p, &e), 4, "%s", e.text);
}

Test(collect_news, contents_that_come_back_meanwhile_stay)
{
	struct faulty between;
	struct repo *repo;
	struct head first, last;

	push_aged("a=RAND:1:50000 b=RAND:2:50000", 99);
	storage_load(&s, &first);
	push_aged("n=1", 98);
	push_aged("n=2", 1);
	faulty_make(&between, s.store);
	between.before_remove = bring_back;
	between.arg = &first.profile;
	cr_assert_eq(repo_open(&repo, &between.store, &e), 0);
	collect(repo);
	cr_expect_null(between.before_remove);
	cr_expect_not(storage_has(&s, "gen/000000000001/manifest"));
	storage_load(&s, &last);
	cr_expect_eq(last.commit.number, 4);
	cr_expect_eq(storage_check(&s, &last.profile), 0);
	head_free(&first);
	head_free(&last);
	repo_close(repo);
}

/* Without its manifest nobody goes back to a generation. */
Test(collect_news, all_manifests_go_before_the_first_pack)
{
	static const char *const steps[] = { "1", "2" };

	for (size_t i = 0; i < 2; i++) {
		storage_shell(&s, "rm -rf gen tmp trash");
		push_aged("a=RAND:1:50000", 99);
		push_aged("b=RAND:2:50000", 98);
		push_aged("n=1", 1);
		collect_in_child(steps[i]);
		cr_expect(storage_has(&s, "gen/000000000001/pack0"));
		cr_expect(storage_has(&s, "gen/000000000002/pack0"));
	}
	cr_expect_not(storage_has(&s, "gen/000000000001/manifest"));
	cr_expect_not(storage_has(&s, "gen/000000000002/manifest"));
	collect(s.repo);
	cr_expect_not(storage_has(&s, "gen/000000000001/pack0"));
	cr_expect_not(storage_has(&s, "gen/000000000002/pack0"));
}
