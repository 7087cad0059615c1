#include "prog/ldap_find.h"

#include <sys/random.h>
#include <sys/socket.h>

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <resolv.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "signin/cldap.h"
#include "signin/pairs.h"
#include "signin/srv.h"

#define PING_AT_ONCE 5   /* servers */
#define PING_WAIT_S  1.0 /* for the first that answers */

static bool
has_uri(const struct servers *s, const char *uri)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcasecmp(s->uri[i], uri) == 0)
			return true;
	return false;
}

/* host as a URL with the port that goes with its scheme. */
static void
add_host(struct servers *s, const struct question *q, const char *host,
    unsigned port)
{
	bool ldaps = q->tls == TLS_LDAPS;
	char uri[SERVER_URI_MAX];

	/* DNS knows the port without TLS alone. */
	if (ldaps && port == 389)
		port = 636;
	snprintf(uri, sizeof(uri), "%s://%s:%u", ldaps ? "ldaps" : "ldap", host,
	    port);
	if (s->count < SERVERS_MAX && !has_uri(s, uri))
		memcpy(s->uri[s->count++], uri, sizeof(uri));
}

/* A word of the settings: a URL, or the name of a host. */
static int
add_word(struct servers *s, const struct question *q, const char *word,
    struct err *e)
{
	const char *at = strstr(word, "://");
	char host[SRV_HOST_MAX];

	if (at == NULL) {
		if (!srv_is_host(word))
			return err_set(e, ERR_USAGE,
			    "%s: neither the name of a server nor a URL", word);
		add_host(s, q, word, 389);
		return 0;
	}
	if (strncmp(word, "ldapi://", 8) != 0) {
		if (strncmp(word, "ldap://", 7) != 0 &&
		    strncmp(word, "ldaps://", 8) != 0)
			return err_set(e, ERR_USAGE,
			    "%s: neither ldap://, ldaps:// nor ldapi://", word);
		snprintf(host, sizeof(host), "%.*s", (int)strcspn(at + 3, ":/"),
		    at + 3);
		if (!srv_is_host(host) || strpbrk(at + 3, "/?@ ") != NULL)
			return err_set(e, ERR_USAGE,
			    "%s: not of the form ldap://SERVER[:PORT]", word);
	}
	if (s->count < SERVERS_MAX && strlen(word) < SERVER_URI_MAX)
		snprintf(s->uri[s->count++], SERVER_URI_MAX, "%s", word);
	return 0;
}

static int
add_settings(struct servers *s, const struct question *q, struct err *e)
{
	char words[sizeof(q->servers)], *word, *rest;

	memcpy(words, q->servers, sizeof(words));
	for (word = strtok_r(words, " \t,", &rest); word != NULL;
	     word = strtok_r(NULL, " \t,", &rest))
		if (add_word(s, q, word, e) == -1)
			return -1;
	return 0;
}

/* The controllers of a domain, or of one of its sites, in order. */
static int
lookup(struct srv list[SRV_MAX], size_t *count, const char *site,
    const char *domain, struct err *e)
{
	struct __res_state state = { 0 };
	unsigned char answer[NS_MAXMSG];
	char name[NS_MAXDNAME];
	uint64_t seed = 0;
	int len;

	*count = 0;
	snprintf(name, sizeof(name), "_ldap._tcp.%s%sdc._msdcs.%s", site,
	    site[0] != '\0' ? "._sites." : "", domain);
	if (res_ninit(&state) == -1)
		return err_set(e, ERR_SYSTEM,
		    "DNS: its settings cannot be "
		    "read");
	state.retrans = 1;
	state.retry = 2;
	len =
	    res_nquery(&state, name, ns_c_in, ns_t_srv, answer, sizeof(answer));
	res_nclose(&state);
	if (len == -1)
		return err_set(e, ERR_OFFLINE, "DNS: %s: %s", name,
		    hstrerror(state.res_h_errno));
	if ((size_t)len > sizeof(answer) ||
	    srv_parse(list, count, answer, (size_t)len, e) == -1)
		return err_set(e, ERR_FORMAT, "DNS: %s: an answer that is none",
		    name);
	(void)!getrandom(&seed, sizeof(seed), GRND_NONBLOCK);
	srv_order(list, *count, seed);
	return 0;
}

/* A socket that has sent the ping; -1: that cannot be done. */
static int
send_ping(const char *host, const struct buf *ping)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
	struct addrinfo *list, *a;
	char port[8];
	int fd = -1;

	snprintf(port, sizeof(port), "%d", CLDAP_PORT);
	if (getaddrinfo(host, port, &hints, &list) != 0)
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
		}
	}
	freeaddrinfo(list);
	return fd;
}

/* Does one of the sockets that are ready hold an answer that helps? */
static bool
take_answer(struct netlogon *out, struct pollfd *p, size_t count)
{
	unsigned char bytes[CLDAP_REPLY_MAX];
	struct err ignored;
	ssize_t n;

	for (size_t i = 0; i < count; i++) {
		if (p[i].fd == -1 || p[i].revents == 0)
			continue;
		n = recv(p[i].fd, bytes, sizeof(bytes), 0);
		if (n > 0 &&
		    cldap_reply(out, bytes, (size_t)n, (unsigned char)(i + 1),
			&ignored) == 0 &&
		    out->client_site[0] != '\0')
			return true;
		if (n == -1) {
			close(p[i].fd); /* nobody listens there */
			p[i].fd = -1;
		}
	}
	return false;
}

/* Ask a few controllers at once for the site of this computer. */
static bool
ping(struct netlogon *out, const struct srv *list, size_t count,
    const char *domain)
{
	double until = clock_steady_s() + PING_WAIT_S;
	struct pollfd p[PING_AT_ONCE];
	bool found = false;
	double left;

	if (count > PING_AT_ONCE)
		count = PING_AT_ONCE;
	for (size_t i = 0; i < count; i++) {
		struct buf bytes = { .max = CLDAP_REPLY_MAX };

		cldap_ping(&bytes, domain, (unsigned char)(i + 1));
		p[i] = (struct pollfd){ .fd = send_ping(list[i].host, &bytes),
			.events = POLLIN };
		buf_free(&bytes);
	}
	while (!found && (left = until - clock_steady_s()) > 0 &&
	    poll(p, count, (int)(left * 1000) + 1) > 0)
		found = take_answer(out, p, count);
	for (size_t i = 0; i < count; i++)
		if (p[i].fd != -1)
			close(p[i].fd);
	return found;
}

static void
add_list(struct servers *s, const struct question *q, const struct srv *list,
    size_t count)
{
	for (size_t i = 0; i < count; i++)
		add_host(s, q, list[i].host, list[i].port);
}

int
ldap_find_servers(struct servers *out, const struct question *q,
    const char *domain, struct err *e)
{
	struct srv near[SRV_MAX], all[SRV_MAX];
	size_t near_count = 0, all_count = 0;
	struct netlogon answer;
	struct err ignored;

	*out = (struct servers){ 0 };
	(void)pairs_set(out->site, sizeof(out->site), q->site, strlen(q->site));
	if (q->servers[0] != '\0')
		return add_settings(out, q, e);
	if (!srv_is_host(domain))
		return err_set(e, ERR_USAGE,
		    "no domain is known: set domain or servers in "
		    "roam.conf(5)");
	if (lookup(all, &all_count, "", domain, e) == -1)
		return -1;
	if (out->site[0] == '\0' && ping(&answer, all, all_count, domain))
		(void)pairs_set(out->site, sizeof(out->site),
		    answer.client_site, strlen(answer.client_site));
	/* A site without controllers of its own is none the worse. */
	if (out->site[0] != '\0' && srv_is_host(out->site))
		(void)!lookup(near, &near_count, out->site, domain, &ignored);
	add_list(out, q, near, near_count);
	add_list(out, q, all, all_count);
	if (out->count == 0)
		return err_set(e, ERR_OFFLINE,
		    "DNS: it names no controller of %s", domain);
	return 0;
}

bool
ldap_find_catalog(char out[SERVER_URI_MAX], const char *uri)
{
	bool ldaps = strncmp(uri, "ldaps://", 8) == 0;
	const char *host = strstr(uri, "://");

	if (host == NULL || strncmp(uri, "ldapi:", 6) == 0)
		return false;
	host += 3;
	snprintf(out, SERVER_URI_MAX, "%s://%.*s:%d", ldaps ? "ldaps" : "ldap",
	    (int)strcspn(host, ":/"), host, ldaps ? 3269 : 3268);
	return true;
}
