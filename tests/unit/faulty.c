#include <errno.h>
#include <string.h>

#include "storage.h"

static struct store *
inner(struct store *s)
{
	return ((struct faulty *)s)->inner;
}

static int
faulty_list(struct store *s, const char *dir, store_visit *visit, void *arg,
    struct err *e)
{
	return store_list(inner(s), dir, visit, arg, e);
}

static int
faulty_load(struct store *s, const char *path, struct buf *out, struct err *e)
{
	return store_load(inner(s), path, out, e);
}

static int
faulty_read(struct store *s, const char *path, uint64_t off, void *bytes,
    size_t len, struct err *e)
{
	return store_read(inner(s), path, off, bytes, len, e);
}

static int
faulty_create(struct store *s, const char *path, struct store_file **out,
    struct err *e)
{
	return store_create(inner(s), path, out, e);
}

static int
faulty_mkdir(struct store *s, const char *path, struct err *e)
{
	return store_mkdir(inner(s), path, e);
}

static int
somebody_has(const char *path, enum err_kind kind, int sys, struct err *e)
{
	err_set(e, kind, "%s: somebody has it open", path);
	e->sys = sys;
	return -1;
}

static int
faulty_publish(struct store *s, const char *from, const char *to, struct err *e)
{
	struct faulty *f = (struct faulty *)s;

	if (f->held != NULL && strncmp(f->held, from, strlen(from)) == 0)
		return somebody_has(from, ERR_STORE, EACCES, e);
	if (f->fail == 0)
		return store_publish(f->inner, from, to, e);
	f->fail--;
	if (f->instead != NULL) {
		f->instead(f->arg);
		f->instead = NULL;
	}
	if (f->after && store_publish(f->inner, from, to, e) == -1)
		return -1;
	return err_set(e, ERR_OFFLINE, "no answer");
}

static int
faulty_remove(struct store *s, const char *path, bool is_dir, struct err *e)
{
	struct faulty *f = (struct faulty *)s;

	if (f->held != NULL && strcmp(f->held, path) == 0)
		return somebody_has(path, ERR_RACE, EBUSY, e);
	if (f->before_remove != NULL)
		f->before_remove(f->arg, path);
	f->before_remove = NULL;
	return store_remove(inner(s), path, is_dir, e);
}

void
faulty_make(struct faulty *f, struct store *to)
{
	static const struct store_ops ops = {
		.scheme = "faulty:",
		.list = faulty_list,
		.load = faulty_load,
		.read = faulty_read,
		.create = faulty_create,
		.mkdir = faulty_mkdir,
		.publish = faulty_publish,
		.remove = faulty_remove,
	};

	memset(f, 0, sizeof(*f));
	f->store.ops = &ops;
	f->store.url = "faulty:";
	f->inner = to;
}
