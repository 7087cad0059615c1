#ifndef ROAM_SIGNIN_QUESTION_H
#define ROAM_SIGNIN_QUESTION_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * question - what roam-ldap(8) is told on its standard input: whom to ask, in
 * which way, about whom. Nothing in it is secret: credentials are named by
 * files.
 */
#define QUESTION_BYTES_MAX 8192 /* of all lines together */

enum question_op {
	OP_CHECK,  /* facts of user on computer */
	OP_LIST,   /* the primary computers of user */
	OP_USERS,  /* whose primary computer computer is */
	OP_ADD,    /* computer to those of user */
	OP_REMOVE, /* computer from those of user */
};

enum question_bind { BIND_KERBEROS, BIND_SIMPLE, BIND_ANONYMOUS };
enum question_tls { TLS_NO, TLS_START, TLS_LDAPS };
enum question_groups { GROUPS_NO, GROUPS_DIRECT, GROUPS_NESTED };

struct question {
	enum question_op op;
	char user[256];       /* "alice", "LAB\\alice" or "alice@lab.example" */
	char computer[256];   /* "": this one; else an account or a DN */
	uint64_t deadline_ms; /* 0: none but the caller's */

	char servers[1024]; /* URLs or names, by blanks; "": by DNS */
	char domain[256];   /* of DNS; "": from keytab or host name */
	char site[65];      /* "": by asking */
	char base[512];     /* "": as the server says */
	enum question_bind bind;
	enum question_tls tls;
	char keytab[256];        /* "": the system's */
	char credentials[256];   /* file for a simple bind */
	char ca_file[256];       /* "": the system's */
	char user_attribute[64]; /* "": sAMAccountName */

	enum question_groups groups;
	uint64_t back_link;  /* 1: ask the computer's object, too */
	uint64_t paths_only; /* 1: the user's paths, no primary computers */
	uint64_t own_cache;  /* 1: the caller's tickets, not the keytab */
};

/* ERR_FORMAT as pairs_parse(). */
int question_parse(struct question *out, const void *bytes, size_t len,
    struct err *e) MUST_CHECK;
void question_write(struct buf *out, const struct question *q);

/* The words of settings: "no", "direct", "nested" and so on, up to NULL. */
extern const char *const question_bind_words[];
extern const char *const question_tls_words[];
extern const char *const question_groups_words[];

#endif
