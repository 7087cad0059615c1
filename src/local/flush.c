#include <stdlib.h>
#include <unistd.h>

#include "base/crew.h"
#include "local/flush.h"

#define FLUSH_EVERY ((uint64_t)64 << 20) /* bytes */

struct flush {
	int fd;
	struct crew *crew; /* of one thread, which waits for the disk */
	uint64_t waiting;  /* bytes since the last time */
};

static void
flush_now(void *item, void *arg)
{
	const struct flush *f = item;

	(void)arg;
	(void)syncfs(f->fd);
}

int
flush_new(struct flush **out, int fd, struct err *e)
{
	struct flush *f;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		return err_sys(e, "flush");
	f->fd = fd;
	if (crew_new(&f->crew, 1, 1, flush_now, NULL, e) == -1) {
		free(f);
		return -1;
	}
	*out = f;
	return 0;
}

void
flush_note(struct flush *f, uint64_t bytes)
{
	f->waiting += bytes;
	if (f->waiting < FLUSH_EVERY)
		return;
	(void)crew_try_take(f->crew);
	if (crew_is_full(f->crew))
		return; /* the disk is busy with what it got */
	f->waiting = 0;
	crew_put(f->crew, f);
}

void
flush_free(struct flush *f)
{
	if (f == NULL)
		return;
	(void)crew_take(f->crew);
	crew_free(f->crew);
	free(f);
}
