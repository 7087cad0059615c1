#ifndef ROAM_SIGNIN_FACTS_H
#define ROAM_SIGNIN_FACTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * facts - what the directory said about one user on one computer.
 *
 * roam-ldap(8) writes them as lines "key=value", we read them, and keep them in
 * the same form for days on which no directory answers. A fact is never a
 * decision: that is made of facts, settings and time in decision.h.
 */
#define FACTS_BYTES_MAX 4096 /* of all lines together */
#define FACTS_VERSION   1

/* A question that may have had no answer. */
enum fact { FACT_UNKNOWN, FACT_NO, FACT_YES };

struct facts {
	uint64_t version; /* of these lines; FACTS_VERSION */
	uint64_t asked_s; /* when, seconds since 1970; 0: not known */

	enum fact schema;     /* the directory knows the attribute */
	enum fact foreign;    /* the user is of another forest */
	enum fact user;       /* there is such a user */
	enum fact computer;   /* there is an object of this computer */
	enum fact listed;     /* that is among the user's primary computers */
	enum fact paths;      /* what follows of paths is all there is */
	uint64_t values;      /* primary computers that the user has */
	uint64_t round_trips; /* answers waited for after the bind */

	/* Texts are one line of UTF-8; "" where there is none. */
	char account[128]; /* the user that was asked for */
	char host[128];    /* the computer that was asked for */
	char server[256];  /* that answered */
	char site[65];
	char domain[65];  /* the user's, in DNS; "" where none was named */
	char netbios[17]; /* the same for %domain% */
	char user_dn[512];
	char computer_dn[512];
	char via[512]; /* "user", "back-link" or the group with the value */

	char profile_path[512]; /* as the directory has them: UNC */
	char ts_profile_path[512];
	char home_directory[256];
	char home_drive[4];

	char error[256];     /* why what is unknown is; "" */
	uint64_t error_kind; /* enum err_kind */
};

/*
 * The facts that lines stand for. ERR_FORMAT where a line is malformed, comes
 * twice or is too long, where bytes are no text, where the last line is not
 * "end=" (the writer was stopped) or where there are more than FACTS_BYTES_MAX.
 * Keys that are not known are passed over. out is written on success only.
 */
int facts_parse(struct facts *out, const void *bytes, size_t len,
    struct err *e) MUST_CHECK;

/* The lines of f, behind what out holds. Whatever f holds they are at most
 * FACTS_BYTES_MAX bytes. */
void facts_write(struct buf *out, const struct facts *f);

/* How many bytes of an answer are lines "item=...", which stand before facts
 * where roam-ldap was asked for a list. */
size_t facts_items_len(const void *bytes, size_t len);

/* The user's paths, and whether they are known, as from has them. */
void facts_take_paths(struct facts *to, const struct facts *from);

/* What facts come to. */
enum answer {
	ANSWER_UNKNOWN,     /* nothing sure */
	ANSWER_UNSUPPORTED, /* the schema lacks the attribute */
	ANSWER_LISTED,
	ANSWER_NOT_LISTED,
	ANSWER_NO_COMPUTER, /* this computer has no object */
	ANSWER_NO_USER,
	ANSWER_FOREIGN,
	ANSWER__COUNT
};

/* In the order in which it is asked: forest, schema, user, computer, list.
 * The first that is unknown ends it. */
enum answer facts_answer(const struct facts *f);

#endif
