#ifndef ROAM_STORE_SMB_LOGIN_H
#define ROAM_STORE_SMB_LOGIN_H

#include "store/smb_session.h"

/*
 * smb_login - from nothing to a session: a worker, the server's name and port,
 * tickets or a password, the share, the directory.
 */

/* A new link and a login on it. With create the directory is made where it is
 * missing. */
int login_new_link(struct smb_session *s, bool create,
    struct err *e) MUST_CHECK;

/* The same without waiting for an answer. 0: it is under way, and login_poll()
 * tells what became of it: 1: logged in, 0: not yet, -1: it failed, and the link
 * is gone. Nobody is asked for a password. */
int login_begin(struct smb_session *s, struct err *e) MUST_CHECK;
int login_poll(struct smb_session *s, struct err *e) MUST_CHECK;

#endif
