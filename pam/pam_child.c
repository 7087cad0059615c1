#include "pam_child.h"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Above what a child is given, so that placing one never overwrites another;
 * the caller may have closed its own 0, 1 and 2. */
#define FD_HIGH 16

#ifdef SYS_setresuid32
#define SET_UIDS SYS_setresuid32
#define SET_GIDS SYS_setresgid32
#else
#define SET_UIDS SYS_setresuid
#define SET_GIDS SYS_setresgid
#endif

/*
 * A pipe whose ends are all above what a child is given. -1 and errno.
 */
static int
high_pipe(int out[2])
{
	int low[2], sys;

	if (pipe2(low, O_CLOEXEC) == -1)
		return -1;
	out[0] = fcntl(low[0], F_DUPFD_CLOEXEC, FD_HIGH);
	out[1] = fcntl(low[1], F_DUPFD_CLOEXEC, FD_HIGH);
	sys = errno;
	close(low[0]);
	close(low[1]);
	if (out[0] != -1 && out[1] != -1)
		return 0;
	if (out[0] != -1)
		close(out[0]);
	if (out[1] != -1)
		close(out[1]);
	out[0] = out[1] = -1;
	errno = sys;
	return -1;
}

/* The reading end of a pipe that holds the secret and nothing else. */
static int
secret_pipe(const char *secret)
{
	size_t len = strnlen(secret, PAM_SECRET_MAX);
	int fd[2];

	if (high_pipe(fd) == -1)
		return -1;
	/* It fits: a pipe takes 4096 bytes at once. */
	if (write(fd[1], secret, len) != (ssize_t)len) {
		close(fd[0]);
		fd[0] = -1;
	}
	close(fd[1]);
	return fd[0];
}

/*
 * The rest happens in a copy of the caller, which may have had threads: calls
 * that signal-safety(7) allows, and none for which libc would ask the threads
 * that it still believes in, as setresuid() does.
 */
static void
become_plain(void)
{
	const struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, &dfl, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setsid();
	(void)umask(077);
	/* Set-uid programs have their caller's real id, and so could be
	 * signalled by whoever started them. */
	if (geteuid() == 0) {
		(void)syscall(SET_GIDS, 0, 0, 0);
		(void)syscall(SET_UIDS, 0, 0, 0);
	}
}

static _Noreturn void
run(const char *const argv[], const char *const envp[], int in, int out)
{
	int null;

	become_plain();
	if (chdir("/") == -1 || (null = open("/dev/null", O_RDWR)) == -1)
		_exit(127);
	/* null may be 0 or 1 itself, so it is out of the way first. */
	if (dup2(null, 2) == -1 || dup2(in != -1 ? in : 2, 0) == -1 ||
	    dup2(out, 1) == -1)
		_exit(127);
	(void)syscall(SYS_close_range, 3U, ~0U, 0U);
	/* execve() itself has no const for the words that it does not change. */
	(void)syscall(SYS_execve, argv[0], argv, envp);
	_exit(127);
}

/*
 * fork() whose child sends no signal when it ends, and which only a wait that
 * names it finds (__WALL): neither a handler of the caller for SIGCHLD nor
 * SIG_IGN, which would reap the child, comes to know of it. All other arguments
 * are zero, so their order, which differs between machines, does not matter.
 */
static pid_t
silent_fork(void)
{
	return (pid_t)syscall(SYS_clone, 0UL, 0UL, 0UL, 0UL, 0UL);
}

/* Through a child that ends at once: the program is then no child of the
 * caller, and may live on when the session has begun. */
static int
start(const char *const argv[], const char *const envp[], int in, int out)
{
	pid_t child = silent_fork(), got;
	int status;

	if (child == 0) {
		child = silent_fork();
		if (child == 0)
			run(argv, envp, in, out);
		_exit(child == -1);
	}
	if (child == -1)
		return -1;
	do
		got = waitpid(child, &status, __WALL);
	while (got == -1 && errno == EINTR);
	if (got == child && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	errno = EAGAIN;
	return -1;
}

int
pam_child_start(const char *const argv[], const char *const envp[],
    const char *secret)
{
	int fd[2] = { -1, -1 }, in = -1, sys = 0;

	if (secret != NULL && (in = secret_pipe(secret)) == -1)
		return -1;
	if (high_pipe(fd) == -1 || start(argv, envp, in, fd[1]) == -1) {
		sys = errno;
		if (fd[0] != -1)
			close(fd[0]);
		fd[0] = -1;
	}
	if (fd[1] != -1)
		close(fd[1]);
	if (in != -1)
		close(in);
	errno = sys;
	return fd[0];
}
