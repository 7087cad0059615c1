#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "signin/sessions.h"

static char dir[64];
static struct err e;
static struct sessions s;

static void
begin(void)
{
	snprintf(dir, sizeof(dir), "/tmp/roam-test-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(sessions_open(&s, dir, getuid(), getgid(), 1000, &e), 0,
	    "%s", e.text);
}

static void
end(void)
{
	char line[128];

	sessions_close(&s);
	snprintf(line, sizeof(line), "rm -rf %s", dir);
	cr_assert_eq(system(line), 0);
}

TestSuite(sessions, .init = begin, .fini = end);

static size_t
count(void)
{
	size_t n;

	cr_assert_eq(sessions_count(&s, &n, &e), 0, "%s", e.text);
	return n;
}

/* A process that lives until it is killed. */
static pid_t
leader(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	cr_assert_neq(pid, -1);
	return pid;
}

static void
end_of(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

Test(sessions, each_is_counted_once)
{
	pid_t a = leader(), b = leader();
	bool had;

	cr_expect_eq(count(), 0);
	cr_expect_eq(sessions_add(&s, a, &e), 0);
	cr_expect_eq(sessions_add(&s, b, &e), 0);
	cr_expect_eq(count(), 2);
	cr_expect_eq(sessions_remove(&s, a, &had, &e), 0);
	cr_expect(had);
	cr_expect_eq(count(), 1);
	cr_expect_eq(sessions_remove(&s, a, &had, &e), 0);
	cr_expect_not(had);
	cr_expect_eq(sessions_remove(&s, b, &had, &e), 0);
	cr_expect_eq(count(), 0);
	end_of(a);
	end_of(b);
}

Test(sessions, one_process_may_lead_several)
{
	bool had;

	for (int i = 0; i < 3; i++)
		cr_expect_eq(sessions_add(&s, getpid(), &e), 0);
	cr_expect_eq(count(), 3);
	cr_expect_eq(sessions_remove(&s, getpid(), &had, &e), 0);
	cr_expect_eq(count(), 2);
}

Test(sessions, those_whose_leader_was_killed_are_gone_at_the_next_look)
{
	pid_t a = leader();
	bool had;

	cr_expect_eq(sessions_add(&s, a, &e), 0);
	cr_expect_eq(sessions_add(&s, getpid(), &e), 0);
	end_of(a);
	cr_expect_eq(sessions_remove(&s, a, &had, &e), 0);
	cr_expect_not(had);
	cr_expect_eq(count(), 1);
}

Test(sessions, a_zombie_leads_nothing)
{
	pid_t a = leader();
	siginfo_t info;

	cr_expect_eq(sessions_add(&s, a, &e), 0);
	kill(a, SIGKILL);
	cr_assert_eq(waitid(P_PID, (id_t)a, &info, WEXITED | WNOWAIT), 0);
	cr_expect_eq(count(), 0);
	waitpid(a, NULL, 0);
}

Test(sessions, a_pid_that_is_used_again_is_another_leader)
{
	char name[128];
	int fd;

	snprintf(name, sizeof(name), "%ld-1-00000000-0", (long)getpid());
	fd = openat(s.list, name, O_CREAT | O_WRONLY, 0600);
	cr_assert_neq(fd, -1);
	close(fd);
	cr_expect_eq(count(), 0);
	cr_expect_eq(faccessat(s.list, name, F_OK, 0), -1);
}

Test(sessions, what_is_no_session_is_not_counted)
{
	static const char *const names[] = { "x", "-", "1", "1-", "0-1-2-3",
		"99999999999999999999-1-x-0", "-1-1-x-0" };
	int fd;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		fd = openat(s.list, names[i], O_CREAT | O_WRONLY, 0600);
		cr_assert_neq(fd, -1);
		close(fd);
	}
	cr_expect_eq(count(), 0);
}

Test(sessions, a_leader_that_ended_opens_nothing)
{
	pid_t a = leader();

	end_of(a);
	cr_expect_eq(sessions_add(&s, a, &e), -1);
	cr_expect_eq(e.kind, ERR_GONE);
}

Test(sessions, the_lock_is_waited_for_and_not_for_ever)
{
	struct sessions other;

	cr_expect_eq(sessions_open(&other, dir, getuid(), getgid(), 50, &e),
	    -1);
	cr_expect_eq(e.kind, ERR_BUSY);
	sessions_unlock(&s);
	cr_assert_eq(sessions_open(&other, dir, getuid(), getgid(), 50, &e), 0);
	sessions_close(&other);
	cr_expect_eq(sessions_lock(&s, 50, &e), 0);
}

Test(sessions, a_run_is_held_by_whoever_inherits_it)
{
	int fd = sessions_hold_run(s.dir, 50, &e), again;
	pid_t pid;

	cr_assert_neq(fd, -1);
	pid = leader(); /* has fd as well */
	close(fd);
	cr_expect_eq(sessions_hold_run(s.dir, 50, &e), -1);
	cr_expect_eq(e.kind, ERR_BUSY);
	end_of(pid);
	again = sessions_hold_run(s.dir, 5000, &e);
	cr_expect_neq(again, -1);
	close(again);
}

Test(sessions, a_directory_is_not_followed_elsewhere)
{
	struct sessions other;
	char path[128];

	sessions_close(&s);
	snprintf(path, sizeof(path), "%s/%lu", dir, (unsigned long)getuid());
	snprintf(path + strlen(path), sizeof(path) - strlen(path), "/private");
	cr_assert_eq(rmdir(path), 0);
	cr_assert_eq(symlink("/tmp", path), 0);
	cr_expect_eq(sessions_open(&other, dir, getuid(), getgid(), 50, &e),
	    -1);
}
