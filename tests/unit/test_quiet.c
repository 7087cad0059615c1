#include "local/quiet.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "homes.h"

static struct unit
directory(const char *path)
{
	return (
	    struct unit){ .path = path, .len = strlen(path), .is_dir = true };
}

static struct unit
database(const char *path)
{
	return (struct unit){ .path = path, .len = strlen(path) };
}

static bool
is_quiet(struct homes *h, const struct unit *u, const char *meanwhile)
{
	struct home home = homes_scan(h, NULL, NULL);
	bool quiet;

	homes_shell(h, "%s", meanwhile);
	quiet = quiet_since(&h->root, &home, u);
	home_free(&home);
	return quiet;
}

Test(quiet, a_unit_is_what_the_scan_saw_until_any_of_it_changes)
{
	static const struct {
		const char *meanwhile;
		bool dir, db;
	} rows[] = {
		{ "true", true, true },
		{ "touch other; echo x > u2", true, true },
		{ "echo more >> u/sub/a", false, true },
		{ "printf A > u/sub/a", false, true }, /* of the same length */
		{ "rm u/b", false, true },
		{ "touch u/new", false, true },
		{ "mv u u1; cp -r u1 u", false, true },
		{ "echo more >> d", true, false },
		{ "echo more >> d-wal", true, false },
		{ "rm d-wal", true, false },
		{ "echo new > d-journal", true, false },
		{ "touch d-shm", true, true },
	};
	const struct unit u = directory("u"), d = database("d");
	struct homes h;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int k = 0; k < 2; k++) {
			homes_make(&h);
			homes_shell(&h,
			    "mkdir -p u/sub; printf a > u/sub/a; echo b > u/b; "
			    "echo d > d; echo w > d-wal");
			cr_expect_eq(is_quiet(&h, k == 0 ? &u : &d,
					 rows[i].meanwhile),
			    k == 0 ? rows[i].dir : rows[i].db, "%s, %s",
			    k == 0 ? "directory" : "database",
			    rows[i].meanwhile);
			homes_free(&h);
		}
	}
}

/* A process that is no more. */
static int
dead_pid(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	return pid;
}

Test(quiet, a_browser_says_by_its_lock_that_it_works)
{
	char host[200];
	const int alive = getpid(), dead = dead_pid();
	const struct {
		const char *why, *link, *before;
		const char *host;
		int pid;
		bool used;
	} rows[] = {
		{ "Firefox", "u/lock", "127.0.1.1:+", "", alive, true },
		{ "that crashed", "u/lock", "127.0.1.1:+", "", dead, false },
		{ "no number", "u/lock", "127.0.1.1:+x", "", alive, false },
		{ "no lock of Firefox", "u/lock", "elsewhere", "", alive,
		    false },
		{ "Chromium", "u/SingletonLock", "", host, alive, true },
		{ "of all its profiles", "SingletonLock", "", host, alive,
		    true },
		{ "that crashed", "u/SingletonLock", "", host, dead, false },
		{ "of another machine", "u/SingletonLock", "other", host, alive,
		    false },
	};
	const struct unit u = directory("u");
	struct homes h;

	cr_assert_eq(gethostname(host, sizeof(host) - 1), 0);
	strcat(host, "-");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		homes_make(&h);
		homes_shell(&h, "mkdir u; ln -s '%s%s%d' %s", rows[i].before,
		    rows[i].host, rows[i].pid, rows[i].link);
		cr_expect_eq(quiet_is_used(&h.root, &u, true), rows[i].used,
		    "%s", rows[i].why);
		homes_free(&h);
	}
}

/* Another process has name open, and a lock on it where lock is set, until
 * it is killed. */
static pid_t
holder(const struct homes *h, const char *name, int flags, bool lock)
{
	struct flock all = { .l_type = flags == O_RDWR ? F_WRLCK : F_RDLCK,
		.l_whence = SEEK_SET };
	int fd, ready[2];
	pid_t pid;
	char c;

	cr_assert_eq(pipe(ready), 0);
	if ((pid = fork()) == 0) {
		fd = openat(h->fd, name, flags | O_CREAT, 0600);
		if (fd == -1 || (lock && fcntl(fd, F_SETLK, &all) == -1) ||
		    write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	cr_assert_eq(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

Test(quiet, so_does_a_lock_on_a_file_and_a_database_that_is_open)
{
	static const struct {
		const char *why, *name;
		int flags;
		bool lock, dir;
		bool reading, writing; /* used, for each kind of use */
	} rows[] = {
		{ "Thunderbird", "u/.parentlock", O_RDWR, true, true, true,
		    true },
		{ "no lock", "u/.parentlock", O_RDWR, false, true, false,
		    false },
		{ "written", "d", O_RDWR, false, false, false, true },
		{ "read", "d", O_RDONLY, false, false, false, false },
		{ "locked", "d", O_RDONLY, true, false, false, true },
		{ "its log", "d-wal", O_RDWR, false, false, false, true },
		{ "another", "e", O_RDWR, false, false, false, false },
	};
	struct homes h;
	struct unit u;
	pid_t pid;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		homes_make(&h);
		if (!homes_has_leases(&h))
			cr_skip("no leases");
		homes_shell(&h, "mkdir u; echo d > d; echo e > e");
		u = rows[i].dir ? directory("u") : database("d");
		pid = holder(&h, rows[i].name, rows[i].flags, rows[i].lock);
		cr_expect_eq(quiet_is_used(&h.root, &u, false), rows[i].reading,
		    "%s, for the store", rows[i].why);
		cr_expect_eq(quiet_is_used(&h.root, &u, true), rows[i].writing,
		    "%s, for the home", rows[i].why);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		homes_free(&h);
	}
}
