#include "prog/behind.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* What it says is for nobody. */
static void
let_go(void)
{
	int fd = open("/dev/null", O_RDWR);

	for (int i = 0; fd != -1 && i <= STDERR_FILENO; i++)
		(void)dup2(fd, i);
	if (fd > STDERR_FILENO)
		close(fd);
	if (chdir("/") == -1)
		return; /* then some directory is in use for longer */
}

int
behind(struct err *e)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == -1)
		return err_sys(e, "another process");
	if (pid > 0) {
		while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
			;
		return 1;
	}
	setsid();
	signal(SIGHUP, SIG_IGN);
	/* The one between is gone at once: nobody has a child to wait for. */
	pid = fork();
	if (pid != 0)
		_exit(pid == -1);
	let_go();
	return 0;
}
