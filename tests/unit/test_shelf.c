#include "local/shelf.h"

#include <sys/stat.h>

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/step.h"
#include "homes.h"
#include "local/stage.h"

static struct conflict
conflict_of(struct homes *h, const struct entry *t)
{
	return (struct conflict){ .id = shelf_id(t),
		.loser = t,
		.machine = h->self,
		.time_ns = 77,
		.gen = 5 };
}

static void
keep(struct homes *h, const char *path)
{
	struct home home = homes_scan(h, NULL, NULL);
	const struct entry *t = homes_entry(&home, path);
	struct conflict c;
	struct err e = { 0 };

	cr_assert_not_null(t);
	c = conflict_of(h, t);
	cr_assert_eq(shelf_keep_local(&h->root, h->statefd, &c, &e), 0, "%s",
	    e.text);
	home_free(&home);
}

Test(shelf, a_version_has_one_id_and_each_version_its_own)
{
	static const char *const words[] = { "a=x", "a=y", "b=x", "a>x", "a/",
		"a=" };
	struct tree nothing = { 0 }, t[6], again;
	struct homes h;

	homes_make(&h);
	for (size_t i = 0; i < 6; i++) {
		t[i] = homes_edit(&h, &nothing, words[i]);
		again = homes_edit(&h, &nothing, words[i]);
		cr_expect_neq(shelf_id(t[i].entry[0]), 0);
		cr_expect_eq(shelf_id(t[i].entry[0]), shelf_id(again.entry[0]));
		tree_free(&again);
		for (size_t k = 0; k < i; k++)
			cr_expect_neq(shelf_id(t[i].entry[0]),
			    shelf_id(t[k].entry[0]), "%s %s", words[i],
			    words[k]);
	}
	for (size_t i = 0; i < 6; i++)
		tree_free(&t[i]);
	homes_free(&h);
}

Test(shelf, what_is_kept_comes_back_as_it_was)
{
	struct homes h;
	struct profile p = { 0 };
	const struct conflict *c;
	struct home home;
	const struct entry *t;
	struct err e;
	size_t damaged;

	homes_make(&h);
	homes_shell(&h, "printf text > f; chmod 640 f; touch -d @9 f");
	home = homes_scan(&h, NULL, NULL);
	t = homes_entry(&home, "f");
	keep(&h, "f");
	homes_replace(&h, "f", "another");
	cr_assert_eq(shelf_load(h.statefd, &h.arena, &h.machines, &p, &damaged,
			 &e),
	    0);
	cr_expect_eq(damaged, 0);
	cr_assert_eq(p.conflict_count, 1);
	c = profile_conflict(&p, shelf_id(t));
	cr_assert_not_null(c);
	cr_expect(entry_same(c->loser, t));
	cr_expect_eq(c->loser->mtime_ns, 9000000000);
	cr_expect_eq(c->machine, h.self);
	cr_expect_eq(c->time_ns, 77);
	cr_expect_eq(c->gen, 0, "pending, whatever it said");
	cr_expect_str_eq(homes_shelf(&h), "f=text");
	profile_free(&p);
	home_free(&home);
	homes_free(&h);
}

Test(shelf, a_file_is_kept_by_a_link_and_copied_where_others_share_it)
{
	struct homes h;

	homes_make(&h);
	homes_shell(&h,
	    "printf alone > a; printf shared > b; ln b c;"
	    "truncate -s 3M hole; printf x >> hole");
	keep(&h, "a");
	keep(&h, "b");
	homes_put(&h, "c", "edited");
	cr_expect_not_null(strstr(homes_shelf(&h), "a=alone"));
	cr_expect_not_null(strstr(homes_shelf(&h), "b=shared"));
	homes_shell(&h, "test $(stat -c %%h a) = 2");
	homes_shell(&h, "ln hole hole2");
	keep(&h, "hole");
	homes_shell(&h,
	    "test $(stat -c %%b " ROAM_STATE_DIR
	    "/conflicts/*.content | sort -n | tail -n1) -lt 64");
	homes_free(&h);
}

Test(shelf, links_and_directories_need_no_content)
{
	struct homes h;

	homes_make(&h);
	homes_shell(&h, "ln -s target l; mkdir d");
	keep(&h, "l");
	keep(&h, "d");
	cr_expect_not_null(strstr(homes_shelf(&h), "l>target"));
	homes_shell(&h, "test ! -e " ROAM_STATE_DIR "/conflicts/*.content");
	homes_free(&h);
}

Test(shelf, the_same_version_twice_is_kept_once)
{
	struct homes h;

	homes_make(&h);
	homes_put(&h, "f", "text");
	keep(&h, "f");
	keep(&h, "f");
	homes_replace(&h, "f", "text");
	keep(&h, "f");
	cr_expect_str_eq(homes_shelf(&h), "f=text");
	homes_shell(&h, "test $(ls " ROAM_STATE_DIR "/conflicts | wc -l) = 2");
	homes_free(&h);
}

Test(shelf, another_file_than_the_loser_is_not_kept)
{
	static const char *const changes[] = { "printf longer > f", "rm f",
		"rm f; ln -s ../outside/x f", "rm f; mkfifo f",
		"rm f; mkdir f" };
	struct homes h;
	struct home home;
	struct conflict c;
	struct err e;

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		homes_make(&h);
		homes_shell(&h, "printf 1234 > ../outside/x; printf text > f");
		home = homes_scan(&h, NULL, NULL);
		c = conflict_of(&h, homes_entry(&home, "f"));
		homes_shell(&h, "%s", changes[i]);
		cr_expect_eq(shelf_keep_local(&h.root, h.statefd, &c, &e), -1,
		    "%s", changes[i]);
		cr_expect_str_eq(homes_shelf(&h), "");
		cr_expect_not(shelf_has(h.statefd, c.id));
		homes_shell(&h,
		    "test -z \"$(ls " ROAM_STATE_DIR "/conflicts)\"");
		home_free(&home);
		homes_free(&h);
	}
}

Test(shelf, a_staged_version_moves_to_the_shelf)
{
	struct tree nothing = { 0 }, t;
	struct conflict c;
	struct homes h;
	struct err e = { 0 };
	int stage;

	homes_make(&h);
	t = homes_edit(&h, &nothing, "f=text");
	c = conflict_of(&h, t.entry[0]);
	stage = stage_open(h.statefd, &e);
	homes_shell(&h, "printf text > " ROAM_STATE_DIR "/staging/x-0");
	cr_expect_eq(shelf_keep_staged(h.statefd, stage, "x-0", &c, &e), 0,
	    "%s", e.text);
	cr_expect_str_eq(homes_shelf(&h), "f=text");
	cr_expect_eq(homes_staged(&h), 0);
	cr_expect_eq(shelf_keep_staged(h.statefd, stage, "x-0", &c, &e), -1,
	    "not there any more");
	cr_expect_str_eq(homes_shelf(&h), "f=text");
	close(stage);
	tree_free(&t);
	homes_free(&h);
}

Test(shelf, what_was_removed_is_gone_and_can_be_removed_again)
{
	struct home home;
	struct homes h;
	struct err e;
	uint64_t id;

	homes_make(&h);
	homes_put(&h, "f", "text");
	home = homes_scan(&h, NULL, NULL);
	id = shelf_id(homes_entry(&home, "f"));
	cr_expect_eq(shelf_remove(h.statefd, id, &e), 0, "no shelf yet");
	cr_expect_eq(shelf_open(h.statefd, id, &e), -1);
	cr_expect_eq(e.kind, ERR_GONE);
	keep(&h, "f");
	cr_expect(shelf_has(h.statefd, id));
	cr_expect_eq(shelf_remove(h.statefd, id, &e), 0);
	cr_expect_eq(shelf_remove(h.statefd, id, &e), 0);
	cr_expect_not(shelf_has(h.statefd, id));
	cr_expect_eq(shelf_open(h.statefd, id, &e), -1);
	cr_expect_eq(e.kind, ERR_GONE);
	cr_expect_str_eq(homes_shelf(&h), "");
	cr_expect_str_eq(homes_get(&h, "f"), "text");
	home_free(&home);
	homes_free(&h);
}

Test(shelf, damaged_records_are_counted_and_passed_over)
{
	struct homes h;
	struct profile p = { 0 };
	struct err e;
	size_t damaged;

	homes_make(&h);
	homes_put(&h, "f", "text");
	keep(&h, "f");
	homes_shell(&h,
	    "cd " ROAM_STATE_DIR "/conflicts; r=$(ls | grep -v content);"
	    "cp $r 00000000000000aa; printf x > 00000000000000bb;"
	    ": > 00000000000000cc; mkdir 00000000000000dd;"
	    "mkfifo 00000000000000ee; ln -s $r 00000000000000ff;"
	    "printf y > readme; printf z > 00000000000000AB");
	cr_expect_eq(shelf_load(h.statefd, &h.arena, &h.machines, &p, &damaged,
			 &e),
	    0);
	cr_expect_eq(damaged, 6);
	cr_expect_eq(p.conflict_count, 1);
	profile_free(&p);
	homes_free(&h);
}

Test(shelf, dropped_ids_are_a_sorted_set)
{
	static const uint64_t ids[] = { 9, 1, UINT64_MAX, 9, 4 };
	uint64_t *out;
	struct homes h;
	struct err e;
	size_t n;

	homes_make(&h);
	cr_assert_eq(shelf_dropped(h.statefd, &out, &n, &e), 0);
	cr_expect_eq(n, 0, "none yet");
	free(out);
	cr_assert_eq(shelf_set_dropped(h.statefd, ids, 5, &e), 0);
	cr_assert_eq(shelf_dropped(h.statefd, &out, &n, &e), 0);
	cr_assert_eq(n, 4);
	cr_expect(
	    out[0] == 1 && out[1] == 4 && out[2] == 9 && out[3] == UINT64_MAX);
	free(out);
	homes_shell(&h, "printf x >> " ROAM_STATE_DIR "/dropped");
	cr_assert_eq(shelf_dropped(h.statefd, &out, &n, &e), 0);
	cr_expect_eq(n, 0, "damaged is none");
	free(out);
	cr_assert_eq(shelf_set_dropped(h.statefd, NULL, 0, &e), 0);
	cr_assert_eq(shelf_dropped(h.statefd, &out, &n, &e), 0);
	cr_expect_eq(n, 0);
	free(out);
	homes_free(&h);
}

static void
keep_until(void *arg)
{
	struct homes *h = arg;

	homes_reopen(h);
	keep(h, "f");
}

Test(shelf, a_stop_leaves_no_record_without_its_content)
{
	char text[16];
	struct homes h;
	int status = STEP_EXIT;

	for (int at = 1; status == STEP_EXIT; at++) {
		homes_make(&h);
		homes_put(&h, "f", "text");
		snprintf(text, sizeof(text), "%d", at);
		setenv("ROAM_STOP_AT", text, 1);
		status = homes_fork(keep_until, &h);
		unsetenv("ROAM_STOP_AT");
		cr_expect(strcmp(homes_shelf(&h), "") == 0 ||
			strcmp(homes_shelf(&h), "f=text") == 0,
		    "stop %d: %s", at, homes_shelf(&h));
		keep(&h, "f");
		cr_expect_str_eq(homes_shelf(&h), "f=text");
		homes_shell(&h,
		    "test $(ls " ROAM_STATE_DIR "/conflicts | wc -l) = 2");
		homes_free(&h);
	}
	cr_expect_eq(status, 0);
}

static void
keep_staged_until(void *arg)
{
	struct homes *h = arg;
	struct tree nothing = { 0 }, t;
	struct conflict c;
	struct err e = { 0 };

	homes_reopen(h);
	t = homes_edit(h, &nothing, "f=text");
	c = conflict_of(h, t.entry[0]);
	if (shelf_keep_staged(h->statefd, stage_open(h->statefd, &e), "x-0", &c,
		&e) == -1)
		_exit(1);
}

Test(shelf, what_is_staged_stays_so_until_it_has_a_record)
{
	char text[16];
	struct homes h;
	struct err e = { 0 };
	int status = STEP_EXIT;

	for (int at = 1; status == STEP_EXIT; at++) {
		homes_make(&h);
		close(stage_open(h.statefd, &e));
		homes_shell(&h, "printf text > " ROAM_STATE_DIR "/staging/x-0");
		snprintf(text, sizeof(text), "%d", at);
		setenv("ROAM_STOP_AT", text, 1);
		status = homes_fork(keep_staged_until, &h);
		unsetenv("ROAM_STOP_AT");
		cr_expect(homes_staged(&h) == 1 ||
			strcmp(homes_shelf(&h), "f=text") == 0,
		    "stop %d", at);
		cr_expect_eq(shelf_sweep(h.statefd, &e), 0, "%s", e.text);
		cr_expect(homes_staged(&h) == 1 ||
			strcmp(homes_shelf(&h), "f=text") == 0,
		    "swept after stop %d", at);
		homes_free(&h);
	}
	cr_expect_eq(status, 0);
}

Test(shelf, leftovers_are_swept_and_records_keep_their_content)
{
	struct homes h;
	struct err e;

	homes_make(&h);
	cr_expect_eq(shelf_sweep(h.statefd, &e), 0, "no shelf yet");
	homes_put(&h, "f", "text");
	keep(&h, "f");
	homes_shell(&h,
	    "cd " ROAM_STATE_DIR "/conflicts; r=$(ls | grep -v content);"
	    "cp $r .$r.new; printf x > incoming;"
	    "printf x > 00000000000000bb.content;"
	    "printf damaged > 00000000000000cc;"
	    "printf x > 00000000000000cc.content; printf y > readme");
	cr_expect_eq(shelf_sweep(h.statefd, &e), 0);
	homes_shell(&h,
	    "cd " ROAM_STATE_DIR "/conflicts; test $(ls -A | wc -l) = 5;"
	    "test -e 00000000000000cc.content; test -e readme;"
	    "rm 00000000000000cc");
	cr_expect_str_eq(homes_shelf(&h), "f=text");
	homes_free(&h);
}

/* What a run leaves that is cut off right after it kept a loser. */
Test(shelf, what_the_home_still_has_did_not_lose)
{
	struct homes h;
	struct err e = { 0 };

	homes_make(&h);
	cr_expect_eq(shelf_mend(&h.root, h.statefd, &h.arena, &h.machines, &e),
	    0, "no shelf yet");
	homes_put(&h, "f", "kept");
	homes_put(&h, "g", "moved");
	homes_put(&h, "k", "lost");
	homes_put(&h, "l", "lost, and again here");
	for (const char *const *path =
		 (const char *const[]){ "f", "g", "k", "l", NULL };
	     *path != NULL; path++)
		keep(&h, *path);
	homes_shell(&h, "ln -s x s; test $(stat -c %%h f) = 2");
	keep(&h, "s");
	homes_shell(&h, "mv g n; rm k; cp l t; mv t l");
	cr_assert_eq(shelf_mend(&h.root, h.statefd, &h.arena, &h.machines, &e),
	    0, "%s", e.text);
	homes_shell(&h, "printf edited > n; printf edited > f");
	cr_expect_str_eq(homes_shelf(&h),
	    "s>x k=lost l=lost, and again here g=moved", "%s", homes_shelf(&h));
	homes_shell(&h,
	    "test $(stat -c %%h f n | sort -u) = 1;"
	    "test $(ls -A " ROAM_STATE_DIR "/conflicts | wc -l) = 7");
	homes_free(&h);
}

Test(shelf, what_is_set_aside_is_no_conflict_but_not_lost)
{
	struct homes h;
	struct home home;
	struct err e = { 0 };
	uint64_t id;

	homes_make(&h);
	homes_put(&h, "f", "text");
	home = homes_scan(&h, NULL, NULL);
	id = shelf_id(homes_entry(&home, "f"));
	keep(&h, "f");
	cr_expect_eq(shelf_set_aside(h.statefd, id, &e), 0, "%s", e.text);
	cr_expect_str_eq(homes_shelf(&h), "");
	homes_shell(&h, "test $(cat " ROAM_STATE_DIR "/lost/*) = text");
	cr_expect_eq(shelf_set_aside(h.statefd, id, &e), 0, "nothing left");
	home_free(&home);
	homes_free(&h);
}
