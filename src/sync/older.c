#include "sync/older.h"

#include <fcntl.h>
#include <unistd.h>

void
older_open(struct older *out, const struct context *c, const struct op *op,
    bool is_loser)
{
	const struct entry *known = NULL;
	struct err e;

	out->fd = -1;
	out->sources = (struct sources){ 0 };
	if (op->local == NULL || is_loser)
		return;
	if (op->base != NULL && entry_same_content(op->base, op->local))
		known = op->base;
	if (known == NULL || known->type != ENTRY_FILE ||
	    sources_new(&out->sources, known, &e) == -1)
		return;
	out->fd = root_at(&c->root, op->local->path, O_RDONLY, &e);
}

void
older_close(struct older *o)
{
	sources_free(&o->sources);
	if (o->fd != -1)
		close(o->fd);
}
