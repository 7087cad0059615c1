/*
 * roam-ldap - asks a directory what roam-session(8) or roam(1) want to know;
 * see roam-ldap(8). A program of its own, since the libraries that it calls
 * wait as long as they like, read what they like, and load what settings of
 * others name. Started by root it gives up everything but the network before
 * the first byte comes in.
 */
#include <nss.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/confine.h"
#include "base/io.h"
#include "base/priv.h"
#include "prog/ldap_find.h"
#include "prog/ldap_server.h"
#include "signin/pairs.h"
#include "signin/user_name.h"

#define DEADLINE_MS 20000 /* where nobody says */
#define SLICE_MS    2000  /* at least that for each server */
#define NOBODY      65534 /* as the kernel shows ids that it cannot show */

/* --- Who we are, and then nobody ------------------------------------------- */

/*
 * The user that is made for this, else who has nothing to say on any system.
 * Only the machine's own list is asked: users of the directory, whose lookup
 * may take as long as the directory likes, are none of these.
 */
static int
become_nobody(struct err *e)
{
	static const char *const names[] = { ROAM_LDAP_USER, "nobody" };
	const struct passwd *pw = NULL;

	if (geteuid() != 0)
		return 0;
	(void)__nss_configure_lookup("passwd", "files");
	for (size_t i = 0; pw == NULL && i < sizeof(names) / sizeof(names[0]);
	     i++)
		pw = getpwnam(names[i]);
	if (pw == NULL)
		return priv_become_nobody("nobody", NOBODY, NOBODY, e);
	return priv_become_nobody(pw->pw_name, pw->pw_uid, pw->pw_gid, e);
}

/* Files can be read from now on, and none written. */
static int
confine(struct err *e)
{
	static const struct confine rules[] = { { "/", CONFINE_READ } };
	bool done;

	if (confine_process(e) == -1)
		return -1;
	return confine_files(rules, 1, &done, e);
}

/* The name of this computer's account where nobody says it. */
static void
name_computer(struct ldap_session *s)
{
	char host[256] = "";
	const char *account;

	if (s->q.computer[0] != '\0')
		return;
	account = s->ticket != NULL ? ticket_account(s->ticket) : "";
	if (account[0] != '\0') {
		(void)pairs_set(s->q.computer, sizeof(s->q.computer), account,
		    strlen(account));
		return;
	}
	(void)gethostname(host, sizeof(host) - 1);
	(void)pairs_set(s->q.computer, sizeof(s->q.computer), host,
	    strcspn(host, "."));
}

/* The domain in DNS: as told, else the keytab's, else the host's. */
static void
name_domain(struct ldap_session *s)
{
	char host[256] = "";
	const char *from = s->q.domain, *dot;

	if (from[0] == '\0' && s->ticket != NULL)
		from = ticket_realm(s->ticket);
	if (from[0] == '\0') {
		(void)gethostname(host, sizeof(host) - 1);
		dot = strchr(host, '.');
		from = dot != NULL ? dot + 1 : "";
	}
	snprintf(s->domain, sizeof(s->domain), "%s", from);
	for (char *c = s->domain; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
}

/* The account of a computer's name is that name without its '$' or domain. */
static int
open_ticket(struct ldap_session *s, struct err *e)
{
	char account[256] = "";

	if (strchr(s->q.computer, '=') == NULL)
		snprintf(account, sizeof(account), "%.*s",
		    (int)strcspn(s->q.computer, ".$"), s->q.computer);
	if (ticket_open(&s->ticket, s->q.keytab, account, e) == 0)
		return 0;
	/* About another computer, or one whose object has another name. */
	if (e->kind != ERR_AUTH || account[0] == '\0')
		return -1;
	return ticket_open(&s->ticket, s->q.keytab, "", e);
}

/* Everything that only root may read. */
static int
take_credentials(struct ldap_session *s, struct err *e)
{
	if (s->q.bind == BIND_SIMPLE) {
		if (s->q.credentials[0] == '\0')
			return err_set(e, ERR_USAGE,
			    "a simple bind needs credentials_file in "
			    "roam.conf(5)");
		return cred_from_file(&s->cred, s->q.credentials, e);
	}
	if (s->q.bind != BIND_KERBEROS)
		return 0;
	return s->q.own_cache ? ticket_open_own(&s->ticket, e)
			      : open_ticket(s, e);
}

static int
prepare(struct ldap_session *s, struct err *e)
{
	uint64_t ms = s->q.deadline_ms != 0 ? s->q.deadline_ms : DEADLINE_MS;

	s->until = clock_steady_s() + (double)ms / 1000;
	if (take_credentials(s, e) == -1 || become_nobody(e) == -1 ||
	    confine(e) == -1)
		return -1;
	name_computer(s);
	name_domain(s);
	return 0;
}

/* --- Servers, until one has an answer ---------------------------------------- */

static bool
is_done(const struct ldap_session *s, const struct facts *f)
{
	if (s->q.op != OP_CHECK)
		return f->error_kind != ERR_OFFLINE &&
		    f->error_kind != ERR_FORMAT;
	if (s->q.paths_only)
		return f->user != FACT_UNKNOWN;
	return facts_answer(f) != ANSWER_UNKNOWN;
}

/* One that is known to be there may take all but the least of the others. */
static unsigned
slice_ms(const struct ldap_session *s, size_t servers_left, bool alive)
{
	double left = (s->until - clock_steady_s()) * 1000;
	double slice = alive ? left - SLICE_MS * (double)(servers_left - 1)
			     : left / (double)servers_left;

	if (slice < SLICE_MS)
		slice = left < SLICE_MS ? left : SLICE_MS;
	return slice > 1 ? (unsigned)slice : 0;
}

/* The servers of domain, until one has an answer. */
static int
ask_domain(struct ldap_session *s, const char *domain, struct facts *f,
    struct buf *out, struct err *e)
{
	struct servers servers;
	struct facts first, said;
	bool done = false;

	if (ldap_find_servers(&servers, &s->q, domain, e) == -1)
		return -1;
	(void)pairs_set(f->site, sizeof(f->site), servers.site,
	    strlen(servers.site));
	(void)pairs_set(f->host, sizeof(f->host), s->q.computer,
	    strlen(s->q.computer));
	first = said = *f;
	for (size_t i = 0; !done && i < servers.count; i++) {
		const struct ldap_place at = { .uri = servers.list[i].uri,
			.address = servers.list[i].address,
			.domain = domain,
			.ms = slice_ms(s, servers.count - i,
			    servers.alive && i == 0) };

		if (at.ms == 0)
			break;
		*f = first;
		(void)!ldap_server_ask(s, &at, out, f);
		done = is_done(s, f);
		/* What one objects to says more than that another is away. */
		if (i == 0 || f->error_kind != ERR_OFFLINE)
			said = *f;
	}
	if (done)
		return 0;
	*f = said;
	buf_clear(out);
	facts_write(out, f);
	return 0;
}

/* A catalog has the users of all domains, but not their paths, and takes no
 * changes: the rest is up to the controllers of the user's own domain. */
static bool
is_half(const struct ldap_session *s, const struct facts *f)
{
	return s->q.op != OP_LIST && f->error[0] == '\0' &&
	    f->paths != FACT_YES && f->user_dn[0] != '\0' &&
	    f->domain[0] != '\0';
}

static void
ask_home(struct ldap_session *s, struct facts *f, struct buf *out)
{
	struct ldap_session home = *s;
	struct facts there = { 0 };
	struct user_name name;
	struct err e;

	buf_clear(out);
	if (user_name_split(&name, s->q.user, &e) == -1) {
		ldap_server_finish(f, out, &e);
		return;
	}
	/* There the user needs no domain, and is known by name. */
	memcpy(home.q.user, name.account, sizeof(home.q.user));
	memcpy(home.q.base, f->user_dn, sizeof(home.q.base));
	home.q.servers[0] = '\0';
	(void)pairs_set(home.q.site, sizeof(home.q.site), f->site,
	    strlen(f->site));
	home.q.paths_only = true;
	if (s->q.op != OP_CHECK)
		there = *f;
	if (ask_domain(&home, f->domain, &there, out, &e) == -1) {
		ldap_server_finish(f, out, &e);
		return;
	}
	if (s->q.op != OP_CHECK)
		return;
	memcpy(there.netbios, f->netbios, sizeof(there.netbios));
	if (there.paths == FACT_YES)
		facts_take_paths(f, &there);
	memcpy(f->error, there.error, sizeof(f->error));
	f->error_kind = there.error_kind;
	f->round_trips += there.round_trips;
	buf_clear(out);
	facts_write(out, f);
}

static int
run(struct ldap_session *s, struct facts *f, struct buf *out, struct err *e)
{
	if (ask_domain(s, s->domain, f, out, e) == -1)
		return -1;
	if (is_half(s, f))
		ask_home(s, f, out);
	return 0;
}

static int
read_question(struct question *out, struct err *e)
{
	struct buf text = { .max = QUESTION_BYTES_MAX + 1 };
	int rc;

	rc = io_read_all(STDIN_FILENO, &text, e);
	if (rc == 0)
		rc = question_parse(out, text.bytes, text.len, e);
	buf_free(&text);
	return rc;
}

int
main(int argc, char **argv)
{
	struct ldap_session s = { 0 };
	struct facts f = { 0 };
	struct buf out = { .max = LDAP_OUTPUT_MAX };
	struct err e;
	int rc;

	(void)argv;
	/* A name server that is away is followed by the next within a second,
	 * for the libraries, too. */
	if (setenv("RES_OPTIONS", "timeout:1 attempts:2", 1) == -1)
		return 1;
	if (argc != 1) {
		fprintf(stderr,
		    "roam-ldap: started by roam-session(8) and "
		    "roam(1), with a question on standard input\n");
		return 2;
	}
	rc = read_question(&s.q, &e);
	if (rc == 0 && (rc = prepare(&s, &e)) == 0)
		rc = run(&s, &f, &out, &e);
	if (rc == -1) {
		buf_clear(&out);
		ldap_server_finish(&f, &out, &e);
	}
	if (io_write(STDOUT_FILENO, out.bytes, out.len, &e) == -1)
		rc = -1;
	buf_free(&out);
	ticket_close(s.ticket);
	cred_wipe(&s.cred);
	return rc == 0 ? 0 : 1;
}
