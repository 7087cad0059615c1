#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "storage.h"
#include "store/collect.h"
#include "store/verify.h"

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

TestSuite(verify, .init = enter, .fini = leave, .timeout = 300);

static char told[4096];

static void
tell(uint64_t gen, const char *path, const char *text, void *arg)
{
	size_t used = strlen(told);

	++*(unsigned *)arg;
	snprintf(told + used, sizeof(told) - used, "%llu %s: %s\n",
	    (unsigned long long)gen, path, text);
}

static struct verified
verify(bool data)
{
	unsigned count = 0;
	struct verify how = { data, tell, &count };
	struct verified v;

	told[0] = '\0';
	cr_assert_eq(repo_verify(s.repo, &how, &v, &e), 0, "%s", e.text);
	cr_expect_eq(v.findings, count);
	return v;
}

static void
push_three(void)
{
	storage_push(&s, "a=1 big=RAND:1:2500000 d/");
	storage_push(&s, "a=2 big=RAND:1:2500000 d/ !a=1");
	storage_push(&s, "a=2 big=RAND:1:2500000 d/ !a=1 d/c=RAND:2:30000");
}

Test(verify, an_empty_store_holds)
{
	struct verified v = verify(true);

	cr_expect_eq(v.findings, 0);
	cr_expect_eq(v.generations, 0);
}

Test(verify, a_good_store_holds_and_each_content_is_looked_at_once)
{
	struct verified v;

	push_three();
	v = verify(false);
	cr_expect_eq(v.findings, 0, "%s", told);
	cr_expect_eq(v.generations, 3);
	cr_expect_eq(v.bytes, 0);
	v = verify(true);
	cr_expect_eq(v.findings, 0, "%s", told);
	/* a, big, d; a and its loser; d/c, and the loser, which every
	 * manifest lists. */
	cr_expect_eq(v.entries, 7, "%llu", (unsigned long long)v.entries);
	cr_expect_gt(v.bytes, 2530000);
}

/* Each damage, and where and whether it is found without reading data. */
Test(verify, damage_is_found_and_named)
{
	static const struct {
		const char *damage;
		const char *says; /* NULL: found with data only */
		const char *says_with_data;
	} cases[] = {
		{ "rm 000000000003/commit", "3 commit: ", "3 commit: " },
		{ "truncate -s 50 000000000001/commit",
		    "1 commit: ", "1 commit: " },
		{ "rm 000000000002/manifest", "2 manifest: missing",
		    "2 manifest: missing" },
		{ "rm 000000000003/manifest", "3 manifest: missing",
		    "3 manifest: missing" },
		{ "truncate -s 9 000000000002/manifest",
		    "2 manifest: ", "2 manifest: " },
		{ "rm 000000000001/pack0", "1 pack0: missing",
		    "1 big: the pack that holds its content is missing" },
		{ "truncate -s 9 000000000001/pack0", "1 pack0: not as long",
		    "1 big: its content would lie beyond" },
		{ "rm -r 000000000001", "2 manifest: ", "2 manifest: " },
		{ "printf x | dd of=000000000001/pack0 bs=1 seek=1500000 "
		  "conv=notrunc 2> /dev/null",
		    NULL, "1 big: generation 1, pack 0, frame" },
		{ "printf xxxx | dd of=000000000003/pack0 bs=1 seek=9000 "
		  "conv=notrunc 2> /dev/null",
		    NULL, "3 d/c: generation 3, pack 0, frame" },
		{ "printf xxxx | dd of=000000000003/pack0 bs=1 seek=9000 "
		  "conv=notrunc 2> /dev/null",
		    NULL, "3 pack0: not the bytes" },
	};
	struct verified v;

	push_three();
	storage_shell(&s, "cp -a gen good");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		storage_shell(&s, "cd gen && %s", cases[i].damage);
		v = verify(false);
		if (cases[i].says == NULL)
			cr_expect_eq(v.findings, 0, "%s: %s", cases[i].damage,
			    told);
		else
			cr_expect_not_null(strstr(told, cases[i].says),
			    "%s: %s", cases[i].damage, told);
		verify(true);
		cr_expect_not_null(strstr(told, cases[i].says_with_data),
		    "%s: %s", cases[i].damage, told);
		storage_shell(&s, "rm -r gen && cp -a good gen");
	}
	cr_expect_eq(verify(true).findings, 0);
}

/* Nobody leaves one behind who renames directories. */
Test(verify, an_empty_generation_is_found)
{
	push_three();
	storage_shell(&s, "mkdir gen/000000000004 gen/000000000002x");
	cr_expect_eq(verify(false).findings, 1);
	cr_expect_str_eq(told, "4 : an empty directory, to be removed\n");
	cr_expect_eq(storage_push(&s, "a=3"), 5);
	cr_expect_eq(verify(false).findings, 1);
	storage_shell(&s, "rmdir gen/000000000004");
	cr_expect_eq(verify(false).findings, 0);
}

Test(verify, a_generation_of_another_history_is_found)
{
	push_three();
	storage_shell(&s, "mv gen old && mkdir gen");
	push_three();
	storage_shell(&s,
	    "rm -r gen/000000000002 && "
	    "cp -a old/000000000002 gen/");
	verify(false);
	cr_expect_not_null(strstr(told, "2 commit: its parent is not"));
	cr_expect_not_null(strstr(told, "3 commit: its parent is not"));
	cr_expect_not_null(strstr(told, "3 commit: an ancestor is not"));
}

Test(verify, a_collected_store_holds)
{
	struct keep_policy keep = { .keep_min = 1 };
	struct collected c;
	struct verified v;

	push_three();
	for (int i = 0; i < 70; i++)
		storage_push(&s,
		    i % 2 ? "n=1 big=RAND:1:2500000"
			  : "n=2 big=RAND:1:2500000");
	cr_assert_eq(repo_collect(s.repo, &keep, false, &c, &e), 0);
	cr_expect_gt(c.removed, 0);
	collected_free(&c);
	v = verify(true);
	cr_expect_eq(v.findings, 0, "%s", told);
	cr_expect_gt(v.records, 40);
	cr_expect_gt(v.generations, 0);
}

/* Files in extents: what was never written has a hash, too. */
Test(verify, holes_count_as_zeros)
{
	struct verified v;

	storage_push(&s, "a=HOLE:70000 b=HOLE:1");
	v = verify(true);
	cr_expect_eq(v.findings, 0, "%s", told);
	cr_expect_eq(v.entries, 2);
	cr_expect_eq(v.bytes, 0);
}

/* A manifest whose checksum is right, but which says what is not so. */
Test(verify, a_content_that_is_not_what_the_manifest_says_is_found)
{
	struct verified v;

	storage_push(&s, "a=RAND:1:2000 b=RAND:2:1500000");
	storage_shell(&s, "mv gen/000000000001/pack0 .");
	storage_shell(&s, "mv gen was");
	storage_push(&s, "a=RAND:3:2000 b=RAND:4:1500000");
	storage_shell(&s,
	    "mv gen/000000000001/pack0 was/000000000001/ && "
	    "rm -r gen && mv was gen");
	v = verify(true);
	cr_expect_eq(v.findings, 3, "%s", told);
	cr_expect_not_null(strstr(told, "1 pack0: not the bytes"));
	cr_expect_not_null(strstr(told, "1 a: content does not match"));
	cr_expect_not_null(strstr(told, "1 b: content does not match"));
}
