#include <sys/wait.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/clock.h"
#include "base/step.h"
#include "storage.h"
#include "store/collect.h"

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

TestSuite(collect, .init = enter, .fini = leave, .timeout = 300);

/* A generation, so many days old. */
static void
push_aged(const char *words, int64_t days, bool full)
{
	struct push p = {
		.words = words,
		.time_ns = NOW - days * DAY_NS,
		.full = full,
	};

	cr_assert_neq(storage_try(&s, &p, &e), 0, "%s", e.text);
}

static struct collected
collect_in(struct repo *r, uint64_t keep_days, uint64_t keep_min, bool dry)
{
	struct keep_policy keep = {
		.keep_s = keep_days * DAY_S,
		.keep_min = keep_min,
		.now_ns = NOW,
	};
	struct collected c;

	cr_assert_eq(repo_collect(r, &keep, dry, &c, &e), 0, "%s", e.text);
	return c;
}

static struct collected
collect(uint64_t keep_days, uint64_t keep_min, bool dry)
{
	return collect_in(s.repo, keep_days, keep_min, dry);
}

/* Numbers of the generations that can be read as a whole: "3-7". */
static const char *
readable(void)
{
	static char text[64];
	struct decode how = { &s.arena, &s.machines, 0 };
	uint64_t first = 0, last = 0;
	struct profile p;
	struct commit c;

	cr_assert_eq(repo_list(s.repo, &e), 0);
	for (size_t i = 0; i < s.repo->number_count; i++) {
		cr_assert_eq(repo_commit(s.repo, s.repo->number[i], &c, &e), 0);
		if (repo_profile(s.repo, &c, NULL, &how, &p, &e) == 0) {
			cr_expect_eq(storage_check(&s, &p), 0, "%llu",
			    (unsigned long long)c.number);
			cr_expect(last == 0 || last + 1 == c.number);
			first = first == 0 ? c.number : first;
			last = c.number;
			profile_free(&p);
		}
		commit_free(&c);
	}
	snprintf(text, sizeof(text), "%llu-%llu", (unsigned long long)first,
	    (unsigned long long)last);
	return text;
}

/*
 * Generations as letters, the oldest first: how many days old, "+" behind a
 * checkpoint. What is kept with so many days and so many at least?
 */
Test(collect, a_row_of_generations_is_kept)
{
	static const struct {
		const char *ages;
		uint64_t days, min;
		const char *kept;
	} cases[] = {
		{ "9+ 8+ 7+ 6+", 30, 1, "1-4" },
		{ "9+ 8+ 7+ 6+", 7, 1, "3-4" },
		{ "9+ 8+ 7+ 6+", 1, 1, "4-4" },
		{ "9+ 8+ 7+ 6+", 1, 0, "4-4" },
		{ "9+ 8+ 7+ 6+", 0, 0, "4-4" },
		{ "9+ 8+ 7+ 6+", 1, 3, "2-4" },
		{ "9+ 8+ 7+ 6+", 1, 99, "1-4" },
		{ "9+ 8+ 7+ 6+", UINT64_MAX / DAY_S, 1, "1-4" },
		/* Back to the checkpoint. */
		{ "9+ 8 7 6", 1, 1, "1-4" },
		{ "9+ 8+ 7 6", 1, 1, "2-4" },
		{ "9+ 8+ 7 6+", 1, 1, "4-4" },
		{ "9+ 8+ 7 6+", 1, 2, "2-4" },
		/* Clocks that are wrong. */
		{ "9+ 8+ 99999+ 6+", 1, 1, "4-4" },
		{ "5+ 99+ 5+ 5+", 7, 1, "1-4" },
		{ "99+ 5+ 5+ 5+", 7, 1, "2-4" },
		{ "-9999+ 9+ 9+ 1+", 7, 1, "4-4" },
		{ "9+ 9+ -9999+ 1+", 7, 1, "3-4" },
		{ "9+ 9+ 9+ -9999+", 7, 1, "4-4" },
		{ "9+ 9+ 9+ 9999+", 7, 1, "4-4" },
	};
	char *copy, *rest, *word;
	struct collected c;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		storage_shell(&s, "rm -rf gen tmp trash");
		copy = rest = strdup(cases[i].ages);
		for (int n = 1; (word = strtok_r(rest, " ", &rest)); n++) {
			char words[64];

			snprintf(words, sizeof(words), "same=s n=%d", n);
			push_aged(words, strtol(word, NULL, 10),
			    strchr(word, '+') != NULL);
		}
		free(copy);
		c = collect(cases[i].days, cases[i].min, false);
		cr_expect_str_eq(readable(), cases[i].kept, "%s, %llu: %s",
		    cases[i].ages, (unsigned long long)cases[i].days,
		    cases[i].kept);
		cr_expect_eq(c.damaged, 0);
		collected_free(&c);
	}
}

Test(collect, packs_that_somebody_needs_stay)
{
	struct collected c;

	push_aged("a=old b=RAND:1:5000", 99, true);
	push_aged("a=new b=RAND:1:5000 !a=lost", 98, true);
	push_aged("a=new b=RAND:1:5000 !a=lost c=3", 1, true);
	c = collect(30, 1, false);
	cr_expect_eq(c.kept, 1);
	cr_expect_eq(c.expired, 2);
	cr_expect_eq(c.removed, 0);
	cr_expect_eq(c.packs, 0);
	cr_expect_str_eq(readable(), "3-3");
	cr_expect(storage_has(&s, "gen/000000000001/pack0"));
	cr_expect(storage_has(&s, "gen/000000000002/pack0"));
	cr_expect_not(storage_has(&s, "gen/000000000001/manifest"));
	cr_expect(storage_has(&s, "gen/000000000001/commit"));
	collected_free(&c);
}

Test(collect, packs_that_nobody_needs_go_one_by_one)
{
	struct collected c;

	/* 30 MiB, so two packs, of which only the second is used later. */
	push_aged("a=RAND:1:28000000 b=RAND:2:2000000 c=RAND:3:1500000", 99,
	    true);
	cr_assert(storage_has(&s, "gen/000000000001/pack1"));
	push_aged("c=RAND:3:1500000", 1, true);
	c = collect(30, 1, false);
	cr_expect_eq(c.packs, 1);
	cr_expect_gt(c.bytes, 24000000);
	cr_expect_not(storage_has(&s, "gen/000000000001/pack0"));
	cr_expect(storage_has(&s, "gen/000000000001/pack1"));
	cr_expect_str_eq(readable(), "2-2");
	collected_free(&c);
}

/* So many generations of a file each, every so many a checkpoint. */
static void
push_80(int every)
{
	char words[32];

	for (int i = 1; i <= 80; i++) {
		snprintf(words, sizeof(words), "n=%d", i);
		push_aged(words, 99, (i - 1) % every == 0);
	}
}

Test(collect, records_of_the_newest_numbers_stay)
{
	struct collected c;

	push_80(4);
	c = collect(30, 2, false);
	cr_expect_eq(c.kept, 4); /* 77 is the checkpoint */
	cr_expect_eq(c.removed, 16);
	cr_expect_eq(c.expired, 76);
	collected_free(&c);
	cr_assert_eq(repo_list(s.repo, &e), 0);
	cr_expect_eq(s.repo->number_count, COLLECT_RECORDS);
	cr_expect_eq(s.repo->number[0], 17);
	cr_expect_eq(repo_next(s.repo), 81);
	cr_expect_str_eq(readable(), "77-80");
	storage_shell(&s, "test -z \"$(ls trash)\"");
	cr_expect_eq(storage_push(&s, "n=81"), 81);
}

Test(collect, a_second_run_has_nothing_to_do)
{
	struct collected c;
	uint64_t calls;

	for (int i = 1; i <= 70; i++)
		push_aged(i % 2 ? "n=1 a=1" : "n=2 a=1", 99, true);
	c = collect(30, 3, false);
	cr_expect_gt(c.removed, 0);
	collected_free(&c);
	storage_shell(&s,
	    "ls -lR --time-style=full-iso > ../one$$; "
	    "mv ../one$$ listing");
	calls = s.store->bytes_written;
	c = collect(30, 3, false);
	cr_expect_eq(c.expired + c.removed + c.packs + c.leftovers + c.bytes,
	    0);
	cr_expect_eq(s.store->bytes_written, calls);
	collected_free(&c);
}

Test(collect, a_dry_run_counts_the_same_and_changes_nothing)
{
	struct collected dry, real;

	for (int i = 1; i <= 70; i++)
		push_aged(i % 2 ? "n=1 a=1" : "n=2 a=1", 99, true);
	storage_shell(&s,
	    "mkdir -p trash/x-1 tmp/old/ && echo > trash/x-1/a && "
	    "echo > tmp/old/pack0 && "
	    "touch -d 2020-01-01 tmp/old && "
	    "find . | sort > /tmp/$(basename $PWD).was");
	dry = collect(30, 3, true);
	storage_shell(&s,
	    "find . | sort | cmp - /tmp/$(basename $PWD).was && "
	    "rm /tmp/$(basename $PWD).was");
	real = collect(30, 3, false);
	cr_expect_eq(dry.kept, real.kept);
	cr_expect_eq(dry.expired, real.expired);
	cr_expect_eq(dry.removed, real.removed);
	cr_expect_eq(dry.packs, real.packs);
	cr_expect_eq(dry.leftovers, real.leftovers);
	cr_expect_eq(dry.bytes, real.bytes);
	cr_expect_eq(real.leftovers, 2);
	collected_free(&dry);
	collected_free(&real);
}

Test(collect, dead_drafts_go_and_living_ones_stay)
{
	struct keep_policy keep = { 0 }; /* asks the server's clock */
	struct collected c;

	push_aged("a=1", 1, true);
	storage_shell(&s,
	    "cd tmp && mkdir old empty new && "
	    "touch old/pack0 old/commit new/pack0 file && "
	    "touch -d '8 days ago' old empty file && "
	    "touch -d '6 days ago' new");
	cr_assert_eq(repo_collect(s.repo, &keep, false, &c, &e), 0);
	cr_expect_eq(c.leftovers, 3);
	storage_shell(&s,
	    "test \"$(ls tmp)\" = new && test -z \"$(ls trash)\"");
	collected_free(&c);
}

/* Of 78 that expire, 16 of them as a whole, so many do while somebody has a
 * file open, and the rest in a second run. */
static void
expect_held(const char *held, const uint64_t want[4])
{
	struct faulty f;
	struct collected c;
	struct repo *r;

	push_80(1);
	faulty_make(&f, s.store);
	f.held = held;
	cr_assert_eq(repo_open(&r, &f.store, &e), 0);
	for (size_t i = 0; i < 2; i++) {
		c = collect_in(r, 30, 2, false);
		cr_expect_eq(c.held, i == 0);
		cr_expect_eq(storage_has(&s, held), i == 0);
		cr_expect_eq(c.expired, want[2 * i], "%d", (int)i);
		cr_expect_eq(c.removed, want[2 * i + 1], "%d", (int)i);
		collected_free(&c);
		f.held = NULL;
	}
	repo_close(r);
}

Test(collect, a_generation_that_somebody_has_open_stays_for_the_next_run)
{
	expect_held("gen/000000000003/pack0",
	    (const uint64_t[]){ 77, 15, 1, 1 });
}

Test(collect, a_pack_that_somebody_has_open_stays_for_the_next_run)
{
	expect_held("gen/000000000070/pack0",
	    (const uint64_t[]){ 78, 16, 1, 0 });
}

/* Whoever reads it may bring back contents that it names. */
Test(collect, packs_stay_while_somebody_has_an_expired_manifest_open)
{
	expect_held("gen/000000000070/manifest",
	    (const uint64_t[]){ 77, 0, 78, 16 });
}

Test(collect, an_empty_store_stays_empty)
{
	struct collected c = collect(30, 1, false);

	cr_expect_eq(c.kept, 0);
	collected_free(&c);
	storage_shell(&s, "test -z \"$(ls)\"");
}

Test(collect, nothing_expires_while_a_kept_generation_is_damaged)
{
	struct collected c;

	push_aged("a=1", 99, true);
	push_aged("a=2", 9, true);
	push_aged("a=3", 1, true);
	storage_damage(&s, "gen/000000000002/manifest", -3);
	c = collect(30, 1, false);
	cr_expect_eq(c.damaged, 1);
	cr_expect_not_null(strstr(c.note.text, "generation 2"));
	cr_expect_eq(c.expired, 0);
	cr_expect(storage_has(&s, "gen/000000000001/pack0"));
	collected_free(&c);
	/* Until it is too old to be kept. */
	c = collect(5, 1, false);
	cr_expect_eq(c.damaged, 0);
	cr_expect_eq(c.expired, 2);
	cr_expect_str_eq(readable(), "3-3");
	collected_free(&c);
}

Test(collect, what_another_policy_let_go_is_not_damage)
{
	struct collected c;

	for (int i = 1; i <= 5; i++)
		push_aged(i % 2 ? "a=1" : "a=2", 10 - i, true);
	c = collect(6, 1, false);
	cr_expect_eq(c.kept, 2);
	collected_free(&c);
	c = collect(30, 1, false);
	cr_expect_eq(c.damaged, 0);
	cr_expect_eq(c.kept, 2);
	collected_free(&c);
	cr_expect_str_eq(readable(), "4-5");
}

Test(collect, packs_of_which_little_is_needed_are_named)
{
	struct collected c;

	push_aged("a=RAND:1:900000 b=RAND:2:900000 c=RAND:3:900000", 99, true);
	push_aged("a=RAND:1:900000 d=RAND:4:100000 e=RAND:5:100000 f=1", 98,
	    true);
	push_aged("a=RAND:1:900000 d=RAND:4:100000 e=RAND:5:100000 g=1", 1,
	    true);
	c = collect(30, 1, false);
	/* Of the first a third is needed, of the second nearly all. */
	cr_expect_eq(c.sparse_count, 1);
	cr_expect_eq(c.sparse[0].name.gen, 1);
	cr_expect_eq(c.sparse[0].name.pack, 0);
	cr_expect_eq(c.sparse[0].frames, 1);
	cr_expect(c.sparse[0].live > 890000 && c.sparse[0].live < 910000);
	cr_expect_gt(c.sparse[0].size, 2700000);
	collected_free(&c);
	/* Written anew by a push, it goes. */
	push_aged("x=1", 0, true);
	c = collect(0, 1, false);
	cr_expect_eq(c.sparse_count, 0);
	cr_expect_not(storage_has(&s, "gen/000000000001/pack0"));
	collected_free(&c);
}

/* A frame is shared by many small files: one of them is not all of it. */
Test(collect, a_frame_counts_for_what_is_needed_of_it)
{
	char words[4096] = "";
	struct collected c;

	for (unsigned i = 0; i < 20; i++)
		sprintf(words + strlen(words), "f%02u=RAND:%u:20000 ", i, i);
	push_aged(words, 99, true);
	push_aged("f00=RAND:0:20000", 1, true);
	c = collect(30, 1, false);
	cr_expect_eq(c.sparse_count, 1);
	cr_expect_lt(c.sparse[0].live, 40000);
	collected_free(&c);
}

static void
collect_in_child(int stop_at)
{
	struct keep_policy keep = {
		.keep_s = 30 * DAY_S,
		.keep_min = 3,
		.now_ns = NOW,
	};
	struct collected c;
	char text[16];

	snprintf(text, sizeof(text), "%d", stop_at);
	setenv("ROAM_STOP_AT", text, 1);
	if (repo_collect(s.repo, &keep, false, &c, &e) == -1)
		_exit(1);
	_exit(0);
}

static void
many_old(void)
{
	storage_shell(&s, "rm -rf gen tmp trash");
	for (int i = 1; i <= 68; i++)
		push_aged(i % 2 ? "n=1 a=1" : "n=2 a=1", 99, i % 3 == 1);
}

Test(collect, it_can_be_killed_at_every_step)
{
	struct collected c;
	int status, at;
	struct head h;
	pid_t pid;

	many_old();
	storage_shell(&s, "cp -a gen was");
	for (at = 1;; at += at < 20 ? 1 : 13) {
		storage_shell(&s, "rm -rf gen trash && cp -a was gen");
		if ((pid = fork()) == 0)
			collect_in_child(at);
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		cr_assert(WIFEXITED(status));
		storage_load(&s, &h);
		cr_expect_eq(h.commit.number, 68);
		cr_expect_eq(h.damaged, 0);
		cr_expect_eq(storage_check(&s, &h.profile), 0);
		head_free(&h);
		c = collect(30, 3, false);
		cr_expect_eq(c.damaged, 0, "%s", c.note.text);
		collected_free(&c);
		cr_expect_str_eq(readable(), "64-68");
		storage_shell(&s,
		    "test -z \"$(ls trash)\" && "
		    "test $(ls gen | wc -l) = 65");
		if (WEXITSTATUS(status) != STEP_EXIT)
			break;
	}
	cr_expect_eq(WEXITSTATUS(status), 0);
	cr_expect_geq(at, 20);
}

Test(collect, it_can_run_several_times_at_once)
{
	struct store_how how = { 0 };
	int status;

	many_old();
	for (int i = 0; i < 4; i++)
		if (fork() == 0) {
			if (store_open(&s.store, s.url, &how, &e) == -1 ||
			    repo_open(&s.repo, s.store, &e) == -1)
				_exit(2);
			collect_in_child(0);
		}
	for (int i = 0; i < 4; i++) {
		cr_assert_neq(wait(&status), -1);
		cr_expect_eq(status, 0);
	}
	cr_expect_str_eq(readable(), "64-68");
	storage_shell(&s, "test -z \"$(ls trash)\"");
}
