#include "store/sweep.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"

static int
add_name(const struct store_item *item, void *arg, struct err *e)
{
	struct names *n = arg;
	struct name *more;
	size_t cap;

	if (n->count == n->cap) {
		cap = n->cap < 16 ? 16 : n->cap * 2;
		if ((more = reallocarray(n->at, cap, sizeof(*more))) == NULL)
			return err_sys(e, "store");
		n->at = more;
		n->cap = cap;
	}
	more = &n->at[n->count++];
	snprintf(more->name, sizeof(more->name), "%s", item->name);
	more->is_dir = item->is_dir;
	more->size = item->size;
	more->mtime_ns = item->mtime_ns;
	return 0;
}

int
sweep_list(struct store *s, const char *dir, struct names *out, struct err *e)
{
	memset(out, 0, sizeof(*out));
	if (store_list(s, dir, add_name, out, e) == -1 && e->kind != ERR_GONE)
		return -1;
	return 0;
}

static const char *
join(char out[STORE_PATH_MAX + 1], const char *dir, const char *name)
{
	snprintf(out, STORE_PATH_MAX + 1, "%.*s/%.*s", STORE_PATH_MAX / 2, dir,
	    STORE_PATH_MAX / 2 - 1, name);
	return out;
}

/* Left where it is, for who sweeps next. */
static int
leave(struct sweep *w, const struct err *e)
{
	if (w->held++ == 0)
		w->note = *e;
	return 1;
}

/* A server lets nobody remove what somebody has open, unless that one allows
 * it, as the library does not. */
static bool
is_open(const struct err *e)
{
	return e->sys == EBUSY || e->sys == ETXTBSY;
}

int
sweep_remove(struct sweep *w, const char *dir, const struct name *n,
    struct err *e)
{
	char path[STORE_PATH_MAX + 1];

	if (!w->dry &&
	    store_remove(w->store, join(path, dir, n->name), n->is_dir, e) ==
		-1)
		return is_open(e) ? leave(w, e) : -1;
	w->bytes += n->size;
	return 0;
}

/* A directory is left where it is not empty, since it held another or somebody
 * else is at work there; and where the server removes none. */
static bool
is_left(const struct err *e)
{
	return e->kind == ERR_RACE || e->sys == EACCES || e->sys == EPERM;
}

/* 1: something in it is held. */
static int
remove_dir(struct sweep *w, const char *dir, struct err *e)
{
	bool held = false;
	struct names n;
	int rc;

	rc = sweep_list(w->store, dir, &n, e);
	for (size_t i = 0; i < n.count && rc == 0; i++) {
		rc = sweep_remove(w, dir, &n.at[i], e);
		if (rc == -1 && n.at[i].is_dir && e->kind == ERR_RACE)
			rc = 0;
		if (rc == 1) {
			held = true;
			rc = 0;
		}
	}
	free(n.at);
	if (rc == 0 && held)
		return 1;
	if (rc == 0 && !w->dry)
		rc = store_remove(w->store, dir, true, e);
	return rc == -1 && is_left(e) ? 0 : rc;
}

/* Into trash/, which is made where it is missing. */
static int
to_trash(struct store *s, const char *dir, const char *to, struct err *e)
{
	if (store_publish(s, dir, to, e) == 0)
		return 0;
	if (e->kind != ERR_GONE)
		return -1;
	if (store_mkdir(s, "trash", e) == -1 && e->kind != ERR_RACE)
		return -1;
	/* Gone again: somebody else has taken the directory. */
	if (store_publish(s, dir, to, e) == -1 && e->kind != ERR_GONE)
		return -1;
	return 0;
}

int
sweep_discard(struct sweep *w, const char *dir, const char *name, struct err *e)
{
	char to[STORE_PATH_MAX + 1], hex[HASH_HEX_MAX];
	struct hash salt;

	if (w->dry)
		return remove_dir(w, dir, e);
	if (hash_random(&salt, e) == -1)
		return -1;
	snprintf(to, sizeof(to), "trash/%.32s-%.8s", name,
	    hash_hex(&salt, hex));
	if (to_trash(w->store, dir, to, e) == 0)
		return remove_dir(w, to, e);
	/* Some servers rename no directory in which a file is open, and what
	 * they say to that is that it may not be. */
	return is_left(e) || is_open(e) ? leave(w, e) : -1;
}

int
sweep_trash(struct sweep *w, uint64_t *count, struct err *e)
{
	char path[STORE_PATH_MAX + 1];
	struct names n;
	int rc;

	rc = sweep_list(w->store, "trash", &n, e);
	for (size_t i = 0; i < n.count && rc != -1; i++) {
		if (n.at[i].is_dir)
			rc =
			    remove_dir(w, join(path, "trash", n.at[i].name), e);
		else
			rc = sweep_remove(w, "trash", &n.at[i], e);
		*count += rc == 0;
	}
	free(n.at);
	return rc == -1 ? -1 : 0;
}

static int
sweep_draft(struct sweep *w, const struct name *n, struct err *e)
{
	char path[STORE_PATH_MAX + 1];

	if (!n->is_dir)
		return sweep_remove(w, "tmp", n, e);
	join(path, "tmp", n->name);
	/* One that is empty cannot be renamed, and need not be. */
	if (!w->dry) {
		if (store_remove(w->store, path, true, e) == 0)
			return 0;
		if (!is_left(e))
			return -1;
	}
	return sweep_discard(w, path, n->name, e);
}

int
sweep_drafts(struct sweep *w, int64_t before_ns, uint64_t *count, struct err *e)
{
	struct names n;
	bool held;
	int rc;

	rc = sweep_list(w->store, "tmp", &n, e);
	for (size_t i = 0; i < n.count && rc != -1; i++) {
		if (n.at[i].mtime_ns >= before_ns)
			continue;
		/* Where the server renames nothing generations lie here. */
		rc = store_holds(w->store, n.at[i].name, &held, e);
		if (rc == 0 && !held) {
			rc = sweep_draft(w, &n.at[i], e);
			*count += rc == 0;
		}
	}
	free(n.at);
	return rc == -1 ? -1 : 0;
}

int
sweep_clock(const struct sweep *w, int64_t *now_ns, struct err *e)
{
	char path[STORE_PATH_MAX + 1], hex[HASH_HEX_MAX];
	struct hash id;
	struct names n;
	int rc;

	*now_ns = clock_now_ns();
	if (w->dry)
		return 0;
	if (hash_random(&id, e) == -1)
		return -1;
	if (store_mkdir(w->store, join(path, "tmp", hash_hex(&id, hex)), e) ==
	    -1)
		return e->kind == ERR_GONE ? 0 : -1;
	rc = sweep_list(w->store, "tmp", &n, e);
	for (size_t i = 0; i < n.count; i++)
		if (strcmp(n.at[i].name, hex) == 0)
			*now_ns = n.at[i].mtime_ns;
	free(n.at);
	if (rc == -1)
		return -1;
	if (store_remove(w->store, path, true, e) == -1 && !is_left(e))
		return -1;
	return 0;
}
