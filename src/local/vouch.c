#include <sys/stat.h>

#include <errno.h>
#include <stddef.h>
#include <time.h>

#include "local/vouch.h"

#define SECOND_NS 1000000000

static int64_t
ns_of(const struct timespec *t)
{
	int64_t ns;

	if (__builtin_mul_overflow((int64_t)t->tv_sec, SECOND_NS, &ns) ||
	    __builtin_add_overflow(ns, (int64_t)t->tv_nsec, &ns))
		return t->tv_sec < 0 ? INT64_MIN : INT64_MAX;
	return ns;
}

int64_t
stat_mtime_ns(const struct stat *st)
{
	return ns_of(&st->st_mtim);
}

int64_t
stat_ctime_ns(const struct stat *st)
{
	return ns_of(&st->st_ctim);
}

struct timespec
time_of_ns(int64_t ns)
{
	struct timespec t = { .tv_sec = ns / SECOND_NS,
		.tv_nsec = ns % SECOND_NS };

	if (t.tv_nsec < 0) {
		t.tv_sec--;
		t.tv_nsec += SECOND_NS;
	}
	return t;
}

enum entry_type
stat_type(const struct stat *st)
{
	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		return ENTRY_FILE;
	case S_IFDIR:
		return ENTRY_DIR;
	case S_IFLNK:
		return ENTRY_LINK;
	default:
		return ENTRY_NONE;
	}
}

uint16_t
stat_mode(const struct stat *st)
{
	if (S_ISLNK(st->st_mode))
		return 0777;
	return (uint16_t)(st->st_mode & ENTRY_MODE_MASK);
}

struct stamp
stamp_of(const struct stat *st)
{
	return (
	    struct stamp){ .inode = st->st_ino, .ctime_ns = stat_ctime_ns(st) };
}

bool
stamp_vouches(const struct stamp *s, const struct entry *t,
    const struct stat *st)
{
	if (s->inode == 0 || s->inode != st->st_ino ||
	    s->ctime_ns != stat_ctime_ns(st) || t->type != stat_type(st) ||
	    t->mode != stat_mode(st))
		return false;
	/* What a directory holds is listed anew each time. */
	return t->type == ENTRY_DIR ||
	    (t->size == (uint64_t)st->st_size &&
		t->mtime_ns == stat_mtime_ns(st));
}

bool
stat_same_content(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev &&
	    ((a->st_mode ^ b->st_mode) & S_IFMT) == 0 &&
	    a->st_size == b->st_size && stat_mtime_ns(a) == stat_mtime_ns(b);
}

bool
stat_same(const struct stat *a, const struct stat *b)
{
	return stat_same_content(a, b) && a->st_mode == b->st_mode &&
	    stat_ctime_ns(a) == stat_ctime_ns(b);
}

static const struct {
	int sys;
	enum why why;
} whys[] = {
	{ EACCES, WHY_DENIED },
	{ EPERM, WHY_DENIED },
	{ EROFS, WHY_DENIED },
	{ EDQUOT, WHY_NOSPACE },
	{ ENOSPC, WHY_NOSPACE },
	{ EFBIG, WHY_NOSPACE },
	{ EEXIST, WHY_CHANGED },
	{ ELOOP, WHY_CHANGED },
	{ EAGAIN, WHY_CHANGED },
	{ ENOENT, WHY_CHANGED },
	{ ENOTEMPTY, WHY_BLOCKED },
	{ ENOTDIR, WHY_BLOCKED },
	{ EISDIR, WHY_BLOCKED },
	{ EBUSY, WHY_BLOCKED },
	{ ETXTBSY, WHY_CHANGED },
	{ EXDEV, WHY_MOUNT },
	{ ENAMETOOLONG, WHY_LONG },
};

enum why
why_of_errno(int sys)
{
	for (size_t i = 0; i < sizeof(whys) / sizeof(whys[0]); i++)
		if (whys[i].sys == sys)
			return whys[i].why;
	return WHY_BROKEN;
}

enum why
why_of(const struct err *e)
{
	if (e->kind == ERR_RACE)
		return WHY_CHANGED;
	return e->kind == ERR_FORMAT ? WHY_DAMAGED : why_of_errno(e->sys);
}
