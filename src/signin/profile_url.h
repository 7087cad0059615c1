#ifndef ROAM_SIGNIN_PROFILE_URL_H
#define ROAM_SIGNIN_PROFILE_URL_H

#include <stddef.h>

#include "base/err.h"
#include "signin/facts.h"

/*
 * profile_url - from the path that an administrator set for a user on Windows
 * to the URL of the user's store.
 *
 * Windows appends the version of its profiles (".V6") to that path; so do we,
 * with a suffix of our own, so that the two never share a directory.
 */
#define PROFILE_URL_MAX 4096 /* bytes, with the NUL */

/* What the variables in a path stand for. */
struct profile_names {
	const char *account; /* %username% */
	const char *user;    /* %u: the same as the system has it */
	const char *netbios; /* %userdomain% and %domain%; "": not known */
};

/*
 * "\\server\share\dir\%username%" and suffix to "smb://server/share/dir/alice"
 * and suffix. ERR_USAGE where unc is no such path, has a variable that is not
 * known, or leads into a profile of Windows.
 */
int profile_url_from_unc(char *out, size_t cap, const char *unc,
    const struct profile_names *names, const char *suffix,
    struct err *e) MUST_CHECK;

/* The suffix as it is appended: %o becomes os, %v version, each without what
 * has no place in a name. ERR_USAGE as for profile_url_check_suffix(). */
int profile_url_suffix(char *out, size_t cap, const char *text, const char *os,
    const char *version, struct err *e) MUST_CHECK;

/* A suffix begins with a '.', is a part of a name, and none of Windows's own
 * (".V2" to ".V6" and later). ERR_USAGE. */
int profile_url_check_suffix(const char *text, struct err *e) MUST_CHECK;

/* The path of f that is used for a sign-in: that for terminal services where
 * terminal is set and there is one, else the user's; "" where there is none. */
const char *profile_url_pick(const struct facts *f, bool terminal);

#endif
