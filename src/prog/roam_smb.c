/*
 * roam-smb - the worker that talks to an SMB server, for the program that
 * started it and speaks wire.h with it over descriptor 3. It has the network
 * and no home: its own is a folder with a configuration (smb_home.h) that the
 * program made. It logs nothing, decides nothing, and can be killed any time.
 */
#include <netinet/in.h>
#include <sys/socket.h>

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/confine.h"
#include "base/io.h"
#include "prog/inbox.h"
#include "prog/smb_calls.h"
#include "prog/smb_files.h"
#include "store/smb_home.h"
#include "store/wire.h"

#define FD          3
#define LEAVE_TRIES 20
#define LEAVE_MS    50
#define PART_MAX    ((size_t)256 << 10) /* bytes of a PART of a list */

struct worker {
	struct inbox *inbox;
	struct smb_files files; /* its smb is NULL before LOGIN */
	char *server;           /* owned; what CONNECT reached */
	unsigned port;
	uint64_t slow_us;
	bool confined;
	uint32_t id; /* of the request that is worked on */
	void *bytes; /* owned; WIRE_BLOB of them, once they were needed */
};

/* The program removes the folder itself, unless it was killed. Then what copies
 * tickets into it may be at work for a moment yet. */
static void
leave(void)
{
	const char *home = getenv("HOME");

	if (home == NULL || strstr(home, "/roam-smb-") == NULL)
		return;
	smb_home_remove(home);
	for (int i = 0; i < LEAVE_TRIES && access(home, F_OK) == 0; i++) {
		clock_sleep_ms(LEAVE_MS);
		smb_home_remove(home);
	}
}

/* The program does not listen any more: nobody is left to tell. */
static void
send_all(const void *bytes, size_t len)
{
	struct err e;

	if (io_write(FD, bytes, len, &e) == -1) {
		leave();
		_exit(1);
	}
}

static void
answer(const struct worker *w, struct wire *m)
{
	struct buf head = { 0 };
	struct err e;

	m->id = w->id;
	if (wire_encode(&head, m, &e) == -1)
		_exit(1);
	send_all(head.bytes, head.len);
	if (m->blob_len > 0)
		send_all(m->blob, m->blob_len);
	buf_free(&head);
}

static void
answer_ok(const struct worker *w, uint64_t a, const void *blob, size_t len)
{
	struct wire m = {
		.op = WIRE_OK,
		.number = { a },
		.blob = blob,
		.blob_len = len,
	};

	answer(w, &m);
}

static void
answer_error(const struct worker *w, unsigned stage, const struct err *why)
{
	struct wire m = {
		.op = WIRE_ERROR,
		.number = { why->sys != 0 ? (uint64_t)why->sys : EIO, stage },
		.text = { why->text },
	};

	answer(w, &m);
}

/* --- CONNECT -------------------------------------------------------------- */

/* Connect to one address by a time that is *end on the steady clock. errno, or
 * 0. */
static int
try_address(const struct addrinfo *a, double end)
{
	struct pollfd p = { .events = POLLOUT };
	socklen_t len = sizeof(int);
	double left;
	int sys = 0;

	p.fd = socket(a->ai_family,
	    a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
	if (p.fd == -1)
		return errno;
	if (connect(p.fd, a->ai_addr, a->ai_addrlen) == -1)
		sys = errno;
	left = (end - clock_steady_s()) * 1000;
	if (sys == EINPROGRESS) {
		sys = ETIMEDOUT;
		if (left > 0 && poll(&p, 1, (int)left + 1) == 1 &&
		    getsockopt(p.fd, SOL_SOCKET, SO_ERROR, &sys, &len) == -1)
			sys = errno;
	}
	close(p.fd);
	return sys;
}

/* All addresses of a name share the time there is; the last gets the rest. */
static int
try_addresses(const struct addrinfo *list, unsigned ms, uint64_t *took_us)
{
	double start = clock_steady_s(), now, end = start + ms / 1000.0;
	int sys = EHOSTUNREACH;
	unsigned left = 0;

	for (const struct addrinfo *a = list; a != NULL; a = a->ai_next)
		left++;
	for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
		now = clock_steady_s();
		sys = try_address(a, now + (end - now) / left--);
		if (sys == 0) {
			*took_us = (uint64_t)((clock_steady_s() - now) * 1e6);
			return 0;
		}
	}
	return sys;
}

/* The best of some, where the first is slow: a machine may be busy. */
static void
try_again(const struct addrinfo *list, unsigned ms, uint64_t slow_us,
    uint64_t *best_us)
{
	uint64_t us;

	for (int i = 1; i < SMB_TRIES && slow_us > 0 && *best_us > slow_us; i++)
		if (try_addresses(list, ms, &us) == 0 && us < *best_us)
			*best_us = us;
}

/*
 * The library resolves names without any limit and takes 5 seconds to find a
 * port dead. Both are tried here first, in less time, and then known
 * not to be what a later EINVAL means.
 */
static void
run_connect(struct worker *w, const struct wire *m)
{
	const struct addrinfo want = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list;
	struct err why = { .kind = ERR_SYSTEM };
	uint64_t took_us = 0;
	char port[16];
	int rc;

	w->port = (unsigned)m->number[0];
	w->slow_us = m->number[2];
	free(w->server);
	w->server = strdup(m->text[0]);
	snprintf(port, sizeof(port), "%u", w->port);
	rc = getaddrinfo(m->text[0], port, &want, &list);
	if (rc != 0 || w->server == NULL) {
		snprintf(why.text, sizeof(why.text), "%s", gai_strerror(rc));
		why.sys = EHOSTUNREACH;
		answer_error(w, WIRE_AT_NAME, &why);
		return;
	}
	why.sys = try_addresses(list, (unsigned)m->number[1], &took_us);
	if (why.sys == 0)
		try_again(list, (unsigned)m->number[1], m->number[2], &took_us);
	freeaddrinfo(list);
	if (why.sys == 0) {
		answer_ok(w, took_us, NULL, 0);
		return;
	}
	snprintf(why.text, sizeof(why.text), "port %u: %s", w->port,
	    strerror(why.sys));
	answer_error(w, WIRE_AT_PORT, &why);
}

/* --- LOGIN ---------------------------------------------------------------- */

static void
run_login(struct worker *w, const struct wire *m)
{
	const struct smb_login how = {
		.server = w->server,
		.port = w->port,
		.share = m->text[0],
		.path = m->text[1],
		.user = m->text[2],
		.domain = m->text[3],
		.password = m->text[4],
		.encrypt = m->number[0],
		.kerberos = m->number[1] != 0,
		.timeout_ms = (unsigned)m->number[2],
		.create = m->number[3] != 0,
		.slow_us = w->slow_us,
	};
	struct wire found = { .op = WIRE_OK };
	unsigned stage;
	struct err e;

	if (smb_login(&w->files.smb, &how, &stage, &e) == -1) {
		answer_error(w, stage, &e);
		return;
	}
	found.number[0] =
	    (smb_is_encrypted(w->files.smb) ? WIRE_ENCRYPTED : 0u) |
	    (w->confined ? WIRE_CONFINED : 0u);
	found.number[1] = smb_trip_us(w->files.smb);
	answer(w, &found);
}

/* --- The calls of a store ------------------------------------------------- */

/* A list on its way to the program, in parts. */
struct listing {
	const struct worker *worker;
	struct buf part;
};

static void
send_part(struct listing *l)
{
	struct wire m = {
		.op = WIRE_PART,
		.blob = l->part.bytes,
		.blob_len = l->part.len,
	};

	answer(l->worker, &m);
	buf_clear(&l->part);
}

static int
list_item(const struct wire_item *item, void *arg, struct err *e)
{
	struct listing *l = arg;

	wire_put_item(&l->part, item);
	if (l->part.len >= PART_MAX)
		send_part(l);
	if (buf_check(&l->part, e) == -1) {
		e->sys = ENOMEM;
		return -1;
	}
	return 0;
}

static int
run_list(struct worker *w, const struct wire *m, struct err *e)
{
	struct listing l = { .worker = w };
	int rc;

	rc = smb_list(w->files.smb, m->text[0], list_item, &l, e);
	if (rc == 0 && l.part.len > 0)
		send_part(&l);
	buf_free(&l.part);
	return rc;
}

static int
load_piece(const void *bytes, size_t len, void *arg, struct err *e)
{
	struct wire m = { .op = WIRE_PART, .blob = bytes, .blob_len = len };

	(void)e;
	answer(arg, &m);
	return 0;
}

static int
run_load(struct worker *w, const struct wire *m, struct err *e)
{
	return files_load(&w->files, m, load_piece, w, e);
}

/* Answers by itself where it can: with what was read. */
static void
run_read(struct worker *w, const struct wire *m)
{
	struct err e = { .kind = ERR_SYSTEM, .sys = EINVAL };
	ssize_t got = -1;

	if (w->bytes == NULL && (w->bytes = malloc(WIRE_BLOB)) == NULL)
		_exit(1);
	if (m->number[1] <= WIRE_BLOB && m->number[0] <= INT64_MAX - WIRE_BLOB)
		got = files_read(&w->files, m, w->bytes, &e);
	if (got == -1)
		answer_error(w, WIRE_AT_CALL, &e);
	else
		answer_ok(w, 0, w->bytes, (size_t)got);
}

static int
run_create(struct worker *w, const struct wire *m, struct err *e)
{
	return files_create(&w->files, m, e);
}

static int
run_resume(struct worker *w, const struct wire *m, struct err *e)
{
	return files_resume(&w->files, m, e);
}

/* OK says how long it took, so that the next one can be as large as the line
 * is fast. */
static void
run_write(struct worker *w, const struct wire *m)
{
	double start = clock_steady_s();
	struct err e;

	if (files_write(&w->files, m, &e) == -1)
		answer_error(w, WIRE_AT_CALL, &e);
	else
		answer_ok(w, (uint64_t)((clock_steady_s() - start) * 1e6), NULL,
		    0);
}

static int
run_finish(struct worker *w, const struct wire *m, struct err *e)
{
	return files_finish(&w->files, m, e);
}

static int
run_mkdir(struct worker *w, const struct wire *m, struct err *e)
{
	return smb_mkdir(w->files.smb, m->text[0], e);
}

static int
run_rename(struct worker *w, const struct wire *m, struct err *e)
{
	return files_rename(&w->files, m, e);
}

static int
run_remove(struct worker *w, const struct wire *m, struct err *e)
{
	return files_remove(&w->files, m, e);
}

static int
run_claim(struct worker *w, const struct wire *m, struct err *e)
{
	return smb_claim(w->files.smb, m->text[0], m->blob, m->blob_len, e);
}

static int
run_release(struct worker *w, const struct wire *m, struct err *e)
{
	(void)m;
	(void)e;
	files_release(&w->files);
	return 0;
}

/* Each request, and whether it needs a login. Those with run are answered by
 * OK or ERROR as it returns, the others answer by themselves. */
static const struct handler {
	int (*run)(struct worker *w, const struct wire *m, struct err *e);
	void (*answer)(struct worker *w, const struct wire *m);
	bool inside;
} handlers[WIRE__COUNT] = {
	[WIRE_CONNECT] = { NULL, run_connect, false },
	[WIRE_LOGIN] = { NULL, run_login, false },
	[WIRE_LIST] = { run_list, NULL, true },
	[WIRE_LOAD] = { run_load, NULL, true },
	[WIRE_READ] = { NULL, run_read, true },
	[WIRE_CREATE] = { run_create, NULL, true },
	[WIRE_RESUME] = { run_resume, NULL, true },
	[WIRE_WRITE] = { NULL, run_write, true },
	[WIRE_FINISH] = { run_finish, NULL, true },
	[WIRE_MKDIR] = { run_mkdir, NULL, true },
	[WIRE_RENAME] = { run_rename, NULL, true },
	[WIRE_REMOVE] = { run_remove, NULL, true },
	[WIRE_CLAIM] = { run_claim, NULL, true },
	[WIRE_RELEASE] = { run_release, NULL, true },
};

static void
work_on(struct worker *w, const struct wire *m)
{
	const struct handler *h = &handlers[m->op];
	bool inside = w->files.smb != NULL;
	struct err e;

	w->id = m->id;
	if ((h->run == NULL && h->answer == NULL) || h->inside != inside ||
	    (m->op == WIRE_LOGIN && w->server == NULL))
		_exit(1); /* whoever speaks there is not our program */
	if (h->run == NULL)
		h->answer(w, m);
	else if (h->run(w, m, &e) == 0)
		answer_ok(w, 0, NULL, 0);
	else
		answer_error(w, WIRE_AT_CALL, &e);
}

/* --- Start ---------------------------------------------------------------- */

/* Where the network's configuration, libraries and their data lie. No home lies
 * in any of them. */
static const char *const needed[] = { "/usr", "/lib", "/lib64", "/etc", "/dev",
	"/run/systemd", "/run/resolvconf", "/run/NetworkManager", "/run/nscd",
	"/run/samba", "/var/lib/sss", "/var/lib/samba" };
#define N_NEEDED (sizeof(needed) / sizeof(needed[0]))
#define N_KRB5   4 /* files that KRB5_CONFIG may name */

/* All but those, the Kerberos configuration, and the folder that is ours, which
 * leave() removes. */
static int
give_up_files(bool *done, struct err *e)
{
	struct confine rules[N_NEEDED + N_KRB5 + 2];
	const char *home = getenv("HOME"), *given = getenv("KRB5_CONFIG");
	char *parent = strdup(home != NULL ? home : "");
	char *krb5 = strdup(given != NULL ? given : ""), *rest = NULL;
	char *slash = parent != NULL ? strrchr(parent, '/') : NULL, *file;
	size_t n = 0;
	int rc;

	if (slash == NULL || krb5 == NULL) {
		rc = err_set(e, ERR_USAGE, "HOME is not set");
		goto out;
	}
	*slash = '\0';
	for (; n < N_NEEDED; n++)
		rules[n] = (struct confine){ needed[n], CONFINE_READ };
	file = strtok_r(krb5, ":", &rest);
	for (; file != NULL && n < N_NEEDED + N_KRB5; n++) {
		rules[n] = (struct confine){ file, CONFINE_READ };
		file = strtok_r(NULL, ":", &rest);
	}
	rules[n++] = (struct confine){ home, CONFINE_WRITE };
	rules[n++] = (struct confine){ parent, CONFINE_RMDIR };
	rc = confine_files(rules, n, done, e);
out:
	free(parent);
	free(krb5);
	return rc;
}

int
main(void)
{
	struct worker w = { 0 };
	struct wire m;
	struct err e;

	(void)signal(SIGPIPE, SIG_IGN);
	if (confine_process(&e) == -1 || give_up_files(&w.confined, &e) == -1 ||
	    inbox_open(&w.inbox, FD, leave, &e) == -1) {
		fprintf(stderr, "roam-smb: %s\n", e.text);
		return 1;
	}
	for (;;) {
		inbox_take(w.inbox, &m);
		work_on(&w, &m);
	}
}
