#ifndef ROAM_SIGNIN_SESSIONS_H
#define ROAM_SIGNIN_SESSIONS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * sessions - which sessions of a user are open on this machine.
 *
 * A session is a file whose name tells its leader: the process that opened it,
 * as its pid, when it started and in which boot. Those whose leader lives no
 * more are removed at each look, so that nothing which was killed is counted
 * for ever. All below a directory that only root can write to:
 *
 *   DIR/UID/sessions/PID-START-BOOT-N   one for each session
 *   DIR/UID/lock                        held while they are changed
 *   DIR/UID/run                         held while a profile is synchronised
 *   DIR/UID/private/                    the user's: copies of tickets
 */
struct sessions {
	int dir;  /* DIR/UID */
	int list; /* its sessions/ */
	int lock; /* -1: not held */
};

/* Makes what is missing and takes the lock, waiting for at most ms. ERR_BUSY
 * where others held it that long. */
int sessions_open(struct sessions *out, const char *dir, uid_t uid, gid_t gid,
    unsigned ms, struct err *e) MUST_CHECK;
void sessions_close(struct sessions *s);

/* Lets others have the lock; the directories stay open. */
void sessions_unlock(struct sessions *s);
int sessions_lock(struct sessions *s, unsigned ms, struct err *e) MUST_CHECK;

/* The number of sessions whose leader lives. */
int sessions_count(const struct sessions *s, size_t *out,
    struct err *e) MUST_CHECK;

/* One more whose leader is pid. ERR_GONE where that does not live. */
int sessions_add(const struct sessions *s, pid_t pid, struct err *e) MUST_CHECK;

/* One less; *had is false where pid led none. */
int sessions_remove(const struct sessions *s, pid_t pid, bool *had,
    struct err *e) MUST_CHECK;

/* The descriptor that holds DIR/UID/run, which is the caller's: children that
 * inherit it hold it too. ERR_BUSY where others hold it for ms. */
int sessions_hold_run(int dir, unsigned ms, struct err *e) MUST_CHECK;

#endif
