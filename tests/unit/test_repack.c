#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "storage.h"
#include "sync/clean.h"
#include "sync/repack.h"

/* A store, and what a command without a home knows. */
struct bench {
	struct storage storage;
	struct setup setup;
	struct context context;
};

static void
bench_make(struct bench *b, const char *user)
{
	struct err e;

	*b = (struct bench){ 0 };
	storage_make(&b->storage);
	cr_assert_eq(conf_new(&b->setup.conf, &e), 0);
	b->setup.conf.conf.keep_s = 0;
	b->setup.conf.conf.keep_min = 1;
	b->setup.user = strdup(user);
	b->setup.machine_id = strdup("m2");
	b->setup.machine_name = strdup("machine");
	context_init(&b->context, &b->setup);
	b->context.store = b->storage.store;
	b->context.repo = b->storage.repo;
}

static void
bench_free(struct bench *b)
{
	b->context.store = NULL;
	b->context.repo = NULL;
	context_close(&b->context);
	setup_free(&b->setup);
	storage_free(&b->storage);
}

/* Two generations; the second needs little of the first one's pack. */
static void
make_sparse(struct storage *s)
{
	struct push second = {
		.words = "a=RAND:1:5000 big=RAND:2:1500000 c/ c/one=RAND:4:700 "
			 "c/two=RAND:4:700 hole=HOLE:4000 new=RAND:5:80000 "
			 "!lost=RAND:3:9000",
		.full = true,
	};
	struct err e;

	storage_push(s,
	    "a=RAND:1:5000 big=RAND:2:1500000 c/ c/one=RAND:4:700 "
	    "gone=RAND:9:4000000 hole=HOLE:4000 !lost=RAND:3:9000");
	cr_assert_eq(storage_try(s, &second, &e), 2, "%s", e.text);
}

static size_t
count_in(const struct profile *p, uint64_t gen)
{
	struct usage u = { 0 };
	size_t count = 0;
	struct err e;

	cr_assert_eq(usage_add(&u, p, &e), 0);
	for (uint32_t i = 0; i < 100; i++)
		count += usage_has(&u, gen, i);
	usage_free(&u);
	return count;
}

static void
check_same(const struct profile *a, const struct profile *b)
{
	cr_assert_eq(a->tree.count, b->tree.count);
	cr_assert_eq(a->conflict_count, b->conflict_count);
	for (size_t i = 0; i < a->tree.count; i++) {
		cr_assert(entry_same(a->tree.entry[i], b->tree.entry[i]));
		cr_assert_eq(a->tree.entry[i]->mtime_ns,
		    b->tree.entry[i]->mtime_ns);
	}
	for (size_t i = 0; i < a->conflict_count; i++) {
		cr_assert_eq(a->conflict[i].id, b->conflict[i].id);
		cr_assert_eq(a->conflict[i].gen, b->conflict[i].gen);
		cr_assert(
		    entry_same(a->conflict[i].loser, b->conflict[i].loser));
	}
}

/* Those of a hole cannot be fetched. */
static size_t
check_contents(struct storage *s, const struct profile *p)
{
	return storage_check(s, p) - 1;
}

Test(repack, a_repacked_head_is_the_same_and_lies_elsewhere)
{
	struct bench b;
	struct head before, after;
	struct cleaned done;
	struct err e;

	bench_make(&b, "alice");
	make_sparse(&b.storage);
	storage_load(&b.storage, &before);
	cr_assert_eq(count_in(&before.profile, 1), 1);
	cr_assert_eq(check_contents(&b.storage, &before.profile), 0);
	cr_assert_eq(clean_store(&b.context, false, &done, &e), 0, "%s",
	    e.text);
	cr_assert_eq(done.published, 3);
	cleaned_free(&done);

	storage_load(&b.storage, &after);
	cr_assert_eq(after.commit.number, 3);
	cr_assert_eq(after.commit.changes, 0);
	cr_assert_str_eq(after.commit.user, "alice");
	check_same(&before.profile, &after.profile);
	cr_assert_eq(count_in(&after.profile, 1), 0);
	cr_assert_eq(count_in(&after.profile, 2), 1, "what was dense moved");
	cr_assert_eq(check_contents(&b.storage, &after.profile), 0);
	storage_shell(&b.storage,
	    "zstd -dc gen/000000000003/pack0 | bsdtar -tf - > list && "
	    "grep -qx a list && grep -qx big list && grep -qx c/one list && "
	    "test $(wc -l < list) = 4 && rm list");

	cr_assert_eq(clean_store(&b.context, false, &done, &e), 0);
	cr_assert_eq(done.published, 0, "moved twice");
	cleaned_free(&done);
	cr_assert_not(storage_has(&b.storage, "gen/000000000001/pack0"));
	cr_assert_eq(check_contents(&b.storage, &after.profile), 0);
	head_free(&before);
	head_free(&after);
	bench_free(&b);
}

static void
check_untouched(struct storage *s)
{
	struct head head;

	storage_load(s, &head);
	cr_assert_eq(head.commit.number, 2);
	cr_assert_eq(head.damaged, 0);
	head_free(&head);
	storage_shell(s, "test -z \"$(ls tmp)\"");
}

static void
clean_in_vain(struct bench *b)
{
	struct cleaned done;
	struct err e;

	cr_assert_eq(clean_store(&b->context, false, &done, &e), 0, "%s",
	    e.text);
	cr_assert_eq(done.published, 0);
	cr_assert_gt(done.sparse_bytes, 0);
	cleaned_free(&done);
	check_untouched(&b->storage);
}

Test(repack, damaged_contents_are_not_made_to_look_whole)
{
	struct bench b;

	bench_make(&b, "alice");
	make_sparse(&b.storage);
	storage_damage(&b.storage, "gen/000000000001/pack0", 3000);
	clean_in_vain(&b);
	bench_free(&b);
}

Test(repack, nobody_writes_into_the_profile_of_another_user)
{
	struct bench b;

	bench_make(&b, "root");
	make_sparse(&b.storage);
	clean_in_vain(&b);
	bench_free(&b);
}

Test(repack, little_gain_is_not_worth_a_generation)
{
	struct bench b;
	struct cleaned done;
	struct err e;

	bench_make(&b, "alice");
	storage_push(&b.storage, "a=RAND:1:9000 b=RAND:2:900000");
	cr_assert_neq(storage_try(&b.storage,
			  &(struct push){ .words = "a=RAND:1:9000",
			      .full = true },
			  &e),
	    0);
	cr_assert_eq(clean_store(&b.context, false, &done, &e), 0);
	cr_assert_eq(done.published, 0);
	cr_assert_gt(done.sparse_bytes, 800000);
	cleaned_free(&done);
	bench_free(&b);
}

static void
push_first(void *arg)
{
	storage_push(arg, "a=RAND:1:5000 other=word");
}

Test(repack, a_lost_race_is_no_failure_and_leaves_nothing)
{
	static const struct sparse pack = { .name = { 1, 0 } };
	struct bench b;
	struct faulty faulty;
	struct repo *repo;
	struct head head;
	uint64_t number = 99;
	struct err e;

	bench_make(&b, "alice");
	make_sparse(&b.storage);
	faulty_make(&faulty, b.storage.store);
	faulty.fail = 1;
	faulty.instead = push_first;
	faulty.arg = &b.storage;
	cr_assert_eq(repo_open(&repo, &faulty.store, &e), 0);
	b.context.store = &faulty.store;
	b.context.repo = repo;
	cr_assert_eq(repack(&b.context, &pack, 1, &number, &e), 0, "%s",
	    e.text);
	cr_assert_eq(number, 0);
	storage_load(&b.storage, &head);
	cr_assert_eq(head.commit.number, 3);
	cr_assert_eq(head.profile.tree.count, 2);
	head_free(&head);
	storage_shell(&b.storage, "test -z \"$(ls tmp)\"");
	repo_close(repo);
	bench_free(&b);
}
