#ifndef ROAM_SYNC_CRED_H
#define ROAM_SYNC_CRED_H

#include "base/err.h"
#include "base/secret.h"

/*
 * cred - who we are to a server: a user, a domain and a password, from a file,
 * a descriptor or a person. Never from an argument or the environment.
 */
#define CRED_NAME_MAX 255 /* bytes, without the NUL */

struct cred {
	char user[CRED_NAME_MAX + 1];   /* "": as the store's URL says */
	char domain[CRED_NAME_MAX + 1]; /* "": the same */
	struct secret password;
};

/*
 * A file of lines "username=...", "password=..." and "domain=...", as
 * mount.cifs(8) reads. ERR_USAGE unless it is the caller's and nobody else may
 * read it. Errors name the line and show nothing of it.
 */
int cred_from_file(struct cred *out, const char *path,
    struct err *e) MUST_CHECK;

/* The password alone, the first line of the descriptor that fd, a number, is.
 * ERR_USAGE. */
int cred_from_fd(struct cred *out, const char *fd, struct err *e) MUST_CHECK;

/* A store_ask: of whoever sits at the terminal that is standard input; 1 where
 * there is none. */
int cred_ask(struct secret *out, const char *user, const char *where, void *arg,
    struct err *e);

void cred_wipe(struct cred *c);

#endif
