#ifndef ROAM_SIGNIN_ACCOUNT_H
#define ROAM_SIGNIN_ACCOUNT_H

#include <sys/types.h>

#include <stdbool.h>

#include "base/err.h"
#include "model/conf.h"

/*
 * account - a user of this machine, and whether profiles are for them: people
 * have them; root, the system's own users, greeters and the managers that open
 * sessions beside those of people do not.
 */
struct account {
	char *name; /* owned; as the system's lists have it */
	char *home; /* owned */
	uid_t uid;
	gid_t gid;
};

/* ERR_GONE where there is no such user. */
int account_find(struct account *out, const char *name,
    struct err *e) MUST_CHECK;
void account_free(struct account *a);

/*
 * Does a session of a by that service of PAM take part? Where not, *why says
 * so in a few words.
 */
bool account_takes_part(const struct account *a, const char *service,
    const struct conf *c, const char **why);

/* Is word one of the words of list, which are parted by blanks or commas? */
bool account_listed(const char *list, const char *word);

#endif
