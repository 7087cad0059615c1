#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/confine.h"

static struct err e;

Test(confine, a_process_gives_up_privileges_and_dumps)
{
	cr_assert_eq(confine_process(&e), 0, "%s", e.text);
	cr_expect_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
	cr_expect_eq(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
	cr_expect_eq(raise(SIGPIPE), 0);
}

static int
make(const char *dir, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

Test(confine, only_what_is_named_can_be_opened)
{
	char mine[64] = "/tmp/roam-test-XXXXXX";
	char other[] = "/tmp/roam-test-XXXXXX";
	const struct confine rules[] = { { "/etc", CONFINE_READ },
		{ "/nonexistent", CONFINE_READ }, { mine, CONFINE_WRITE },
		{ "/tmp", CONFINE_RMDIR } };
	char command[128];
	pid_t pid;
	bool done;
	int status;

	cr_assert_not_null(mkdtemp(mine));
	cr_assert_not_null(mkdtemp(other));
	cr_assert_neq(make(other, "home"), -1);
	snprintf(command, sizeof(command), "mkdir %s-empty", mine);
	cr_assert_eq(system(command), 0);
	if ((pid = fork()) == 0) {
		cr_assert_eq(confine_process(&e), 0);
		cr_assert_eq(confine_files(rules, 4, &done, &e), 0, "%s",
		    e.text);
		if (!done)
			_exit(77);
		if (open("/etc/passwd", O_RDONLY) == -1)
			_exit(1);
		if (make("/etc", "roam-test") != -1 || errno != EACCES)
			_exit(2);
		if (make(mine, "file") == -1)
			_exit(3);
		if (make(other, "home") != -1 || make(other, "x") != -1)
			_exit(4);
		if (open(other, O_RDONLY | O_DIRECTORY) != -1)
			_exit(5);
		if (rmdir(other) != -1 || errno != ENOTEMPTY)
			_exit(6);
		if (rmdir(strcat(mine, "-empty")) != 0)
			_exit(7);
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	snprintf(command, sizeof(command), "rm -r %s %s", mine, other);
	cr_assert_eq(system(command), 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		cr_skip_test("this kernel has no Landlock");
	cr_expect_eq(status, 0, "status %x", (unsigned)status);
}

Test(confine, what_may_be_run_is_run_and_moved_and_nothing_is_written)
{
	char mine[64] = "/tmp/roam-test-XXXXXX";
	const struct confine rules[] = { { "/", CONFINE_RUN },
		{ "/dev", CONFINE_WRITE }, { mine, CONFINE_WRITE } };
	char command[256];
	pid_t pid;
	bool done;
	int status;

	cr_assert_not_null(mkdtemp(mine));
	snprintf(command, sizeof(command),
	    "cd %s && mkdir a b && >a/x && mv a/x b/y && cat b/y /etc/passwd "
	    ">/dev/null && ! (>%s.other) 2>/dev/null",
	    mine, mine);
	if ((pid = fork()) == 0) {
		cr_assert_eq(confine_files(rules, 3, &done, &e), 0);
		if (!done || confine_version() < CONFINE_MOVES)
			_exit(77);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(1);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	snprintf(command, sizeof(command), "rm -r %s", mine);
	cr_assert_eq(system(command), 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		cr_skip_test("this kernel has no such Landlock");
	cr_expect_eq(status, 0, "status %x", (unsigned)status);
}
