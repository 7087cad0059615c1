#include <sys/wait.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/step.h"

/* Three steps in a process of its own; its status, and what it said. */
static int
run_steps(const char *stop_at, char *said, size_t cap)
{
	int end[2], status;
	ssize_t n;
	pid_t pid;

	cr_assert_eq(pipe(end), 0);
	if (stop_at == NULL)
		unsetenv("ROAM_STOP_AT");
	else
		setenv("ROAM_STOP_AT", stop_at, 1);
	if ((pid = fork()) == 0) {
		(void)dup2(end[1], STDERR_FILENO);
		step("one");
		step("two");
		step("three");
		_exit(0);
	}
	cr_assert_neq(pid, -1);
	close(end[1]);
	cr_assert_neq(n = read(end[0], said, cap - 1), -1);
	said[n] = '\0';
	close(end[0]);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

Test(step, the_process_ends_at_the_step_that_was_named)
{
	char said[64];

	cr_expect_eq(run_steps("1", said, sizeof(said)), STEP_EXIT);
	cr_expect_str_eq(said, "stopped after: one\n");
	cr_expect_eq(run_steps("3", said, sizeof(said)), STEP_EXIT);
	cr_expect_str_eq(said, "stopped after: three\n");
}

Test(step, without_a_number_in_reach_nothing_happens)
{
	static const char *const never[] = { NULL, "4", "0", "-1", "-5", "x" };
	char said[64];

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		cr_expect_eq(run_steps(never[i], said, sizeof(said)), 0);
		cr_expect_str_eq(said, "");
	}
}
