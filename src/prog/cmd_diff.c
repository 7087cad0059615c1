#include <stdio.h>

#include "base/log.h"
#include "engine/json.h"
#include "local/scan.h"
#include "prog/changes.h"
#include "prog/commands.h"
#include "prog/past.h"
#include "prog/print.h"
#include "prog/progress.h"

/* What is compared; to: a generation, or the home where there is no commit. */
struct sides {
	struct commit from, to;
	struct profile old, new;
	struct home home;
	size_t skipped; /* in the home */
};

static void
show_scan(uint64_t entries, uint64_t bytes, void *arg)
{
	(void)bytes;
	progress_show(SYNC_SCAN, entries, 0, arg);
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
	if (o->count < 2) {
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

static int
diff(struct look *l, const struct options *o, const uint64_t number[2],
    struct err *e)
{
	struct changes changes = { 0 };
	struct sides s = { 0 };
	int status = -1;

	if (load_sides(l, o, number, &s, e) == 0 &&
	    changes_find(&changes, &s.old.tree, &s.home, e) == 0 &&
	    print_diff(o, &s, &changes, e) == 0)
		status = s.skipped > 0 ? EXIT_SKIPPED : 0;
	changes_free(&changes);
	free_sides(&s);
	return status;
}

int
cmd_diff(const struct options *o, struct err *e)
{
	uint64_t number[2] = { 0 };
	struct look l;
	int status;

	for (int i = 0; i < o->count; i++)
		if (look_generation(o->operand[i], &number[i], e) == -1)
			return -1;
	if (past_open(&l, o, e) == -1)
		return -1;
	status = diff(&l, o, number, e);
	look_close(&l);
	return status;
}
