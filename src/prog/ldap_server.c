#include "prog/ldap_server.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/text.h"
#include "prog/ldap_ask.h"
#include "prog/ldap_find.h"
#include "prog/ldap_link.h"
#include "signin/pairs.h"

static int
log_in(struct ldap_session *s, const struct ldap_place *at, struct ldap_link *l,
    struct err *e)
{
	char host[SRV_HOST_MAX] = "";

	if (s->q.bind == BIND_SIMPLE)
		return ldap_link_simple(l, s->cred.user, &s->cred.password, e);
	if (s->q.bind == BIND_ANONYMOUS)
		return ldap_link_anonymous(l, e);
	(void)ldap_find_host(host, at->uri);
	ticket_ask_at(s->ticket, at->domain,
	    at->address[0] != '\0' ? at->address : host);
	if (ticket_get(s->ticket, host, e) == -1)
		return -1;
	return ldap_link_kerberos(l, e);
}

static int
ask_at(struct ldap_session *s, const struct ldap_place *at, struct facts *f,
    struct buf *items, struct ldap_part *part, struct err *e)
{
	const struct ldap_way way = { .uri = at->uri,
		.starttls = s->q.tls == TLS_START &&
		    strncmp(at->uri, "ldap://", 7) == 0,
		.ca_file = s->q.ca_file,
		.timeout_ms = at->ms };
	struct ldap_link *l;
	int rc;

	if (ldap_link_open(&l, &way, e) == -1)
		return -1;
	rc = log_in(s, at, l, e);
	if (rc == 0)
		rc = s->q.op == OP_CHECK
		    ? ldap_ask(f, l, &s->q, part, e)
		    : ldap_ask_admin(items, f, l, &s->q, part, e);
	ldap_link_close(l);
	return rc;
}

/* The server, and where it says so its catalog of all domains. */
static int
ask(struct ldap_session *s, const struct ldap_place *where, struct facts *f,
    struct buf *items, struct err *e)
{
	struct ldap_place at = *where;
	struct facts before = *f;
	char catalog[SERVER_URI_MAX];
	struct ldap_part part = { .catalog = false };
	int rc;

	rc = ask_at(s, &at, f, items, &part, e);
	if (rc == 0 || !part.elsewhere || !ldap_find_catalog(catalog, at.uri))
		return rc;
	before.round_trips = f->round_trips;
	*f = before;
	at.uri = catalog;
	part = (struct ldap_part){ .catalog = true };
	return ask_at(s, &at, f, items, &part, e);
}

void
ldap_server_finish(struct facts *f, struct buf *out, const struct err *e)
{
	/* Whole, or cut where its bytes no longer fit. */
	if (e != NULL) {
		char text[sizeof(f->error)];

		snprintf(text, sizeof(text), "%.*s", (int)sizeof(text) - 1,
		    e->text);
		text_tame(text);
		if (!pairs_set(f->error, sizeof(f->error), text, strlen(text)))
			snprintf(f->error, sizeof(f->error),
			    "the directory failed");
		f->error_kind = (uint64_t)e->kind;
	}
	facts_write(out, f);
}

/* In a process of its own: nothing else ends what the libraries wait for. */
static void
child(struct ldap_session *s, const struct ldap_place *at, struct facts *f,
    int fd)
{
	struct buf out = { .max = LDAP_OUTPUT_MAX };
	struct err e, ignored;
	int rc;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	rc = ask(s, at, f, &out, &e);
	if (rc == -1)
		buf_clear(&out);
	ldap_server_finish(f, &out, rc == -1 ? &e : NULL);
	if (buf_check(&out, &ignored) == 0)
		(void)!io_write(fd, out.bytes, out.len, &ignored);
	_exit(0);
}

/* What the child says until its time is up. */
static int
listen_to(int fd, unsigned ms, struct buf *out)
{
	double until = clock_steady_s() + ms / 1000.0, left;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint8_t *room;
	ssize_t n;

	while ((left = until - clock_steady_s()) > 0) {
		if (poll(&p, 1, (int)(left * 1000) + 1) <= 0)
			continue;
		if ((room = buf_room(out, 4096)) == NULL)
			return -1;
		n = read(fd, room, 4096);
		if (n == 0)
			return 0;
		if (n == -1 && errno != EINTR)
			return -1;
		out->len += n > 0 ? (size_t)n : 0;
	}
	return -1;
}

static int
read_facts(struct facts *f, const struct buf *out, struct err *e)
{
	size_t skip = facts_items_len(out->bytes, out->len);

	return facts_parse(f, out->bytes + skip, out->len - skip, e);
}

int
ldap_server_ask(struct ldap_session *s, const struct ldap_place *at,
    struct buf *out, struct facts *f)
{
	struct err e;
	int fds[2], rc;
	pid_t pid;

	buf_clear(out);
	if (pipe(fds) == -1)
		return -1;
	if ((pid = fork()) == 0) {
		close(fds[0]);
		child(s, at, f, fds[1]);
	}
	close(fds[1]);
	rc = pid == -1 ? -1 : listen_to(fds[0], at->ms, out);
	close(fds[0]);
	if (pid != -1) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
	}
	if (rc == 0 && read_facts(f, out, &e) == 0)
		return 0;
	snprintf(f->error, sizeof(f->error), "%.200s: no answer in time",
	    at->uri);
	f->error_kind = ERR_OFFLINE;
	buf_clear(out);
	return -1;
}
