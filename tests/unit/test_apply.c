#include "local/apply.h"

#include <sys/stat.h>
#include <sys/xattr.h>

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "homes.h"
#include "local/vouch.h"

static const struct {
	const char *why, *before, *after;
} outcomes[] = {
	{ "a new file", "true", "f=new" },
	{ "an empty file", "true", "f=" },
	{ "a private file", "true", "f=new%600" },
	{ "an unwritable file", "true", "f=new%444" },
	{ "a secret file", "true", "f=new%400@1000000" },
	{ "a sticky directory", "true", "d/%1777" },
	{ "a new symlink", "true", "l>/etc/passwd@5" },
	{ "a dangling symlink", "true", "l>nowhere" },
	{ "a tree", "true", "d/ d/e/ d/e/f=x d/g=y" },
	{ "a tree nobody may write to", "true",
	    "d/%555 d/e/%500 d/e/f=x%400 d/g=y" },
	{ "an old file", "true", "f=x@-86400" },
	{ "a far future", "true", "f=x@4102444800" },
	{ "another content", "echo old > f", "f=new" },
	{ "content of the same size", "printf old > f", "f=new" },
	{ "a file that nobody may read", "printf old > f", "f=new%000" },
	{ "emptied", "echo old > f", "f=" },
	{ "only the mode", "printf old > f; chmod 644 f", "f=old%600" },
	{ "only the mode of one that is read-only",
	    "printf old > f; chmod 444 f", "f=old%644" },
	{ "setuid goes", "printf old > f; chmod 4755 f", "f=old%700" },
	{ "a directory's mode", "mkdir -m 700 d; touch d/f", "d/%755" },
	{ "a directory closes", "mkdir -m 700 d; touch d/f", "d/%500" },
	{ "removed", "echo x > f", "-f" },
	{ "a removed tree", "mkdir -p d/e/f; touch d/e/x d/y; ln -s x d/l",
	    "-d" },
	{ "an empty directory removed", "mkdir d", "-d" },
	{ "a file becomes a symlink", "echo x > f", "f>target" },
	{ "a symlink becomes a file", "ln -s x f", "f=text" },
	{ "a symlink turns", "ln -s x f", "f>y" },
	{ "a file becomes a directory", "echo x > f", "f/ f/g=inside" },
	{ "a symlink becomes a directory", "ln -s /tmp f", "f/ f/g=inside" },
	{ "a directory becomes a file", "mkdir -p d/e; touch d/e/f d/g",
	    "-d d=file" },
	{ "a directory becomes a symlink", "mkdir d; touch d/g", "-d d>e" },
	{ "a rename", "echo same > a", "-a b=same\n" },
	{ "a rename into a new directory", "printf same > a",
	    "-a d/ d/e/ d/e/a=same" },
	{ "a rename out of a directory that goes", "mkdir d; printf same > d/a",
	    "-d b=same" },
	{ "a rename with another mode", "printf same > a; chmod 644 a",
	    "-a b=same%600" },
	{ "a renamed directory", "mkdir d; printf 1 > d/1; printf 2 > d/2",
	    "-d e/ e/1=1 e/2=2" },
	{ "everything at once",
	    "mkdir -p a b/c; printf x > a/x; printf y > b/c/y; "
	    "printf z > z; ln -s z l",
	    "-a -l b/c/y=Y z/ z/n=new q>r" },
};

Test(apply, the_home_becomes_what_the_store_holds)
{
	struct homes h;
	struct run r;

	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		homes_make(&h);
		homes_shell(&h, "%s", outcomes[i].before);
		run_plan(&h, &r, NULL, outcomes[i].after);
		run_apply(&h, &r);
		run_check(&h, &r, outcomes[i].why);
		run_free(&r);
		homes_free(&h);
	}
}

Test(apply, a_name_may_hold_any_byte)
{
	char name[300], word[310];
	struct homes h;
	struct run r;

	homes_make(&h);
	for (int c = 1; c < 256; c++) {
		/* What has a meaning in the words of these tests. */
		if (strchr("/ =@&%>-", c) != NULL)
			continue;
		snprintf(name, sizeof(name), "%cx", c);
		snprintf(word, sizeof(word), "%s=text", name);
		run_plan(&h, &r, NULL, word);
		run_apply(&h, &r);
		cr_expect_eq(run_op(&r, name)->state, OP_DONE, "%d", c);
		cr_expect_str_eq(homes_get(&h, name), "text");
		run_free(&r);
	}
	memset(name, 'n', 255);
	name[255] = '\0';
	snprintf(word, sizeof(word), "%s=long", name);
	run_all(&h, word);
	cr_expect_str_eq(homes_get(&h, name), "long");
	homes_free(&h);
}

Test(apply, times_and_modes_are_those_of_the_result)
{
	struct homes h;
	struct stat st;

	homes_make(&h);
	homes_shell(&h, "printf old > f; chmod 600 f");
	run_all(&h,
	    "f=new%755@1234567890 d/%700@1000000000 d/l>x@99 "
	    "d/g=g%444@-5");
	cr_assert_eq(fstatat(h.fd, "f", &st, 0), 0);
	cr_expect_eq(st.st_mode, S_IFREG | 0755);
	cr_expect_eq(st.st_mtim.tv_sec, 1234567890);
	cr_assert_eq(fstatat(h.fd, "d", &st, 0), 0);
	cr_expect_eq(st.st_mode, S_IFDIR | 0700);
	cr_expect_eq(st.st_mtim.tv_sec, 1000000000);
	cr_assert_eq(fstatat(h.fd, "d/l", &st, AT_SYMLINK_NOFOLLOW), 0);
	cr_expect_eq(st.st_mtim.tv_sec, 99);
	cr_assert_eq(fstatat(h.fd, "d/g", &st, 0), 0);
	cr_expect_eq(st.st_mtim.tv_sec, -5);
	cr_expect_eq(st.st_mode, S_IFREG | 0444);
	homes_free(&h);
}

Test(apply, a_rename_keeps_the_inode)
{
	struct homes h;
	uint64_t inode;

	homes_make(&h);
	homes_shell(&h, "mkdir d; printf content > d/a");
	inode = homes_inode(&h, "d/a");
	run_all(&h, "-d/a e/ e/b=content");
	cr_expect_eq(homes_inode(&h, "e/b"), inode);
	cr_expect_not(homes_has(&h, "d/a"));
	homes_free(&h);
}

Test(apply, the_loser_of_a_conflict_is_on_the_shelf)
{
	struct homes h;
	struct home base;
	struct run r;

	homes_make(&h);
	homes_shell(&h,
	    "printf old > f; printf o > g; ln -s a l;"
	    "touch -d @5 f g; touch -hd @5 l");
	base = homes_scan(&h, NULL, NULL);
	homes_shell(&h,
	    "printf mine > f; touch -d @6 f; ln -sfn mine l;"
	    "touch -hd @6 l; printf inplace > g; touch -d @6 g;"
	    "ln g g2");
	run_plan(&h, &r, &base.tree, "f=theirs@7 l>theirs@7 g=theirs2@7");
	cr_assert_eq(run_op(&r, "f")->action, ACTION_CONFLICT);
	cr_assert(run_op(&r, "f")->loser_is_local);
	run_apply(&h, &r);
	cr_expect_str_eq(homes_get(&h, "f"), "theirs");
	cr_expect_str_eq(homes_get(&h, "g"), "theirs2");
	cr_expect_str_eq(homes_get(&h, "g2"), "inplace");
	/* A later edit of another name must not reach the shelf. */
	homes_put(&h, "g2", "edited!");
	cr_expect_not_null(strstr(homes_shelf(&h), "f=mine"));
	cr_expect_not_null(strstr(homes_shelf(&h), "g=inplace"));
	cr_expect_not_null(strstr(homes_shelf(&h), "l>mine"));
	cr_expect_eq(homes_staged(&h), 0);
	run_free(&r);
	home_free(&base);
	homes_free(&h);
}

Test(apply, a_directory_wins_and_the_file_goes_to_the_shelf)
{
	struct homes h;
	struct home base;
	struct run r;

	homes_make(&h);
	base = homes_scan(&h, NULL, NULL);
	homes_put(&h, "x", "mine");
	run_plan(&h, &r, &base.tree, "x/ x/y=theirs");
	run_apply(&h, &r);
	cr_expect_str_eq(homes_get(&h, "x/y"), "theirs");
	cr_expect_str_eq(homes_shelf(&h), "x=mine");
	run_free(&r);
	home_free(&base);
	homes_free(&h);
}

Test(apply, what_stays_keeps_its_directory)
{
	struct homes h;
	struct run r;

	homes_make(&h);
	homes_shell(&h, "mkdir -p d/e; touch d/e/f");
	run_plan(&h, &r, NULL, "-d");
	homes_put(&h, "d/e/late", "new");
	run_apply(&h, &r);
	cr_expect_str_eq(homes_get(&h, "d/e/late"), "new");
	cr_expect_not(homes_has(&h, "d/e/f"));
	cr_expect_eq(run_op(&r, "d/e")->state, OP_FAILED);
	cr_expect_eq(run_op(&r, "d/e")->why, WHY_BLOCKED);
	cr_expect_eq(run_op(&r, "d")->state, OP_FAILED);
	cr_expect_eq(run_op(&r, "d/e/f")->state, OP_DONE);
	run_free(&r);
	homes_free(&h);
}

/* Needs permissions that count, so it runs as an ordinary user. */
static void
apply_to_closed(void *arg)
{
	struct homes *h = arg;
	struct run r;

	homes_reopen(h);
	run_plan(h, &r, NULL, "d/n=new f=new d/old=other");
	run_apply(h, &r);
	if (run_op(&r, "d/n")->why != WHY_DENIED ||
	    run_op(&r, "d/old")->why != WHY_DENIED ||
	    run_op(&r, "f")->state != OP_DONE || homes_has(h, "d/n"))
		_exit(1);
	_exit(0);
}

Test(apply, one_closed_directory_does_not_stop_the_rest)
{
	struct homes h;

	homes_make(&h);
	homes_shell(&h, "mkdir d; echo o > d/old; chmod 555 d");
	cr_expect_eq(homes_fork_as_user(&h, apply_to_closed, &h), 0);
	homes_free(&h);
}

static void
apply_read_only_tree(void *arg)
{
	struct homes *h = arg;
	struct run r;

	homes_reopen(h);
	run_plan(h, &r, NULL, "d/%555 d/e/%500 d/e/f=x%400 d/g=y");
	run_apply(h, &r);
	for (size_t i = 0; i < r.plan.count; i++)
		if (r.plan.op[i].state != OP_DONE)
			_exit(1);
	_exit(strcmp(homes_get(h, "d/e/f"), "x") != 0);
}

Test(apply, a_tree_that_closes_is_filled_first)
{
	struct homes h;
	struct stat st;

	homes_make(&h);
	cr_expect_eq(homes_fork_as_user(&h, apply_read_only_tree, &h), 0);
	cr_assert_eq(fstatat(h.fd, "d/e", &st, 0), 0);
	cr_expect_eq(st.st_mode & 07777, 0500);
	homes_free(&h);
}

Test(apply, a_missing_or_short_content_fails_alone)
{
	struct homes h;
	struct run r;

	homes_make(&h);
	homes_put(&h, "old", "old");
	run_plan(&h, &r, NULL, "a=aaa b=bbb c=ccc old=newer");
	homes_shell(&h,
	    "cd " ROAM_STATE_DIR "/staging; for f in *; do case $(cat $f) in "
	    "aaa|newer) rm $f;; bbb) printf bb > $f;; esac; done");
	run_apply(&h, &r);
	cr_expect_eq(run_op(&r, "a")->why, WHY_DAMAGED);
	cr_expect_eq(run_op(&r, "b")->why, WHY_DAMAGED);
	cr_expect_eq(run_op(&r, "c")->state, OP_DONE);
	cr_expect_eq(run_op(&r, "old")->why, WHY_DAMAGED);
	cr_expect_str_eq(homes_get(&h, "old"), "old");
	cr_expect_not(homes_has(&h, "a"));
	cr_expect_not(homes_has(&h, "b"));
	run_free(&r);
	homes_free(&h);
}

Test(apply, an_op_that_the_store_needs_too_stays_planned)
{
	struct homes h;
	struct run r;

	homes_make(&h);
	run_plan(&h, &r, NULL, "f=new");
	run_op(&r, "f")->sides = SIDE_HOME | SIDE_STORE;
	run_apply(&h, &r);
	cr_expect_eq(run_op(&r, "f")->state, OP_PLANNED);
	cr_expect_str_eq(homes_get(&h, "f"), "new");
	cr_expect_neq(r.stamps[0].inode, 0);
	run_free(&r);
	homes_free(&h);
}

Test(apply, what_is_not_planned_is_not_touched)
{
	static const enum op_state states[] = { OP_DONE, OP_PENDING, OP_HELD,
		OP_FAILED };
	struct homes h;
	struct run r;

	for (size_t i = 0; i < 4; i++) {
		homes_make(&h);
		homes_put(&h, "f", "old");
		run_plan(&h, &r, NULL, "f=new -g n=n");
		for (size_t k = 0; k < r.plan.count; k++)
			r.plan.op[k].state = (uint8_t)states[i];
		run_apply(&h, &r);
		cr_expect_str_eq(homes_get(&h, "f"), "old");
		cr_expect_not(homes_has(&h, "n"));
		run_free(&r);
		homes_free(&h);
	}
}

Test(apply, attributes_travel_with_the_file)
{
	static const uint8_t attrs[] = "\x06\0user.a\x03\0\0\0xyz";
	char value[16];
	struct homes h;
	struct entry *t;
	struct extra *x;
	struct err e;
	struct run r;

	homes_make(&h);
	homes_shell(&h, "printf old > f");
	if (fsetxattr(h.fd, "user.probe", "1", 1, 0) == -1)
		cr_skip("no extended attributes here");
	homes_shell(&h, "mkdir d; touch -d @5 f d");
	run_plan(&h, &r, NULL, "n=new f=old%600 d/%700");
	for (size_t i = 0; i < r.plan.count; i++) {
		t = entry_copy_extra(&h.arena, r.plan.op[i].result, &x, &e);
		x->attrs = attrs;
		x->attrs_len = sizeof(attrs) - 1;
		r.plan.op[i].result = t;
	}
	run_apply(&h, &r);
	for (size_t i = 0; i < r.plan.count; i++) {
		int fd = openat(h.fd, op_path(&r.plan.op[i], NULL), O_RDONLY);

		cr_expect_eq(fgetxattr(fd, "user.a", value, 16), 3, "%s",
		    op_path(&r.plan.op[i], NULL));
		cr_expect_eq(memcmp(value, "xyz", 3), 0);
		close(fd);
	}
	run_free(&r);
	homes_free(&h);
}
