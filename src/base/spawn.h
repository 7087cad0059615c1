#ifndef ROAM_BASE_SPAWN_H
#define ROAM_BASE_SPAWN_H

#include <sys/types.h>

#include "base/err.h"

/*
 * spawn - a helper program as a child process that inherits nothing.
 *
 * It gets the environment that is named, the descriptors that are named as its
 * 0 to 3, no other, default signals, and a session of its own, so that neither
 * a terminal nor its keys reach it. May be called from any thread.
 */
#define SPAWN_FDS 4

struct spawn {
	const char *path; /* of the program; absolute */
	char *const *argv, *const *envp;
	int fd[SPAWN_FDS]; /* borrowed; -1: /dev/null, but for 3: none */
};

/* *out is the caller's, to be given to spawn_end(). ERR_SYSTEM where the
 * program cannot be started. */
int spawn_start(pid_t *out, const struct spawn *how, struct err *e) MUST_CHECK;

/*
 * Wait until the child has ended, at most ms, then end it with SIGKILL. Returns
 * its exit status, or -1 with ERR_SYSTEM where a signal ended it. Takes at most
 * the time the kernel needs beyond ms.
 */
int spawn_end(pid_t pid, unsigned ms, struct err *e);

#endif
