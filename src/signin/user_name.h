#ifndef ROAM_SIGNIN_USER_NAME_H
#define ROAM_SIGNIN_USER_NAME_H

#include "base/err.h"

/*
 * user_name - the name of a user as the system has it: "alice", or with a domain
 * "LAB\\alice" or "alice@lab.example", as winbindd(8) and sssd(8) have them.
 */
#define USER_NAME_MAX 256 /* bytes of either part, with the NUL */

struct user_name {
	char account[USER_NAME_MAX];
	char domain[USER_NAME_MAX]; /* "": it names none */
};

/* ERR_USAGE where a part is too long or there is no account. */
int user_name_split(struct user_name *out, const char *name,
    struct err *e) MUST_CHECK;

#endif
