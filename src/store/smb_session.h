#ifndef ROAM_STORE_SMB_SESSION_H
#define ROAM_STORE_SMB_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "store/smb_link.h"
#include "store/smb_url.h"
#include "store/store.h"
#include "store/wire.h"

/*
 * smb_session - a login on a server that outlives its workers: where one is
 * lost the next call starts another.
 *
 * Requests are answered in their order. An answer that comes while another is
 * waited for is given to the one who sent the request without waiting, by
 * unasked; after a new login he is called to say again what was lost.
 */
struct smb_session {
	struct smb_url at;
	char *where; /* owned; "//server/share/path", fit to be shown */
	unsigned deadline_ms, connect_ms, rtt_us;
	unsigned slow_us;      /* 0 after session_enter() */
	const double *until_s; /* the store's, which bounds each call as well */
	enum store_encrypt encrypt;
	char min_protocol[16];
	struct secret password;
	store_ask
	    *ask; /* NULL after session_enter(): nobody waits there then */
	void *ask_arg;
	bool no_tickets; /* they were refused, and a password was not */
	/* The login that is under way, see smb_login.h. */
	struct {
		bool under_way;
		bool create;
		bool tickets;    /* there are some; else a password */
		struct err note; /* why not */
		bool sent;       /* LOGIN, and not only CONNECT */
		bool reached;    /* CONNECT was answered */
		double since_s;  /* the next answer is waited for */
	} login;
	bool kerberos;         /* the login was by a ticket */
	uint64_t facts;        /* enum wire_fact */
	struct smb_link *link; /* NULL: none now */
	unsigned links;        /* how many there were */
	uint32_t serial;
	unsigned losses;   /* of links in a row, without an answer between */
	bool silent;       /* a call timed out: less patience from now on */
	bool unreached;    /* the last request, by a link that broke before */
	bool repeated;     /* the last session_ask() may have been done twice */
	bool resuming;     /* again() is at work: its answers are no progress */
	double wait_until; /* no new login before; what the last one said: */
	struct err refusal;
	/* -1: the session is lost, as e says. */
	int (*unasked)(void *arg, const struct wire *m, struct err *e);
	int (*again)(void *arg, struct err *e);
	void *arg;
};

/* Begins to log in; *s is the caller's, zero but for unasked, again and arg,
 * and ends in session_close() even after -1. Then session_enter(): as store.h
 * says of open and enter. */
int session_open(struct smb_session *s, const char *url,
    const struct store_how *how, struct err *e) MUST_CHECK;
int session_enter(struct smb_session *s, bool wait, struct err *e) MUST_CHECK;
void session_close(struct smb_session *s);

/* One more login like that of another session; *s as for session_open(), and
 * session_enter() follows. */
int session_join(struct smb_session *s, const struct smb_session *like,
    struct err *e) MUST_CHECK;

/* There is a link when this returns 0. */
int session_ensure(struct smb_session *s, struct err *e) MUST_CHECK;

/*
 * What is asked. PARTs are appended to parts. harmless: it may be asked again
 * where the connection breaks, as it changes nothing or nothing anew.
 */
struct smb_ask {
	struct wire request;
	const char *path; /* for messages */
	struct buf *parts;
	bool harmless;
};
/* *reply is the OK, borrowed until the next call. */
int session_ask(struct smb_session *s, const struct smb_ask *ask,
    struct wire *reply, struct err *e) MUST_CHECK;

/* The halves of it, for who sends ahead. The link must be there. The request
 * gets an id, which is returned in m. */
int session_send(struct smb_session *s, struct wire *m, const char *path,
    struct err *e) MUST_CHECK;
int session_await(struct smb_session *s, const struct smb_ask *ask,
    struct wire *reply, struct err *e) MUST_CHECK;
/* Waits for one unasked answer at least. */
int session_wait(struct smb_session *s, struct err *e) MUST_CHECK;
/* Takes those that are there. */
int session_poll(struct smb_session *s, struct err *e) MUST_CHECK;

/* e says that the link was lost: is it worth to log in anew at once? */
bool session_may_retry(const struct smb_session *s, const struct err *e);

/* What an ERROR says; the link ends where that is a loss. Returns -1. */
int session_error(struct smb_session *s, const struct wire *m, const char *path,
    struct err *e);

#endif
