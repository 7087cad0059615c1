#ifndef ROAM_SIGNIN_CHILD_H
#define ROAM_SIGNIN_CHILD_H

#include <sys/types.h>

#include "base/confine.h"
#include "base/err.h"
#include "signin/account.h"

/*
 * child - a program that root starts as a user: it has the user's ids for good
 * before its first instruction, and nothing else of root's.
 */
#define CHILD_FDS 6 /* 0 to 5 */

struct child {
	const struct account *who; /* borrowed */
	const char *path;          /* of the program; absolute */
	char *const *argv, *const *envp;
	int fd[CHILD_FDS]; /* borrowed; -1: /dev/null for 0 to 2, else none */
	bool stays;        /* SIGTERM and SIGHUP do not end it */
	/* All that it may do with files, where the kernel can keep it to that
	 * (confine_version() >= CONFINE_MOVES). None: as its user may. */
	const struct confine *confine; /* borrowed */
	size_t confine_count;
};

/* *out is the caller's child, in a session of its own. */
int child_start(pid_t *out, const struct child *how, struct err *e) MUST_CHECK;

/* fork() whose child is the user, for good, when this returns there with *out
 * 0; the caller's child else. -1 is in the parent only. */
int child_fork(pid_t *out, const struct account *who, struct err *e) MUST_CHECK;

/* Its exit status within ms, then it is killed; ERR_SYSTEM as spawn_end(). */
int child_end(pid_t pid, unsigned ms, struct err *e);

#endif
