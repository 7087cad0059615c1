#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "signin/child.h"

static struct err e;
static char name[] = "nobody", home[] = "/";
static const struct account nobody = { name, home, 65534, 65534 };

/* Only root may start programs as others. */
static void
begin(void)
{
	if (geteuid() != 0)
		cr_skip_test("needs root");
}

TestSuite(child, .init = begin);

/* sh -c script as nobody, its standard output in out; its exit status. */
static int
run(const char *script, char *out, size_t cap)
{
	char sh[] = "sh", option[] = "-c", text[512], here[] = "HERE=yes";
	char *argv[] = { sh, option, text, NULL }, *envp[] = { here, NULL };
	struct child how = { .who = &nobody,
		.path = "/bin/sh",
		.argv = argv,
		.envp = envp,
		.fd = { -1, -1, -1, -1, -1, -1 } };
	int fd[2], status;
	size_t used = 0;
	pid_t pid;
	ssize_t n;

	snprintf(text, sizeof(text), "%s", script);
	cr_assert_eq(pipe(fd), 0);
	how.fd[1] = fd[1];
	cr_assert_eq(child_start(&pid, &how, &e), 0, "%s", e.text);
	close(fd[1]);
	while (
	    used < cap - 1 && (n = read(fd[0], out + used, cap - 1 - used)) > 0)
		used += (size_t)n;
	out[used] = '\0';
	status = child_end(pid, 60000, &e);
	close(fd[0]);
	return status;
}

Test(child, it_is_the_user_and_has_nothing_of_root)
{
	char out[256];

	cr_assert_neq(open("/dev/null", O_RDONLY), -1); /* inheritable */
	cr_expect_eq(run("id -u; id -g; id -G; echo $HERE$HOME; "
			 "grep NoNewPrivs /proc/self/status; "
			 "echo $(ls /proc/self/fd)",
			 out, sizeof(out)),
	    0);
	cr_expect_str_eq(out,
	    "65534\n65534\n65534\nyes\nNoNewPrivs:\t1\n0 1 2 3\n");
}

Test(child, its_exit_status_is_told)
{
	char out[16];

	cr_expect_eq(run("exit 7", out, sizeof(out)), 7);
}

Test(child, root_itself_is_no_user)
{
	static const struct account root = { name, home, 0, 0 };
	const struct child how = { .who = &root,
		.path = "/bin/true",
		.fd = { -1, -1, -1, -1, -1, -1 } };
	pid_t pid;

	cr_assert_eq(child_start(&pid, &how, &e), 0);
	cr_expect_eq(child_end(pid, 60000, &e), -1);
}
