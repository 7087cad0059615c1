#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/path.h"
#include "base/text.h"
#include "engine/json.h"
#include "local/scan.h"
#include "local/vouch.h"
#include "prog/commands.h"
#include "prog/look.h"
#include "prog/outlook.h"
#include "prog/print.h"

#define TARGET_MAX 4096

/* The path as one place has it. */
struct version {
	bool there;
	bool hashed;
	struct entry entry; /* type, size, mode, mtime, hash */
};

/* All that is known of a path. */
struct view {
	char path[PATH_LEN_MAX + 1];
	size_t len;
	struct ruling ruling;
	bool roams;
	const char *reason; /* NULL: none is given */
	struct version base, local, store;
	bool store_known;
	enum why why; /* the home's one is not looked into */
	bool behind_link;
	struct outlook outlook;
};

static struct version
version_of(const struct tree *t, const struct view *v)
{
	const struct entry *found = tree_find(t, v->path, v->len);
	struct version out = { .there = found != NULL };

	if (found != NULL) {
		out.entry = *found;
		out.hashed = found->type != ENTRY_DIR;
	}
	return out;
}

/* What the last run knew of it, if the file is still the same. */
static bool
hash_known(const struct context *c, struct view *v, const struct stat *st)
{
	const struct home *known = &c->state.local;
	size_t i = tree_lower(&known->tree, v->path, v->len);
	const struct entry *t;

	if (i == known->tree.count)
		return false;
	t = known->tree.entry[i];
	if (t->path_len != v->len || memcmp(t->path, v->path, v->len) != 0 ||
	    !stamp_vouches(&known->stamp[i], t, st))
		return false;
	v->local.entry.hash = t->hash;
	return true;
}

static int
hash_file(const struct context *c, struct view *v, struct err *e)
{
	struct stat st;
	int fd, rc = -1;

	if ((fd = root_at(&c->root, v->path, O_RDONLY, e)) == -1)
		return -1;
	if (fstat(fd, &st) == -1)
		err_sys(e, "%s", v->path);
	else
		rc = scan_hash(fd, &st, &v->local.entry.hash, e);
	close(fd);
	return rc;
}

static void
hash_local(const struct context *c, struct view *v, const struct stat *st,
    int dirfd, const char *name)
{
	char target[TARGET_MAX];
	struct err e;
	ssize_t n;

	v->local.hashed = v->local.entry.type != ENTRY_DIR;
	if (!v->local.hashed || hash_known(c, v, st))
		return;
	if (v->local.entry.type == ENTRY_FILE) {
		if (hash_file(c, v, &e) == 0)
			return;
		v->why = why_of(&e);
	} else if ((n = readlinkat(dirfd, name, target, sizeof(target))) >= 0) {
		v->local.entry.hash = hash_of(target, (size_t)n);
		return;
	} else {
		v->why = why_of_errno(errno);
	}
	v->local.hashed = false;
}

/* What keeps the scan from going on here, whatever the rules say. */
static enum why
why_not(const struct root *r, const struct stat *st)
{
	if (st->st_dev != r->dev)
		return WHY_MOUNT;
	if (st->st_uid != r->uid)
		return WHY_OWNER;
	return stat_type(st) == ENTRY_NONE ? WHY_SPECIAL : WHY_NONE;
}

/* One step on the way to the path, or the path itself. False: there is nothing
 * more to see. */
static bool
look_at(struct context *c, struct view *v, size_t len)
{
	char part[PATH_LEN_MAX + 1];
	const char *name;
	struct stat st;
	struct err e;
	int dirfd;

	memcpy(part, v->path, len);
	part[len] = '\0';
	if ((dirfd = root_parent(&c->root, part, len, &name, &e)) == -1) {
		v->why = e.kind != ERR_GONE ? why_of(&e) : WHY_NONE;
		return false;
	}
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1) {
		v->why = errno != ENOENT ? why_of_errno(errno) : WHY_NONE;
		return false;
	}
	v->why = why_not(&c->root, &st);
	if (len < v->len) {
		v->behind_link = S_ISLNK(st.st_mode);
		return v->why == WHY_NONE && S_ISDIR(st.st_mode);
	}
	v->local = (struct version){ .there = true,
		.entry = { .type = (uint8_t)stat_type(&st),
		    .mode = stat_mode(&st),
		    .mtime_ns = stat_mtime_ns(&st),
		    .size = S_ISDIR(st.st_mode) ? 0 : (uint64_t)st.st_size } };
	if (v->why == WHY_NONE)
		hash_local(c, v, &st, dirfd, name);
	return true;
}

static void
look_local(struct context *c, struct view *v)
{
	const char *slash = v->path;

	while ((slash = strchr(slash, '/')) != NULL) {
		if (!look_at(c, v, (size_t)(slash - v->path)))
			return;
		slash++;
	}
	(void)look_at(c, v, v->len);
}

/* The store is one of three places: where it does not answer the rest is worth
 * telling all the same. */
static int
look_store(struct look *l, struct view *v, struct err *e)
{
	struct context *c = &l->c;

	if (l->setup.store[0] == '\0')
		return 0;
	if (setup_need_store(&l->setup, e) == -1)
		return -1;
	if (context_open_store(c, CONTEXT_LOOK, e) == -1 ||
	    context_load_head(c, CONTEXT_LOOK, e) == -1) {
		log_line(LOG_LEVEL_WARN, "%s", e->text);
		return 0;
	}
	v->store_known = true;
	v->store = version_of(&c->remote->tree, v);
	return 0;
}

/* Its path may be to become a directory: a pattern may be of those alone. */
static bool
is_directory(const struct view *v, const char *arg)
{
	const struct version *at[] = { &v->local, &v->base, &v->store };

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		if (at[i]->there)
			return at[i]->entry.type == ENTRY_DIR;
	return arg[strlen(arg) - 1] == '/';
}

static void
decide(const struct look *l, struct view *v, const char *arg)
{
	const struct ruling *r = &v->ruling;

	rules_explain(l->setup.rules, v->path, v->len, is_directory(v, arg),
	    &v->ruling);
	v->roams = r->roams;
	v->reason = r->reason[0] != '\0' ? r->reason : NULL;
	if (r->file == NULL)
		v->reason = "no rule names it: what no rule names roams";
	if (!r->roams)
		return;
	if (path_is_within(v->path, v->len, ROAM_STATE_DIR,
		strlen(ROAM_STATE_DIR))) {
		v->roams = false;
		v->reason = "what Roam remembers of this home never roams";
	} else if (v->behind_link) {
		v->roams = false;
		v->reason = "behind a symlink: links roam, but not what they "
			    "lead to";
	} else if (v->why != WHY_NONE) {
		v->roams = v->why == WHY_DENIED || v->why == WHY_BROKEN;
		v->reason = why_text(v->why);
	}
}

/* Where there is no store nothing is decided. */
static void
find_outlook(const struct look *l, struct view *v)
{
	if (v->store_known)
		outlook_find(&v->outlook, &l->setup, v->path);
	else
		snprintf(v->outlook.text, sizeof(v->outlook.text),
		    "the store is not known");
}

static json_t *
json_version(const struct version *at)
{
	const struct entry *t = &at->entry;
	char mode[8], hex[HASH_HEX_MAX];

	if (!at->there)
		return json_null();
	snprintf(mode, sizeof(mode), "%04o", (unsigned)t->mode);
	return json_pack("{s:s,s:I,s:s,s:o,s:s?}", "kind",
	    t->type != ENTRY_NONE ? entry_kind(t) : "special", "size",
	    (json_int_t)t->size, "mode", mode, "mtime", print_time(t->mtime_ns),
	    "hash", at->hashed ? hash_hex(&t->hash, hex) : NULL);
}

static int
set_rule(json_t *all, const struct ruling *r)
{
	char text[PATH_LEN_MAX + 16];

	if (r->file == NULL)
		return print_set(all, "rule", NULL);
	snprintf(text, sizeof(text), "%s:%u", r->file, r->line);
	return print_set(all, "rule", text);
}

static int
print_json(const struct view *v, struct err *e)
{
	json_t *all = json_pack("{s:n,s:s,s:n,s:n,s:n,s:n,s:o,s:o,s:o,s:o}",
	    "path", "class", v->roams ? "roam" : "local", "rule", "reason",
	    "unit", "driver", "base", json_version(&v->base), "local",
	    json_version(&v->local), "store", json_version(&v->store),
	    "decision", outlook_json(&v->outlook));

	if (all != NULL &&
	    (json_set_path(all, "path", v->path, v->len) == -1 ||
		set_rule(all, &v->ruling) == -1 ||
		print_set(all, "reason", v->reason) == -1 ||
		print_set(all, "unit", v->ruling.unit) == -1 ||
		print_set(all, "driver", v->ruling.driver) == -1)) {
		json_decref(all);
		all = NULL;
	}
	return json_print(all, e);
}

static bool
same_version(const struct version *a, const struct version *b)
{
	const struct entry *x = &a->entry, *y = &b->entry;

	return a->there && b->there && a->hashed == b->hashed &&
	    x->type == y->type && x->size == y->size && x->mode == y->mode &&
	    (!a->hashed || hash_same(&x->hash, &y->hash)) &&
	    (a->hashed || x->type == ENTRY_DIR);
}

/* before: what stands above it, which is called place. */
static void
print_version(const char *label, const struct version *at,
    const struct version *before, const char *place)
{
	const struct entry *t = &at->entry;
	char size[TEXT_SIZE_MAX] = "", time[TEXT_TIME_MAX];

	if (!at->there) {
		print_field(label, "not there");
	} else if (before != NULL && same_version(at, before)) {
		print_field(label, "as in the %s", place);
	} else {
		if (t->type == ENTRY_FILE)
			text_size_human(t->size, size);
		print_field(label, "%s%s%s, mode %04o, of %s",
		    t->type != ENTRY_NONE ? entry_kind(t) : "special file",
		    size[0] != '\0' ? ", " : "", size, (unsigned)t->mode,
		    text_time_local(t->mtime_ns, time));
	}
}

static void
print_text(const struct look *l, const struct view *v)
{
	const struct ruling *r = &v->ruling;

	print_field("Path", "%s", v->path);
	print_field("Class", "%s",
	    v->roams ? "roam" : "local, stays on this machine");
	if (r->file != NULL)
		print_field("Rule", "%s:%u", r->file, r->line);
	if (v->reason != NULL)
		print_prose("Reason", v->reason);
	if (r->unit != NULL || r->driver != NULL)
		print_field("Merge", "%s%s%s%s", r->driver != NULL ? "by " : "",
		    r->driver != NULL ? r->driver : "",
		    r->unit != NULL ? " in one unit with all of " : "",
		    r->unit != NULL ? r->unit : "");
	if (l->c.state.number > 0)
		print_version("Base", &v->base, NULL, NULL);
	print_version("Home", &v->local, &v->base, "base");
	if (v->store_known && v->base.there)
		print_version("Store", &v->store, &v->base, "base");
	else if (v->store_known)
		print_version("Store", &v->store, &v->local, "home");
	else
		print_field("Store", "unknown");
	outlook_print(&v->outlook);
}

static int
find_path(const struct look *l, const char *arg, struct view *v, struct err *e)
{
	if (path_from_user(v->path, sizeof(v->path), l->setup.home, arg, e) ==
	    -1)
		return -1;
	v->len = strlen(v->path);
	if (v->len == 0)
		return err_set(e, ERR_USAGE,
		    "%s: is the home itself; give a path below it", arg);
	return 0;
}

int
cmd_why(const struct options *o, struct err *e)
{
	const char *arg = o->operand[0];
	struct view v = { .len = 0 };
	struct look l;
	int rc = -1;

	if (look_open(&l, o, LOOK_STATE, e) == -1)
		return -1;
	if (find_path(&l, arg, &v, e) == 0 && look_store(&l, &v, e) == 0) {
		/* Behind the store: it may have settled what the base is. */
		v.base = version_of(&l.c.state.base, &v);
		look_local(&l.c, &v);
		decide(&l, &v, arg);
		find_outlook(&l, &v);
		rc = 0;
		if (o->json)
			rc = print_json(&v, e);
		else if (!o->quiet)
			print_text(&l, &v);
	}
	look_close(&l);
	return rc;
}
