#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/path.h"
#include "engine/json.h"
#include "local/scan.h"
#include "prog/changes.h"
#include "prog/commands.h"
#include "prog/compare.h"
#include "prog/past.h"
#include "prog/print.h"
#include "prog/progress.h"

/* What is compared; to: a generation, or the home where there is no commit. */
struct sides {
	struct commit from, to;
	struct profile old, new;
	struct home home;
	size_t skipped;   /* in the home */
	const char *path; /* that alone, and what is below; NULL: all */
	int gens;         /* how many were named */
};

static int
show_scan(uint64_t entries, uint64_t bytes, void *arg, struct err *e)
{
	(void)bytes;
	(void)e;
	progress_show(SYNC_SCAN, entries, 0, arg);
	return 0;
}

/* As a run sees it, so that what did not change is not read. */
static int
scan(struct look *l, const struct options *o, struct home *out, struct err *e)
{
	struct hash rules = rules_hash(l->setup.rules);
	struct progress progress;
	struct scan_sums sums;
	const struct scan_in in = {
		.root = &l->c.root,
		.known = &l->c.state.local,
		.same_rules = hash_same(&rules, &l->c.state.rules),
		.rules = l->setup.rules,
		.self = l->c.self,
		.progress = show_scan,
		.arg = &progress,
	};
	int rc;

	progress_open(&progress, o);
	rc = scan_home(out, &l->c.arena, &in, &sums, e);
	progress_close(&progress);
	return rc;
}

static void
count_skipped(struct sides *s)
{
	for (size_t i = 0; i < s->home.opaque_count; i++)
		s->skipped += s->home.opaque[i].why != WHY_RULE;
	if (s->skipped > 0)
		log_line(LOG_LEVEL_WARN,
		    "%zu path(s) of the home could not be compared; 'roam "
		    "plan' lists them",
		    s->skipped);
}

static int
load_sides(struct look *l, const struct options *o, const uint64_t number[2],
    struct sides *s, struct err *e)
{
	if (past_load(l, number[0], &s->from, &s->old, e) == -1)
		return -1;
	if (s->gens < 2) {
		if (scan(l, o, &s->home, e) == -1)
			return -1;
		count_skipped(s);
		return 0;
	}
	if (past_load(l, number[1], &s->to, &s->new, e) == -1)
		return -1;
	s->home.tree = s->new.tree; /* the profile's */
	return 0;
}

static void
free_sides(struct sides *s)
{
	if (s->to.number > 0)
		s->home.tree = (struct tree){ 0 };
	home_free(&s->home);
	profile_free(&s->old);
	profile_free(&s->new);
	commit_free(&s->from);
	commit_free(&s->to);
}

static int
print_diff(const struct options *o, const struct sides *s,
    const struct changes *c, struct err *e)
{
	if (o->json)
		return changes_print_json(json_pack("{s:I,s:o}", "from",
					      (json_int_t)s->from.number, "to",
					      s->to.number > 0
						  ? json_integer((
							json_int_t)s->to.number)
						  : json_string("home")),
		    c, e);
	return o->quiet ? 0 : changes_print(c, o->verbose, e);
}

/* Is a file asked for by its name that is one on both sides, or on one? */
static bool
is_one_file(const struct changes *c, const struct sides *s,
    const struct options *o)
{
	const struct entry *t;

	if (s->path == NULL || o->json || o->quiet || c->count != 1)
		return false;
	t = tree_find(&s->old.tree, s->path, strlen(s->path));
	if (t != NULL && t->type != ENTRY_FILE)
		return false;
	t = tree_find(&s->home.tree, s->path, strlen(s->path));
	return t == NULL || t->type == ENTRY_FILE;
}

static int
open_side(struct look *l, const struct entry *t, bool is_home, int *out,
    struct err *e)
{
	*out = -1;
	if (t == NULL)
		return 0;
	*out = is_home ? root_at(&l->c.root, t->path, O_RDONLY, e)
		       : compare_content(&l->c, t, e);
	return *out == -1 ? -1 : 0;
}

/* The lines that differ in the one file. */
static int
print_lines(struct look *l, const struct sides *s, struct err *e)
{
	char from[PATH_LEN_MAX + 64], to[PATH_LEN_MAX + 64];
	size_t len = strlen(s->path);
	bool home = s->to.number == 0;
	struct version_of old = { .label = from,
		.entry = tree_find(&s->old.tree, s->path, len),
		.fd = -1 };
	struct version_of new = { .label = to,
		.entry = tree_find(&s->home.tree, s->path, len),
		.fd = -1 };
	int rc = -1;

	snprintf(from, sizeof(from), "%s (generation %llu)", s->path,
	    (unsigned long long)s->from.number);
	if (home)
		snprintf(to, sizeof(to), "%s (home)", s->path);
	else
		snprintf(to, sizeof(to), "%s (generation %llu)", s->path,
		    (unsigned long long)s->to.number);
	if (open_side(l, old.entry, false, &old.fd, e) == 0 &&
	    open_side(l, new.entry, home, &new.fd, e) == 0)
		rc = compare_print(&old, &new, e);
	if (old.fd != -1)
		close(old.fd);
	if (new.fd != -1)
		close(new.fd);
	return rc;
}

/* A path that neither side knows is a slip of the pen: of a number, say. */
static int
know_path(const struct sides *s, struct err *e)
{
	size_t len;

	if (s->path == NULL)
		return 0;
	len = strlen(s->path);
	if (tree_find(&s->old.tree, s->path, len) != NULL ||
	    tree_find(&s->home.tree, s->path, len) != NULL)
		return 0;
	return err_set(e, ERR_USAGE,
	    "%s: no generation, and no path on either side", s->path);
}

static int
diff(struct look *l, const struct options *o, const uint64_t number[2],
    struct sides *s, struct err *e)
{
	struct changes changes = { 0 };
	int status = -1;

	if (load_sides(l, o, number, s, e) == 0 && know_path(s, e) == 0 &&
	    changes_find(&changes, &s->old.tree, &s->home, e) == 0) {
		if (s->path != NULL)
			changes_within(&changes, s->path);
		status = is_one_file(&changes, s, o)
		    ? print_lines(l, s, e)
		    : print_diff(o, s, &changes, e);
		if (status == 0 && s->skipped > 0)
			status = EXIT_SKIPPED;
	}
	changes_free(&changes);
	free_sides(s);
	return status;
}

int
cmd_diff(const struct options *o, struct err *e)
{
	char path[PATH_LEN_MAX + 1];
	uint64_t number[2] = { 0 };
	struct sides s = { .path = NULL };
	struct look l;
	int status = 0;

	if (past_open(&l, o, e) == -1)
		return -1;
	for (; s.gens < o->count && s.gens < 2 && status == 0 &&
	     (s.gens + 1 < o->count || past_is_generation(o->operand[s.gens]));
	     s.gens++)
		status = past_generation(&l.c, o->operand[s.gens],
		    &number[s.gens], e);
	if (status == 0 && s.gens < o->count) {
		status = path_from_user(path, sizeof(path), l.setup.home,
		    o->operand[s.gens], e);
		s.path = path;
	}
	if (status == 0 && s.gens + 1 < o->count)
		status = err_set(e, ERR_USAGE, "%s: one path at most",
		    o->operand[s.gens + 1]);
	if (status == 0)
		status = diff(&l, o, number, &s, e);
	look_close(&l);
	return status;
}
