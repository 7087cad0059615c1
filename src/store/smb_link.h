#ifndef ROAM_STORE_SMB_LINK_H
#define ROAM_STORE_SMB_LINK_H

#include "base/err.h"
#include "store/smb_home.h"
#include "store/wire.h"

/*
 * smb_link - one worker process (roam-smb) and the socket to it.
 *
 * The worker has no deadline of its own, and may hang in any call; whoever
 * waits here does not. After a call has failed a link is good for nothing but
 * smb_link_end(), which ends the process with SIGKILL.
 */
struct smb_link;

/*
 * Make the worker's home and start it. Nothing has gone over the net yet. *home
 * is borrowed, "" after smb_link_forget_home(). ERR_SYSTEM where this Roam was
 * built without the worker.
 */
int smb_link_start(struct smb_link **out, const struct smb_conf *conf,
    struct err *e) MUST_CHECK;
const char *smb_link_home(const struct smb_link *l);

/* After its login the worker needs it no more. */
void smb_link_forget_home(struct smb_link *l);

/*
 * Hand a request over. It may not have arrived when this returns. ERR_OFFLINE:
 * no byte could be handed over for ms (0: no limit; sys is ETIMEDOUT), or the
 * worker has ended (sys is ECONNRESET).
 */
int smb_link_send(struct smb_link *l, const struct wire *m, unsigned ms,
    struct err *e) MUST_CHECK;

/* The next answer, borrowed until the next call; errors as above, and
 * ERR_FORMAT for what is none. */
int smb_link_receive(struct smb_link *l, struct wire *out, unsigned ms,
    struct err *e) MUST_CHECK;

/* The same where it is there already: 1, else 0. */
int smb_link_try(struct smb_link *l, struct wire *out,
    struct err *e) MUST_CHECK;

/* NULL is fine. */
void smb_link_end(struct smb_link *l);

/* A program of ours that is no command: ROAM_LIBEXEC in the environment, else
 * where it was installed. */
const char *smb_link_program(char *out, size_t cap, const char *name);

#endif
