#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "model/claim.h"
#include "storage.h"
#include "store/collect.h"
#include "store/verify.h"

/*
 * A store in a directory whose server renames none, and may keep a claim from
 * being opened: what real servers do is in tests/scenario.
 */
static struct storage s;
static struct err e;

static struct store_ops stubborn;
static const struct store_ops *real;
static int says;          /* what a rename meets; 0: it works */
static unsigned refusals; /* how often it has met that */
static unsigned held;     /* how often a claim cannot be opened yet */

static int
publish(struct store *store, const char *from, const char *to, struct err *why)
{
	if (says == 0)
		return real->publish(store, from, to, why);
	refusals++;
	err_set(why, ERR_STORE, "refused");
	why->sys = says;
	return -1;
}

static int
load(struct store *store, const char *path, struct buf *out, struct err *why)
{
	if (held == 0 || strstr(path, "/claim") == NULL)
		return real->load(store, path, out, why);
	held--;
	err_set(why, ERR_OFFLINE, "open");
	why->sys = EBUSY;
	return -1;
}

static void
harden(struct storage *storage)
{
	real = storage->store->ops;
	stubborn = *real;
	stubborn.publish = publish;
	stubborn.load = load;
	storage->store->ops = &stubborn;
}

static void
enter(void)
{
	storage_make(&s);
	harden(&s);
	says = EACCES;
	refusals = held = 0;
}

static void
leave(void)
{
	storage_free(&s);
}

TestSuite(claims, .init = enter, .fini = leave, .timeout = 300);

/* Another machine, which knows nothing. */
static void
look_again(struct storage *other)
{
	struct store_how how = { 0 };

	*other = s;
	memset(&other->arena, 0, sizeof(other->arena));
	memset(&other->machines, 0, sizeof(other->machines));
	other->machines.arena = &other->arena;
	cr_assert_eq(store_open(&other->store, s.url, &how, &e), 0);
	cr_assert_eq(repo_open(&other->repo, other->store, &e), 0);
	harden(other);
}

static void
look_away(struct storage *other)
{
	repo_close(other->repo);
	store_close(other->store);
	machines_free(&other->machines);
	arena_free(&other->arena);
}

/* The number of the head as another machine sees it, whose contents hold. */
static uint64_t
head_elsewhere(size_t *damaged)
{
	struct storage other;
	struct head head;
	uint64_t number;

	look_again(&other);
	storage_load(&other, &head);
	number = head.commit.number;
	*damaged = head.damaged;
	cr_expect_eq(storage_check(&other, &head.profile), 0);
	head_free(&head);
	look_away(&other);
	return number;
}

static void
expect_head(uint64_t want)
{
	size_t damaged;

	cr_expect_eq(head_elsewhere(&damaged), want);
	cr_expect_eq(damaged, 0);
}

Test(claims, a_generation_is_claimed_where_no_directory_is_renamed)
{
	cr_assert_eq(storage_push(&s, "a=one"), 1);
	cr_expect(store_uses_claims(s.store));
	cr_expect(storage_has(&s, "gen/000000000001/claim"));
	cr_expect(!storage_has(&s, "gen/000000000001/commit"));
	expect_head(1);
}

Test(claims, each_refusal_is_asked_about_once_and_then_never_again)
{
	storage_push(&s, "a=one");
	cr_expect_eq(refusals, 3); /* the rename, and the probe twice */
	storage_push(&s, "a=two");
	storage_push(&s, "a=two b=three");
	cr_expect_eq(refusals, 3);
	expect_head(3);
	storage_shell(&s, "test $(ls tmp | grep -c probe) = 0");
}

Test(claims, another_machine_goes_on_with_claims_without_asking)
{
	struct storage other;

	storage_push(&s, "a=one");
	look_again(&other);
	refusals = 0;
	cr_expect_eq(storage_push(&other, "a=two"), 2);
	cr_expect_eq(refusals, 0);
	look_away(&other);
	expect_head(2);
}

Test(claims, a_refusal_that_is_about_something_else_stays_one)
{
	struct push p = { .words = "a=one" };

	says = ENOSPC;
	cr_expect_eq(storage_try(&s, &p, &e), 0);
	cr_expect(!store_uses_claims(s.store));
	cr_expect_eq(e.sys, ENOSPC);
}

Test(claims, a_number_whose_claim_is_torn_is_passed_over)
{
	size_t damaged;

	storage_push(&s, "a=one");
	storage_shell(&s,
	    "mkdir gen/000000000002; head -c 20 "
	    "gen/000000000001/claim > gen/000000000002/claim");
	cr_expect_eq(head_elsewhere(&damaged), 1);
	cr_expect_eq(damaged, 0);
	cr_expect_eq(storage_push(&s, "a=two"), 3);
	expect_head(3);
}

/* Of who was stopped before; the next one makes it void. */
Test(claims, a_number_without_a_claim_is_no_damage)
{
	struct verify how = { .data = false };
	struct verified v;

	storage_push(&s, "a=one");
	storage_shell(&s, "mkdir gen/000000000002");
	cr_assert_eq(repo_verify(s.repo, &how, &v, &e), 0, "%s", e.text);
	cr_expect_eq(v.findings, 0);
}

Test(claims, a_claim_for_another_number_is_void)
{
	storage_push(&s, "a=one");
	storage_shell(&s,
	    "mkdir gen/000000000002; "
	    "cp gen/000000000001/claim gen/000000000002/");
	expect_head(1);
}

/* A run that was ended between the directory and the claim. */
Test(claims, a_directory_without_a_claim_can_be_claimed_by_nobody_later)
{
	struct claim late = { .number = 2 };
	uint8_t bytes[CLAIM_LEN];

	storage_push(&s, "a=one");
	storage_shell(&s, "mkdir gen/000000000002");
	expect_head(1);
	cr_expect_eq(storage_push(&s, "a=two"), 3);
	claim_encode(bytes, &late);
	cr_expect_eq(s.store->ops->claim(s.store, NULL,
			 "gen/000000000002/claim", bytes, sizeof(bytes), &e),
	    -1);
	cr_expect_eq(e.kind, ERR_RACE);
	expect_head(3);
}

Test(claims, a_claim_that_is_being_written_is_not_there_yet)
{
	size_t damaged;

	storage_push(&s, "a=one");
	storage_push(&s, "a=two");
	held = 1;
	cr_expect_eq(head_elsewhere(&damaged), 1);
	cr_expect_eq(damaged, 0);
	expect_head(2);
}

/* Somebody is about to publish 2: whoever did not see that must not get 3. */
Test(claims, nobody_overtakes_a_claim_that_is_being_written)
{
	struct storage other;
	struct push p = { .words = "a=mine" };
	struct head head;

	storage_push(&s, "a=one");
	look_again(&other);
	storage_push(&s, "a=theirs");
	held = 1;
	storage_load(&other, &head); /* sees generation 1 */
	cr_assert_eq(head.commit.number, 1);
	head_free(&head);
	held = 2; /* for the load of its head, and a look of its publication */
	cr_expect_eq(storage_try(&other, &p, &e), 0);
	cr_expect_eq(e.kind, ERR_RACE, "%s", e.text);
	cr_expect_eq(storage_try(&other, &p, &e), 3, "%s", e.text);
	look_away(&other);
	expect_head(3);
}

Test(claims, of_a_claim_and_a_renamed_directory_the_latter_counts)
{
	struct push p = { .words = "a=mine" };

	storage_push(&s, "a=one");
	says = 0;
	/* As by a machine whom the server lets: onto the empty directory. */
	storage_shell(&s,
	    "cp -r tmp/* gen/000000000002; "
	    "test -e gen/000000000002/commit");
	p.number = 2;
	cr_expect_eq(storage_try(&s, &p, &e), 0);
	cr_expect_eq(e.kind, ERR_RACE);
	cr_expect(!storage_has(&s, "gen/000000000002/claim"));
}

Test(claims, collection_spares_what_lies_in_tmp_as_a_generation)
{
	struct keep_policy keep = { .keep_min = 10, .keep_s = 1000000 };
	struct collected got;

	storage_push(&s, "a=one");
	storage_push(&s, "a=two");
	storage_shell(&s,
	    "mkdir -p tmp/0123456789abcdef0123456789abcdef; "
	    "echo x > tmp/0123456789abcdef0123456789abcdef/pack0;"
	    "touch -d '30 days ago' tmp/*");
	cr_assert_eq(repo_collect(s.repo, &keep, false, &got, &e), 0, "%s",
	    e.text);
	collected_free(&got);
	storage_shell(&s, "test $(ls tmp | wc -l) = 2");
	expect_head(2);
}

/* Another machine's run, which has seen no claim before it sweeps. */
Test(claims, collection_by_who_knows_nothing_spares_them_too)
{
	struct keep_policy keep = { .keep_min = 10, .keep_s = 1000000 };
	struct collected got;
	struct storage other;

	storage_push(&s, "a=one");
	storage_shell(&s, "touch -d '30 days ago' tmp/*");
	look_again(&other);
	cr_assert_eq(repo_collect(other.repo, &keep, false, &got, &e), 0, "%s",
	    e.text);
	collected_free(&got);
	look_away(&other);
	expect_head(1);
}

Test(claims, generations_expire)
{
	struct keep_policy keep = { .keep_min = 1 };
	struct collected got;
	struct push p = { .full = true };
	char words[32];

	for (int i = 0; i < COLLECT_RECORDS + 4; i++) {
		snprintf(words, sizeof(words), "a=%d", i);
		p.words = words;
		p.time_ns = 1000000000000 + i;
		cr_assert_neq(storage_try(&s, &p, &e), 0, "%s", e.text);
	}
	cr_assert_eq(repo_collect(s.repo, &keep, false, &got, &e), 0, "%s",
	    e.text);
	cr_expect_eq(got.removed, 4);
	cr_expect_gt(got.packs, 10);
	collected_free(&got);
	cr_expect(!storage_has(&s, "gen/000000000001"));
	storage_shell(&s, "test $(ls tmp | wc -l) = %d", COLLECT_RECORDS);
	expect_head(COLLECT_RECORDS + 4);
}

Test(claims, only_a_record_that_holds_is_a_claim)
{
	struct claim c = { .number = 42, .id.b = { 1, 2, 3 } }, back;
	uint8_t bytes[CLAIM_LEN + 1] = { 0 };

	claim_encode(bytes, &c);
	cr_assert_eq(claim_decode(&back, bytes, CLAIM_LEN, &e), 0);
	cr_expect_eq(back.number, 42);
	cr_expect(hash_same(&back.id, &c.id));
	for (size_t len = 0; len <= CLAIM_LEN + 1; len++)
		if (len != CLAIM_LEN)
			cr_expect_eq(claim_decode(&back, bytes, len, &e), -1);
	for (size_t i = 0; i < CLAIM_LEN; i++) {
		bytes[i] ^= 1;
		cr_expect_eq(claim_decode(&back, bytes, CLAIM_LEN, &e), -1);
		cr_expect_eq(e.kind, ERR_FORMAT);
		bytes[i] ^= 1;
	}
	c.number = 0;
	claim_encode(bytes, &c);
	cr_expect_eq(claim_decode(&back, bytes, CLAIM_LEN, &e), -1);
}

Test(claims, a_claim_of_a_newer_roam_is_not_passed_over)
{
	struct hash sum;
	struct head head;
	struct decode how = { &s.arena, &s.machines, 0 };
	uint8_t bytes[CLAIM_LEN];
	struct claim c = { .number = 1 };

	claim_encode(bytes, &c);
	bytes[8] = 2;
	sum = hash_of(bytes, CLAIM_LEN - HASH_LEN);
	memcpy(bytes + CLAIM_LEN - HASH_LEN, sum.b, HASH_LEN);
	storage_shell(&s, "mkdir -p gen/000000000001");
	cr_assert_eq(s.store->ops->claim(s.store, NULL,
			 "gen/000000000001/claim", bytes, sizeof(bytes), &e),
	    0);
	cr_expect_eq(repo_load(s.repo, NULL, &how, &head, &e), -1);
	cr_expect_eq(e.kind, ERR_POLICY);
}
