#include "store/smb_login.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/smb_error.h"
#include "store/smb_tickets.h"

#define START_MS 3000u /* for a worker's start on a busy machine */

/* The answer to the one request that was sent, OK or ERROR, within ms. */
static int
hear(struct smb_session *s, struct wire *reply, unsigned ms, struct err *e)
{
	if (smb_link_receive(s->link, reply, ms, e) == -1)
		return -1;
	if (reply->op == WIRE_OK)
		return 0;
	if (reply->op == WIRE_ERROR)
		return session_error(s, reply, "", e);
	return err_set(e, ERR_FORMAT, "SMB worker: an answer to nothing");
}

static struct wire
connect_request(const struct smb_session *s)
{
	return (struct wire){
		.op = WIRE_CONNECT,
		.number = { s->at.port, s->connect_ms },
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

/* What there is to log in with. */
struct credentials {
	bool tickets;    /* in the worker's home; else a password */
	struct err note; /* why not */
};

/* Tickets. */
static int
find_tickets(struct smb_session *s, struct credentials *out, struct err *e)
{
	char path[PATH_MAX];

	*out = (struct credentials){ .note = { .kind = ERR_NONE } };
	if (s->no_tickets)
		return 0;
	snprintf(path, sizeof(path), "%s/" SMB_HOME_CCACHE,
	    smb_link_home(s->link));
	return smb_tickets_copy(path, s->connect_ms, &out->tickets, &out->note,
	    e);
}

/* Where there are none the password, else somebody is asked for one. */
static int
find_password(struct smb_session *s, const struct credentials *c, struct err *e)
{
	int rc = 1;

	if (c->tickets)
		return 0;
	if (find_user(s, e) == -1)
		return -1;
	if (s->password.text[0] != '\0')
		return 0;
	if (s->ask != NULL)
		rc = s->ask(&s->password, s->at.user, s->where, s->ask_arg, e);
	if (rc != 1)
		return rc;
	return err_set(e, ERR_AUTH,
	    "%s: %s, and no password was given (get a ticket with kinit, or "
	    "give --credentials FILE)",
	    s->where,
	    s->no_tickets ? "the tickets were refused" : c->note.text);
}

/*
 * Name and port, and meanwhile the tickets: both programs take their time to
 * start. A resolver that hangs is ended with its worker.
 */
static int
connect_server(struct smb_session *s, struct credentials *out, struct err *e)
{
	struct wire reply, m = connect_request(s);
	unsigned ms = s->connect_ms + START_MS;
	struct err why;
	int rc;

	m.id = ++s->serial;
	if (smb_link_send(s->link, &m, ms, e) == -1)
		return -1;
	rc = find_tickets(s, out, &why);
	if (hear(s, &reply, ms, e) == -1) {
		if (e->kind == ERR_OFFLINE && e->sys == ETIMEDOUT)
			err_set(e, ERR_OFFLINE,
			    "%s: the server was not reached in time, or its "
			    "name did not resolve (check the name and the "
			    "network)",
			    s->where);
		return -1;
	}
	s->rtt_us = (unsigned)reply.number[0];
	if (rc == -1)
		*e = why;
	return rc;
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

static struct wire
login_request(const struct smb_session *s, bool create, bool tickets,
    unsigned ms)
{
	return (struct wire){
		.op = WIRE_LOGIN,
		.number = { s->encrypt, tickets, request_ms(ms), create },
		.text = { s->at.share, s->at.path, tickets ? "" : s->at.user,
		    tickets ? "" : s->at.domain,
		    tickets ? "" : s->password.text },
	};
}

/* What the worker found when it was in. */
static void
note_login(struct smb_session *s, const struct wire *reply)
{
	s->facts = reply->number[0];
	s->links++;
	/* The tickets are there no longer than they have to be. */
	smb_link_forget_home(s->link);
}

static int
log_in(struct smb_session *s, bool create, bool tickets, struct err *e)
{
	unsigned ms = s->silent ? s->connect_ms : s->deadline_ms;
	struct wire reply, m = login_request(s, create, tickets, ms);

	m.id = ++s->serial;
	if (smb_link_send(s->link, &m, ms, e) == -1 ||
	    hear(s, &reply, ms, e) == -1)
		return -1;
	/* Whoever takes the connection may be nearer than the server. */
	if (reply.number[1] > 0)
		s->rtt_us = (unsigned)reply.number[1];
	note_login(s, &reply);
	return 0;
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

static int
try_link(struct smb_session *s, bool create, bool *tickets, struct err *e)
{
	struct credentials found = { .tickets = false };
	int rc = -1;

	if (start_link(s, e) == 0 && connect_server(s, &found, e) == 0 &&
	    find_password(s, &found, e) == 0)
		rc = log_in(s, create, found.tickets, e);
	*tickets = found.tickets;
	return rc;
}

/* A request whose answer is not waited for here. */
static int
send_ahead(struct smb_session *s, struct wire m, struct err *e)
{
	m.id = ++s->serial;
	s->joining++;
	return smb_link_send(s->link, &m, s->connect_ms, e);
}

int
login_begin(struct smb_session *s, struct err *e)
{
	struct credentials found;

	s->joining = 0;
	if (start_link(s, e) == 0 &&
	    send_ahead(s, connect_request(s), e) == 0 &&
	    find_tickets(s, &found, e) == 0 &&
	    find_password(s, &found, e) == 0 &&
	    send_ahead(s,
		login_request(s, false, found.tickets, s->deadline_ms), e) == 0)
		return 0;
	smb_link_end(s->link);
	s->link = NULL;
	return -1;
}

int
login_poll(struct smb_session *s, struct err *e)
{
	struct wire reply;
	int rc;

	while ((rc = smb_link_try(s->link, &reply, e)) == 1) {
		if (reply.op != WIRE_OK) {
			rc = err_set(e, ERR_OFFLINE, "%s: no further login",
			    s->where);
			break;
		}
		if (--s->joining > 0)
			continue;
		note_login(s, &reply);
		return 1;
	}
	if (rc == 0)
		return 0;
	smb_link_end(s->link);
	s->link = NULL;
	return -1;
}

/* Does e come without the name of what it is about? */
static void
name_error(const struct smb_session *s, struct err *e)
{
	if (strncmp(e->text, s->where, strlen(s->where)) != 0)
		err_wrap(e, "%s", s->where);
}

int
login_new_link(struct smb_session *s, bool create, struct err *e)
{
	bool tickets;
	int rc;

	rc = try_link(s, create, &tickets, e);
	/* A ticket may be for another realm than the server's, or the server
	 * known by a name that has none; a password that was given is then
	 * what is meant. */
	if (rc == -1 && e->kind == ERR_AUTH && tickets &&
	    s->password.text[0] != '\0') {
		smb_link_end(s->link);
		s->link = NULL;
		s->no_tickets = true;
		rc = try_link(s, create, &tickets, e);
	}
	s->kerberos = tickets;
	if (rc == 0)
		return 0;
	smb_link_end(s->link);
	s->link = NULL;
	name_error(s, e);
	return -1;
}
