#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "storage.h"
#include "store/dir_error.h"

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

TestSuite(store_dir, .init = enter, .fini = leave);

static int
open_below(const char *path, bool create)
{
	struct store_how how = { .create = create };
	struct store *other = NULL;
	char url[256];
	int rc;

	snprintf(url, sizeof(url), "%s/%s", s.url, path);
	rc = store_open(&other, url, &how, &e);
	cr_expect_eq(rc == 0, other != NULL);
	store_close(other);
	return rc;
}

static mode_t
mode_of(const char *path)
{
	char full[256];
	struct stat st;

	snprintf(full, sizeof(full), "%s/%s", s.dir, path);
	cr_assert_eq(lstat(full, &st), 0);
	return st.st_mode & 07777;
}

static int
make_file(const char *path, const char *text)
{
	struct store_file *f;

	if (store_create(s.store, path, &f, &e) == -1)
		return -1;
	cr_assert_eq(store_write(f, text, strlen(text), &e), 0);
	return store_finish(f, true, &e);
}

Test(store_dir, files_and_directories_are_the_owners_alone)
{
	umask(0);
	cr_assert_eq(open_below("new", true), 0);
	cr_assert_eq(store_mkdir(s.store, "d", &e), 0);
	cr_assert_eq(make_file("d/a", "x"), 0);
	cr_expect_eq(mode_of("new"), 0700);
	cr_expect_eq(mode_of("d"), 0700);
	cr_expect_eq(mode_of("d/a"), 0600);
}

/* A profile must not go to the disk below a mount point. */
Test(store_dir, a_missing_parent_means_that_a_mount_is_missing)
{
	cr_expect_eq(open_below("none/new", true), -1);
	cr_expect_eq(e.kind, ERR_OFFLINE);
	cr_expect_not_null(strstr(e.text, "not mounted?"));
	cr_expect_not_null(strstr(e.text, s.dir));
	cr_expect_not(storage_has(&s, "none"));
}

Test(store_dir, a_store_is_made_only_where_that_was_asked_for)
{
	cr_expect_eq(open_below("new", false), -1);
	cr_expect_eq(e.kind, ERR_GONE);
	cr_expect_not(storage_has(&s, "new"));
}

Test(store_dir, a_file_is_no_store)
{
	storage_shell(&s, "touch file");
	cr_expect_eq(open_below("file", true), -1);
	cr_expect_eq(e.kind, ERR_STORE);
	cr_expect_not_null(strstr(e.text, "not a directory"));
	cr_expect_eq(open_below("file/below", true), -1);
	cr_expect_eq(e.kind, ERR_STORE);
}

Test(store_dir, a_directory_of_any_name_can_be_a_store)
{
	cr_assert_eq(open_below("a%20%ff%0a%3f", true), 0, "%s", e.text);
	cr_expect(storage_has(&s, "a \xff\n?"));
}

Test(store_dir, odd_bytes_of_its_name_are_escaped_in_messages)
{
	cr_assert_eq(open_below("x%0ay/z", true), -1);
	cr_expect_null(strchr(e.text, '\n'));
	cr_expect_not_null(strstr(e.text, "x\\x0ay"), "%s", e.text);
}

/* roam.md, promise 11: no path is followed through a symlink. */
Test(store_dir, symlinks_are_not_followed)
{
	struct buf b = { .max = 100 };
	struct store_file *f;
	char byte;

	storage_shell(&s,
	    "mkdir real && echo x > real/a && "
	    "ln -s real link && ln -s real/a file && "
	    "ln -s /etc etc");
	cr_expect_eq(store_load(s.store, "link/a", &b, &e), -1);
	cr_expect_eq(e.kind, ERR_STORE);
	cr_expect_eq(store_load(s.store, "file", &b, &e), -1);
	cr_expect_eq(store_load(s.store, "etc/passwd", &b, &e), -1);
	cr_expect_eq(store_read(s.store, "file", 0, &byte, 1, &e), -1);
	cr_expect_eq(store_create(s.store, "link/b", &f, &e), -1);
	cr_expect_eq(store_create(s.store, "file", &f, &e), -1);
	cr_expect_eq(store_mkdir(s.store, "link/d", &e), -1);
	cr_expect_eq(store_remove(s.store, "link/a", false, &e), -1);
	cr_expect(storage_has(&s, "real/a"));
	cr_expect_not(storage_has(&s, "real/b"));
}

Test(store_dir, what_is_no_file_is_refused_and_holds_nobody_up)
{
	struct buf b = { .max = 100 };

	storage_shell(&s, "mkfifo pipe && mkdir d");
	cr_expect_eq(store_load(s.store, "pipe", &b, &e), -1);
	cr_expect_eq(e.kind, ERR_FORMAT);
	cr_expect_eq(store_load(s.store, "d", &b, &e), -1);
	cr_expect_eq(e.kind, ERR_FORMAT);
}

static int
count_name(const struct store_item *item, void *arg, struct err *why)
{
	(void)item;
	(void)why;
	++*(int *)arg;
	return 0;
}

Test(store_dir, a_list_shows_only_names_that_are_ours)
{
	int count = 0;

	storage_shell(&s,
	    "touch a .nfs1 'b c' D .snapshot \xff && mkfifo p && "
	    "ln -s a l && mkdir d");
	cr_assert_eq(store_list(s.store, "", count_name, &count, &e), 0);
	/* What is neither file nor directory is in the way, too. */
	cr_expect_eq(count, 4); /* a, d, l and p */
}

/* Many ranges of one pack, one open: the descriptor stays the same. */
Test(store_dir, ranges_of_one_file_cost_one_open)
{
	char byte;

	cr_assert_eq(make_file("a", "123"), 0);
	cr_assert_eq(store_read(s.store, "a", 0, &byte, 1, &e), 0);
	storage_shell(&s, "rm a");
	cr_expect_eq(store_read(s.store, "a", 2, &byte, 1, &e), 0);
	cr_expect_eq(byte, '3');
}

Test(store_dir, a_directory_can_be_reached_after_it_was_renamed)
{
	char moved[64];

	snprintf(moved, sizeof(moved), "%s-moved", s.dir);
	cr_assert_eq(rename(s.dir, moved), 0);
	cr_expect_eq(make_file("a", "x"), 0);
	cr_assert_eq(rename(moved, s.dir), 0);
	cr_expect(storage_has(&s, "a"));
}

Test(store_dir, a_file_that_does_not_fit_leaves_nothing_behind)
{
	struct rlimit small = { 1000, RLIM_INFINITY };
	struct store_file *f;
	char bytes[4096] = { 0 };

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	cr_assert_eq(store_create(s.store, "a", &f, &e), 0);
	cr_expect_eq(store_write(f, bytes, sizeof(bytes), &e), -1);
	cr_expect_eq(e.kind, ERR_STORE);
	cr_expect_not_null(strstr(e.text, "/a: "), "%s", e.text);
	cr_expect_eq(store_finish(f, false, &e), 0);
	cr_expect_not(storage_has(&s, "a"));
}

Test(store_dir, a_directory_that_denies_says_so)
{
	struct store_file *f;

	if (geteuid() == 0)
		cr_skip_test("root is denied nothing");
	cr_assert_eq(store_mkdir(s.store, "d", &e), 0);
	storage_shell(&s, "chmod 0 d");
	cr_expect_eq(store_create(s.store, "d/a", &f, &e), -1);
	cr_expect_eq(e.kind, ERR_STORE);
	cr_expect_eq(e.sys, EACCES);
	cr_expect_not_null(strstr(e.text, "owner and mode"));
	storage_shell(&s, "chmod 700 d");
}

Test(store_dir, each_failure_has_a_kind_a_reason_and_a_remedy)
{
	static const struct {
		int sys;
		enum err_kind kind;
		const char *says;
	} cases[] = {
		{ ENOENT, ERR_GONE, "No such file" },
		{ EEXIST, ERR_RACE, "exists" },
		{ ENOTEMPTY, ERR_RACE, "not empty" },
		{ EACCES, ERR_STORE, "owner and mode" },
		{ EROFS, ERR_STORE, "writable" },
		{ ENOSPC, ERR_STORE, "roam gc" },
		{ EDQUOT, ERR_STORE, "quota" },
		{ EIO, ERR_OFFLINE, "disk" },
		{ ESTALE, ERR_OFFLINE, "mount" },
		{ ETIMEDOUT, ERR_OFFLINE, "server" },
		{ EMFILE, ERR_SYSTEM, "open files" },
		{ ENOMEM, ERR_SYSTEM, "memory" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect_eq(dir_error("/srv", "gen/x", cases[i].sys, &e), -1);
		cr_expect_eq(e.kind, cases[i].kind, "%d", cases[i].sys);
		cr_expect_eq(e.sys, cases[i].sys);
		cr_expect_not_null(strstr(e.text, cases[i].says), "%s", e.text);
		cr_expect_eq(strncmp(e.text, "/srv/gen/x: ", 12), 0);
	}
}
