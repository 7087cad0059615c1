#include <stdio.h>

#include "local/fresh.h"
#include "local/scan.h"
#include "prog/attend.h"

/* All of the home that roams. */
static int
scan(const struct attend *a, struct root *root, struct arena *arena,
    struct home *out, struct err *e)
{
	const struct scan_in in = { .root = root, .rules = a->setup.rules };
	struct scan_sums sums;

	return scan_home(out, arena, &in, &sums, e);
}

bool
attend_is_fresh(const struct attend *a)
{
	struct arena arena = { 0 };
	struct home home = { 0 };
	struct root root;
	struct err ignored;
	bool fresh = false;

	if (a->setup.rules == NULL ||
	    root_open(&root, a->setup.home, &ignored) == -1)
		return false;
	if (scan(a, &root, &arena, &home, &ignored) == 0)
		fresh = fresh_is(&home, FRESH_SKELETON);
	home_free(&home);
	arena_free(&arena);
	root_close(&root);
	return fresh;
}

static int
drop(struct attend *a, struct err *e)
{
	struct arena arena = { 0 };
	struct home home = { 0 };
	struct root root;
	int rc = -1;

	if ((a->setup.rules == NULL && setup_load_rules(&a->setup, e) == -1) ||
	    root_open(&root, a->setup.home, e) == -1)
		return -1;
	if (scan(a, &root, &arena, &home, e) == 0)
		rc = fresh_make(&root, &home, FRESH_SKELETON, e);
	home_free(&home);
	arena_free(&arena);
	root_close(&root);
	return rc;
}

void
attend_drop(struct attend *a)
{
	struct err why;

	a->ending.state = ENDING_TEMPORARY;
	if (drop(a, &why) == 0) {
		a->fresh = false;
		return;
	}
	a->ending.state = ENDING_FAILED;
	snprintf(a->why, sizeof(a->why), "%s", why.text);
	announce_error(&a->announce, a->why);
}
