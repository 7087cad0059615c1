#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "homes.h"

Test(scan_odd, a_name_may_hold_any_byte_but_two)
{
	char name[3] = "?";
	struct homes h;
	struct home home;
	size_t files = 0;

	homes_make(&h);
	for (int c = 1; c < 256; c++) {
		if (c == '/' || c == '.')
			continue;
		name[0] = (char)c;
		homes_put(&h, name, "x");
		files++;
	}
	home = homes_scan(&h, NULL, NULL);
	cr_expect_eq(home.tree.count, files + 2);
	for (int c = 1; c < 256; c++) {
		name[0] = (char)c;
		if (c != '/' && c != '.')
			cr_expect_not_null(homes_entry(&home, name), "%d", c);
	}
	home_free(&home);
	homes_free(&h);
}

/* Directories of one letter as deep as paths go, and two names at the end: one
 * that just fits and one that does not. */
static void
make_deep(const struct homes *h, size_t depth)
{
	int fd = openat(h->fd, ".", O_RDONLY | O_DIRECTORY), next;

	for (size_t i = 0; i < depth; i++) {
		cr_assert_eq(mkdirat(fd, "d", 0700), 0);
		cr_assert_neq(next = openat(fd, "d", O_RDONLY | O_DIRECTORY),
		    -1);
		close(fd);
		fd = next;
	}
	next = openat(fd, "ff", O_WRONLY | O_CREAT, 0600);
	close(next);
	next = openat(fd, "fff", O_WRONLY | O_CREAT, 0600);
	close(next);
	close(fd);
}

Test(scan_odd, paths_may_be_as_deep_as_they_may_be_long)
{
	const struct rlimit few = { 256, 256 };
	struct homes h;
	struct home home, again;
	struct scan_sums sums;
	const struct entry *last;

	homes_make(&h);
	make_deep(&h, 2047);
	homes_shell(&h, "printf z > z; mkdir d/y; printf x > d/y/x");
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	home = homes_scan(&h, NULL, NULL);
	cr_expect_eq(home.tree.count, 2 + 2047 + 1 + 3);
	last = home.tree.entry[2 + 2047];
	cr_expect_eq(last->path_len, PATH_LEN_MAX);
	cr_expect_str_eq(last->path + PATH_LEN_MAX - 4, "d/ff");
	cr_expect_not_null(homes_entry(&home, "d/y/x"));
	cr_assert_eq(home.opaque_count, 2);
	cr_expect_eq(home.opaque[1].why, WHY_LONG);
	again = homes_scan(&h, &home, &sums);
	cr_expect_not(sums.stamps_changed);
	home_free(&again);
	home_free(&home);
	homes_free(&h);
}

Test(scan_odd, what_is_no_file_is_told_and_left)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	struct homes h;
	int fd;

	homes_make(&h);
	homes_shell(&h, "mkfifo fifo; mkdir d; printf x > d/f");
	snprintf(name.sun_path, sizeof(name.sun_path), "%s/sock", h.home);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	struct home home = homes_scan(&h, NULL, NULL);

	cr_expect_str_eq(homes_words(&h, &home), "d/ d/f=x !fifo:4 !sock:4");
	close(fd);
	home_free(&home);
	homes_free(&h);
}

Test(scan_odd, what_belongs_to_others_is_left)
{
	struct homes h;
	struct home home;

	if (geteuid() != 0)
		cr_skip("only root can give files away");
	homes_make(&h);
	homes_shell(&h,
	    "mkdir d o; touch f d/f o/f; ln -s x l;"
	    "chown -h 65534 f d/f o l");
	home = homes_scan(&h, NULL, NULL);
	cr_expect_str_eq(homes_words(&h, &home), "d/ !d/f:5 !f:5 !l:5 !o:5");
	home_free(&home);
	homes_free(&h);
}

/* Exit 0 where all is as it should be. */
static void
scan_closed(void *arg)
{
	struct homes *h = arg;
	struct home home;
	const char *want =
	    "d/ d/seen=x listed/ open/ open/f=y !d/secret:2 !listed/a:2 "
	    "!nothing:2 !unlisted:2";

	homes_reopen(h);
	home = homes_scan(h, NULL, NULL);
	if (strcmp(homes_words(h, &home), want) != 0) {
		fprintf(stderr, "%s\n", homes_words(h, &home));
		_exit(1);
	}
	home_free(&home);
}

Test(scan_odd, unreadable_is_not_absent)
{
	struct homes h;

	homes_make(&h);
	homes_shell(&h,
	    "mkdir d listed unlisted nothing open; printf x > d/seen;"
	    "printf s > d/secret; touch listed/a unlisted/b nothing/c;"
	    "printf y > open/f; chmod 0 d/secret nothing; chmod 300 unlisted;"
	    "chmod 400 listed");
	cr_expect_eq(homes_fork_as_user(&h, scan_closed, &h), 0);
	homes_shell(&h, "chmod 700 nothing unlisted listed");
	homes_free(&h);
}

static void
scan_closed_known(void *arg)
{
	struct homes *h = arg;
	struct home one, two;

	homes_reopen(h);
	one = homes_scan(h, NULL, NULL);
	homes_shell(h, "chmod 0 d f g");
	two = homes_scan(h, &one, NULL);
	/* Of what was known, too, nothing is made up. */
	if (strcmp(homes_words(h, &two), "!d:2 !f:2 !g:2") != 0) {
		fprintf(stderr, "%s\n", homes_words(h, &two));
		_exit(1);
	}
	homes_shell(h, "chmod 700 d; chmod 644 f g");
	home_free(&one);
	home_free(&two);
}

Test(scan_odd, what_has_become_unreadable_is_not_absent)
{
	struct homes h;

	homes_make(&h);
	homes_shell(&h, "mkdir d; touch d/x; touch f g");
	cr_expect_eq(homes_fork_as_user(&h, scan_closed_known, &h), 0);
	homes_free(&h);
}

static void
scan_mounts(void *arg)
{
	struct homes *h = arg;
	struct home home;
	char path[128];

	snprintf(path, sizeof(path), "%s/m", h->home);
	if (unshare(CLONE_NEWNS) == -1 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("none", path, "tmpfs", 0, NULL) == -1)
		_exit(77);
	snprintf(path, sizeof(path), "%s/bound", h->home);
	if (mount(h->outside, path, NULL, MS_BIND, NULL) == -1)
		_exit(77);
	homes_reopen(h);
	home = homes_scan(h, NULL, NULL);
	if (strcmp(homes_words(h, &home), "d/ !bound:6 !m:6") != 0) {
		fprintf(stderr, "%s\n", homes_words(h, &home));
		_exit(1);
	}
	home_free(&home);
}

Test(scan_odd, another_file_system_is_left)
{
	struct homes h;
	int status;

	homes_make(&h);
	homes_shell(&h, "mkdir m bound d; touch ../outside/x");
	status = homes_fork(scan_mounts, &h);
	homes_free(&h);
	if (status == 77)
		cr_skip("may not mount");
	cr_expect_eq(status, 0);
}

Test(scan_odd, attributes_are_read_with_the_file)
{
	struct homes h;
	struct home one, two;
	struct scan_sums sums;
	int fd;

	homes_make(&h);
	homes_shell(&h, "printf x > f; mkdir d; touch g");
	fd = openat(h.fd, "f", O_RDONLY);
	if (fsetxattr(fd, "user.a", "1", 1, 0) == -1)
		cr_skip("no extended attributes here");
	close(fd);
	fd = openat(h.fd, "d", O_RDONLY);
	cr_assert_eq(fsetxattr(fd, "user.b", "2", 1, 0), 0);
	one = homes_scan(&h, NULL, NULL);
	cr_expect_eq(homes_entry(&one, "f")->extra->attrs_len, 13);
	cr_expect_eq(homes_entry(&one, "d")->extra->attrs_len, 13);
	cr_expect_null(homes_entry(&one, "g")->extra);
	two = homes_scan(&h, &one, &sums);
	cr_expect_not(sums.stamps_changed);
	home_free(&two);
	cr_assert_eq(fsetxattr(fd, "user.b", "3", 1, 0), 0);
	two = homes_scan(&h, &one, &sums);
	cr_expect_not(
	    entry_same(homes_entry(&one, "d"), homes_entry(&two, "d")));
	close(fd);
	home_free(&two);
	home_free(&one);
	homes_free(&h);
}

static void
churn(const struct homes *h)
{
	char text[65];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	memset(text, 'x', 64);
	text[64] = '\0';
	for (unsigned n = 0;; n++) {
		text[n % 64] = '\0';
		homes_put(h, "busy", text);
		text[n % 64] = 'x';
		homes_replace(h, "swapped", text);
		/* No shell: killing us would leave it at work. */
		(void)mkdirat(h->fd, "t", 0700);
		(void)mkdirat(h->fd, "t/u", 0700);
		homes_put(h, "t/u/f", "x");
		(void)renameat(h->fd, "t", h->fd, "t2");
		(void)unlinkat(h->fd, "t2/u/f", 0);
		(void)unlinkat(h->fd, "t2/u", AT_REMOVEDIR);
		(void)unlinkat(h->fd, "t2", AT_REMOVEDIR);
	}
}

/* Whatever a home does meanwhile: the scan ends, its tree is a tree, and what
 * kept still is in it. */
Test(scan_odd, a_home_that_does_not_keep_still_is_scanned_all_the_same)
{
	struct homes h;
	struct home now, before = { 0 };
	pid_t pid;

	homes_make(&h);
	homes_shell(&h,
	    "mkdir -p still/a; printf 1 > still/a/f; touch busy "
	    "swapped");
	if ((pid = fork()) == 0)
		churn(&h);
	for (int i = 0; i < 50; i++) {
		now = homes_scan(&h, i > 0 ? &before : NULL, NULL);
		cr_expect_not_null(homes_entry(&now, "still/a/f"));
		cr_expect(homes_entry(&now, "busy") != NULL ||
		    homes_opaque(&now, "busy") != NULL);
		home_free(&before);
		before = now;
	}
	home_free(&before);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	homes_free(&h);
}

static int
stop_at_once(uint64_t entries, uint64_t bytes, void *arg, struct err *e)
{
	(void)entries;
	(void)bytes;
	++*(unsigned *)arg;
	return err_set(e, ERR_OFFLINE, "enough");
}

/* A scan of what the script makes, ended when it first tells how far it is:
 * how often it told. */
static unsigned
calls_when_ended(const char *script)
{
	unsigned calls = 0;
	struct homes h;
	struct home out;
	struct scan_sums sums;
	struct err e;

	homes_make(&h);
	homes_shell(&h, "%s", script);
	cr_assert_eq(scan_home(&out, &h.arena,
			 &(struct scan_in){ .root = &h.root,
			     .progress = stop_at_once,
			     .arg = &calls },
			 &sums, &e),
	    -1);
	cr_expect_eq(e.kind, ERR_OFFLINE);
	homes_free(&h);
	return calls;
}

Test(scan_odd, whoever_is_told_may_end_it)
{
	cr_expect_eq(calls_when_ended(
			 "for i in $(seq 100); do echo $i > $i; done"),
	    1);
}

/* A hole that takes longer to read than any test may. */
Test(scan_odd, whoever_ends_it_does_not_wait_for_a_large_file, .timeout = 120)
{
	cr_expect_geq(calls_when_ended("truncate -s 1000G large"), 1);
}
