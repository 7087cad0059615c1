#include "signin/child.h"

#include <sys/resource.h>
#include <sys/syscall.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/priv.h"
#include "base/spawn.h"

#define FD_HIGH    32  /* above all that a child is given */
#define CANNOT_RUN 127 /* as of a shell */

static void
plain_signals(bool stays)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	/* A reader that went away is an error of write(), not the end. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (stays) {
		(void)signal(SIGTERM, SIG_IGN);
		(void)signal(SIGHUP, SIG_IGN);
	}
}

/* Through high numbers, so that placing one never overwrites another. */
static int
place_fds(const int given[CHILD_FDS])
{
	int high[CHILD_FDS], null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null == -1)
		return -1;
	for (int i = 0; i < CHILD_FDS; i++) {
		high[i] = given[i] == -1 && i > 2
		    ? -1
		    : fcntl(given[i] != -1 ? given[i] : null, F_DUPFD_CLOEXEC,
			  FD_HIGH);
		if (high[i] == -1 && (given[i] != -1 || i <= 2))
			return -1;
	}
	for (int i = 0; i < CHILD_FDS; i++) {
		(void)close(i);
		if (high[i] != -1 && dup2(high[i], i) == -1)
			return -1;
	}
	return (int)syscall(SYS_close_range, CHILD_FDS, ~0U, 0U);
}

int
child_fork(pid_t *out, const struct account *who, struct err *e)
{
	struct err ignored;
	pid_t pid = fork();

	if (pid == -1)
		return err_sys(e, "%s", who->name);
	*out = pid;
	if (pid != 0)
		return 0;
	(void)setsid();
	/* The ids first: no descriptor, path or program is touched before. */
	if (priv_become(who->name, who->uid, who->gid, &ignored) == -1)
		_exit(CANNOT_RUN);
	return 0;
}

static int
confine(const struct child *how)
{
	struct err ignored;
	bool done;

	if (how->confine_count == 0 || confine_version() < CONFINE_MOVES)
		return 0;
	return confine_files(how->confine, how->confine_count, &done, &ignored);
}

static _Noreturn void
run(const struct child *how)
{
	plain_signals(how->stays);
	if (place_fds(how->fd) == -1 || confine(how) == -1)
		_exit(CANNOT_RUN);
	/* A home that is not there or closed is the program's to report. */
	if (chdir(how->who->home) == -1)
		(void)!chdir("/");
	(void)execve(how->path, how->argv, how->envp);
	_exit(CANNOT_RUN);
}

int
child_start(pid_t *out, const struct child *how, struct err *e)
{
	if (child_fork(out, how->who, e) == -1)
		return -1;
	if (*out == 0)
		run(how);
	return 0;
}

int
child_end(pid_t pid, unsigned ms, struct err *e)
{
	int status = spawn_end(pid, ms, e);

	if (status == CANNOT_RUN)
		return err_set(e, ERR_SYSTEM, "could not be started");
	return status;
}
