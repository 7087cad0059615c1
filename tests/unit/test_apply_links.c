#include "local/links.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "homes.h"
#include "local/apply.h"

Test(apply_links, hard_links_come_and_go_as_one_file)
{
	static const struct {
		const char *why, *before, *after;
	} cases[] = {
		{ "two new", "true", "a=x&7@9 b=x&7@9" },
		{ "two new, in other directories", "true",
		    "d/ d/a=x&7@9 e/ e/b=x&7@9" },
		{ "two new, empty", "true", "a=&7@9 b=&7@9" },
		{ "three of another content", "printf 1 > a; ln a b; ln a c",
		    "a=2&7@9 b=2&7@9 c=2&7@9" },
		{ "all removed", "printf 1 > a; ln a b; ln a c", "-a -b -c" },
		{ "the mode of both", "printf 1 > a; ln a b",
		    "a=1%600&7@9 b=1%600&7@9" },
	};
	struct homes h;
	struct home now;
	const struct entry *t;
	struct run r;
	uint64_t group, inode;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		homes_make(&h);
		homes_shell(&h, "%s", cases[i].before);
		run_plan(&h, &r, NULL, cases[i].after);
		run_apply(&h, &r);
		now = homes_scan(&h, NULL, NULL);
		group = inode = 0;
		for (size_t k = 0; k < now.tree.count; k++) {
			t = now.tree.entry[k];
			if (t->type != ENTRY_FILE)
				continue;
			cr_expect_neq(entry_group(t), 0, "%s", cases[i].why);
			cr_expect(group == 0 || entry_group(t) == group);
			group = entry_group(t);
			cr_expect(
			    inode == 0 || homes_inode(&h, t->path) == inode);
			inode = homes_inode(&h, t->path);
			cr_expect_eq(t->mtime_ns, 9000000000, "%s",
			    cases[i].why);
		}
		for (size_t k = 0; k < r.plan.count; k++)
			cr_expect_eq(r.plan.op[k].state, OP_DONE, "%s: %d",
			    cases[i].why, r.plan.op[k].why);
		cr_expect_eq(homes_staged(&h), 0, "%s", cases[i].why);
		home_free(&now);
		run_free(&r);
		homes_free(&h);
	}
}

/* With the group that the scan gives, so that only one thing changes. */
static uint64_t
group_of(const char *path)
{
	return hash_short(path, strlen(path));
}

Test(apply_links, a_new_name_of_a_file_is_a_link_to_it)
{
	char words[128];
	struct homes h;
	struct run r;

	homes_make(&h);
	homes_shell(&h, "printf x > a; ln a b; touch -d @9 a");
	snprintf(words, sizeof(words), "c=x&%ju@9", (uintmax_t)group_of("a"));
	run_plan(&h, &r, NULL, words);
	run_apply(&h, &r);
	cr_expect_eq(homes_inode(&h, "c"), homes_inode(&h, "a"));
	run_check(&h, &r, "new name");
	run_free(&r);
	homes_free(&h);
}

/* Somebody touched the file between two names of it, which is no change. */
Test(apply_links, names_that_differ_in_time_alone_are_one_file)
{
	char words[128];
	struct homes h;
	struct home now;
	struct run r;

	homes_make(&h);
	homes_shell(&h, "printf x > a; ln a b; touch -d @9 a");
	snprintf(words, sizeof(words), "c=x&%ju@12 d=x&%ju@7",
	    (uintmax_t)group_of("a"), (uintmax_t)group_of("a"));
	run_plan(&h, &r, NULL, words);
	run_apply(&h, &r);
	cr_expect_eq(homes_inode(&h, "c"), homes_inode(&h, "a"));
	cr_expect_eq(homes_inode(&h, "d"), homes_inode(&h, "a"));
	run_check(&h, &r, "other times");
	now = homes_scan(&h, NULL, NULL);
	cr_expect_eq(homes_entry(&now, "d")->mtime_ns, 9000000000);
	home_free(&now);
	run_free(&r);
	homes_free(&h);
	/* All of them new. */
	homes_make(&h);
	snprintf(words, sizeof(words), "e=y&%ju@3 f=y&%ju@9 g=y&%ju@5",
	    (uintmax_t)group_of("e"), (uintmax_t)group_of("e"),
	    (uintmax_t)group_of("e"));
	run_plan(&h, &r, NULL, words);
	run_apply(&h, &r);
	cr_expect_eq(homes_inode(&h, "e"), homes_inode(&h, "g"));
	run_check(&h, &r, "new with other times");
	run_free(&r);
	homes_free(&h);
}

Test(apply_links, a_file_that_is_no_longer_linked_parts)
{
	char words[128];
	struct homes h;
	struct run r;

	homes_make(&h);
	homes_shell(&h, "printf x > a; ln a b; ln a c; touch -d @9 a");
	run_plan(&h, &r, NULL, "c=x@9");
	run_apply(&h, &r);
	cr_expect_neq(homes_inode(&h, "c"), homes_inode(&h, "a"));
	cr_expect_eq(homes_inode(&h, "b"), homes_inode(&h, "a"));
	run_check(&h, &r, "parted");
	run_free(&r);
	homes_free(&h);

	/* In the same run its file gets one more name. */
	homes_make(&h);
	homes_shell(&h, "printf x > a; ln a c; touch -d @9 a");
	snprintf(words, sizeof(words), "b=x&%ju@9 c=x@9",
	    (uintmax_t)group_of("a"));
	run_plan(&h, &r, NULL, words);
	run_apply(&h, &r);
	cr_expect_neq(homes_inode(&h, "c"), homes_inode(&h, "a"));
	cr_expect_eq(homes_inode(&h, "b"), homes_inode(&h, "a"));
	run_check(&h, &r, "parted and joined");
	run_free(&r);
	homes_free(&h);

	/* The other way round: files of the same content become one. */
	homes_make(&h);
	homes_shell(&h,
	    "printf x > a; printf x > b; chmod 644 a b;"
	    "touch -d @9 a b");
	snprintf(words, sizeof(words), "a=x&%ju@9 b=x&%ju@9",
	    (uintmax_t)group_of("a"), (uintmax_t)group_of("a"));
	run_plan(&h, &r, NULL, words);
	run_apply(&h, &r);
	cr_expect_eq(homes_inode(&h, "b"), homes_inode(&h, "a"));
	run_check(&h, &r, "joined");
	run_free(&r);
	homes_free(&h);
}

/* Two machines: one links a file, the other one gives the name that it knows
 * another mode. */
Test(apply_links, a_name_that_alone_gets_another_mode_parts)
{
	char words[128];
	struct homes h;
	struct home now;
	struct run r;

	homes_make(&h);
	homes_shell(&h, "printf x > a; ln a b; chmod 644 a; touch -d @9 a");
	snprintf(words, sizeof(words), "b=x%%600&%ju@9",
	    (uintmax_t)group_of("a"));
	run_plan(&h, &r, NULL, words);
	run_apply(&h, &r);
	now = homes_scan(&h, NULL, NULL);
	cr_expect_eq(homes_entry(&now, "a")->mode, 0644);
	cr_expect_eq(homes_entry(&now, "b")->mode, 0600);
	cr_expect_eq(run_op(&r, "b")->state, OP_DONE);
	cr_expect_eq(homes_staged(&h), 0);
	home_free(&now);
	run_free(&r);
	homes_free(&h);
}

Test(apply_links, a_name_goes_though_its_file_gets_another_mode)
{
	char words[128];
	struct homes h;
	struct run r;

	homes_make(&h);
	homes_shell(&h,
	    "printf x > a; ln a b; ln a c; chmod 644 a;"
	    "touch -d @9 a");
	snprintf(words, sizeof(words), "-a b=x%%600&%ju@9 c=x%%600&%ju@9",
	    (uintmax_t)group_of("b"), (uintmax_t)group_of("b"));
	run_plan(&h, &r, NULL, words);
	run_apply(&h, &r);
	cr_expect_eq(homes_inode(&h, "c"), homes_inode(&h, "b"));
	run_check(&h, &r, "one of three goes");
	run_free(&r);
	homes_free(&h);
}
