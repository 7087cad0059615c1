#ifndef ROAM_SYNC_SITTING_H
#define ROAM_SYNC_SITTING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * sitting - what the last sign-in, checkpoint or sign-out of this home left for
 * the next one and for 'roam status': the file "session" below the state
 * directory, one JSON object.
 */
#define SITTING_WORD_MAX 16   /* bytes, with the NUL */
#define SITTING_URL_MAX  4096 /* likewise */

struct sitting {
	char occasion[SITTING_WORD_MAX]; /* "login" ...; "": never any */
	char type[SITTING_WORD_MAX];     /* "roaming" ... */
	char state[SITTING_WORD_MAX];    /* "ok", "offline" ... */
	char reason[ERR_TEXT_MAX];       /* "": none */
	/*
	 * A session began, or one ended, whose edits may not be in the store:
	 * the next sign-in saves them first. So one that ended without a
	 * sign-out, by a crash or without power, is made good.
	 */
	bool owed;
	/* The profile is temporary, and began with a home as new: it is that
	 * again at the sign-out. */
	bool fresh;
	bool marked;     /* the store says that the profile is mandatory */
	int64_t time_ns; /* when; 0: never */
	/* URL of the store, which whoever started the session may have had
	 * from a directory: commands by hand use the same. "": none. */
	char store[SITTING_URL_MAX];
};

/* What is remembered; nothing where the file is absent or damaged, or where
 * statefd is -1. */
void sitting_load(struct sitting *out, int statefd);

/* Remember s, whole or not at all; the time alone is not worth a write. */
int sitting_save(int statefd, const struct sitting *s,
    struct err *e) MUST_CHECK;

#endif
