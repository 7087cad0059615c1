#include "store/smb_link.h"

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/spawn.h"

#define PROGRAM "roam-smb"

struct smb_link {
	int fd; /* non-blocking */
	pid_t pid;
	struct smb_home home;
	/* The answer that is coming in: its first field, then the rest. */
	uint8_t head[WIRE_HEAD];
	size_t head_len;
	struct buf body;
	size_t want; /* of the body, once the head is there */
};

const char *
smb_link_program(char *out, size_t cap, const char *name)
{
	const char *dir = getenv("ROAM_LIBEXEC");

	if (dir == NULL || dir[0] != '/')
		dir = ROAM_LIBEXECDIR;
	snprintf(out, cap, "%s/%s", dir, name);
	return out;
}

/* "NAME=value" of our own environment, where it has that. */
static char *
pass_on(char *out, size_t cap, const char *name)
{
	const char *value = getenv(name);

	if (value == NULL ||
	    (size_t)snprintf(out, cap, "%s=%s", name, value) >= cap)
		return NULL;
	return out;
}

static int
start_worker(struct smb_link *l, int fd, struct err *e)
{
	char path[PATH_MAX], name[] = PROGRAM;
	char home[512], ccache[512], locale[] = "LC_ALL=C";
	char krb5[PATH_MAX + 16], asan[512];
	char *argv[] = { name, NULL }, *envp[6] = { home, ccache, locale };
	struct spawn how = {
		.path = smb_link_program(path, sizeof(path), PROGRAM),
		.argv = argv,
		.envp = envp,
		.fd = { -1, -1, -1, fd },
	};
	size_t n = 3;

	snprintf(home, sizeof(home), "HOME=%s", l->home.dir);
	snprintf(ccache, sizeof(ccache), "KRB5CCNAME=FILE:%s/" SMB_HOME_CCACHE,
	    l->home.dir);
	if ((envp[n] = pass_on(krb5, sizeof(krb5), "KRB5_CONFIG")) != NULL)
		n++;
	envp[n] = pass_on(asan, sizeof(asan), "ASAN_OPTIONS");
	if (spawn_start(&l->pid, &how, e) == 0)
		return 0;
	if (e->sys == ENOENT)
		return err_set(e, ERR_SYSTEM,
		    "%s is missing: this Roam was built or installed without "
		    "support for smb: stores",
		    path);
	return err_wrap(e, "start the SMB worker");
}

int
smb_link_start(struct smb_link **out, const struct smb_conf *conf,
    struct err *e)
{
	const int type = SOCK_STREAM | SOCK_CLOEXEC;
	struct smb_link *l;
	int fd[2] = { -1, -1 }, rc = -1;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return err_sys(e, "worker");
	l->fd = l->pid = -1;
	if (smb_home_make(&l->home, conf, e) == -1)
		goto out;
	if (socketpair(AF_UNIX, type, 0, fd) == -1) {
		err_sys(e, "worker");
		goto out;
	}
	l->fd = fd[0];
	if (fcntl(l->fd, F_SETFL, O_NONBLOCK) == -1) {
		err_sys(e, "worker");
		goto out;
	}
	if (start_worker(l, fd[1], e) == -1)
		goto out;
	*out = l;
	l = NULL;
	rc = 0;
out:
	if (fd[1] != -1)
		close(fd[1]);
	smb_link_end(l);
	return rc;
}

const char *
smb_link_home(const struct smb_link *l)
{
	return l->home.dir;
}

void
smb_link_forget_home(struct smb_link *l)
{
	smb_home_remove(l->home.dir);
	l->home.dir[0] = '\0';
}

void
smb_link_end(struct smb_link *l)
{
	struct err lost;

	if (l == NULL)
		return;
	if (l->pid != -1)
		(void)spawn_end(l->pid, 0, &lost);
	if (l->fd != -1)
		close(l->fd);
	smb_home_remove(l->home.dir);
	buf_free(&l->body);
	free(l);
}

static int
lost(int sys, struct err *e)
{
	err_set(e, ERR_OFFLINE, "%s",
	    sys == ETIMEDOUT ? "the server did not answer in time"
			     : "the connection broke");
	e->sys = sys;
	return -1;
}

static bool
is_whole(const struct smb_link *l)
{
	return l->head_len == WIRE_HEAD && l->body.len == l->want;
}

/* What is there, at most len bytes. 0: nothing now. */
static ssize_t
read_some(const struct smb_link *l, void *to, size_t len, struct err *e)
{
	ssize_t n;

	do
		n = recv(l->fd, to, len, MSG_DONTWAIT);
	while (n == -1 && errno == EINTR);
	if (n > 0)
		return n;
	if (n == -1 && errno == EAGAIN)
		return 0;
	return lost(ECONNRESET, e);
}

/* Take in what is there of the one answer that is coming. */
static int
take_in(struct smb_link *l, struct err *e)
{
	uint8_t *to;
	ssize_t n;

	while (!is_whole(l)) {
		if (l->head_len < WIRE_HEAD) {
			n = read_some(l, l->head + l->head_len,
			    WIRE_HEAD - l->head_len, e);
			if (n <= 0)
				return (int)n;
			l->head_len += (size_t)n;
			if (l->head_len == WIRE_HEAD &&
			    wire_length(l->head, &l->want, e) == -1)
				return -1;
			continue;
		}
		to = buf_room(&l->body, l->want - l->body.len);
		if (to == NULL)
			return buf_check(&l->body, e);
		n = read_some(l, to, l->want - l->body.len, e);
		if (n <= 0)
			return (int)n;
		l->body.len += (size_t)n;
	}
	return 0;
}

/* Until something can be done, at most ms (0: no limit). */
static int
wait_for(const struct smb_link *l, short events, unsigned ms, struct err *e)
{
	struct pollfd p = { .fd = l->fd, .events = events };
	double end = clock_steady_s() + ms / 1000.0;
	int n, left = -1;

	for (;;) {
		if (ms != 0) {
			left = (int)((end - clock_steady_s()) * 1000) + 1;
			if (left <= 0)
				return lost(ETIMEDOUT, e);
		}
		n = poll(&p, 1, left);
		if (n > 0)
			return 0;
		if (n == -1 && errno != EINTR)
			return err_sys(e, "worker");
	}
}

/* len bytes, and meanwhile answers: a worker that nobody listens to might not
 * listen either. */
static int
hand_over(struct smb_link *l, const void *bytes, size_t len, unsigned ms,
    struct err *e)
{
	const char *from = bytes;
	ssize_t n;

	while (len > 0) {
		n = send(l->fd, from, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n > 0) {
			from += n;
			len -= (size_t)n;
			continue;
		}
		if (n == -1 && errno != EAGAIN && errno != EINTR)
			return lost(ECONNRESET, e);
		if (!is_whole(l) && take_in(l, e) == -1)
			return -1;
		if (wait_for(l, is_whole(l) ? POLLOUT : POLLOUT | POLLIN, ms,
			e) == -1)
			return -1;
	}
	return 0;
}

int
smb_link_send(struct smb_link *l, const struct wire *m, unsigned ms,
    struct err *e)
{
	struct buf head = { 0 };
	int rc;

	rc = wire_encode(&head, m, e);
	if (rc == 0)
		rc = hand_over(l, head.bytes, head.len, ms, e);
	if (rc == 0 && m->blob_len > 0)
		rc = hand_over(l, m->blob, m->blob_len, ms, e);
	if (head.bytes != NULL) /* LOGIN has the password */
		explicit_bzero(head.bytes, head.len);
	buf_free(&head);
	return rc;
}

/* Give out what has come in. */
static int
give_out(struct smb_link *l, struct wire *out, struct err *e)
{
	l->head_len = 0;
	if (wire_decode(out, l->body.bytes, l->body.len, e) == -1)
		return err_wrap(e, "SMB worker");
	l->body.len = 0; /* but the bytes stay until the next one comes in */
	return 0;
}

int
smb_link_try(struct smb_link *l, struct wire *out, struct err *e)
{
	if (take_in(l, e) == -1)
		return -1;
	if (!is_whole(l))
		return 0;
	return give_out(l, out, e) == -1 ? -1 : 1;
}

int
smb_link_receive(struct smb_link *l, struct wire *out, unsigned ms,
    struct err *e)
{
	for (;;) {
		if (take_in(l, e) == -1)
			return -1;
		if (is_whole(l))
			return give_out(l, out, e);
		if (wait_for(l, POLLIN, ms, e) == -1)
			return -1;
	}
}
