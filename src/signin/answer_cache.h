#ifndef ROAM_SIGNIN_ANSWER_CACHE_H
#define ROAM_SIGNIN_ANSWER_CACHE_H

#include "base/err.h"
#include "signin/facts.h"

/*
 * answer_cache - the last sure answer of the directory about each user on this
 * computer: a file a user, in the form of facts.h, which only root writes and
 * which its user may read.
 */
#define ANSWER_CACHE_DIR ROAM_STATEDIR "/answers"

/*
 * What is kept of the user with that uid and account on the computer host.
 * ERR_GONE where nothing is, or what is there is another's (a uid or an image
 * that was used again); ERR_FORMAT where it is damaged; ERR_POLICY where
 * somebody else than root or the caller could have written it.
 */
int answer_cache_load(struct facts *out, const char *dir, unsigned uid,
    const struct facts *who, struct err *e) MUST_CHECK;

/* Keep f, whose account, host and time are set, for uid and gid; makes dir
 * where it is missing. All or nothing. Not for what is unknown. */
int answer_cache_save(const char *dir, unsigned uid, unsigned gid,
    const struct facts *f, struct err *e) MUST_CHECK;

#endif
