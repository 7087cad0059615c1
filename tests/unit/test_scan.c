#include "local/scan.h"

#include <sys/stat.h>
#include <sys/xattr.h>

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "homes.h"

static const char *
words_of(struct homes *h)
{
	struct home home = homes_scan(h, NULL, NULL);
	const char *words = homes_words(h, &home);

	home_free(&home);
	return words;
}

Test(scan, an_empty_home_holds_only_our_state)
{
	struct homes h;
	struct home home;

	homes_make(&h);
	home = homes_scan(&h, NULL, NULL);
	cr_expect_eq(home.tree.count, 2);
	cr_expect_eq(home.tree.entry[0]->hollow, 1, ".local");
	cr_expect_eq(home.tree.entry[1]->hollow, 1, ".local/state");
	cr_assert_eq(home.opaque_count, 1);
	cr_expect_str_eq(home.opaque[0].path, ROAM_STATE_DIR);
	cr_expect_eq(home.opaque[0].why, WHY_RULE);
	home_free(&home);
	homes_free(&h);
}

Test(scan, entries_are_what_is_there)
{
	struct homes h;
	struct home home;
	const struct entry *t;
	struct hash want = hash_of("text", 4);

	homes_make(&h);
	homes_shell(&h,
	    "mkdir d; printf text > d/f; chmod 6641 d/f; : > empty;"
	    "ln -s nowhere l; chmod 3750 d; touch -d @7.5 d/f;"
	    "touch -hd @8 l");
	home = homes_scan(&h, NULL, NULL);
	cr_expect_str_eq(homes_words(&h, &home),
	    "d/ d/f=text empty= l>nowhere");
	t = homes_entry(&home, "d/f");
	cr_expect_eq(t->type, ENTRY_FILE);
	cr_expect_eq(t->mode, 0641, "no setuid, no setgid");
	cr_expect_eq(t->size, 4);
	cr_expect_eq(t->mtime_ns, 7500000000);
	cr_expect(hash_same(&t->hash, &want));
	cr_expect_eq(t->machine, h.self);
	t = homes_entry(&home, "d");
	cr_expect_eq(t->mode, 01750, "sticky roams");
	cr_expect_eq(t->size, 0);
	cr_expect(hash_is_zero(&t->hash));
	t = homes_entry(&home, "l");
	want = hash_of("nowhere", 7);
	cr_expect_eq(t->mode, 0777);
	cr_expect_eq(t->size, 7);
	cr_expect_eq(t->mtime_ns, 8000000000);
	cr_expect(hash_same(&t->hash, &want));
	home_free(&home);
	homes_free(&h);
}

Test(scan, a_directory_stands_right_before_what_it_holds)
{
	struct homes h;

	homes_make(&h);
	homes_shell(&h, "mkdir a; touch a.b a/x 'a b' a/'\001' 'a\001' a0 A");
	cr_expect_str_eq(words_of(&h),
	    "A= a/ a/\001= a/x= a\001= a b= a.b= a0=");
	homes_free(&h);
}

Test(scan, a_second_scan_has_nothing_to_read_and_shares_every_entry)
{
	struct homes h;
	struct home one, two;
	struct scan_sums sums;

	homes_make(&h);
	homes_shell(&h,
	    "mkdir -p a/b/c; for i in $(seq 200); do echo $i > "
	    "a/b/f$i; ln -s $i a/l$i; done; ln a/b/f1 hard");
	one = homes_scan(&h, NULL, &sums);
	cr_expect_eq(sums.hashed_files >= 201, 1);
	cr_expect(sums.stamps_changed);
	for (int i = 0; i < 2; i++) {
		two = homes_scan(&h, &one, &sums);
		cr_expect_eq(sums.hashed_files, 0);
		cr_expect_eq(sums.hashed_bytes, 0);
		cr_expect_not(sums.stamps_changed);
		cr_assert_eq(two.tree.count, one.tree.count);
		for (size_t k = 0; k < one.tree.count; k++)
			cr_expect_eq(two.tree.entry[k], one.tree.entry[k]);
		home_free(&two);
	}
	home_free(&one);
	homes_free(&h);
}

static const struct {
	const char *why, *command;
	uint64_t read; /* files */
	const char *words;
} edits[] = {
	{ "edited", "printf new > f", 1, "d/ d/g=g f=new l>f" },
	{ "edited in place, same size and time",
	    "cp -p f ../r; printf F > f; touch -r ../r f", 1,
	    "d/ d/g=g f=F l>f" },
	{ "replaced, same size and time", "printf F > n; touch -r f n; mv n f",
	    1, "d/ d/g=g f=F l>f" },
	{ "new", "printf n > d/n", 1, "d/ d/g=g d/n=n f=f l>f" },
	{ "removed", "rm d/g", 0, "d/ f=f l>f" },
	{ "renamed", "mv f e", 1, "d/ d/g=g e=f l>f" },
	{ "mode", "chmod 600 f", 1, "d/ d/g=g f=f l>f" },
	{ "mode of a directory", "chmod 700 d", 0, "d/ d/g=g f=f l>f" },
	{ "turned link", "ln -sfn g l", 0, "d/ d/g=g f=f l>g" },
	{ "a file became a directory", "rm f; mkdir f; touch f/x", 1,
	    "d/ d/g=g f/ f/x= l>f" },
	{ "a directory became a file", "rm -r d; printf d > d", 1,
	    "d=d f=f l>f" },
	{ "a link became a file", "rm l; printf l > l", 1, "d/ d/g=g f=f l=l" },
	{ "a directory renamed", "mv d e", 1, "e/ e/g=g f=f l>f" },
	{ "everything gone", "rm -r d f l", 0, "" },
};

/* One change to a home that was scanned before. */
Test(scan, any_change_is_seen_and_only_that_is_read)
{
	struct homes h;
	struct home one, two, fresh;
	struct scan_sums sums;

	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		homes_make(&h);
		homes_shell(&h,
		    "umask 022; mkdir d; printf g > d/g; "
		    "printf f > f; ln -s f l");
		one = homes_scan(&h, NULL, NULL);
		homes_shell(&h, "%s", edits[i].command);
		two = homes_scan(&h, &one, &sums);
		cr_expect_str_eq(homes_words(&h, &two), edits[i].words, "%s",
		    edits[i].why);
		/* What is racy is read twice. */
		cr_expect(sums.hashed_files >= edits[i].read &&
			sums.hashed_files <= 2 * edits[i].read,
		    "%s: %ju", edits[i].why, (uintmax_t)sums.hashed_files);
		cr_expect(sums.stamps_changed, "%s", edits[i].why);
		fresh = homes_scan(&h, NULL, NULL);
		cr_assert_eq(fresh.tree.count, two.tree.count);
		for (size_t k = 0; k < two.tree.count; k++) {
			cr_expect(
			    entry_same(two.tree.entry[k], fresh.tree.entry[k]));
			cr_expect_eq(two.stamp[k].inode, fresh.stamp[k].inode);
			cr_expect_eq(two.stamp[k].ctime_ns,
			    fresh.stamp[k].ctime_ns);
		}
		home_free(&fresh);
		home_free(&two);
		home_free(&one);
		homes_free(&h);
	}
}

Test(scan, an_edit_within_the_tick_of_a_scan_is_seen)
{
	char text[2] = "a";
	struct homes h;
	struct home one, two;
	struct stat st;
	const struct entry *t;
	struct hash want;

	homes_make(&h);
	for (int i = 0; i < 40; i++) {
		text[0] = 'a';
		homes_put(&h, "f", text);
		one = homes_scan(&h, NULL, NULL);
		cr_assert_eq(fstatat(h.fd, "f", &st, 0), 0);
		text[0] = 'b';
		homes_put(&h, "f", text);
		/* As a program that wants its edit to go unseen. */
		cr_assert_eq(utimensat(h.fd, "f",
				 (struct timespec[]){ st.st_atim, st.st_mtim },
				 0),
		    0);
		two = homes_scan(&h, &one, NULL);
		t = homes_entry(&two, "f");
		want = hash_of("b", 1);
		cr_expect(hash_same(&t->hash, &want), "round %d", i);
		home_free(&one);
		home_free(&two);
	}
	homes_free(&h);
}

Test(scan, racy_entries_get_their_stamp_once_the_clock_has_ticked)
{
	struct homes h;
	struct home home;

	homes_make(&h);
	homes_shell(&h, "mkdir d; printf x > d/f; ln -s x d/l");
	home = homes_scan(&h, NULL, NULL);
	for (size_t i = 0; i < home.tree.count; i++)
		cr_expect_neq(home.stamp[i].inode, 0, "%s",
		    home.tree.entry[i]->path);
	home_free(&home);
	homes_free(&h);
}

/* Newer kernels tell changes within a tick apart by themselves, others do not:
 * so the second reading itself is looked for. */
Test(scan, what_is_read_in_the_tick_of_its_change_is_read_again)
{
	struct homes h;
	struct home home;
	struct scan_sums sums = { 0 };

	homes_make(&h);
	for (int i = 0; i < 200 && sums.hashed_files != 2; i++) {
		homes_put(&h, "f", "x");
		home = homes_scan(&h, NULL, &sums);
		home_free(&home);
	}
	cr_expect_eq(sums.hashed_files, 2);
	homes_free(&h);
}

Test(scan, a_missing_stamp_means_reading_again)
{
	struct homes h;
	struct home one, two;
	struct scan_sums sums;

	homes_make(&h);
	homes_shell(&h, "printf x > f; printf y > g; mkdir d; ln -s x l");
	one = homes_scan(&h, NULL, NULL);
	for (size_t i = 0; i < one.tree.count; i++)
		one.stamp[i] = (struct stamp){ 0 };
	two = homes_scan(&h, &one, &sums);
	cr_expect_eq(sums.hashed_files, 2);
	cr_expect(sums.stamps_changed);
	for (size_t i = 0; i < one.tree.count; i++)
		if (!one.tree.entry[i]->hollow)
			cr_expect_eq(two.tree.entry[i], one.tree.entry[i],
			    "%s is as known", one.tree.entry[i]->path);
	home_free(&one);
	home_free(&two);
	homes_free(&h);
}

Test(scan, only_the_time_of_a_directory_is_no_new_entry)
{
	struct homes h;
	struct home one, two;

	homes_make(&h);
	homes_shell(&h, "mkdir d; touch d/x");
	one = homes_scan(&h, NULL, NULL);
	homes_shell(&h, "touch d/y; touch -d @9 d");
	two = homes_scan(&h, &one, NULL);
	cr_expect_eq(homes_entry(&two, "d"), homes_entry(&one, "d"));
	home_free(&one);
	home_free(&two);
	homes_free(&h);
}

static struct home
scan_with(struct homes *h, const char *rules, const struct home *known,
    bool same)
{
	struct scan_in in = { .root = &h->root,
		.known = known,
		.same_rules = same,
		.self = h->self };
	struct rules *r;
	struct scan_sums sums;
	struct home out;
	struct err e = { 0 };

	cr_assert_eq(rules_new(&r, &e), 0);
	cr_assert_eq(rules_add(r, RULES_SHIPPED, "test", rules, strlen(rules),
			 &e),
	    0, "%s", e.text);
	in.rules = r;
	cr_assert_eq(scan_home(&out, &h->arena, &in, &sums, &e), 0, "%s",
	    e.text);
	rules_free(r);
	return out;
}

Test(scan, what_the_rules_keep_local_is_not_looked_into)
{
	static const char rules[] =
	    "local .cache/\nlocal *.tmp\nlocal app/x/\n";
	struct homes h;
	struct home one, two;

	homes_make(&h);
	homes_shell(&h,
	    "mkdir -p .cache/deep app/x/y app2/x only/in; "
	    "touch .cache/deep/f a.tmp app/x/y/f app2/x/g "
	    "only/in/b.tmp keep; mkfifo c.tmp; mkdir empty");
	one = scan_with(&h, rules, NULL, false);
	cr_expect_str_eq(homes_words(&h, &one),
	    "app/~ app2/ app2/x/ app2/x/g= empty/ keep= only/~ only/in/~ "
	    "!.cache:1 !a.tmp:1 !app/x:1 !c.tmp:1 !only/in/b.tmp:1");
	/* Known and under the same rules: not asked again, the same answer. */
	two = scan_with(&h, rules, &one, true);
	cr_expect_str_eq(homes_words(&h, &two),
	    "app/~ app2/ app2/x/ app2/x/g= empty/ keep= only/~ only/in/~ "
	    "!.cache:1 !a.tmp:1 !app/x:1 !c.tmp:1 !only/in/b.tmp:1");
	home_free(&two);
	/* Other rules: what was known is asked about. */
	two = scan_with(&h, "local app2/\nlocal keep\n", &one, false);
	cr_expect_not_null(homes_opaque(&two, "app2"));
	cr_expect_not_null(homes_opaque(&two, "keep"));
	cr_expect_null(homes_entry(&two, "keep"));
	cr_expect_not_null(homes_entry(&two, ".cache/deep/f"));
	home_free(&two);
	home_free(&one);
	homes_free(&h);
}

Test(scan, a_hollow_directory_fills_and_empties)
{
	static const char rules[] = "local *.tmp\n";
	struct homes h;
	struct home one, two;

	homes_make(&h);
	homes_shell(&h, "mkdir -p a/b; touch a/b/x.tmp");
	one = scan_with(&h, rules, NULL, false);
	cr_expect_eq(homes_entry(&one, "a")->hollow, 1);
	homes_shell(&h, "touch a/b/y");
	two = scan_with(&h, rules, &one, true);
	cr_expect_eq(homes_entry(&two, "a")->hollow, 0);
	cr_expect_eq(homes_entry(&two, "a/b")->hollow, 0);
	cr_expect_eq(homes_entry(&one, "a")->hollow, 1, "known is not changed");
	homes_shell(&h, "rm a/b/y");
	home_free(&one);
	one = scan_with(&h, rules, &two, true);
	cr_expect_eq(homes_entry(&one, "a")->hollow, 1);
	homes_shell(&h, "rm a/b/x.tmp");
	home_free(&two);
	two = scan_with(&h, rules, &one, true);
	cr_expect_eq(homes_entry(&two, "a")->hollow, 0, "empty is not hollow");
	home_free(&one);
	home_free(&two);
	homes_free(&h);
}

Test(scan, names_of_one_file_form_a_group)
{
	struct homes h;
	struct home one, two;
	uint64_t first, other;
	struct scan_sums sums;

	homes_make(&h);
	homes_shell(&h,
	    "mkdir d; printf 1 > d/a; ln d/a b; ln d/a c;"
	    "printf 2 > x; ln x y; printf 3 > out; "
	    "ln out ../outside/o; printf 4 > alone");
	one = homes_scan(&h, NULL, NULL);
	first = entry_group(homes_entry(&one, "b"));
	other = entry_group(homes_entry(&one, "x"));
	cr_expect_eq(first, hash_short("b", 1), "the first in order");
	cr_expect_eq(entry_group(homes_entry(&one, "c")), first);
	cr_expect_eq(entry_group(homes_entry(&one, "d/a")), first);
	cr_expect_eq(entry_group(homes_entry(&one, "y")), other);
	cr_expect(first != 0 && other != 0 && first != other);
	cr_expect_eq(entry_group(homes_entry(&one, "out")), 0,
	    "its other name is not in the home");
	cr_expect_eq(entry_group(homes_entry(&one, "alone")), 0);
	two = homes_scan(&h, &one, &sums);
	cr_expect_not(sums.stamps_changed);
	home_free(&two);
	homes_shell(&h, "rm b; rm y; ln alone zone");
	two = homes_scan(&h, &one, &sums);
	cr_expect(sums.stamps_changed);
	cr_expect_eq(entry_group(homes_entry(&two, "c")), hash_short("c", 1));
	cr_expect_eq(entry_group(homes_entry(&two, "d/a")), hash_short("c", 1));
	cr_expect_eq(entry_group(homes_entry(&two, "x")), 0);
	cr_expect_eq(entry_group(homes_entry(&two, "zone")),
	    entry_group(homes_entry(&two, "alone")));
	home_free(&one);
	home_free(&two);
	homes_free(&h);
}

Test(scan, large_and_sparse_files_hash_as_their_bytes)
{
	static const size_t sizes[] = { (1 << 20) - 1, 1 << 20, (1 << 20) + 1,
		3 << 20 };
	char name[16];
	struct homes h;
	struct home home;
	struct hash want;
	char *bytes;

	homes_make(&h);
	bytes = calloc(1, 3 << 20);
	for (size_t i = 0; i < 4; i++)
		homes_shell(&h, "truncate -s %zu s%zu", sizes[i], i);
	home = homes_scan(&h, NULL, NULL);
	for (size_t i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "s%zu", i);
		want = hash_of(bytes, sizes[i]);
		cr_expect(hash_same(&homes_entry(&home, name)->hash, &want));
		cr_expect_eq(homes_entry(&home, name)->size, sizes[i]);
	}
	free(bytes);
	home_free(&home);
	homes_free(&h);
}

Test(scan, hashing_says_when_the_file_changed)
{
	struct homes h;
	struct stat st;
	struct hash hash;
	struct err e = { 0 };
	int fd;

	homes_make(&h);
	homes_put(&h, "f", "text");
	fd = openat(h.fd, "f", O_RDONLY);
	cr_assert_eq(fstat(fd, &st), 0);
	cr_expect_eq(scan_hash(fd, &st, &hash, &e), 0);
	cr_expect_eq(scan_hash(fd, &st, &hash, &e), 0, "again, from the start");
	homes_put(&h, "f", "tex");
	cr_expect_eq(scan_hash(fd, &st, &hash, &e), -1);
	cr_expect_eq(e.kind, ERR_RACE);
	homes_put(&h, "f", "longer");
	cr_expect_eq(scan_hash(fd, &st, &hash, &e), -1);
	cr_expect_eq(e.kind, ERR_RACE);
	close(fd);
	homes_free(&h);
}

static int
count_calls(uint64_t entries, uint64_t bytes, void *arg, struct err *e)
{
	(void)bytes;
	(void)e;
	*(uint64_t *)arg = entries;
	return 0;
}

Test(scan, progress_is_told)
{
	uint64_t seen = 0;
	struct homes h;
	struct home out;
	struct scan_sums sums;
	struct err e;

	homes_make(&h);
	homes_shell(&h, "for i in $(seq 100); do echo $i > $i; done");
	cr_assert_eq(scan_home(&out, &h.arena,
			 &(struct scan_in){ .root = &h.root,
			     .progress = count_calls,
			     .arg = &seen },
			 &sums, &e),
	    0);
	cr_expect_eq(seen, out.tree.count);
	home_free(&out);
	homes_free(&h);
}
