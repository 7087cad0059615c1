#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/clock.h"
#include "base/spawn.h"

static struct err e;

/* sh -c script with the given descriptors; its exit status. */
static int
run(const char *script, const int fd[SPAWN_FDS], unsigned ms)
{
	char name[] = "sh", option[] = "-c", text[256], here[] = "HERE=yes";
	char *argv[] = { name, option, text, NULL };
	char *envp[] = { here, NULL };
	struct spawn how = { .path = "/bin/sh", .argv = argv, .envp = envp };
	pid_t pid;

	snprintf(text, sizeof(text), "%s", script);
	memcpy(how.fd, fd, sizeof(how.fd));
	cr_assert_eq(spawn_start(&pid, &how, &e), 0, "%s", e.text);
	return spawn_end(pid, ms, &e);
}

static const int none[SPAWN_FDS] = { -1, -1, -1, -1 };

Test(spawn, the_exit_status_is_told)
{
	cr_expect_eq(run("exit 7", none, 10000), 7);
}

Test(spawn, only_the_environment_that_is_named_is_there)
{
	cr_assert_eq(setenv("NOT_HERE", "yes", 1), 0);
	cr_expect_eq(run("[ \"$HERE$NOT_HERE\" = yes ]", none, 10000), 0);
}

Test(spawn, a_child_has_the_descriptors_it_is_given_and_no_others)
{
	int fd[2], given[SPAWN_FDS] = { -1, -1, -1, -1 };
	char text[64] = "";

	cr_assert_eq(pipe(fd), 0);
	cr_assert_neq(open("/dev/null", O_RDONLY), -1); /* inheritable */
	given[3] = fd[1];
	cr_expect_eq(run("echo $(ls /proc/self/fd) >&3; read x; "
			 "[ $? = 1 ] && echo out && echo err >&2",
			 given, 10000),
	    0);
	/* ls has a descriptor of its own for the directory. */
	cr_assert_gt(read(fd[0], text, sizeof(text) - 1), 0);
	cr_expect_str_eq(text, "0 1 2 3 4\n");
}

Test(spawn, what_is_given_in_any_order_arrives_where_it_should)
{
	int a[2], b[2], given[SPAWN_FDS];
	char byte = 0;

	cr_assert_eq(pipe(a), 0);
	cr_assert_eq(pipe(b), 0);
	cr_assert_eq(dup2(a[1], 20), 20);
	given[0] = -1;
	given[1] = b[1];
	given[2] = a[1];
	given[3] = 20;
	cr_expect_eq(run("printf b; printf a >&3", given, 10000), 0);
	cr_assert_eq(read(a[0], &byte, 1), 1);
	cr_expect_eq(byte, 'a');
	cr_assert_eq(read(b[0], &byte, 1), 1);
	cr_expect_eq(byte, 'b');
}

Test(spawn, signals_are_as_for_a_new_login)
{
	sigset_t all;

	sigfillset(&all);
	cr_assert_eq(sigprocmask(SIG_BLOCK, &all, NULL), 0);
	signal(SIGPIPE, SIG_IGN);
	cr_expect_eq(run("kill -PIPE $$; exit 0", none, 10000), -1);
	cr_expect_eq(e.kind, ERR_SYSTEM);
}

Test(spawn, one_that_does_not_end_is_ended)
{
	double start = clock_steady_s();

	cr_expect_eq(run("trap '' TERM INT; sleep 100", none, 100), -1);
	cr_expect_lt(clock_steady_s() - start, 10.0);
	cr_expect_not_null(strstr(e.text, "signal 9"), "%s", e.text);
}

Test(spawn, a_program_that_is_missing_is_said)
{
	char name[] = "none";
	char *argv[] = { name, NULL }, *envp[] = { NULL };
	struct spawn how = { .path = "/nonexistent/none",
		.argv = argv,
		.envp = envp,
		.fd = { -1, -1, -1, -1 } };
	pid_t pid;

	cr_expect_eq(spawn_start(&pid, &how, &e), -1);
	cr_expect_eq(e.sys, ENOENT);
	cr_expect_not_null(strstr(e.text, "/nonexistent/none"));
}

Test(spawn, no_descriptor_is_left_behind)
{
	int before = dup(0), after;

	close(before);
	cr_expect_eq(run("exit 0", none, 10000), 0);
	after = dup(0);
	close(after);
	cr_expect_eq(before, after);
}
