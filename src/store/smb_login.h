#ifndef ROAM_STORE_SMB_LOGIN_H
#define ROAM_STORE_SMB_LOGIN_H

#include "store/smb_session.h"

/*
 * smb_login - from nothing to a session: a worker, the server's name and port,
 * tickets or a password, the share, the directory.
 */

/* A new link, on which the login goes on while the caller does something else.
 * With create the directory is made where it is missing. After -1 the link is
 * gone. */
int login_begin(struct smb_session *s, bool create, struct err *e) MUST_CHECK;

/* What became of it: 1: logged in; 0: not known yet, which wait rules out; -1:
 * it failed, and the link is gone. */
int login_end(struct smb_session *s, bool wait, struct err *e) MUST_CHECK;

/* Both, where nothing is made. */
int login_new_link(struct smb_session *s, struct err *e) MUST_CHECK;

#endif
