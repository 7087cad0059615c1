#ifndef ROAM_SIGNIN_OCCASION_H
#define ROAM_SIGNIN_OCCASION_H

#include <stdbool.h>

#include "base/err.h"

/*
 * occasion - what is to be done when a user comes, goes, or is in the midst of
 * a session. Pure: from settings and from what this home remembers, before any
 * server is asked.
 */
enum occasion {
	OCCASION_LOGIN,
	OCCASION_LOGOUT,
	OCCASION_CHECKPOINT,
	OCCASION__COUNT
};

enum profile_type {
	TYPE_UNSET, /* nobody has decided: the settings do */
	TYPE_ROAMING,
	TYPE_LOCAL,
	TYPE_MANDATORY,
	TYPE_TEMPORARY,
	TYPE__COUNT
};

enum duty {
	DUTY_NONE,
	DUTY_PULL,
	DUTY_PUSH,
	DUTY_SYNC,
	DUTY_DROP, /* what a temporary profile held goes */
	DUTY_RESET, /* the home becomes what the store holds, edits are dropped */
	DUTY__COUNT
};

struct occasion_in {
	enum occasion occasion;
	enum profile_type type; /* as whoever started us decided */
	const char *store;      /* URL; "": none is known */
	bool local_only, read_only, mandatory; /* settings */
	bool fresh; /* this session, or the last, has a temporary profile that
		       began with a home as new, which it becomes again */
	bool owed;  /* edits of an earlier session have not reached the store */
};

struct occasion_out {
	enum profile_type type;
	enum duty duty;
	bool needs_server; /* no server, no session */
	const char
	    *reason; /* why less is done than one expects; "": it is not */
};

struct occasion_out occasion_decide(const struct occasion_in *in);

/* "login", "logout", "checkpoint". */
const char *occasion_text(enum occasion o);

/* "roaming", "local", "mandatory", "temporary", and back: ERR_USAGE. */
const char *profile_type_text(enum profile_type t);
int profile_type_parse(const char *text, enum profile_type *out,
    struct err *e) MUST_CHECK;

#endif
