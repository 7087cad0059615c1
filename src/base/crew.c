#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/crew.h"

#define CREW_MAX 8

struct slot {
	void *item; /* the caller's */
	bool done;
};

/*
 * A ring of slots. Three numbers only grow: items below first were taken,
 * those below next are worked on or done, those below last were put. first
 * and last belong to the thread that puts and takes; it writes them under
 * the lock, since the others read them.
 */
struct crew {
	crew_work *work;
	void *arg;
	struct slot *slot; /* owned */
	size_t depth;
	size_t first, next, last;
	bool ending;
	pthread_mutex_t lock;
	pthread_cond_t put;  /* there is something to do, or it is the end */
	pthread_cond_t done; /* the oldest item is done */
	unsigned count;
	pthread_t thread[CREW_MAX];
};

static void *
worker(void *arg)
{
	struct crew *c = arg;
	struct slot *s;
	size_t mine;

	pthread_mutex_lock(&c->lock);
	for (;;) {
		while (c->next == c->last && !c->ending)
			pthread_cond_wait(&c->put, &c->lock);
		if (c->next == c->last)
			break;
		mine = c->next++;
		s = &c->slot[mine % c->depth];
		pthread_mutex_unlock(&c->lock);
		c->work(s->item, c->arg);
		pthread_mutex_lock(&c->lock);
		s->done = true;
		if (mine == c->first)
			pthread_cond_signal(&c->done);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* As many threads as the system gives us; the signals stay with the caller. */
static void
hire(struct crew *c, unsigned count)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (c->count < count && c->count < CREW_MAX &&
	    pthread_create(&c->thread[c->count], NULL, worker, c) == 0)
		c->count++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int
crew_new(struct crew **out, unsigned count, size_t depth, crew_work *work,
    void *arg, struct err *e)
{
	struct crew *c;

	assert(depth > 0);
	if ((c = calloc(1, sizeof(*c))) == NULL ||
	    (c->slot = calloc(depth, sizeof(*c->slot))) == NULL) {
		free(c);
		return err_sys(e, "threads");
	}
	c->work = work;
	c->arg = arg;
	c->depth = depth;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->put, NULL);
	pthread_cond_init(&c->done, NULL);
	hire(c, count);
	*out = c;
	return 0;
}

bool
crew_is_full(const struct crew *c)
{
	return c->last - c->first == c->depth;
}

bool
crew_is_idle(const struct crew *c)
{
	return c->last == c->first;
}

void
crew_put(struct crew *c, void *item)
{
	struct slot *s = &c->slot[c->last % c->depth];

	assert(!crew_is_full(c));
	if (c->count == 0)
		c->work(item, c->arg);
	pthread_mutex_lock(&c->lock);
	s->item = item;
	s->done = c->count == 0;
	c->last++;
	pthread_cond_signal(&c->put);
	pthread_mutex_unlock(&c->lock);
}

/* The oldest item, if it is done by end; NULL: whenever that is. */
static void *
take(struct crew *c, const struct timespec *end)
{
	struct slot *s = &c->slot[c->first % c->depth];
	void *item = NULL;
	int rc = 0;

	if (c->first == c->last)
		return NULL;
	pthread_mutex_lock(&c->lock);
	while (rc == 0 && !s->done)
		rc = end == NULL ? pthread_cond_wait(&c->done, &c->lock)
				 : pthread_cond_clockwait(&c->done, &c->lock,
				       CLOCK_MONOTONIC, end);
	if (s->done) {
		item = s->item;
		c->first++;
	}
	pthread_mutex_unlock(&c->lock);
	return item;
}

void *
crew_take(struct crew *c)
{
	return take(c, NULL);
}

void *
crew_take_within(struct crew *c, unsigned ms)
{
	struct timespec end;

	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += (long)(ms % 1000) * 1000000;
	end.tv_sec += ms / 1000 + end.tv_nsec / 1000000000;
	end.tv_nsec %= 1000000000;
	return take(c, &end);
}

void *
crew_try_take(struct crew *c)
{
	static const struct timespec past;

	return take(c, &past);
}

void
crew_free(struct crew *c)
{
	if (c == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	c->ending = true;
	pthread_cond_broadcast(&c->put);
	pthread_mutex_unlock(&c->lock);
	for (unsigned i = 0; i < c->count; i++)
		pthread_join(c->thread[i], NULL);
	pthread_cond_destroy(&c->done);
	pthread_cond_destroy(&c->put);
	pthread_mutex_destroy(&c->lock);
	free(c->slot);
	free(c);
}

unsigned
crew_size(void)
{
	cpu_set_t set;
	int count;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) == -1)
		return 1;
	count = CPU_COUNT(&set);
	return count < CREW_MAX ? (unsigned)count : CREW_MAX;
}
