#include "store/smb_login.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/smb_tickets.h"

#define START_MS 3000u /* for a worker's start on a busy machine */

static struct wire
connect_request(const struct smb_session *s)
{
	return (struct wire){
		.op = WIRE_CONNECT,
		.number = { s->at.port, s->connect_ms, s->slow_us },
		.text = { s->at.server },
	};
}

/* The user that a password is for. */
static int
find_user(struct smb_session *s, struct err *e)
{
	struct passwd pw, *found = NULL;
	char bytes[4096];

	if (s->at.user[0] != '\0')
		return 0;
	if (getpwuid_r(geteuid(), &pw, bytes, sizeof(bytes), &found) != 0 ||
	    found == NULL || strlen(pw.pw_name) > SMB_NAME_MAX)
		return err_set(e, ERR_AUTH,
		    "%s: whose password? write smb://user@server/...",
		    s->where);
	memcpy(s->at.user, pw.pw_name, strlen(pw.pw_name) + 1);
	return 0;
}

/* Tickets, to the worker's home; where there are none the note says why. */
static int
find_tickets(struct smb_session *s, struct err *e)
{
	char path[PATH_MAX];

	s->login.tickets = false;
	if (s->no_tickets)
		return 0;
	snprintf(path, sizeof(path), "%s/" SMB_HOME_CCACHE,
	    smb_link_home(s->link));
	return smb_tickets_copy(path, s->connect_ms, &s->login.tickets,
	    &s->login.note, e);
}

static bool
has_credentials(const struct smb_session *s)
{
	return s->login.tickets || s->password.text[0] != '\0';
}

/* Where there is neither ticket nor password somebody is asked for one. */
static int
ask_password(struct smb_session *s, struct err *e)
{
	int rc = 1;

	if (find_user(s, e) == -1)
		return -1;
	if (s->ask != NULL)
		rc = s->ask(&s->password, s->at.user, s->where, s->ask_arg, e);
	if (rc != 1)
		return rc;
	return err_set(e, ERR_AUTH,
	    "%s: %s, and no password was given (get a ticket with kinit, or "
	    "give --credentials FILE)",
	    s->where,
	    s->no_tickets ? "the tickets were refused" : s->login.note.text);
}

/* The library's own time for one request: less than ours, so that it is the
 * one who says what went wrong. */
static unsigned
request_ms(unsigned ms)
{
	if (ms == 0 || ms > 120000)
		return 60000;
	return ms / 2 > 1000 ? ms / 2 : 1000;
}

/* For the answer to LOGIN. */
static unsigned
login_ms(const struct smb_session *s)
{
	return s->silent ? s->connect_ms : s->deadline_ms;
}

static struct wire
login_request(const struct smb_session *s)
{
	bool tickets = s->login.tickets;

	return (struct wire){
		.op = WIRE_LOGIN,
		.number = { s->encrypt, tickets, request_ms(login_ms(s)),
		    s->login.create },
		.text = { s->at.share, s->at.path, tickets ? "" : s->at.user,
		    tickets ? "" : s->at.domain,
		    tickets ? "" : s->password.text },
	};
}

/* A request whose answer is not waited for here. */
static int
send_ahead(struct smb_session *s, struct wire m, struct err *e)
{
	m.id = ++s->serial;
	return smb_link_send(s->link, &m, s->connect_ms, e);
}

static int
send_login(struct smb_session *s, struct err *e)
{
	if (!s->login.tickets && find_user(s, e) == -1)
		return -1;
	s->login.sent = true;
	return send_ahead(s, login_request(s), e);
}

static int
start_link(struct smb_session *s, struct err *e)
{
	const struct smb_conf conf = {
		.min_protocol = s->min_protocol,
		.encrypt = s->encrypt == STORE_ENCRYPT_REQUIRED,
	};

	return smb_link_start(&s->link, &conf, e);
}

/*
 * Name and port, and meanwhile the tickets: both programs take their time to
 * start. A resolver that hangs is ended with its worker. What there is to log
 * in with goes right behind; nobody is asked before the server is known to be
 * there.
 */
static int
start_login(struct smb_session *s, struct err *e)
{
	s->login.under_way = true;
	s->login.reached = s->login.sent = false;
	s->login.since_s = clock_steady_s();
	if (start_link(s, e) == -1 ||
	    send_ahead(s, connect_request(s), e) == -1 ||
	    find_tickets(s, e) == -1)
		return -1;
	return has_credentials(s) ? send_login(s, e) : 0;
}

/* Does e come without the name of what it is about? */
static void
name_error(const struct smb_session *s, struct err *e)
{
	if (strncmp(e->text, s->where, strlen(s->where)) != 0)
		err_wrap(e, "%s", s->where);
}

static int
give_up(struct smb_session *s, struct err *e)
{
	smb_link_end(s->link);
	s->link = NULL;
	s->login.under_way = false;
	s->kerberos = s->login.tickets;
	name_error(s, e);
	return -1;
}

/* What is left of the time for the next answer. */
static unsigned
left_ms(const struct smb_session *s)
{
	unsigned ms = s->login.reached ? login_ms(s) : s->connect_ms + START_MS;
	double left = ms - (clock_steady_s() - s->login.since_s) * 1000;

	if (ms == 0)
		return 0; /* any time */
	return left > 1 ? (unsigned)left : 1;
}

/* The next answer: 1, or 0: not yet, which wait rules out. */
static int
hear(struct smb_session *s, struct wire *reply, bool wait, struct err *e)
{
	bool late = left_ms(s) == 1;
	int rc = smb_link_try(s->link, reply, e);

	if (rc != 0 || (!wait && !late))
		return rc;
	if (smb_link_receive(s->link, reply, left_ms(s), e) == 0)
		return 1;
	if (!s->login.reached && e->kind == ERR_OFFLINE && e->sys == ETIMEDOUT)
		err_set(e, ERR_OFFLINE,
		    "%s: the server was not reached in time, or its name did "
		    "not resolve (check the name and the network)",
		    s->where);
	return -1;
}

/* Whoever takes the connection may be nearer than the server: both the
 * connection and the login tell. */
static int
note_trip(struct smb_session *s, uint64_t us, struct err *e)
{
	s->rtt_us = us < UINT_MAX ? (unsigned)us : UINT_MAX;
	if (s->slow_us == 0 || s->rtt_us <= s->slow_us)
		return 0;
	err_set(e, ERR_OFFLINE,
	    "%s: slow connection: a round trip takes %u ms (slow is above %u "
	    "ms)",
	    s->where, s->rtt_us / 1000, s->slow_us / 1000);
	e->sys = ETIME;
	return -1;
}

/* The server is there. */
static int
note_reached(struct smb_session *s, const struct wire *reply, struct err *e)
{
	if (note_trip(s, reply->number[0], e) == -1)
		return -1;
	s->login.reached = true;
	if (!s->login.sent &&
	    (ask_password(s, e) == -1 || send_login(s, e) == -1))
		return -1;
	s->login.since_s = clock_steady_s();
	return 0;
}

/* What the worker found when it was in. */
static int
note_login(struct smb_session *s, const struct wire *reply, struct err *e)
{
	if (reply->number[1] > 0 && note_trip(s, reply->number[1], e) == -1)
		return -1;
	s->facts = reply->number[0];
	s->links++;
	s->kerberos = s->login.tickets;
	s->login.under_way = false;
	/* The tickets are there no longer than they have to be. */
	smb_link_forget_home(s->link);
	return 1;
}

/* One answer on. 1: in, 0: not yet. */
static int
go_on(struct smb_session *s, bool wait, struct err *e)
{
	struct wire reply;
	int rc;

	if ((rc = hear(s, &reply, wait, e)) != 1)
		return rc;
	if (reply.op == WIRE_ERROR)
		return session_error(s, &reply, "", e);
	if (reply.op != WIRE_OK)
		return err_set(e, ERR_FORMAT,
		    "SMB worker: an answer to nothing");
	if (!s->login.reached)
		return note_reached(s, &reply, e);
	return note_login(s, &reply, e);
}

/* A ticket may be for another realm than the server's, or the server known by
 * a name that has none; a password that was given is then what is meant. */
static bool
has_another_way(const struct smb_session *s, const struct err *e)
{
	return e->kind == ERR_AUTH && s->login.tickets &&
	    s->password.text[0] != '\0';
}

int
login_begin(struct smb_session *s, bool create, struct err *e)
{
	s->login.create = create;
	return start_login(s, e) == 0 ? 0 : give_up(s, e);
}

int
login_end(struct smb_session *s, bool wait, struct err *e)
{
	bool reached;
	int rc;

	/* Nobody is asked in passing. */
	if (!wait && !s->login.sent && s->ask != NULL)
		return 0;
	do {
		reached = s->login.reached;
		rc = go_on(s, wait, e);
		if (rc == -1 && has_another_way(s, e)) {
			smb_link_end(s->link);
			s->link = NULL;
			s->no_tickets = true;
			rc = start_login(s, e);
		}
	} while (rc == 0 && (wait || reached != s->login.reached));
	return rc == -1 ? give_up(s, e) : rc;
}

int
login_new_link(struct smb_session *s, struct err *e)
{
	if (login_begin(s, false, e) == -1)
		return -1;
	return login_end(s, true, e) == 1 ? 0 : -1;
}
