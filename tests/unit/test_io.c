#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/io.h"
#include "base/step.h"

static char dir[] = "/tmp/roam-test-XXXXXX";
static int dirfd_of_test;

static void
enter(void)
{
	cr_assert_not_null(mkdtemp(dir));
	dirfd_of_test = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_neq(dirfd_of_test, -1);
}

/* Removes what there is, and returns how many names that were. */
static unsigned
empty_dir(void)
{
	unsigned count = 0;
	const struct dirent *d;
	DIR *list = opendir(dir);

	cr_assert_not_null(list);
	while ((d = readdir(list)) != NULL)
		if (strcmp(d->d_name, ".") != 0 &&
		    strcmp(d->d_name, "..") != 0) {
			cr_assert_eq(unlinkat(dirfd_of_test, d->d_name, 0), 0);
			count++;
		}
	closedir(list);
	return count;
}

static void
leave(void)
{
	empty_dir();
	close(dirfd_of_test);
	rmdir(dir);
}

TestSuite(io, .init = enter, .fini = leave);

static void
assert_file(const char *name, const char *want)
{
	struct buf b = { .max = 1 << 20 };
	struct err e;

	cr_assert_eq(io_load(dirfd_of_test, name, &b, &e), 0, "%s", e.text);
	cr_assert_eq(b.len, strlen(want), "%s has %zu bytes", name, b.len);
	cr_assert_arr_eq(b.bytes, want, b.len);
	buf_free(&b);
}

Test(io, a_file_is_replaced_and_loaded_as_a_whole)
{
	struct stat st;
	struct err e;

	umask(0);
	cr_assert_eq(io_replace(dirfd_of_test, "f", "first", 5, &e), 0);
	assert_file("f", "first");
	cr_assert_eq(io_replace(dirfd_of_test, "f", "2nd", 3, &e), 0);
	assert_file("f", "2nd");
	cr_assert_eq(io_replace(dirfd_of_test, "f", NULL, 0, &e), 0);
	assert_file("f", "");
	cr_assert_eq(fstatat(dirfd_of_test, "f", &st, 0), 0);
	cr_assert_eq(st.st_mode & 07777, 0600);
	cr_assert_eq(empty_dir(), 1);
}

Test(io, a_stop_at_any_step_leaves_the_old_or_the_new)
{
	int status = -1;
	struct err e;
	pid_t pid;

	cr_assert_eq(io_replace(dirfd_of_test, "f", "old", 3, &e), 0);
	for (int stop = 1; status != 0; stop++) {
		char n[12];

		cr_assert_lt(stop, 10);
		snprintf(n, sizeof(n), "%d", stop);
		if ((pid = fork()) == 0) {
			(void)dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
			setenv("ROAM_STOP_AT", n, 1);
			_exit(io_replace(dirfd_of_test, "f", "new", 3, &e));
		}
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		cr_assert(status == 0 || WEXITSTATUS(status) == STEP_EXIT);
		assert_file("f", stop == 1 ? "old" : "new");
	}
	/* What a stop left behind is gone with the next one. */
	cr_assert_eq(empty_dir(), 1);
}

/* A stray of a longer file, which others may read: nothing of it survives. */
Test(io, a_stray_file_is_taken_over)
{
	struct stat st;
	struct err e;
	int fd = openat(dirfd_of_test, ".f.new", O_WRONLY | O_CREAT, 0644);

	cr_assert_eq(write(fd, "something long", 14), 14);
	close(fd);
	cr_assert_eq(io_replace(dirfd_of_test, "f", "x", 1, &e), 0);
	assert_file("f", "x");
	cr_assert_eq(fstatat(dirfd_of_test, "f", &st, 0), 0);
	cr_assert_eq(st.st_mode & 07777, 0600);
}

Test(io, a_symlink_in_the_place_of_the_stray_is_not_followed)
{
	struct err e;

	cr_assert_eq(io_replace(dirfd_of_test, "victim", "safe", 4, &e), 0);
	cr_assert_eq(symlinkat("victim", dirfd_of_test, ".f.new"), 0);
	cr_assert_eq(io_replace(dirfd_of_test, "f", "evil", 4, &e), -1);
	cr_assert_eq(e.sys, ELOOP);
	assert_file("victim", "safe");
}

Test(io, processes_that_replace_one_file_do_not_mix)
{
	enum { WRITERS = 4, ROUNDS = 50, LEN = 20000 };
	static char bytes[LEN];
	struct buf got = { .max = LEN };
	struct err e;
	int status;

	for (int w = 0; w < WRITERS; w++) {
		if (fork() != 0)
			continue;
		memset(bytes, 'a' + w, sizeof(bytes));
		for (int i = 0; i < ROUNDS; i++)
			if (io_replace(dirfd_of_test, "f", bytes, sizeof(bytes),
				&e) == -1)
				_exit(1);
		_exit(0);
	}
	for (int left = WRITERS; left > 0;) {
		if (waitpid(-1, &status, WNOHANG) > 0) {
			cr_expect_eq(status, 0);
			left--;
		}
		buf_clear(&got);
		if (io_load(dirfd_of_test, "f", &got, &e) == -1)
			continue;
		cr_expect_eq(got.len, LEN);
		for (size_t i = 1; i < got.len; i++)
			cr_assert_eq(got.bytes[i], got.bytes[0]);
	}
	buf_free(&got);
	cr_assert_eq(empty_dir(), 1);
}

Test(io, a_failed_replacement_leaves_no_stray)
{
	struct err e;

	cr_assert_eq(mkdirat(dirfd_of_test, "d", 0700), 0);
	cr_assert_eq(io_replace(dirfd_of_test, "d", "x", 1, &e), -1);
	cr_assert_eq(e.kind, ERR_SYSTEM);
	cr_assert_eq(unlinkat(dirfd_of_test, "d", AT_REMOVEDIR), 0);
	cr_assert_eq(empty_dir(), 0);
}

Test(io, a_name_without_room_for_its_stray_is_refused)
{
	char name[255];
	struct err e;

	memset(name, 'n', sizeof(name) - 1);
	name[254] = '\0';
	cr_assert_eq(io_replace(dirfd_of_test, name, "x", 1, &e), -1);
	cr_assert_eq(e.kind, ERR_LIMIT);
	name[250] = '\0';
	cr_assert_eq(io_replace(dirfd_of_test, name, "x", 1, &e), 0);
}

Test(io, what_is_absent_is_gone_and_what_is_no_file_is_not_loaded)
{
	struct buf b = { .max = 100 };
	struct err e;

	cr_expect_eq(io_load(dirfd_of_test, "f", &b, &e), -1);
	cr_expect_eq(e.kind, ERR_GONE);
	cr_expect_eq(symlinkat("/etc/passwd", dirfd_of_test, "l"), 0);
	cr_expect_eq(io_load(dirfd_of_test, "l", &b, &e), -1);
	cr_expect_eq(e.sys, ELOOP);
	cr_expect_eq(mkfifoat(dirfd_of_test, "p", 0600), 0);
	cr_expect_eq(io_load(dirfd_of_test, "p", &b, &e), -1);
	cr_expect_eq(e.kind, ERR_FORMAT);
	cr_expect_eq(b.len, 0);
	buf_free(&b);
}

Test(io, reading_all_ends_at_the_ceiling_or_at_the_end)
{
	static char bytes[100001];
	struct err e;

	memset(bytes, 'x', sizeof(bytes));
	cr_assert_eq(io_replace(dirfd_of_test, "f", bytes, sizeof(bytes), &e),
	    0);
	for (size_t max = sizeof(bytes) - 2; max < sizeof(bytes) + 2; max++) {
		struct buf b = { .max = max };
		int rc = io_load(dirfd_of_test, "f", &b, &e);

		cr_expect_eq(rc, max < sizeof(bytes) ? -1 : 0, "max %zu", max);
		if (rc == -1)
			cr_expect_eq(e.kind, ERR_LIMIT);
		else
			cr_expect_eq(b.len, sizeof(bytes));
		buf_free(&b);
	}
}

Test(io, reading_all_adds_to_what_is_there)
{
	struct buf b = { .max = 100 };
	struct err e;

	cr_assert_eq(io_replace(dirfd_of_test, "f", "def", 3, &e), 0);
	buf_text(&b, "abc");
	cr_assert_eq(io_load(dirfd_of_test, "f", &b, &e), 0);
	cr_assert_eq(b.len, 6);
	cr_assert_arr_eq(b.bytes, "abcdef", 6);
	buf_free(&b);
}

/* A pipe gives as little as it likes, and a signal may come at any time. */
static void
write_in_pieces(int fd)
{
	for (int i = 0; i < 20; i++) {
		kill(getppid(), SIGUSR1);
		usleep(1000);
		(void)!write(fd, "0123456789", 10);
	}
	_exit(0);
}

static void
on_signal(int number)
{
	(void)number;
}

Test(io, short_counts_and_signals_are_made_good)
{
	struct sigaction act = { .sa_handler = on_signal }; /* no restart */
	char got[200];
	struct err e;
	int end[2];
	pid_t pid;

	cr_assert_eq(sigaction(SIGUSR1, &act, NULL), 0);
	cr_assert_eq(pipe(end), 0);
	if ((pid = fork()) == 0)
		write_in_pieces(end[1]);
	close(end[1]);
	cr_assert_eq(io_read(end[0], got, 195, &e), 195);
	cr_assert_eq(memcmp(got + 10, "0123456789", 10), 0);
	cr_assert_eq(io_read(end[0], got, 195, &e), 5);
	cr_assert_eq(io_read(end[0], got, 195, &e), 0);
	close(end[0]);
	waitpid(pid, NULL, 0);
}

Test(io, places_in_a_file_are_read_and_written)
{
	char got[16];
	struct err e;
	int fd = openat(dirfd_of_test, "f", O_RDWR | O_CREAT, 0600);

	cr_assert_eq(io_write_at(fd, "world", 5, 6, &e), 0);
	cr_assert_eq(io_write_at(fd, "hello ", 6, 0, &e), 0);
	cr_assert_eq(io_read_at(fd, got, 5, 3, &e), 5);
	cr_assert_eq(memcmp(got, "lo wo", 5), 0);
	cr_assert_eq(io_read_at(fd, got, sizeof(got), 9, &e), 2);
	cr_assert_eq(io_read_at(fd, got, sizeof(got), 100, &e), 0);
	cr_assert_eq(lseek(fd, 0, SEEK_CUR), 0);
	close(fd);
}

Test(io, failures_are_said)
{
	char byte = 0;
	struct err e;

	cr_expect_eq(io_write(-1, "x", 1, &e), -1);
	cr_expect_eq(e.sys, EBADF);
	cr_expect_eq(io_read(-1, &byte, 1, &e), -1);
	cr_expect_eq(io_write_at(-1, "x", 1, 0, &e), -1);
	cr_expect_eq(io_read_at(-1, &byte, 1, 0, &e), -1);
	cr_expect_eq(io_sync_dir(-1, &e), -1);
	cr_expect_eq(io_sync_dir(dirfd_of_test, &e), 0);
}
