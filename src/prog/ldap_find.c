#include "prog/ldap_find.h"

#include <sys/random.h>

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "prog/ldap_ping.h"
#include "signin/pairs.h"
#include "signin/srv.h"

static bool
is_change(const struct question *q)
{
	return q->op == OP_ADD || q->op == OP_REMOVE;
}

void
ldap_find_add(struct servers *s, const struct server *one)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcasecmp(s->list[i].uri, one->uri) == 0) {
			if (s->list[i].address[0] == '\0')
				s->list[i] = *one;
			return;
		}
	if (s->count < SERVERS_MAX)
		s->list[s->count++] = *one;
}

/* host as a URL with the port that goes with its scheme. */
static void
add_host(struct servers *s, const struct question *q, const char *host,
    unsigned port)
{
	bool ldaps = q->tls == TLS_LDAPS;
	struct server one = { .address = "" };

	/* DNS knows the port without TLS alone. */
	if (ldaps && port == 389)
		port = 636;
	snprintf(one.uri, sizeof(one.uri), "%s://%s:%u",
	    ldaps ? "ldaps" : "ldap", host, port);
	ldap_find_add(s, &one);
}

/* A word of the settings: a URL, or the name of a host. */
static int
add_word(struct servers *s, const struct question *q, const char *word,
    struct err *e)
{
	const char *at = strstr(word, "://");
	struct server one = { .address = "" };
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
		if (!ldap_find_host(host, word) ||
		    strpbrk(at + 3, "/?@ ") != NULL)
			return err_set(e, ERR_USAGE,
			    "%s: not of the form ldap://SERVER[:PORT]", word);
	}
	if (strlen(word) >= sizeof(one.uri))
		return err_set(e, ERR_USAGE, "%.40s...: too long", word);
	memcpy(one.uri, word, strlen(word) + 1);
	ldap_find_add(s, &one);
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

/* The controllers that DNS has below "PREFIX._msdcs.DOMAIN", behind s in their
 * order. */
static int
add_lookup(struct servers *s, const struct question *q, const char *prefix,
    const char *domain, struct err *e)
{
	struct __res_state state = { 0 };
	struct srv list[SRV_MAX];
	size_t count = 0;
	unsigned char answer[NS_MAXMSG];
	char name[NS_MAXDNAME];
	uint64_t seed = 0;
	int len;

	snprintf(name, sizeof(name), "_ldap._tcp.%s._msdcs.%s", prefix, domain);
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
	    srv_parse(list, &count, answer, (size_t)len, e) == -1)
		return err_set(e, ERR_FORMAT, "DNS: %s: an answer that is none",
		    name);
	(void)!getrandom(&seed, sizeof(seed), GRND_NONBLOCK);
	srv_order(list, count, seed);
	for (size_t i = 0; i < count; i++)
		add_host(s, q, list[i].host, list[i].port);
	return 0;
}

/* Those of the domain; where the computer's site is known, or one of them
 * tells it, those of the site first, and before all one that answers. */
static int
add_domain(struct servers *s, const struct question *q, const char *domain,
    struct err *e)
{
	struct servers all = { 0 };
	struct netlogon answer = { 0 };
	struct err ignored;
	char prefix[sizeof(s->site) + 16];
	bool alive = s->site[0] != '\0';

	if (add_lookup(&all, q, "dc", domain, e) == -1)
		return -1;
	if (!alive && (alive = ldap_ping(&answer, &all, domain, false)))
		(void)pairs_set(s->site, sizeof(s->site), answer.client_site,
		    strlen(answer.client_site));
	/* A site without controllers of its own is none the worse. */
	snprintf(prefix, sizeof(prefix), "%s._sites.dc", s->site);
	if (s->site[0] != '\0' && srv_is_host(s->site))
		(void)!add_lookup(s, q, prefix, domain, &ignored);
	for (size_t i = 0; i < all.count; i++)
		ldap_find_add(s, &all.list[i]);
	/* A change asks for more than an answer. */
	if (alive && !is_change(q))
		(void)ldap_ping(&answer, s, domain, false);
	return 0;
}

/* There is always one that takes changes, which DNS has by itself. */
static int
add_writable(struct servers *s, const struct question *q, const char *domain,
    struct err *e)
{
	struct netlogon ignored;

	(void)ldap_ping(&ignored, s, domain, true);
	if (s->count > 0)
		return 0;
	if (srv_is_host(domain) && add_lookup(s, q, "pdc", domain, e) == 0 &&
	    s->count > 0)
		return 0;
	return err_set(e, ERR_OFFLINE,
	    "the controllers that were found take no changes");
}

int
ldap_find_servers(struct servers *out, const struct question *q,
    const char *domain, struct err *e)
{
	*out = (struct servers){ 0 };
	(void)pairs_set(out->site, sizeof(out->site), q->site, strlen(q->site));
	if (q->servers[0] != '\0') {
		if (add_settings(out, q, e) == -1)
			return -1;
	} else if (!srv_is_host(domain)) {
		return err_set(e, ERR_USAGE,
		    "no domain is known: set domain or servers in "
		    "roam.conf(5)");
	} else if (add_domain(out, q, domain, e) == -1) {
		return -1;
	} else if (out->count == 0) {
		return err_set(e, ERR_OFFLINE,
		    "DNS: it names no controller of %s", domain);
	}
	return is_change(q) ? add_writable(out, q, domain, e) : 0;
}

bool
ldap_find_host(char out[SRV_HOST_MAX], const char *uri)
{
	const char *host = strstr(uri, "://");

	if (host == NULL || strncmp(uri, "ldapi:", 6) == 0)
		return false;
	host += 3;
	return (size_t)snprintf(out, SRV_HOST_MAX, "%.*s",
		   (int)strcspn(host, ":/"), host) < SRV_HOST_MAX &&
	    srv_is_host(out);
}

bool
ldap_find_catalog(char out[SERVER_URI_MAX], const char *uri)
{
	bool ldaps = strncmp(uri, "ldaps://", 8) == 0;
	char host[SRV_HOST_MAX];

	if (!ldap_find_host(host, uri))
		return false;
	snprintf(out, SERVER_URI_MAX, "%s://%s:%d", ldaps ? "ldaps" : "ldap",
	    host, ldaps ? 3269 : 3268);
	return true;
}
