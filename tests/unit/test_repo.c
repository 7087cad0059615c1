#include <sys/wait.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

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

TestSuite(repo, .init = enter, .fini = leave, .timeout = 300);

/* The paths of the newest generation's tree, and its number. */
static const char *
newest(size_t *damaged)
{
	static char text[1024];
	struct head h;
	size_t used;

	storage_load(&s, &h);
	used = (size_t)snprintf(text, sizeof(text),
	    "%llu:", (unsigned long long)h.commit.number);
	for (size_t i = 0; i < h.profile.tree.count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    " %s", h.profile.tree.entry[i]->path);
	*damaged = h.damaged;
	cr_expect_eq(h.damaged > 0, h.note.kind != ERR_NONE);
	if (h.commit.number != 0)
		cr_expect_eq(storage_check(&s, &h.profile), 0);
	head_free(&h);
	return text;
}

static size_t damaged;

Test(repo, a_new_store_has_no_generation)
{
	struct commit c;

	cr_assert_eq(repo_head(s.repo, &c, &damaged, NULL, &e), 0);
	cr_expect_eq(c.number, 0);
	cr_expect_eq(damaged, 0);
	cr_expect_eq(repo_next(s.repo), 1);
	cr_expect_str_eq(newest(&damaged), "0:");
}

Test(repo, generations_follow_one_another)
{
	cr_expect_eq(storage_push(&s, "a=1"), 1);
	cr_expect_eq(storage_push(&s, "a=1 b=2"), 2);
	cr_expect_eq(storage_push(&s, "b=2 d/ d/c=RAND:1:3000000"), 3);
	cr_expect_str_eq(newest(&damaged), "3: b d d/c");
	cr_expect_eq(damaged, 0);
}

Test(repo, the_head_costs_one_list_and_one_small_read)
{
	struct commit c;
	uint64_t calls, bytes;

	for (int i = 0; i < 5; i++)
		storage_push(&s, "a=1");
	calls = s.store->calls;
	bytes = s.store->bytes_read;
	cr_assert_eq(repo_head(s.repo, &c, &damaged, NULL, &e), 0);
	cr_expect_eq(c.number, 5);
	cr_expect_eq(s.store->calls - calls, 2);
	cr_expect_lt(s.store->bytes_read - bytes, 4096);
	commit_free(&c);
}

Test(repo, names_that_are_no_numbers_are_ignored)
{
	storage_push(&s, "a=1");
	storage_shell(&s,
	    "cd gen && mkdir 1 0000000000002 00000000000a "
	    "000000000000 +00000000003 && "
	    "echo > 000000000009");
	cr_expect_str_eq(newest(&damaged), "1: a");
	cr_expect_eq(damaged, 0);
	cr_expect_eq(s.repo->number_count, 1);
}

/* What is wrong with the newest of three, and is it passed over? */
Test(repo, the_newest_that_holds_is_taken)
{
	static const struct {
		const char *damage;
		const char *says;
	} cases[] = {
		{ "rm commit", "generation 3" },
		{ "truncate -s 0 commit", "generation 3" },
		{ "truncate -s 100 commit", "generation 3" },
		{ "truncate -s 2000000 commit", "generation 3" },
		{ "cp ../000000000002/commit commit", "says generation 2" },
		{ "rm manifest", "manifest" },
		{ "truncate -s 0 manifest", "manifest" },
		{ "truncate -s 1000000 manifest", "manifest" },
		{ "cp ../000000000001/manifest manifest", "manifest" },
		{ "printf x | dd of=manifest conv=notrunc 2> /dev/null",
		    "manifest" },
		{ "rm commit; mkdir commit", "generation 3" },
	};
	struct head h;

	storage_push(&s, "a=1");
	storage_push(&s, "a=1 b=2");
	storage_push(&s, "a=1 b=2 c=3");
	storage_shell(&s, "cp -a gen good");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		storage_shell(&s, "cd gen/000000000003 && %s", cases[i].damage);
		cr_expect_str_eq(newest(&damaged), "2: a b", "%s",
		    cases[i].damage);
		cr_expect_eq(damaged, 1, "%s", cases[i].damage);
		storage_load(&s, &h);
		cr_expect_not_null(strstr(h.note.text, cases[i].says), "%s: %s",
		    cases[i].damage, h.note.text);
		head_free(&h);
		cr_expect_eq(repo_next(s.repo), 4, "no number twice");
		storage_shell(&s, "rm -r gen && cp -a good gen");
	}
	cr_expect_str_eq(newest(&damaged), "3: a b c");
}

Test(repo, damage_further_back_takes_all_that_builds_on_it)
{
	for (int i = 1; i <= 3; i++)
		storage_push(&s, i == 1 ? "a=1" : i == 2 ? "a=2" : "a=3");
	storage_shell(&s, "rm gen/000000000002/manifest");
	cr_expect_str_eq(newest(&damaged), "1: a");
	cr_expect_eq(damaged, 2);
	/* A push goes on with a number of its own. */
	cr_expect_eq(storage_push(&s, "a=4"), 4);
	cr_expect_str_eq(newest(&damaged), "4: a");
	cr_expect_eq(damaged, 0);
}

Test(repo, where_nothing_holds_there_is_no_head_and_the_numbers_go_on)
{
	storage_push(&s, "a=1");
	storage_shell(&s, "rm gen/000000000001/commit");
	cr_expect_str_eq(newest(&damaged), "0:");
	cr_expect_eq(damaged, 1);
	cr_expect_eq(storage_push(&s, "b=2"), 2);
	cr_expect_str_eq(newest(&damaged), "2: b");
}

/* Byte 4 ff. of a record say the format; its checksum is its last 16 bytes. */
Test(repo, a_newer_format_is_never_passed_over)
{
	char path[128];
	uint8_t bytes[8192];
	struct hash sum;
	struct commit c;
	size_t len;
	FILE *f;

	storage_push(&s, "a=1");
	storage_push(&s, "a=2");
	snprintf(path, sizeof(path), "%s/gen/000000000002/commit", s.dir);
	cr_assert_not_null(f = fopen(path, "r+"));
	len = fread(bytes, 1, sizeof(bytes), f);
	for (size_t at = 4; at < 12; at++) {
		bytes[at] += 1;
		sum = hash_of(bytes, len - HASH_LEN);
		memcpy(bytes + len - HASH_LEN, sum.b, HASH_LEN);
		rewind(f);
		fwrite(bytes, 1, len, f);
		fflush(f);
		if (repo_head(s.repo, &c, &damaged, NULL, &e) == -1)
			break;
		commit_free(&c);
		bytes[at] -= 1;
	}
	fclose(f);
	cr_expect_eq(e.kind, ERR_POLICY, "%s", e.text);
	cr_expect_not_null(strstr(e.text, "generation 2"), "%s", e.text);
}

Test(repo, a_store_that_cannot_be_read_is_not_an_empty_one)
{
	struct head h;
	struct decode how = { &s.arena, &s.machines, 0 };

	storage_push(&s, "a=1");
	storage_shell(&s, "mv gen real && ln -s real gen");
	cr_expect_eq(repo_load(s.repo, NULL, &how, &h, &e), -1);
	cr_expect_eq(e.kind, ERR_STORE);
}

Test(repo, a_chain_of_deltas_ends_at_a_checkpoint)
{
	char words[512] = "";
	struct commit c;

	for (unsigned i = 1; i <= 40; i++) {
		sprintf(words + strlen(words), "f%02u=%u ", i, i);
		storage_push(&s, words);
		cr_assert_eq(repo_commit(s.repo, i, &c, &e), 0);
		cr_expect_leq(c.deltas, DELTAS_MAX);
		cr_expect_eq(c.deltas, (i - 1) % (DELTAS_MAX + 1));
		commit_free(&c);
		newest(&damaged);
		cr_expect_eq(damaged, 0);
	}
}

Test(repo, what_is_known_is_not_read_again_and_shared)
{
	struct decode how = { &s.arena, &s.machines, 0 };
	struct profile p = { 0 };
	struct known known;
	struct commit c;
	struct head h;
	uint64_t calls;

	for (int i = 0; i < 9; i++)
		storage_push(&s, i % 2 ? "a=1 b=2" : "a=1");
	storage_load(&s, &h);
	known = (struct known){ .profile = &h.profile,
		.number = 9,
		.id = h.commit.id };
	storage_push(&s, "a=1 c=3");
	cr_assert_eq(repo_commit(s.repo, 10, &c, &e), 0);
	calls = s.store->calls;
	cr_assert_eq(repo_profile(s.repo, &c, &known, &how, &p, &e), 0);
	/* Its manifest, and its parent's record. */
	cr_expect_eq(s.store->calls - calls, 2);
	cr_expect_eq(p.tree.entry[0], h.profile.tree.entry[0]);
	profile_free(&p);

	/* Where the caller knows what that record said, not even it. */
	known.store_id = h.commit.store_id;
	known.manifest = h.commit.manifest.hash;
	calls = s.store->calls;
	cr_assert_eq(repo_profile(s.repo, &c, &known, &how, &p, &e), 0);
	cr_expect_eq(s.store->calls - calls, 1);
	cr_expect_eq(p.tree.entry[0], h.profile.tree.entry[0]);
	profile_free(&p);
	/* What does not fit is looked at. */
	known.manifest.b[0] ^= 1;
	calls = s.store->calls;
	cr_assert_eq(repo_profile(s.repo, &c, &known, &how, &p, &e), 0);
	cr_expect_eq(s.store->calls - calls, 2);
	profile_free(&p);
	commit_free(&c);

	calls = s.store->calls;
	cr_assert_eq(repo_profile(s.repo, &h.commit, &known, &how, &p, &e), 0);
	cr_expect_eq(s.store->calls, calls);
	cr_expect_eq(p.tree.count, h.profile.tree.count);
	profile_free(&p);
	head_free(&h);
}

/* Another history under the same numbers, as after a restored backup. */
Test(repo, a_parent_of_another_history_is_refused)
{
	struct decode how = { &s.arena, &s.machines, 0 };
	struct profile p;
	struct commit c;

	storage_push(&s, "a=1");
	storage_push(&s, "a=2");
	storage_shell(&s, "mv gen old");
	storage_push(&s, "b=1");
	storage_shell(&s, "cp -a old/000000000002 gen/");
	cr_assert_eq(repo_commit(s.repo, 2, &c, &e), 0);
	cr_expect_eq(repo_profile(s.repo, &c, NULL, &how, &p, &e), -1);
	cr_expect_eq(e.kind, ERR_FORMAT);
	cr_expect_not_null(strstr(e.text, "generation 2"));
	commit_free(&c);
}

static bool
descends(uint64_t from, uint64_t number, const struct hash *id)
{
	struct commit c;
	bool yes;

	cr_assert_eq(repo_commit(s.repo, from, &c, &e), 0);
	cr_assert_eq(repo_descends(s.repo, &c, number, id, &yes, &e), 0);
	commit_free(&c);
	return yes;
}

static struct hash
id_of(uint64_t number)
{
	struct commit c;
	struct hash id;

	cr_assert_eq(repo_commit(s.repo, number, &c, &e), 0);
	id = c.id;
	commit_free(&c);
	return id;
}

Test(repo, ancestry_reaches_beyond_the_ancestors_that_a_record_names)
{
	struct hash id[101], other = { { 1 } };

	for (unsigned i = 1; i <= 100; i++) {
		storage_push(&s, "a=1");
		id[i] = id_of(i);
	}
	for (unsigned i = 1; i <= 100; i++) {
		cr_expect(descends(100, i, &id[i]), "%u", i);
		cr_expect_not(descends(100, i, &other), "%u", i);
	}
	cr_expect_not(descends(50, 51, &id[51]));
	cr_expect_not(descends(100, 101, &id[1]));
	/* Where records are missing others lead on; else the answer is no. */
	storage_shell(&s, "rm -r gen/000000000068");
	cr_expect(descends(100, 2, &id[2]));
	storage_shell(&s, "rm -r gen/0000000000[0-9]*[0-8]");
	cr_expect(descends(99, 5, &id[5]));
	storage_shell(&s, "rm -r gen/0000000000[6-8]*");
	cr_expect_not(descends(99, 5, &id[5]));
}

/* Eight processes publish; every push is in the history of the head. */
static void
push_many(unsigned me, unsigned count)
{
	struct storage mine = s;
	struct store_how how = { 0 };
	struct push p = { 0 };
	char words[64];

	memset(&mine.arena, 0, sizeof(mine.arena));
	memset(&mine.machines, 0, sizeof(mine.machines));
	mine.machines.arena = &mine.arena;
	cr_assert_eq(store_open(&mine.store, mine.url, &how, &e), 0);
	cr_assert_eq(repo_open(&mine.repo, mine.store, &e), 0);
	for (unsigned i = 0; i < count;) {
		snprintf(words, sizeof(words), "f=%u.%u", me, i);
		p.words = words;
		if (storage_try(&mine, &p, &e) != 0)
			i++;
		else if (e.kind != ERR_RACE)
			_exit(1);
	}
	repo_close(mine.repo);
	store_close(mine.store);
	_exit(0);
}

Test(repo, eight_writers_make_one_history)
{
	enum { WRITERS = 8, EACH = 10 };
	struct head h;
	struct hash id;
	int status;

	for (unsigned i = 0; i < WRITERS; i++)
		if (fork() == 0)
			push_many(i, EACH);
	for (unsigned i = 0; i < WRITERS; i++) {
		cr_assert_neq(wait(&status), -1);
		cr_expect_eq(status, 0);
	}
	storage_load(&s, &h);
	cr_expect_eq(h.commit.number, WRITERS * EACH);
	cr_expect_eq(h.damaged, 0);
	for (unsigned i = 1; i <= WRITERS * EACH; i++) {
		id = id_of(i);
		cr_expect(descends(h.commit.number, i, &id), "%u", i);
	}
	cr_expect_eq(storage_check(&s, &h.profile), 0);
	storage_shell(&s, "test -z \"$(ls tmp)\"");
	head_free(&h);
}
