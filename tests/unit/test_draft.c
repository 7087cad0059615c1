#include <sys/wait.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/step.h"
#include "storage.h"

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

TestSuite(draft, .init = enter, .fini = leave, .timeout = 300);

/* A draft of one small file that can be published. */
struct made {
	struct draft *draft;
	struct commit commit;
	struct buf manifest;
	struct repo *repo;
};

static void
make(struct made *m, struct repo *r)
{
	struct entry meta = { .path = "a", .path_len = 1, .type = ENTRY_FILE };
	struct commit head;
	struct profile none = { 0 };
	size_t damaged, first, count;

	memset(m, 0, sizeof(*m));
	m->repo = r;
	cr_assert_eq(hash_random(&m->commit.id, &e), 0);
	cr_assert_eq(draft_new(&m->draft, r, &m->commit.id, 3, &e), 0);
	cr_assert_eq(packer_begin(draft_packer(m->draft), &meta, NULL, 5, &e),
	    0);
	cr_assert_eq(packer_data(draft_packer(m->draft), "hello", 5, &e), 0);
	cr_assert_eq(packer_end(draft_packer(m->draft), &first, &count, &e), 0);
	cr_assert_eq(repo_head(r, &head, &damaged, NULL, &e), 0);
	repo_follow(r, &head, &m->commit);
	commit_free(&head);
	cr_assert_eq(manifest_encode(&m->manifest, NULL, &none, &e), 0);
}

static int
publish(struct made *m)
{
	memset(&e, 0, sizeof(e));
	return draft_publish(m->draft, &m->commit, m->manifest.bytes,
	    m->manifest.len, &e);
}

static void
drop(struct made *m)
{
	draft_free(m->draft);
	commit_free(&m->commit);
	buf_free(&m->manifest);
}

static bool
is_published(const struct made *m, uint64_t number)
{
	struct commit c;
	bool is;

	if (repo_commit(s.repo, number, &c, &e) == -1)
		return false;
	is = hash_same(&c.id, &m->commit.id);
	commit_free(&c);
	return is;
}

static void
expect_no_drafts(void)
{
	storage_shell(&s, "test -z \"$(ls tmp)\"");
}

Test(draft, publishing_fills_in_what_belongs_to_the_generation)
{
	struct made m;
	struct commit c;

	make(&m, s.repo);
	cr_assert_eq(publish(&m), 0, "%s", e.text);
	cr_expect_eq(m.commit.pack_count, 1);
	cr_expect_eq(m.commit.manifest.size, m.manifest.len);
	cr_assert_eq(repo_commit(s.repo, 1, &c, &e), 0);
	cr_expect_eq(c.pack_count, 1);
	cr_expect(hash_same(&c.pack[0].hash, &m.commit.pack[0].hash));
	commit_free(&c);
	drop(&m);
	expect_no_drafts();
}

Test(draft, what_was_not_published_leaves_nothing)
{
	struct made m;

	make(&m, s.repo);
	drop(&m);
	expect_no_drafts();
	make(&m, s.repo);
	m.commit.number = 0; /* cannot be encoded */
	cr_expect_eq(publish(&m), -1);
	drop(&m);
	expect_no_drafts();
}

Test(draft, a_draft_in_a_known_store_costs_one_directory)
{
	struct made m;
	struct draft *d;
	struct hash id = { { 7 } };
	uint64_t calls;

	make(&m, s.repo);
	cr_assert_eq(publish(&m), 0);
	drop(&m);
	calls = s.store->calls;
	cr_assert_eq(draft_new(&d, s.repo, &id, 3, &e), 0);
	cr_expect_eq(s.store->calls - calls, 1);
	draft_free(d);
}

Test(draft, a_store_that_lost_its_directories_gets_them_again)
{
	struct made m;

	make(&m, s.repo);
	storage_shell(&s, "rmdir gen");
	cr_assert_eq(publish(&m), 0, "%s", e.text);
	cr_expect(is_published(&m, 1));
	drop(&m);
}

Test(draft, the_loser_of_a_race_publishes_again_under_another_number)
{
	struct made a, b;
	struct entry meta = { .path = "b", .path_len = 1, .type = ENTRY_FILE };
	struct commit c;
	size_t first, count;

	make(&a, s.repo);
	make(&b, s.repo);
	cr_assert_eq(publish(&a), 0);
	cr_assert_eq(publish(&b), -1);
	cr_expect_eq(e.kind, ERR_RACE);
	/* What the new merge brings goes into another pack. */
	cr_assert_eq(packer_begin(draft_packer(b.draft), &meta, NULL, 1, &e),
	    0);
	cr_assert_eq(packer_data(draft_packer(b.draft), "x", 1, &e), 0);
	cr_assert_eq(packer_end(draft_packer(b.draft), &first, &count, &e), 0);
	cr_assert_eq(repo_list(s.repo, &e), 0);
	repo_follow(s.repo, &a.commit, &b.commit);
	cr_assert_eq(publish(&b), 0, "%s", e.text);
	cr_expect(is_published(&a, 1));
	cr_expect(is_published(&b, 2));
	cr_assert_eq(repo_commit(s.repo, 2, &c, &e), 0);
	cr_expect_eq(c.pack_count, 2);
	cr_expect(storage_has(&s, "gen/000000000002/pack1"));
	commit_free(&c);
	cr_expect_eq(publish(&b), -1);
	cr_expect_eq(e.kind, ERR_STORE);
	drop(&a);
	drop(&b);
	expect_no_drafts();
}

/* Answers that got lost, before and after the rename was done. */
Test(draft, an_unknown_outcome_is_looked_into)
{
	static const struct {
		unsigned fail;
		bool after;
		enum err_kind want;
	} cases[] = {
		{ 1, false, ERR_NONE },
		{ 2, false, ERR_NONE },
		{ 1, true, ERR_NONE },
		{ 9, false, ERR_OFFLINE },
	};
	struct faulty f;
	struct repo *r;
	struct made m;
	uint64_t number;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		faulty_make(&f, s.store);
		f.fail = cases[i].fail;
		f.after = cases[i].after;
		cr_assert_eq(repo_open(&r, &f.store, &e), 0);
		make(&m, r);
		number = m.commit.number;
		cr_expect_eq(publish(&m) == 0, cases[i].want == ERR_NONE,
		    "case %zu: %s", i, e.text);
		if (cases[i].want != ERR_NONE)
			cr_expect_eq(e.kind, cases[i].want, "case %zu", i);
		cr_expect_eq(is_published(&m, number),
		    cases[i].want == ERR_NONE, "case %zu", i);
		drop(&m);
		repo_close(r);
	}
}

/* roam.md, section 5: the request may still be carried out, at any time. */
Test(draft, while_it_may_yet_be_published_a_draft_is_not_touched)
{
	struct faulty f;
	struct repo *r;
	struct made m;
	uint64_t number;

	faulty_make(&f, s.store);
	f.fail = 100;
	cr_assert_eq(repo_open(&r, &f.store, &e), 0);
	make(&m, r);
	number = m.commit.number;
	cr_expect_eq(publish(&m), -1);
	cr_expect_eq(e.kind, ERR_OFFLINE);

	m.commit.number = number + 1;
	cr_expect_eq(publish(&m), -1, "under another number");
	cr_expect_eq(e.kind, ERR_OFFLINE);
	m.commit.number = number;

	f.fail = 0; /* back again */
	cr_expect_eq(publish(&m), 0, "%s", e.text);
	cr_expect(is_published(&m, number));
	drop(&m);

	f.fail = 100;
	make(&m, r);
	cr_expect_eq(publish(&m), -1);
	drop(&m);
	/* All files are where a late rename would find them. */
	storage_shell(&s,
	    "test -f tmp/*/commit -a -f tmp/*/manifest "
	    "-a -f tmp/*/pack0");
	repo_close(r);
}

static void
publish_other(void *arg)
{
	struct made *other = arg;

	cr_assert_eq(publish(other), 0);
}

Test(draft, an_unknown_outcome_that_somebody_else_has_won_is_a_lost_race)
{
	struct made mine, other;
	struct faulty f;
	struct repo *r;

	faulty_make(&f, s.store);
	cr_assert_eq(repo_open(&r, &f.store, &e), 0);
	make(&mine, r);
	make(&other, s.repo);
	f.fail = 1;
	f.instead = publish_other;
	f.arg = &other;
	cr_expect_eq(publish(&mine), -1);
	cr_expect_eq(e.kind, ERR_RACE);
	cr_expect(is_published(&other, 1));
	cr_assert_eq(repo_list(r, &e), 0);
	repo_follow(r, &other.commit, &mine.commit);
	cr_expect_eq(publish(&mine), 0, "%s", e.text);
	cr_expect(is_published(&mine, 2));
	drop(&mine);
	drop(&other);
	repo_close(r);
	expect_no_drafts();
}

static void
publish_two(void *arg)
{
	struct made *next = arg;
	struct commit none = { 0 };

	/* Somebody for whom our generation was damaged goes on without. */
	storage_shell(&s, "mkdir gen/000000000001");
	cr_assert_eq(repo_list(s.repo, &e), 0);
	repo_follow(s.repo, &none, &next->commit);
	cr_assert_eq(publish(next), 0);
	storage_shell(&s, "rmdir gen/000000000001");
}

Test(draft, a_generation_that_history_goes_on_without_is_told)
{
	struct made mine, other;
	struct faulty f;
	struct repo *r;

	faulty_make(&f, s.store);
	cr_assert_eq(repo_open(&r, &f.store, &e), 0);
	make(&mine, r);
	make(&other, s.repo);
	f.fail = 1;
	f.instead = publish_two;
	f.arg = &other;
	cr_expect_eq(publish(&mine), -1);
	cr_expect_eq(e.kind, ERR_STORE);
	cr_expect_not_null(strstr(e.text, "goes on"), "%s", e.text);
	cr_expect(is_published(&mine, 1));
	drop(&mine);
	drop(&other);
	repo_close(r);
}

Test(draft, a_list_of_this_moment_is_not_made_once_more)
{
	struct made m;
	uint64_t calls, fresh;

	make(&m, s.repo);
	calls = s.store->calls;
	cr_assert_eq(publish(&m), 0, "%s", e.text);
	fresh = s.store->calls - calls;
	drop(&m);
	make(&m, s.repo);
	s.repo->listed_s -= 61;
	calls = s.store->calls;
	cr_assert_eq(publish(&m), 0, "%s", e.text);
	cr_expect_eq(s.store->calls - calls, fresh + 1);
	drop(&m);
}

Test(draft, a_writer_that_slept_is_told_that_its_number_was_used_before)
{
	struct made mine, other;

	make(&mine, s.repo);
	for (int i = 0; i < 2; i++) {
		make(&other, s.repo);
		cr_assert_eq(publish(&other), 0, "%s", e.text);
		drop(&other);
	}
	storage_shell(&s, "rm -r gen/000000000001");
	s.repo->listed_s -= 61;
	cr_expect_eq(publish(&mine), -1);
	cr_expect_eq(e.kind, ERR_STORE);
	cr_expect_not_null(strstr(e.text, "goes on"), "%s", e.text);
	drop(&mine);
}

/* Killed after each step: the store has one generation more or as many as
 * before, and the next push succeeds. */
Test(draft, a_push_can_be_killed_at_every_step)
{
	char text[16];
	struct head h;
	int status, at;
	pid_t pid;

	for (at = 1;; at++) {
		storage_shell(&s, "rm -rf gen tmp");
		cr_assert_neq(pid = fork(), -1);
		if (pid == 0) {
			snprintf(text, sizeof(text), "%d", at);
			setenv("ROAM_STOP_AT", text, 1);
			storage_push(&s, "a=1 b=RAND:1:2000000");
			_exit(0);
		}
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		cr_assert(WIFEXITED(status));
		storage_load(&s, &h);
		cr_expect_eq(h.damaged, 0);
		cr_expect_leq(h.commit.number, 1);
		if (h.commit.number == 1)
			cr_expect_eq(storage_check(&s, &h.profile), 0);
		head_free(&h);
		storage_push(&s, "a=2");
		if (WEXITSTATUS(status) != STEP_EXIT)
			break;
	}
	cr_expect_eq(WEXITSTATUS(status), 0);
	cr_expect_geq(at, 10);
}
