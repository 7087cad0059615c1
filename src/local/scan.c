#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "local/listing.h"
#include "local/meta.h"
#include "local/scan_parts.h"
#include "local/vouch.h"

/* Directories that are kept open on the way down; those above are opened again
 * when the walk comes back to them. */
#define OPEN_MAX_DEPTH 64
#define PROGRESS_EVERY 1024

/* A directory on the way down. */
struct frame {
	struct frame *up;
	DIR *dir; /* owned; NULL when fd was opened again */
	int fd;   /* of dir, or owned; -1 while it is closed */
	uint64_t inode;
	size_t path_len;
	unsigned depth;
	bool rule_below; /* something stays local by the rules */
	bool roams_below;
};

struct walk {
	struct scan *s;
	size_t known_next;
	size_t len; /* of path */
	char path[PATH_LEN_MAX + 1 + NAME_LEN_MAX + 1];
};

static void
frame_close(struct frame *f)
{
	if (f->dir != NULL)
		closedir(f->dir);
	else if (f->fd != -1)
		close(f->fd);
	f->dir = NULL;
	f->fd = -1;
}

/* The frame's directory again, if it is still the same. */
static int
frame_reopen(struct walk *w, struct frame *f)
{
	char next = w->path[f->path_len];
	struct stat st;
	struct err e;

	w->path[f->path_len] = '\0';
	f->fd = root_at(w->s->in->root, f->path_len > 0 ? w->path : ".",
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW, &e);
	w->path[f->path_len] = next;
	if (f->fd == -1)
		return -1;
	if (fstat(f->fd, &st) == 0 && st.st_ino == f->inode)
		return 0;
	frame_close(f);
	return -1;
}

/* Paths may be 2048 directories deep, which is more than we may hold open. */
static void
close_far_up(struct frame *f)
{
	unsigned far = OPEN_MAX_DEPTH;

	if (f->depth < far)
		return;
	while (far-- > 0)
		f = f->up;
	frame_close(f);
}

static int
opaque_here(struct walk *w, enum why why, struct err *e)
{
	return scan_opaque(w->s, w->path, w->len, why, e);
}

/* What the last scan knew of the path that the walk is at. */
static const struct entry *
known_here(struct walk *w, struct stamp *stamp)
{
	const struct home *known = w->s->in->known;
	const struct entry *t;

	while (known != NULL && w->known_next < known->tree.count) {
		t = known->tree.entry[w->known_next];
		if (t->path_len == w->len &&
		    memcmp(t->path, w->path, w->len) == 0) {
			*stamp = known->stamp[w->known_next++];
			return t;
		}
		if (path_order(t->path, t->path_len, w->path, w->len) > 0)
			break;
		w->known_next++;
	}
	return NULL;
}

/* Do the rules leave the path where it is? What was known roamed then. */
static bool
stays(const struct walk *w, const struct entry *known, bool is_dir)
{
	const struct scan_in *in = w->s->in;

	if (w->len == strlen(ROAM_STATE_DIR) &&
	    memcmp(w->path, ROAM_STATE_DIR, w->len) == 0)
		return true;
	if (in->rules == NULL ||
	    (in->same_rules && known != NULL &&
		(known->type == ENTRY_DIR) == is_dir))
		return false;
	return !rules_roams_here(in->rules, w->path, w->len, is_dir);
}

static struct entry *
new_entry(struct walk *w, const struct stat *st, struct err *e)
{
	struct entry *t;
	const char *path;

	if ((t = arena_alloc(w->s->arena, sizeof(*t), e)) == NULL ||
	    (path = arena_copy(w->s->arena, w->path, w->len, e)) == NULL)
		return NULL;
	*t = (struct entry){
		.path = path,
		.path_len = (uint16_t)w->len,
		.machine = w->s->in->self,
		.mtime_ns = stat_mtime_ns(st),
		.mode = stat_mode(st),
		.type = (uint8_t)stat_type(st),
	};
	return t;
}

/* Into the tree with an entry that no stamp vouched for. */
static int
add_fresh(struct walk *w, const struct fresh *f, struct err *e)
{
	static const struct stamp none;
	struct scan *s = w->s;
	struct fresh *grown;

	if (s->fresh_count == s->fresh_cap) {
		size_t cap = s->fresh_cap * 2 + 64;

		grown = reallocarray(s->fresh, cap, sizeof(*grown));
		if (grown == NULL)
			return err_sys(e, "scan");
		s->fresh = grown;
		s->fresh_cap = cap;
	}
	s->fresh[s->fresh_count] = *f;
	s->fresh[s->fresh_count++].index = s->out->tree.count;
	return home_add(s->out, f->entry, &none, e);
}

static int
add_linked(struct scan *s, const struct stat *st, struct err *e)
{
	struct linked *grown;

	if (s->linked_count == s->linked_cap) {
		size_t cap = s->linked_cap * 2 + 64;

		grown = reallocarray(s->linked, cap, sizeof(*grown));
		if (grown == NULL)
			return err_sys(e, "scan");
		s->linked = grown;
		s->linked_cap = cap;
	}
	s->linked[s->linked_count++] = (struct linked){
		.inode = st->st_ino,
		.index = s->out->tree.count,
	};
	return 0;
}

/* What the walk knows of one name. */
struct found {
	struct frame *in;
	const char *name;
	struct stat st;
	int64_t tick;
	const struct entry *known;
	struct stamp stamp;
};

static struct fresh
fresh_of(const struct found *n, struct entry *entry)
{
	return (struct fresh){
		.entry = entry,
		.known = n->known,
		.known_stamp = n->stamp,
		.inode = n->st.st_ino,
		.ctime_ns = stat_ctime_ns(&n->st),
		.racy = stat_ctime_ns(&n->st) >= n->tick,
	};
}

static int
walk_file(struct walk *w, const struct found *n, struct err *e)
{
	struct fresh f;
	struct entry *t;

	if ((t = new_entry(w, &n->st, e)) == NULL)
		return -1;
	f = fresh_of(n, t);
	if (add_fresh(w, &f, e) == -1)
		return -1;
	return scan_read(w->s, w->s->fresh_count - 1, e);
}

static int
walk_link(struct walk *w, const struct found *n, struct err *e)
{
	char target[PATH_LEN_MAX + 1];
	struct extra *x;
	struct fresh f;
	struct entry *t;
	ssize_t len;

	len = readlinkat(n->in->fd, n->name, target, sizeof(target));
	if (len == -1 && errno == ENOENT)
		return 0;
	if (len == -1 || len > PATH_LEN_MAX)
		return opaque_here(w, len == -1 ? WHY_MOVING : WHY_LONG, e);
	if ((t = new_entry(w, &n->st, e)) == NULL ||
	    (x = arena_alloc(w->s->arena, sizeof(*x), e)) == NULL)
		return -1;
	*x = (struct extra){ 0 };
	x->target = arena_copy(w->s->arena, target, (size_t)len, e);
	if (x->target == NULL)
		return -1;
	t->extra = x;
	t->size = (uint64_t)len;
	t->hash = hash_of(target, (size_t)len);
	f = fresh_of(n, t);
	return add_fresh(w, &f, e);
}

/*
 * The entry of a directory. Its times tell only that names came and went: a
 * known one with the same attributes will live on. 1: not understood, and so
 * not in the tree.
 */
static int
add_dir(struct walk *w, const struct found *n, int fd, struct err *e)
{
	const uint8_t *attrs;
	struct entry *t;
	struct fresh f;
	uint32_t len;

	if (n->known != NULL && stamp_vouches(&n->stamp, n->known, &n->st))
		return home_add(w->s->out, n->known, &n->stamp, e);
	if (meta_read(fd, w->s->arena, &attrs, &len, e) == -1)
		return opaque_here(w, WHY_BROKEN, e) == -1 ? -1 : 1;
	if ((t = new_entry(w, &n->st, e)) == NULL ||
	    scan_set_attrs(w->s, t, attrs, len, e) == -1)
		return -1;
	f = fresh_of(n, t);
	return add_fresh(w, &f, e);
}

static int walk_names(struct walk *w, struct frame *f, const struct listing *n,
    struct err *e);

/* After all below a directory has been seen: does it hold only what stays? */
static int
settle_hollow(struct walk *w, size_t index, const struct frame *f,
    struct err *e)
{
	const struct entry **at = &w->s->out->tree.entry[index];
	bool hollow = f->rule_below && !f->roams_below;
	struct entry *copy;

	if (hollow)
		f->up->rule_below = true;
	else
		f->up->roams_below = true;
	if ((*at)->hollow == hollow)
		return 0;
	if ((copy = entry_copy(w->s->arena, *at, e)) == NULL)
		return -1;
	copy->hollow = hollow;
	*at = copy;
	return 0;
}

static int
walk_dir(struct walk *w, const struct found *n, struct err *e)
{
	struct frame f = { .up = n->in,
		.fd = -1,
		.inode = n->st.st_ino,
		.path_len = w->len,
		.depth = n->in->depth + 1 };
	size_t index = w->s->out->tree.count;
	struct listing names = { 0 };
	int rc = -1;

	f.fd = listing_open(n->in->fd, n->name);
	if (f.fd == -1 && errno == ENOENT)
		return 0;
	if (f.fd == -1 || (f.dir = fdopendir(f.fd)) == NULL ||
	    listing_read(&names, f.dir) == -1) {
		if (listing_is_ours(errno))
			err_sys(e, "%s", w->path);
		else
			rc = opaque_here(w, listing_why(errno), e);
		frame_close(&f);
		return rc;
	}
	rc = add_dir(w, n, f.fd, e);
	if (rc == 0) {
		close_far_up(&f);
		rc = walk_names(w, &f, &names, e);
		if (rc == 0)
			rc = settle_hollow(w, index, &f, e);
	}
	frame_close(&f);
	listing_free(&names);
	return rc == -1 ? -1 : 0;
}

static int
walk_found(struct walk *w, struct found *n, struct err *e)
{
	const struct root *r = w->s->in->root;
	enum entry_type type = stat_type(&n->st);

	if (n->st.st_dev != r->dev)
		return opaque_here(w, WHY_MOUNT, e);
	if (type == ENTRY_NONE)
		return opaque_here(w, WHY_SPECIAL, e);
	if (n->st.st_uid != r->uid)
		return opaque_here(w, WHY_OWNER, e);
	if (type == ENTRY_DIR)
		return walk_dir(w, n, e);

	n->in->roams_below = true;
	if (type == ENTRY_FILE && (uint64_t)n->st.st_size > CONTENT_MAX)
		return opaque_here(w, WHY_LARGE, e);
	if (type == ENTRY_FILE && n->st.st_nlink > 1 &&
	    add_linked(w->s, &n->st, e) == -1)
		return -1;
	if (n->known != NULL && stamp_vouches(&n->stamp, n->known, &n->st))
		return home_add(w->s->out, n->known, &n->stamp, e);
	if (type == ENTRY_FILE)
		return walk_file(w, n, e);
	return walk_link(w, n, e);
}

/* The name that the walk's path ends in. */
static int
walk_name(struct walk *w, struct frame *f, const char *name, struct err *e)
{
	struct found n = { .in = f, .name = name };
	bool is_dir = name[-1] == DT_DIR;
	int sys = 0;

	if (w->len > PATH_LEN_MAX)
		return opaque_here(w, WHY_LONG, e);
	if (f->fd == -1 && frame_reopen(w, f) == -1)
		return opaque_here(w, WHY_MOVING, e);
	n.tick = clock_tick_ns();
	if (fstatat(f->fd, name, &n.st, AT_SYMLINK_NOFOLLOW) == 0)
		is_dir = S_ISDIR(n.st.st_mode);
	else if ((sys = errno) == ENOENT)
		return 0;
	n.known = known_here(w, &n.stamp);
	if (stays(w, n.known, is_dir)) {
		f->rule_below = true;
		return opaque_here(w, WHY_RULE, e);
	}
	if (sys != 0)
		return opaque_here(w, listing_why(sys), e);
	return walk_found(w, &n, e);
}

static int
walk_names(struct walk *w, struct frame *f, const struct listing *n,
    struct err *e)
{
	size_t len, old = w->len;
	int rc = 0;

	for (size_t i = 0; i < n->count && rc == 0; i++) {
		len = strlen(n->at[i]);
		w->len = old;
		if (old > 0)
			w->path[w->len++] = '/';
		memcpy(w->path + w->len, n->at[i], len + 1);
		w->len += len;
		rc = walk_name(w, f, n->at[i], e);
		if (rc == 0 && w->s->out->tree.count % PROGRESS_EVERY == 0)
			rc = scan_progress(w->s, e);
	}
	w->len = old;
	w->path[old] = '\0';
	return rc;
}

/* What cannot be listed here ends the scan: nothing would be known. */
static int
walk_root(struct walk *w, struct err *e)
{
	const struct root *r = w->s->in->root;
	struct listing names = { 0 };
	struct frame f = { .fd = -1 };
	struct stat st;
	int rc = -1;

	if ((f.fd = root_at(r, ".", O_RDONLY | O_DIRECTORY, e)) == -1)
		return -1;
	if (fstat(f.fd, &st) == -1 || (f.dir = fdopendir(f.fd)) == NULL ||
	    listing_read(&names, f.dir) == -1) {
		err_sys(e, "%s", r->name);
	} else {
		f.inode = st.st_ino;
		rc = walk_names(w, &f, &names, e);
		listing_free(&names);
	}
	frame_close(&f);
	return rc;
}

int
scan_home(struct home *out, struct arena *arena, const struct scan_in *in,
    struct scan_sums *sums, struct err *e)
{
	struct home found = { 0 };
	struct scan *s;
	struct walk *w;
	int rc = -1;

	*sums = (struct scan_sums){ 0 };
	s = calloc(1, sizeof(*s));
	w = calloc(1, sizeof(*w));
	if (s == NULL || w == NULL) {
		err_sys(e, "scan");
		goto out;
	}
	*s = (struct scan){ .in = in,
		.out = &found,
		.arena = arena,
		.sums = sums };
	w->s = s;
	if (walk_root(w, e) == 0 && (rc = scan_end(s, e)) == 0) {
		*out = found;
		found = (struct home){ 0 };
	}
out:
	if (s != NULL) {
		scan_read_stop(s);
		free(s->fresh);
		free(s->linked);
	}
	free(s);
	free(w);
	home_free(&found);
	return rc;
}
