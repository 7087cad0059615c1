#include <sys/stat.h>

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sync/sitting.h"

static char dir[] = "/tmp/roam-sitting.XXXXXX";
static int fd;

static void
enter(void)
{
	cr_assert_not_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_neq(fd, -1);
}

static void
leave(void)
{
	unlinkat(fd, "session", 0);
	close(fd);
	cr_assert_eq(rmdir(dir), 0);
}

TestSuite(sitting, .init = enter, .fini = leave);

static const struct sitting some = {
	.occasion = "logout",
	.type = "roaming",
	.state = "offline",
	.reason = "//server: away\xff",
	.owed = true,
	.fresh = true,
	.marked = true,
	.time_ns = 42,
};

static ino_t
inode(void)
{
	struct stat st;

	cr_assert_eq(fstatat(fd, "session", &st, 0), 0);
	return st.st_ino;
}

Test(sitting, what_is_saved_is_loaded)
{
	struct sitting got;
	struct err e;

	cr_assert_eq(sitting_save(fd, &some, &e), 0, "%s", e.text);
	sitting_load(&got, fd);
	cr_expect_str_eq(got.occasion, "logout");
	cr_expect_str_eq(got.type, "roaming");
	cr_expect_str_eq(got.state, "offline");
	cr_expect(got.fresh);
	cr_expect(got.marked);
	cr_expect_str_eq(got.reason, "//server: away\\xff");
	cr_expect(got.owed);
	cr_expect_eq(got.time_ns, 42);
}

Test(sitting, a_new_time_alone_is_not_written)
{
	struct sitting again = some;
	struct err e;
	ino_t first;

	cr_assert_eq(sitting_save(fd, &again, &e), 0, "%s", e.text);
	first = inode();
	again.time_ns = 43;
	cr_assert_eq(sitting_save(fd, &again, &e), 0, "%s", e.text);
	cr_expect_eq(inode(), first);
	again.owed = false;
	cr_assert_eq(sitting_save(fd, &again, &e), 0, "%s", e.text);
	cr_expect_neq(inode(), first);
}

Test(sitting, what_is_absent_or_damaged_is_nothing)
{
	static const char *const bad[] = { "", "{}", "[1]",
		("{\"occasion\":\"a word that is much too long\",\"type\":\"\","
		 "\"state\":\"\",\"reason\":\"\",\"owed\":true,"
		 "\"time_ns\":1}") };
	struct sitting got;
	int file;

	sitting_load(&got, -1);
	cr_expect_eq(got.time_ns, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		file =
		    openat(fd, "session", O_WRONLY | O_CREAT | O_TRUNC, 0600);
		cr_assert_neq(file, -1);
		cr_assert_eq(write(file, bad[i], strlen(bad[i])),
		    (ssize_t)strlen(bad[i]));
		close(file);
		got = some;
		sitting_load(&got, fd);
		cr_expect_eq(got.time_ns, 0, "%s", bad[i]);
		cr_expect(!got.owed, "%s", bad[i]);
	}
}
