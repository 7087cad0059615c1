#include "prog/ldap_ping.h"

#include <sys/socket.h>

#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "signin/cldap.h"
#include "signin/srv.h"

#define PING_APART_S 0.1 /* one after the other */
#define PING_WAIT_S  1.0 /* behind the last */

#define NOBODY SERVERS_MAX

/* Pings under way, one a server; the numbers are those of the list. */
struct pings {
	bool writable;
	struct pollfd p[SERVERS_MAX]; /* fd -1: nothing more comes of it */
	bool read_only[SERVERS_MAX];
	size_t sent;
};

/* A socket that has sent the ping; -1: that cannot be done. */
static int
send_ping(struct server *one, const char *host, const struct buf *ping)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
	struct addrinfo *list, *a;
	char port[8];
	int fd = -1;

	snprintf(port, sizeof(port), "%d", CLDAP_PORT);
	/* A name may take seconds of its own: only once. */
	if (getaddrinfo(one->address[0] != '\0' ? one->address : host, port,
		&hints, &list) != 0)
		return -1;
	for (a = list; a != NULL && fd == -1; a = a->ai_next) {
		fd = socket(a->ai_family,
		    a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd == -1)
			continue;
		/* Connected: nobody else can answer. */
		if (connect(fd, a->ai_addr, a->ai_addrlen) == -1 ||
		    send(fd, ping->bytes, ping->len, MSG_NOSIGNAL) == -1) {
			close(fd);
			fd = -1;
		} else if (getnameinfo(a->ai_addr, a->ai_addrlen, one->address,
			       sizeof(one->address), NULL, 0,
			       NI_NUMERICHOST) != 0) {
			one->address[0] = '\0';
		}
	}
	freeaddrinfo(list);
	return fd;
}

static unsigned char
id_of(size_t i)
{
	return (unsigned char)(i + 1);
}

static void
ping_one(struct pings *w, struct server *one, const char *domain)
{
	struct buf bytes = { .max = CLDAP_REPLY_MAX };
	char host[SRV_HOST_MAX];
	int fd = -1;

	if (ldap_find_host(host, one->uri)) {
		cldap_ping(&bytes, domain, id_of(w->sent));
		fd = send_ping(one, host, &bytes);
		buf_free(&bytes);
	}
	w->p[w->sent++] = (struct pollfd){ .fd = fd, .events = POLLIN };
}

/* Is what server i said one that will do? */
static bool
take_answer(struct pings *w, size_t i, struct netlogon *out)
{
	unsigned char bytes[CLDAP_REPLY_MAX];
	struct netlogon said;
	struct err ignored;
	ssize_t n = recv(w->p[i].fd, bytes, sizeof(bytes), 0);

	if (n > 0 &&
	    cldap_reply(&said, bytes, (size_t)n, id_of(i), &ignored) == -1)
		return false;
	/* It said what it has to say; or else nobody listens there. */
	close(w->p[i].fd);
	w->p[i].fd = -1;
	if (n <= 0)
		return false;
	w->read_only[i] = (said.flags & NETLOGON_WRITABLE) == 0;
	if (w->writable && w->read_only[i])
		return false;
	*out = said;
	return true;
}

/* Who has answered within that time; NOBODY. */
static size_t
wait_answer(struct pings *w, double seconds, struct netlogon *out)
{
	double until = clock_steady_s() + seconds, left;
	size_t waiting;

	while ((left = until - clock_steady_s()) > 0) {
		waiting = 0;
		for (size_t i = 0; i < w->sent; i++)
			waiting += w->p[i].fd != -1;
		if (waiting == 0)
			break;
		if (poll(w->p, w->sent, (int)(left * 1000) + 1) <= 0)
			continue; /* EINTR, or the time is up */
		for (size_t i = 0; i < w->sent; i++)
			if (w->p[i].fd != -1 && w->p[i].revents != 0 &&
			    take_answer(w, i, out))
				return i;
	}
	return NOBODY;
}

/* The one that answered first, then the others in their order. */
static void
rearrange(struct servers *s, const struct pings *w, size_t first)
{
	const struct servers old = *s;

	s->count = 0;
	s->alive = first != NOBODY;
	if (first != NOBODY)
		ldap_find_add(s, &old.list[first]);
	for (size_t i = 0; i < old.count; i++)
		if (i != first && !(w->writable && w->read_only[i]))
			ldap_find_add(s, &old.list[i]);
}

bool
ldap_ping(struct netlogon *out, struct servers *s, const char *domain,
    bool writable)
{
	struct pings w = { .writable = writable };
	size_t first = NOBODY;

	while (first == NOBODY && w.sent < s->count) {
		ping_one(&w, &s->list[w.sent], domain);
		first = wait_answer(&w,
		    w.sent < s->count ? PING_APART_S : PING_WAIT_S, out);
	}
	for (size_t i = 0; i < w.sent; i++)
		if (w.p[i].fd != -1)
			close(w.p[i].fd);
	rearrange(s, &w, first);
	return first != NOBODY;
}
