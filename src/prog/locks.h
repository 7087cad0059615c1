#ifndef ROAM_PROG_LOCKS_H
#define ROAM_PROG_LOCKS_H

#include <sys/types.h>

#include <stdbool.h>

/*
 * locks - when the user's screen is locked, as roam-lock tells.
 */
struct locks {
	int fd; /* can be read when it was, and at its end; -1: nobody tells */
	pid_t pid;
};

/* Where that program is missing or cannot tell, out is one that never does. */
void locks_open(struct locks *out);

/* Since the last call; two that are near to each other are one, so this may
 * wait for a moment. */
bool locks_take(struct locks *l);

void locks_close(struct locks *l);

#endif
