#include "store/smb_session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "store/smb_error.h"
#include "store/smb_login.h"

#define CONNECT_MS 5000u /* where nobody says */
#define LOSSES_MAX 3     /* links that may break in a row */
#define MORE_MS    2000  /* for an answer, when the time is up */
#define TICKET_MS  1100u /* more than a ticket's last second */
#define WAIT_S     10.0  /* after a login that failed, before the next */

static int
set_where(struct smb_session *s, struct err *e)
{
	char port[16] = "", text[SMB_PATH_MAX + 3 * SMB_NAME_MAX];
	char shown[sizeof(text)];
	const struct smb_url *at = &s->at;

	if (at->port != SMB_PORT)
		snprintf(port, sizeof(port), ":%u", at->port);
	snprintf(text, sizeof(text), "//%s%s/%s%s%s", at->server, port,
	    at->share, at->path[0] != '\0' ? "/" : "", at->path);
	text_show(text, strlen(text), shown, sizeof(shown));
	if ((s->where = strdup(shown)) == NULL)
		return err_sys(e, "store");
	return 0;
}

/* What is given beside the URL goes before what it says. */
static int
set_user(struct smb_session *s, const struct store_how *how, struct err *e)
{
	if (how->user != NULL) {
		if (how->user[0] == '\0' || strlen(how->user) > SMB_NAME_MAX)
			return err_set(e, ERR_USAGE,
			    "%s: the user's name is empty or too long",
			    s->where);
		memcpy(s->at.user, how->user, strlen(how->user) + 1);
		s->at.domain[0] = '\0';
	}
	if (how->domain != NULL) {
		if (strlen(how->domain) > SMB_NAME_MAX)
			return err_set(e, ERR_USAGE,
			    "%s: the domain's name is too long", s->where);
		memcpy(s->at.domain, how->domain, strlen(how->domain) + 1);
	}
	if (how->password != NULL)
		s->password = *how->password;
	return 0;
}

int
session_open(struct smb_session *s, const char *url,
    const struct store_how *how, struct err *e)
{
	s->deadline_ms = how->deadline_ms;
	s->connect_ms = how->connect_ms != 0 ? how->connect_ms : CONNECT_MS;
	s->slow_us = how->slow_ms * 1000;
	s->encrypt = how->encrypt;
	snprintf(s->min_protocol, sizeof(s->min_protocol), "%s",
	    how->min_protocol != NULL ? how->min_protocol : "SMB3");
	s->ask = how->ask;
	s->ask_arg = how->ask_arg;
	if (smb_url_parse(&s->at, url, e) == -1 || set_where(s, e) == -1 ||
	    set_user(s, how, e) == -1)
		return -1;
	return login_begin(s, how->create, e);
}

int
session_enter(struct smb_session *s, bool wait, struct err *e)
{
	int rc = login_end(s, wait, e);

	if (rc != 0) {
		s->ask = NULL;
		s->slow_us = 0;
	}
	return rc;
}

int
session_join(struct smb_session *s, const struct smb_session *like,
    struct err *e)
{
	s->at = like->at;
	s->deadline_ms = like->deadline_ms;
	s->connect_ms = like->connect_ms;
	s->rtt_us = like->rtt_us;
	s->encrypt = like->encrypt;
	memcpy(s->min_protocol, like->min_protocol, sizeof(s->min_protocol));
	s->password = like->password;
	s->no_tickets = like->no_tickets;
	if ((s->where = strdup(like->where)) == NULL)
		return err_sys(e, "store");
	return login_begin(s, false, e);
}

void
session_close(struct smb_session *s)
{
	smb_link_end(s->link);
	s->link = NULL;
	secret_wipe(&s->password);
	free(s->where);
	s->where = NULL;
}

/* The link is lost, as e says. */
static int
drop(struct smb_session *s, struct err *e)
{
	smb_link_end(s->link);
	s->link = NULL;
	s->losses++;
	s->silent = s->silent || e->sys == ETIMEDOUT;
	return -1;
}

/* The same where the link itself said it, which knows no names. */
static int
link_failed(struct smb_session *s, const char *path, struct err *e)
{
	err_wrap(e, "%s%s%s", s->where, path[0] != '\0' ? "/" : "", path);
	return drop(s, e);
}

bool
session_may_retry(const struct smb_session *s, const struct err *e)
{
	return s->link == NULL && s->losses < LOSSES_MAX &&
	    e->kind == ERR_OFFLINE && smb_error_is_loss((uint64_t)e->sys);
}

int
session_error(struct smb_session *s, const struct wire *m, const char *path,
    struct err *e)
{
	const struct smb_fault fault = {
		.where = s->where,
		.path = path,
		.sys = m->number[0],
		.stage = m->number[1],
		.detail = m->text[0],
	};

	smb_error(&fault, e);
	/* A login's are its caller's to end. */
	if (fault.stage == WIRE_AT_CALL &&
	    (smb_error_is_loss(fault.sys) || fault.sys == ETIMEDOUT ||
		fault.sys == EPROTO))
		return drop(s, e);
	return -1;
}

/* Something was done: what broke before does not count any more. */
static void
note_progress(struct smb_session *s)
{
	if (!s->resuming)
		s->losses = 0;
}

/*
 * A server that is being started again refuses for a moment, and so does one
 * of a cluster that takes over. And where a session has ended with its ticket,
 * the library takes that ticket for a good one until its last second is over.
 */
static bool
will_pass(const struct smb_session *s, const struct err *e)
{
	if (s->silent)
		return false;
	if (e->kind == ERR_AUTH)
		return s->kerberos && e->sys == EINVAL;
	return e->kind == ERR_OFFLINE &&
	    (e->sys == ECONNREFUSED || smb_error_is_loss((uint64_t)e->sys));
}

static int
log_in_again(struct smb_session *s, struct err *e)
{
	unsigned wait_ms = 250;

	for (int tries = 0;; tries++) {
		if (login_new_link(s, e) == 0)
			return 0;
		if (tries == 2 || !will_pass(s, e))
			return -1;
		clock_sleep_ms(e->kind == ERR_AUTH ? TICKET_MS : wait_ms);
		wait_ms *= 3;
	}
}

/* The store was there; what is missing now is not it, but a disk or a mount on
 * the server. */
static void
lost_after_all(struct err *e)
{
	if (e->kind == ERR_GONE)
		e->kind = ERR_OFFLINE;
}

int
session_ensure(struct smb_session *s, struct err *e)
{
	int rc;

	while (s->link == NULL) {
		if (clock_steady_s() < s->wait_until) {
			*e = s->refusal;
			return -1;
		}
		if (log_in_again(s, e) == -1) {
			lost_after_all(e);
			s->refusal = *e;
			s->wait_until = clock_steady_s() + WAIT_S;
			return -1;
		}
		s->resuming = true;
		rc = s->again(s->arg, e);
		s->resuming = false;
		if (rc == -1 && !session_may_retry(s, e))
			return -1;
	}
	return 0;
}

/* How long to wait for the server now. */
static unsigned
patience_ms(const struct smb_session *s)
{
	double left_ms;

	if (s->until_s == NULL || *s->until_s <= 0)
		return s->deadline_ms;
	left_ms = (*s->until_s - clock_steady_s()) * 1000 + MORE_MS;
	if (left_ms < 1)
		left_ms = 1;
	return s->deadline_ms == 0 || left_ms < s->deadline_ms
	    ? (unsigned)left_ms
	    : s->deadline_ms;
}

int
session_send(struct smb_session *s, struct wire *m, const char *path,
    struct err *e)
{
	m->id = ++s->serial;
	s->unreached = false;
	if (smb_link_send(s->link, m, patience_ms(s), e) == -1)
		return link_failed(s, path, e);
	return 0;
}

/*
 * One that came in unasked. Where that says that the connection broke, what was
 * asked for later has not been done: the worker makes no second connection.
 */
static int
give_away(struct smb_session *s, const struct wire *m, struct err *e)
{
	if (m->op == WIRE_OK)
		note_progress(s);
	if (s->unasked(s->arg, m, e) == 0)
		return 0;
	if (s->link != NULL)
		return link_failed(s, "", e);
	s->unreached = smb_error_is_loss((uint64_t)e->sys);
	return -1;
}

int
session_await(struct smb_session *s, const struct smb_ask *ask,
    struct wire *reply, struct err *e)
{
	struct wire m;

	for (;;) {
		if (smb_link_receive(s->link, &m, patience_ms(s), e) == -1)
			return link_failed(s, ask->path, e);
		if (m.id != ask->request.id) {
			if (give_away(s, &m, e) == -1)
				return -1;
			continue;
		}
		if (m.op == WIRE_ERROR)
			return session_error(s, &m, ask->path, e);
		if (m.op == WIRE_OK) {
			note_progress(s);
			*reply = m;
			return 0;
		}
		if (ask->parts == NULL || m.op != WIRE_PART) {
			err_set(e, ERR_FORMAT, "SMB worker: an odd answer");
			return link_failed(s, ask->path, e);
		}
		buf_bytes(ask->parts, m.blob, m.blob_len);
		/* More than was to come: there might be no end of it. */
		if (buf_check(ask->parts, e) == -1)
			return link_failed(s, ask->path, e);
	}
}

int
session_wait(struct smb_session *s, struct err *e)
{
	struct wire m;

	if (smb_link_receive(s->link, &m, patience_ms(s), e) == -1)
		return link_failed(s, "", e);
	return give_away(s, &m, e);
}

int
session_poll(struct smb_session *s, struct err *e)
{
	struct wire m;
	int rc;

	while ((rc = smb_link_try(s->link, &m, e)) == 1)
		if (give_away(s, &m, e) == -1)
			return -1;
	return rc == -1 ? link_failed(s, "", e) : 0;
}

/* The round trips that a call is made of. What one takes is known better with
 * each: it may have waited for something else, but was never too quick. */
static void
note_trips(struct smb_session *s, enum wire_op op, double start_s)
{
	static const unsigned trips[WIRE__COUNT] = {
		[WIRE_LIST] = 4,
		[WIRE_MKDIR] = 2,
		[WIRE_CREATE] = 1,
	};
	double us;

	if (trips[op] == 0)
		return;
	us = (clock_steady_s() - start_s) * 1e6 / trips[op];
	if (us < s->rtt_us)
		s->rtt_us = (unsigned)us;
}

/* The parts that have come are not asked for again, where that can be said. */
static void
go_on(struct smb_ask *a, size_t before)
{
	if (a->parts == NULL)
		return;
	if (a->request.op == WIRE_LOAD)
		a->request.number[1] = a->parts->len - before;
	else
		a->parts->len = before;
}

int
session_ask(struct smb_session *s, const struct smb_ask *ask,
    struct wire *reply, struct err *e)
{
	size_t before = ask->parts != NULL ? ask->parts->len : 0;
	struct smb_ask a = *ask;
	double start_s;

	s->repeated = false;
	for (;;) {
		if (session_ensure(s, e) == -1)
			return -1;
		start_s = clock_steady_s();
		if (session_send(s, &a.request, a.path, e) == 0 &&
		    session_await(s, &a, reply, e) == 0) {
			note_trips(s, a.request.op, start_s);
			return 0;
		}
		if ((!a.harmless && !s->unreached) || !session_may_retry(s, e))
			return -1;
		s->repeated = s->repeated || !s->unreached;
		go_on(&a, before);
	}
}
