#include "prog/ldap_kdc.h"

#include <sys/socket.h>

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"

/* A connection, and when all that goes over it has to be done. */
struct line {
	int fd;
	double until;
};

static int
wait_for(const struct line *l, short events, struct err *e)
{
	struct pollfd p = { .fd = l->fd, .events = events };
	double left;

	while ((left = l->until - clock_steady_s()) > 0)
		if (poll(&p, 1, (int)(left * 1000) + 1) > 0)
			return 0;
	return err_set(e, ERR_OFFLINE, "no answer in time");
}

static int
connect_to(struct line *l, const struct addrinfo *a, struct err *e)
{
	socklen_t len = sizeof(int);
	int failure = 0;

	l->fd =
	    socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd == -1)
		return err_sys(e, "socket");
	if (connect(l->fd, a->ai_addr, a->ai_addrlen) == 0)
		return 0;
	if (errno != EINPROGRESS || wait_for(l, POLLOUT, e) == -1 ||
	    getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &failure, &len) == -1 ||
	    failure != 0)
		return err_set(e, ERR_OFFLINE, "no connection");
	return 0;
}

static int
send_all(const struct line *l, const uint8_t *bytes, size_t len, struct err *e)
{
	ssize_t n;

	for (; len > 0; bytes += n, len -= (size_t)n) {
		if (wait_for(l, POLLOUT, e) == -1)
			return -1;
		n = send(l->fd, bytes, len, MSG_NOSIGNAL);
		if (n == -1 && errno != EAGAIN && errno != EINTR)
			return err_sys(e, "send");
		if (n == -1)
			n = 0;
	}
	return 0;
}

static int
read_all(const struct line *l, struct buf *out, size_t len, struct err *e)
{
	uint8_t *room;
	ssize_t n;

	while (len > 0) {
		if ((room = buf_room(out, len)) == NULL)
			return err_set(e, ERR_FORMAT, "too large");
		if (wait_for(l, POLLIN, e) == -1)
			return -1;
		n = recv(l->fd, room, len, 0);
		if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
			return err_set(e, ERR_OFFLINE, "cut off");
		if (n > 0) {
			out->len += (size_t)n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* Both ways a message stands behind its length in four bytes. */
static int
converse(const struct line *l, struct buf *out, const void *request, size_t len,
    struct err *e)
{
	const uint8_t head[4] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16),
		(uint8_t)(len >> 8), (uint8_t)len };
	struct buf answer = { .max = sizeof(head) };
	size_t size = 0;
	int rc;

	rc = send_all(l, head, sizeof(head), e);
	if (rc == 0)
		rc = send_all(l, request, len, e);
	if (rc == 0)
		rc = read_all(l, &answer, sizeof(head), e);
	for (size_t i = 0; rc == 0 && i < sizeof(head); i++)
		size = size << 8 | answer.bytes[i];
	buf_free(&answer);
	if (rc == 0 && (size == 0 || size > KDC_REPLY_MAX))
		rc = err_set(e, ERR_FORMAT, "a reply of %zu bytes", size);
	return rc == 0 ? read_all(l, out, size, e) : -1;
}

int
ldap_kdc_ask(struct buf *out, const char *host, const void *request, size_t len,
    struct err *e)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct line l = { -1, clock_steady_s() + KDC_WAIT_S };
	struct addrinfo *list;
	int rc;

	if (getaddrinfo(host, KDC_PORT, &hints, &list) != 0)
		return err_set(e, ERR_OFFLINE, "%s: no address", host);
	rc = connect_to(&l, list, e);
	freeaddrinfo(list);
	if (rc == 0)
		rc = converse(&l, out, request, len, e);
	if (l.fd != -1)
		close(l.fd);
	return rc == 0 ? 0 : err_wrap(e, "%s", host);
}
