#include "prog/locks.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/spawn.h"
#include "store/smb_link.h"

#define PROGRAM   "roam-lock"
#define SETTLE_MS 500 /* for what a locker and logind say of the same lock */
#define END_MS    1000

void
locks_open(struct locks *out)
{
	char path[PATH_MAX], name[] = PROGRAM;
	char *argv[] = { name, NULL }, *envp[] = { NULL };
	struct spawn how = {
		.path = smb_link_program(path, sizeof(path), PROGRAM),
		.argv = argv,
		.envp = envp,
		.fd = { -1, -1, -1, -1 },
	};
	struct err ignored;
	int fd[2];

	*out = (struct locks){ .fd = -1 };
	if (pipe2(fd, O_CLOEXEC | O_NONBLOCK) == -1)
		return;
	how.fd[1] = fd[1];
	if (spawn_start(&out->pid, &how, &ignored) == 0)
		out->fd = fd[0];
	else
		close(fd[0]);
	close(fd[1]);
}

bool
locks_take(struct locks *l)
{
	char bytes[4096];
	bool any = false;
	ssize_t n;

	clock_sleep_ms(SETTLE_MS);
	while ((n = read(l->fd, bytes, sizeof(bytes))) > 0)
		any = true;
	if (n == 0)
		locks_close(l);
	return any;
}

void
locks_close(struct locks *l)
{
	struct err ignored;

	if (l->fd == -1)
		return;
	close(l->fd);
	l->fd = -1;
	(void)spawn_end(l->pid, END_MS, &ignored);
}
