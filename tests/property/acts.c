#include "acts.h"

#include <stdio.h>
#include <string.h>

#include "base/path.h"

static const uint8_t red[] = "\x08\0user.tag\x03\0\0\0red";
static const uint8_t blue[] = "\x08\0user.tag\x04\0\0\0blue";

/* The first spot from from on, around the end, that holds something. */
static int
find_there(const struct pc *pc, unsigned from, bool files_only)
{
	for (unsigned i = 0; i < SPOTS; i++) {
		unsigned at = (from + i) % SPOTS;
		const struct entry *t = pc->home[at].entry;

		if (t != NULL && (!files_only || t->type == ENTRY_FILE))
			return (int)at;
	}
	return -1;
}

/* The first that holds nothing, in a directory. */
static int
find_free(const struct pc *pc, unsigned from)
{
	for (unsigned i = 0; i < SPOTS; i++) {
		unsigned at = (from + i) % SPOTS;
		int up = spots[at].parent;

		if (pc->home[at].entry == NULL &&
		    (up < 0 || is_dir(pc->home[up].entry)))
			return (int)at;
	}
	return -1;
}

static int64_t
now(const struct world *w, unsigned m)
{
	return w->tick + w->clock[m];
}

static void
put(struct world *w, unsigned m, unsigned spot, enum entry_type type,
    unsigned content)
{
	struct err e;
	struct entry *t = arena_alloc(&w->arena, sizeof(*t), &e);
	struct extra *x = arena_alloc(&w->arena, sizeof(*x), &e);
	char target[16];

	*x = (struct extra){ 0 };
	*t = (struct entry){
		.path = spots[spot].path,
		.path_len = spots[spot].len,
		.machine = w->self[m],
		.mtime_ns = now(w, m),
		.type = (uint8_t)type,
		.mode = type == ENTRY_DIR ? 0755 : 0644,
	};
	if (type == ENTRY_FILE) {
		t->size = content_size(content);
	} else if (type == ENTRY_LINK) {
		snprintf(target, sizeof(target), "t%u", content);
		x->target = arena_copy(&w->arena, target, strlen(target), &e);
		t->extra = x;
		t->size = strlen(target);
		t->mode = 0777;
	}
	if (type != ENTRY_DIR) {
		t->hash = content_hash(content);
		t->place = (struct place){ .gen = 1, .frame = content };
	}
	w->pc[m].home[spot] = (struct node){ t, ++w->inodes, false };
}

static unsigned
new_content(struct world *w)
{
	return content_new(w, false);
}

static void
act_create(struct world *w, unsigned m, const unsigned arg[3])
{
	int at = find_free(&w->pc[m], arg[0]);
	enum entry_type type = arg[1] % 8 == 0 ? ENTRY_LINK : ENTRY_FILE;

	if (at >= 0)
		put(w, m, (unsigned)at, type,
		    arg[2] % 16 == 0 && type == ENTRY_FILE ? 0
							   : new_content(w));
}

static void
act_mkdir(struct world *w, unsigned m, const unsigned arg[3])
{
	int at = find_free(&w->pc[m], arg[0]);

	if (at >= 0)
		put(w, m, (unsigned)at, ENTRY_DIR, 0);
}

static void
act_copy(struct world *w, unsigned m, const unsigned arg[3])
{
	struct pc *pc = &w->pc[m];
	int from = find_there(pc, arg[0], true), to = find_free(pc, arg[1]);

	if (from >= 0 && to >= 0)
		put(w, m, (unsigned)to, ENTRY_FILE,
		    (unsigned)content_of(pc->home[from].entry));
}

/* All names of the file at spot now hold t, under their own paths. */
static void
write_through(struct world *w, struct pc *pc, unsigned spot,
    const struct entry *t)
{
	uint32_t inode = pc->home[spot].inode;

	for (unsigned i = 0; i < SPOTS; i++)
		if (pc->home[i].entry != NULL && pc->home[i].inode == inode)
			pc->home[i].entry = entry_like(w, t, i);
}

/* In place, or by a new file that is renamed over the old one. */
static void
act_edit(struct world *w, unsigned m, const unsigned arg[3])
{
	struct pc *pc = &w->pc[m];
	int at = find_there(pc, arg[0], true);
	struct node old;

	if (at < 0)
		return;
	old = pc->home[at];
	put(w, m, (unsigned)at, ENTRY_FILE, new_content(w));
	if (arg[1] % 2 == 0) {
		const struct entry *t = pc->home[at].entry;
		struct entry *copy = entry_like(w, old.entry, (unsigned)at);

		copy->size = t->size;
		copy->hash = t->hash;
		copy->place = t->place;
		copy->mtime_ns = t->mtime_ns;
		copy->machine = t->machine;
		pc->home[at] = old;
		write_through(w, pc, (unsigned)at, copy);
	}
}

static void
act_attributes(struct world *w, unsigned m, const unsigned arg[3])
{
	struct pc *pc = &w->pc[m];
	int at = find_there(pc, arg[0], false);
	struct err e;
	struct extra *x;
	struct entry *t;

	if (at < 0 || pc->home[at].entry->type == ENTRY_LINK)
		return;
	t = entry_copy_extra(&w->arena, pc->home[at].entry, &x, &e);
	t->machine = w->self[m];
	if (arg[1] % 2 == 0) {
		t->mode = arg[2] % 2 == 0 ? 0700 : 0750;
	} else {
		x->attrs = arg[2] % 2 == 0 ? red : blue;
		x->attrs_len =
		    (uint32_t)(arg[2] % 2 == 0 ? sizeof(red) : sizeof(blue)) -
		    1;
	}
	write_through(w, pc, (unsigned)at, t);
}

static void
act_touch(struct world *w, unsigned m, const unsigned arg[3])
{
	struct pc *pc = &w->pc[m];
	int at = find_there(pc, arg[0], false);
	struct entry *t;

	if (at < 0)
		return;
	t = entry_like(w, pc->home[at].entry, (unsigned)at);
	t->mtime_ns = now(w, m);
	t->machine = w->self[m];
	write_through(w, pc, (unsigned)at, t);
}

static void
remove_all(struct pc *pc, unsigned spot)
{
	for (unsigned i = spot; i < spots[spot].end; i++)
		pc->home[i] = (struct node){ 0 };
}

static void
act_remove(struct world *w, unsigned m, const unsigned arg[3])
{
	int at = find_there(&w->pc[m], arg[0], arg[1] % 2 == 0);

	if (at >= 0)
		remove_all(&w->pc[m], (unsigned)at);
}

static int
find_path(const char *path)
{
	for (unsigned i = 0; i < SPOTS; i++)
		if (strcmp(spots[i].path, path) == 0)
			return (int)i;
	return -1;
}

/* Where the spot from + below lands when from becomes to; -1: nowhere. */
static int
moved_spot(unsigned from, unsigned to, unsigned below)
{
	char path[64];

	snprintf(path, sizeof(path), "%s%s", spots[to].path,
	    spots[below].path + spots[from].len);
	return find_path(path);
}

static void
act_rename(struct world *w, unsigned m, const unsigned arg[3])
{
	struct pc *pc = &w->pc[m];
	int from = find_there(pc, arg[0], arg[2] % 2 == 0);
	int to = find_free(pc, arg[1]), at;
	struct node moved[SPOTS] = { 0 };
	struct entry *t;

	if (from < 0 || to < 0 || spot_holds((unsigned)from, (unsigned)to))
		return;
	for (unsigned i = (unsigned)from; i < spots[from].end; i++) {
		if (pc->home[i].entry == NULL)
			continue;
		at = moved_spot((unsigned)from, (unsigned)to, i);
		if (at < 0)
			return;
		t = entry_like(w, pc->home[i].entry, (unsigned)at);
		t->machine = w->self[m];
		moved[at] = pc->home[i];
		moved[at].entry = t;
	}
	remove_all(pc, (unsigned)from);
	for (unsigned i = 0; i < SPOTS; i++)
		if (moved[i].entry != NULL)
			pc->home[i] = moved[i];
}

static void
act_retype(struct world *w, unsigned m, const unsigned arg[3])
{
	static const enum entry_type to[ENTRY__COUNT][2] = {
		[ENTRY_FILE] = { ENTRY_DIR, ENTRY_LINK },
		[ENTRY_DIR] = { ENTRY_FILE, ENTRY_LINK },
		[ENTRY_LINK] = { ENTRY_FILE, ENTRY_DIR },
	};
	struct pc *pc = &w->pc[m];
	int at = find_there(pc, arg[0], false);
	enum entry_type type;

	if (at < 0)
		return;
	type = to[pc->home[at].entry->type][arg[1] % 2];
	remove_all(pc, (unsigned)at);
	put(w, m, (unsigned)at, type, type == ENTRY_DIR ? 0 : new_content(w));
}

static void
act_link(struct world *w, unsigned m, const unsigned arg[3])
{
	struct pc *pc = &w->pc[m];
	int from = find_there(pc, arg[0], true), to = find_free(pc, arg[1]);
	struct entry *t;

	if (from < 0 || to < 0)
		return;
	t = entry_like(w, pc->home[from].entry, (unsigned)to);
	t->machine = w->self[m];
	pc->home[to] = (struct node){ t, pc->home[from].inode, false };
	w->linked = true;
}

static void
act_clock(struct world *w, unsigned m, const unsigned arg[3])
{
	w->clock[m] = (int64_t)(arg[0] % 200) - 100;
}

static void
act_rule(struct world *w, unsigned m, const unsigned arg[3])
{
	unsigned at = arg[0] % SPOTS;

	for (unsigned i = 0; i < SPOTS && w->pc[m].home[at].entry == NULL &&
	     world_head(w)[at] == NULL;
	     i++)
		at = (at + 1) % SPOTS;
	if (w->rule[m][at] != RULE_NONE)
		w->rule[m][at] = RULE_NONE;
	else
		w->rule[m][at] = arg[1] % 3 == 0 ? RULE_DIRS : RULE_ALL;
	rules_free(w->rules[m]);
	w->rules[m] = NULL;
	w->forgetful = true;
}

/* All rules of m go. */
static void
act_include(struct world *w, unsigned m, const unsigned arg[3])
{
	(void)arg;
	memset(w->rule[m], 0, sizeof(w->rule[m]));
	rules_free(w->rules[m]);
	w->rules[m] = NULL;
}

static void
act_lock(struct world *w, unsigned m, const unsigned arg[3])
{
	int at = find_there(&w->pc[m], arg[0], false);

	if (at >= 0)
		w->pc[m].home[at].locked ^= 1;
}

static void
act_unlock(struct world *w, unsigned m, const unsigned arg[3])
{
	(void)arg;
	for (unsigned i = 0; i < SPOTS; i++)
		w->pc[m].home[i].locked = false;
}

/* The state is lost, the home is not. */
static void
act_forget(struct world *w, unsigned m, const unsigned arg[3])
{
	(void)arg;
	memset(&w->pc[m].memory, 0, sizeof(w->pc[m].memory));
	w->pc[m].next_id = 0;
	memset(w->pc[m].kept_here, 0, sizeof(w->pc[m].kept_here));
	memset(w->pc[m].kept_there, 0, sizeof(w->pc[m].kept_there));
	w->forgetful = true;
}

/* A virtual machine's snapshot: home and state go back together. */
static void
act_snapshot(struct world *w, unsigned m, const unsigned arg[3])
{
	if (arg[0] % 2 == 0) {
		w->snapshot[m] = w->pc[m];
		w->has_snapshot[m] = true;
	} else if (w->has_snapshot[m]) {
		w->pc[m] = w->snapshot[m];
		w->forgetful = true;
	}
}

/* The store goes back to a backup. */
static void
act_restore(struct world *w, unsigned m, const unsigned arg[3])
{
	unsigned lost = 1 + arg[0] % 3;

	(void)m;
	if (w->gens <= lost)
		return;
	w->gens -= lost;
	w->conflicts = w->gen[w->gens - 1].conflicts;
	w->history = w->gen[w->gens - 1].history;
	w->forgetful = true;
}

static void
forget_rules(struct world *w)
{
	for (unsigned m = 0; m < w->pcs; m++) {
		rules_free(w->rules[m]);
		w->rules[m] = NULL;
	}
}

/* The administrator names a driver, or a unit, for all. */
static void
act_driver(struct world *w, unsigned m, const unsigned arg[3])
{
	(void)m;
	(void)arg;
	w->merging = !w->merging;
	forget_rules(w);
}

static void
act_unit(struct world *w, unsigned m, const unsigned arg[3])
{
	unsigned at = arg[0] % SPOTS;

	(void)m;
	while (spots[at].parent >= 0)
		at = (unsigned)spots[at].parent;
	w->unit = w->unit < 0 ? (int)at : -1;
	forget_rules(w);
}

const struct act acts[] = {
	{ "create", act_create, 8 },
	{ "mkdir", act_mkdir, 6 },
	{ "copy", act_copy, 2 },
	{ "edit", act_edit, 10 },
	{ "attributes", act_attributes, 4 },
	{ "touch", act_touch, 1 },
	{ "remove", act_remove, 7 },
	{ "rename", act_rename, 5 },
	{ "retype", act_retype, 4 },
	{ "link", act_link, 4 },
	{ "clock", act_clock, 1 },
	{ "rule", act_rule, 3 },
	{ "include", act_include, 2 },
	{ "lock", act_lock, 2 },
	{ "unlock", act_unlock, 1 },
	{ "forget", act_forget, 1 },
	{ "snapshot", act_snapshot, 1 },
	{ "restore", act_restore, 1 },
	{ "driver", act_driver, 2 },
	{ "unit", act_unit, 2 },
};
const unsigned act_count = sizeof(acts) / sizeof(acts[0]);
const unsigned act_user_count = 10;
