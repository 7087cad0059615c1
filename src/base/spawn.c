#include "base/spawn.h"

#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

/* Above all descriptors that a child is given, so that placing one of them
 * never overwrites the next. */
#define FD_HIGH 16

struct plan {
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int high[SPAWN_FDS]; /* owned; -1: none */
};

/* A number that posix_spawn's calls return instead of setting errno. */
static int
failed(int sys, const char *path, struct err *e)
{
	errno = sys;
	return err_sys(e, "%s", path);
}

static int
plan_fds(struct plan *p, const struct spawn *how, struct err *e)
{
	int sys = 0;

	for (int i = 0; i < SPAWN_FDS && sys == 0; i++) {
		if (how->fd[i] == -1) {
			if (i < 3)
				sys = posix_spawn_file_actions_addopen(
				    &p->actions, i, "/dev/null", O_RDWR, 0);
			continue;
		}
		p->high[i] = fcntl(how->fd[i], F_DUPFD_CLOEXEC, FD_HIGH);
		if (p->high[i] == -1)
			return err_sys(e, "%s", how->path);
		sys = posix_spawn_file_actions_adddup2(&p->actions, p->high[i],
		    i);
	}
	if (sys == 0)
		sys = posix_spawn_file_actions_addclosefrom_np(&p->actions,
		    how->fd[SPAWN_FDS - 1] == -1 ? SPAWN_FDS - 1 : SPAWN_FDS);
	return sys == 0 ? 0 : failed(sys, how->path, e);
}

static int
plan_attr(struct plan *p, const char *path, struct err *e)
{
	const short flags =
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID;
	sigset_t none, all;
	int sys;

	sigemptyset(&none);
	sigfillset(&all);
	if ((sys = posix_spawnattr_setsigmask(&p->attr, &none)) != 0 ||
	    (sys = posix_spawnattr_setsigdefault(&p->attr, &all)) != 0 ||
	    (sys = posix_spawnattr_setflags(&p->attr, flags)) != 0)
		return failed(sys, path, e);
	return 0;
}

int
spawn_start(pid_t *out, const struct spawn *how, struct err *e)
{
	struct plan p = { .high = { -1, -1, -1, -1 } };
	int sys, rc = -1;

	if ((sys = posix_spawn_file_actions_init(&p.actions)) != 0)
		return failed(sys, how->path, e);
	if ((sys = posix_spawnattr_init(&p.attr)) != 0) {
		failed(sys, how->path, e);
		goto out;
	}
	if (plan_fds(&p, how, e) == 0 && plan_attr(&p, how->path, e) == 0) {
		sys = posix_spawn(out, how->path, &p.actions, &p.attr,
		    how->argv, how->envp);
		rc = sys == 0 ? 0 : failed(sys, how->path, e);
	}
	posix_spawnattr_destroy(&p.attr);
out:
	posix_spawn_file_actions_destroy(&p.actions);
	for (int i = 0; i < SPAWN_FDS; i++)
		if (p.high[i] != -1)
			close(p.high[i]);
	return rc;
}

/* Has the child ended within ms? A look that fails counts as no. */
static bool
ends_within(pid_t pid, unsigned ms)
{
	struct pollfd p = { .events = POLLIN };
	int n;

	if ((p.fd = (int)syscall(SYS_pidfd_open, pid, 0)) == -1)
		return false;
	do
		n = poll(&p, 1, (int)ms);
	while (n == -1 && errno == EINTR);
	close(p.fd);
	return n == 1;
}

int
spawn_end(pid_t pid, unsigned ms, struct err *e)
{
	int status;

	if (!ends_within(pid, ms))
		(void)kill(pid, SIGKILL); /* ours until waitpid() */
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return err_sys(e, "wait");
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return err_set(e, ERR_SYSTEM, "ended by signal %d (%s)",
	    WTERMSIG(status), strsignal(WTERMSIG(status)));
}
