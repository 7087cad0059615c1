#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/step.h"
#include "homes.h"
#include "local/stage.h"

/* A bit of everything; c is changed on both sides. */
static const char before[] =
    "printf old > replace; printf x > remove; printf same > moved;"
    "printf m > mode; chmod 644 mode; ln -s a link; mkdir -p turn/sub gone;"
    "printf t > turn/sub/t; printf g > gone/g; printf f > grow;"
    "printf base > c; printf 1 > l1; ln l1 l2; mkdir -m 755 close;"
    "touch -d @5 c";
static const char edit[] = "printf mine > c; touch -d @6 c";
static const char after[] =
    "replace=new -remove -moved sub/ sub/renamed=same mode=m%600 link>b "
    "-turn turn=file -gone grow/ grow/in=inside c=theirs@7 l1=2&7@9 "
    "l2=2&7@9 new=fresh%400 empty= tight/%555 tight/x=x close/%500";

struct stop {
	struct homes *h;
	const struct tree *base;
	long at;
};

static void
apply_until(void *arg)
{
	struct stop *s = arg;
	char text[24];
	struct run r;

	homes_reopen(s->h);
	run_plan(s->h, &r, s->base, after);
	snprintf(text, sizeof(text), "%ld", s->at);
	setenv("ROAM_STOP_AT", text, 1);
	run_apply(s->h, &r);
}

static void
check_end(struct homes *h, const char *want, long at)
{
	struct home now = homes_scan(h, NULL, NULL);

	cr_expect_str_eq(homes_words(h, &now), want, "stop %ld: %s", at,
	    homes_words(h, &now));
	cr_expect_eq(homes_entry(&now, "mode")->mode, 0600);
	cr_expect_eq(homes_entry(&now, "tight")->mode, 0555, "stop %ld", at);
	cr_expect_eq(homes_entry(&now, "close")->mode, 0500);
	cr_expect_str_eq(homes_shelf(h), "c=mine", "stop %ld: %s", at,
	    homes_shelf(h));
	cr_expect_eq(homes_staged(h), 0, "stop %ld", at);
	cr_expect_not(homes_has(h, ROAM_STATE_DIR "/lost"), "stop %ld", at);
	home_free(&now);
}

/* One home, one stop, one recovery. False when there is no such step. */
static bool
stop_at(long at, const char *want)
{
	struct homes h;
	struct home base;
	struct stop s = { .h = &h, .at = at };
	struct run r;
	struct err e = { 0 };
	size_t rescued;
	int status;

	homes_make(&h);
	homes_shell(&h, "%s", before);
	base = homes_scan(&h, NULL, NULL);
	homes_shell(&h, "%s", edit);
	s.base = &base.tree;
	status = homes_fork(apply_until, &s);
	cr_assert(status == 0 || status == STEP_EXIT, "stop %ld: %d", at,
	    status);
	if (status == STEP_EXIT) {
		cr_assert_eq(stage_recover(&h.root, h.statefd, &base.tree,
				 h.self, &rescued, &e),
		    0, "stop %ld: %s", at, e.text);
		cr_expect_eq(homes_staged(&h), 0);
		run_plan(&h, &r, &base.tree, after);
		run_apply(&h, &r);
		run_free(&r);
	}
	check_end(&h, want, at);
	/* A stop between two names of one file may leave two files of the same
	 * content: what was meant nobody can tell then. */
	if (status == 0)
		cr_expect_eq(homes_inode(&h, "l1"), homes_inode(&h, "l2"));
	home_free(&base);
	homes_free(&h);
	return status == STEP_EXIT;
}

Test(apply_stop, after_a_stop_at_any_step_the_next_run_ends_the_same)
{
	static const char want[] =
	    "c=theirs close/ empty= grow/ grow/in=inside l1=2 l2=2 link>b "
	    "mode=m new=fresh replace=new sub/ sub/renamed=same tight/ "
	    "tight/x=x turn=file";
	long at = 1;

	while (stop_at(at, want))
		at++;
	cr_expect_gt(at, 30, "only %ld steps", at);
}
