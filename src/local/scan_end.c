#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "local/meta.h"
#include "local/scan_parts.h"
#include "local/vouch.h"

/* What is worth reading a second time only to get a stamp. */
#define RACY_FILES_MAX 1000
#define RACY_BYTES_MAX ((uint64_t)64 << 20)
#define TICK_WAIT_MS   50 /* longer than any kernel's tick */

int
scan_opaque(struct scan *s, const char *path, size_t len, enum why why,
    struct err *e)
{
	const char *kept;

	if ((kept = arena_copy(s->arena, path, len, e)) == NULL)
		return -1;
	return home_add_opaque(s->out, kept, len, why, e);
}

int
scan_progress(const struct scan *s, struct err *e)
{
	const struct scan_in *in = s->in;

	if (in->progress == NULL)
		return 0;
	return in->progress(s->out->tree.count, s->sums->hashed_bytes, in->arg,
	    e);
}

int
scan_set_attrs(struct scan *s, struct entry *t, const uint8_t *attrs,
    uint32_t len, struct err *e)
{
	struct extra *x;

	if (len == 0)
		return 0;
	if ((x = arena_alloc(s->arena, sizeof(*x), e)) == NULL)
		return -1;
	*x = (struct extra){ .attrs = attrs, .attrs_len = len };
	t->extra = x;
	return 0;
}

/* Wait until the clock has ticked past when, if that is soon; the clock. */
static int64_t
wait_past(int64_t when)
{
	int64_t tick = clock_tick_ns();

	for (int i = 0; i < TICK_WAIT_MS && tick <= when; i++) {
		clock_sleep_ms(1);
		tick = clock_tick_ns();
	}
	return tick;
}

/* Is the symlink or directory still what its entry says? */
static bool
is_confirmed(struct scan *s, const struct fresh *f, int fd)
{
	const struct entry *t = f->entry;
	char target[PATH_LEN_MAX + 1];
	const uint8_t *attrs;
	struct arena a = { 0 };
	struct err ignored;
	struct stat st;
	uint32_t len;
	bool same = false;

	if (fstat(fd, &st) == -1 || st.st_ino != f->inode ||
	    stat_ctime_ns(&st) != f->ctime_ns || st.st_dev != s->in->root->dev)
		return false;
	if (t->type == ENTRY_LINK)
		return readlinkat(fd, "", target, sizeof(target)) ==
		    (ssize_t)t->size &&
		    memcmp(target, entry_target(t), t->size) == 0;
	if (meta_read(fd, &a, &attrs, &len, &ignored) == 0)
		same = len == (t->extra != NULL ? t->extra->attrs_len : 0) &&
		    (len == 0 || memcmp(attrs, t->extra->attrs, len) == 0);
	arena_free(&a);
	return same;
}

static void
confirm(struct scan *s, struct fresh *f)
{
	int flags = f->entry->type == ENTRY_LINK ? O_PATH | O_NOFOLLOW
						 : O_RDONLY | O_DIRECTORY;
	struct err ignored;
	int fd;

	fd = root_at(s->in->root, f->entry->path, flags, &ignored);
	if (fd == -1)
		return;
	f->racy = !is_confirmed(s, f, fd);
	close(fd);
}

/*
 * A racy entry was read in the tick in which it was changed last: a further
 * change in the same tick would leave its stamp as it is. Once the clock has
 * ticked it is read again, and that reading a stamp can vouch for.
 */
static int
end_racy(struct scan *s, struct err *e)
{
	int64_t now = clock_tick_ns(), latest = 0;
	uint64_t files = 0, bytes = 0;
	struct fresh *f;

	for (size_t i = 0; i < s->fresh_count; i++) {
		f = &s->fresh[i];
		if (f->racy && !f->drop && f->ctime_ns > latest &&
		    f->ctime_ns - now < (int64_t)TICK_WAIT_MS * 1000000)
			latest = f->ctime_ns;
	}
	if (latest == 0)
		return 0;
	now = wait_past(latest);
	for (size_t i = 0; i < s->fresh_count; i++) {
		f = &s->fresh[i];
		if (!f->racy || f->drop || f->ctime_ns >= now)
			continue;
		if (f->entry->type != ENTRY_FILE) {
			confirm(s, f);
			continue;
		}
		bytes += f->entry->size;
		if (++files > RACY_FILES_MAX || bytes > RACY_BYTES_MAX)
			break;
		if (scan_read(s, i, e) == -1)
			return -1;
	}
	return scan_read_all(s, e);
}

/* Entries that turned out to be gone or unreadable leave a NULL. */
static void
end_fresh(struct scan *s)
{
	const struct fresh *f;

	for (size_t i = 0; i < s->fresh_count; i++) {
		f = &s->fresh[i];
		if (f->drop)
			s->out->tree.entry[f->index] = NULL;
		else if (!f->racy)
			s->out->stamp[f->index] =
			    (struct stamp){ f->inode, f->ctime_ns };
	}
}

static int
by_inode(const void *a, const void *b)
{
	const struct linked *x = a, *y = b;

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static int
set_group(struct scan *s, size_t index, uint64_t group, struct err *e)
{
	const struct entry **at = &s->out->tree.entry[index];
	struct entry *copy;
	struct extra *x;

	if (entry_group(*at) == group)
		return 0;
	if ((copy = entry_copy_extra(s->arena, *at, &x, e)) == NULL)
		return -1;
	x->group = group;
	*at = copy;
	return 0;
}

/* The names of one file: its group is named after the first of them. */
static int
end_group(struct scan *s, const struct linked *l, size_t count, struct err *e)
{
	const struct entry *t = s->out->tree.entry[l[0].index];
	uint64_t group = 0;

	if (count > 1) {
		group = hash_short(t->path, t->path_len);
		group += group == 0;
	}
	for (size_t i = 0; i < count; i++)
		if (set_group(s, l[i].index, group, e) == -1)
			return -1;
	return 0;
}

static int
end_groups(struct scan *s, struct err *e)
{
	size_t count = 0, end;

	for (size_t i = 0; i < s->linked_count; i++)
		if (s->linked[i].index < s->out->tree.count &&
		    s->out->tree.entry[s->linked[i].index] != NULL)
			s->linked[count++] = s->linked[i];
	if (count == 0)
		return 0;
	qsort(s->linked, count, sizeof(*s->linked), by_inode);
	for (size_t i = 0; i < count; i = end) {
		for (end = i + 1; end < count; end++)
			if (s->linked[end].inode != s->linked[i].inode)
				break;
		if (end_group(s, &s->linked[i], end - i, e) == -1)
			return -1;
	}
	return 0;
}

/* Is a new entry the known one after all? Of directories the time tells only
 * that names came and went. */
static bool
is_as_known(const struct entry *t, const struct entry *known)
{
	return known != NULL && entry_same(t, known) &&
	    (t->type == ENTRY_DIR || t->mtime_ns == known->mtime_ns);
}

/* New entries that are as they were known give way to those: fewer are
 * different, and the known ones know more. True if anything else is new. */
static bool
end_known(struct scan *s)
{
	const struct home *known = s->in->known;
	const struct entry **at;
	const struct stamp *stamp;
	const struct fresh *f;
	bool changed = known == NULL;

	for (size_t i = 0; i < s->fresh_count; i++) {
		f = &s->fresh[i];
		at = &s->out->tree.entry[f->index];
		stamp = &s->out->stamp[f->index];
		if (*at == NULL || !is_as_known(*at, f->known)) {
			changed = true;
			continue;
		}
		if ((*at)->hollow == f->known->hollow)
			*at = f->known;
		if (stamp->inode != f->known_stamp.inode ||
		    stamp->ctime_ns != f->known_stamp.ctime_ns)
			changed = true;
	}
	return changed;
}

static void
close_gaps(struct home *h)
{
	size_t kept = 0;

	for (size_t i = 0; i < h->tree.count; i++) {
		if (h->tree.entry[i] == NULL)
			continue;
		h->tree.entry[kept] = h->tree.entry[i];
		h->stamp[kept++] = h->stamp[i];
	}
	h->tree.count = kept;
}

int
scan_end(struct scan *s, struct err *e)
{
	bool changed;

	if (scan_read_all(s, e) == -1 || end_racy(s, e) == -1)
		return -1;
	end_fresh(s);
	if (end_groups(s, e) == -1)
		return -1;
	changed = end_known(s);
	close_gaps(s->out);
	s->sums->stamps_changed =
	    changed || s->out->tree.count != s->in->known->tree.count;
	/* Threads find what cannot be read out of order. */
	return s->crew != NULL ? home_sort(s->out, e) : 0;
}
