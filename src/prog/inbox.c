#include "prog/inbox.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"

struct message {
	struct message *next;
	size_t len;
	uint8_t bytes[];
};

struct inbox {
	int fd; /* borrowed */
	void (*atend)(void);
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct message *first, **last;
	size_t held;             /* bytes of messages that wait */
	struct message *current; /* what inbox_take() gave out */
};

/* The program is gone, or out of its mind. */
static _Noreturn void
end(const struct inbox *in, int status)
{
	in->atend();
	_exit(status);
}

/* The next message; NULL: there will be none. */
static struct message *
receive(const struct inbox *in)
{
	uint8_t head[WIRE_HEAD];
	struct message *m;
	struct err e;
	size_t len;

	if (io_read(in->fd, head, sizeof(head), &e) != (ssize_t)sizeof(head) ||
	    wire_length(head, &len, &e) == -1 ||
	    (m = malloc(sizeof(*m) + len)) == NULL)
		return NULL;
	m->next = NULL;
	m->len = len;
	if (io_read(in->fd, m->bytes, len, &e) == (ssize_t)len)
		return m;
	free(m);
	return NULL;
}

static void *
read_all(void *arg)
{
	struct inbox *in = arg;
	struct message *m;

	while ((m = receive(in)) != NULL) {
		pthread_mutex_lock(&in->lock);
		while (in->held > INBOX_MAX)
			pthread_cond_wait(&in->changed, &in->lock);
		*in->last = m;
		in->last = &m->next;
		in->held += m->len;
		pthread_cond_broadcast(&in->changed);
		pthread_mutex_unlock(&in->lock);
	}
	end(in, 0);
	return NULL;
}

int
inbox_open(struct inbox **out, int fd, void (*atend)(void), struct err *e)
{
	struct inbox *in;
	pthread_t thread;
	sigset_t all, old;
	int sys;

	if ((in = calloc(1, sizeof(*in))) == NULL)
		return err_sys(e, "inbox");
	in->fd = fd;
	in->atend = atend;
	in->last = &in->first;
	pthread_mutex_init(&in->lock, NULL);
	pthread_cond_init(&in->changed, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	sys = pthread_create(&thread, NULL, read_all, in);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (sys != 0) {
		free(in);
		return err_set(e, ERR_SYSTEM, "inbox: %s", strerror(sys));
	}
	pthread_detach(thread);
	*out = in;
	return 0;
}

/* The old one may have had a password in it. */
static void
drop(struct message *m)
{
	if (m != NULL && m->len < 65536)
		explicit_bzero(m->bytes, m->len);
	free(m);
}

void
inbox_take(struct inbox *in, struct wire *out)
{
	struct message *m;
	struct err e;

	drop(in->current);
	in->current = NULL;
	pthread_mutex_lock(&in->lock);
	while (in->first == NULL)
		pthread_cond_wait(&in->changed, &in->lock);
	m = in->first;
	in->first = m->next;
	if (in->first == NULL)
		in->last = &in->first;
	in->held -= m->len;
	pthread_cond_broadcast(&in->changed);
	pthread_mutex_unlock(&in->lock);
	in->current = m;
	if (wire_decode(out, m->bytes, m->len, &e) == -1)
		end(in, 1);
}
