#ifndef ROAM_SIGNIN_LEDGER_H
#define ROAM_SIGNIN_LEDGER_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * ledger - what this machine remembers of each user beyond a restart: a file a
 * user in a directory that only root can write to. By it a sign-out that never
 * came is known at the next sign-in and at the next start.
 */
#define LEDGER_DIR      ROAM_STATEDIR "/users"
#define LEDGER_TEXT_MAX 256 /* bytes, with the NUL */

enum ledger_state {
	LEDGER_OUT,     /* signed out, and the store has all */
	LEDGER_IN,      /* signed in, or the sign-out never came */
	LEDGER_PENDING, /* signed out, and the store lacks something */
	LEDGER__COUNT
};

struct ledger {
	enum ledger_state state;
	bool loaded;    /* the profile was complete here at least once */
	bool temporary; /* the profile is, and what it holds has to go */
	int64_t used_s; /* last sign-in or sign-out, seconds since 1970 */
	char name[LEDGER_TEXT_MAX];   /* of the user */
	char reason[LEDGER_TEXT_MAX]; /* what the last run said; "" */
};

/* What is known of uid; a user with nothing known is signed out, and so is
 * another user that has the uid now. ERR_FORMAT where the file is damaged. */
int ledger_load(struct ledger *out, const char *dir, uid_t uid,
    const char *name, struct err *e) MUST_CHECK;

/* Keep it; makes dir where it is missing. All or nothing. */
int ledger_save(const char *dir, uid_t uid, const struct ledger *l,
    struct err *e) MUST_CHECK;

/* Called for each user that is known; -1 ends it. */
typedef int ledger_use(uid_t uid, const struct ledger *l, void *arg,
    struct err *e);
int ledger_each(const char *dir, ledger_use *use, void *arg,
    struct err *e) MUST_CHECK;

/* "in", "out", "pending". */
const char *ledger_word(enum ledger_state state);

#endif
