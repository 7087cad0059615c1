#include "local/state.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/step.h"
#include "homes.h"

static struct hash
filled(uint8_t with)
{
	struct hash h;

	memset(h.b, with, HASH_LEN);
	return h;
}

/* A state of a home, a base and a head that differ a little. */
static void
make_state(struct homes *h, struct state *s)
{
	struct conflict c = { .id = 3, .time_ns = 4, .gen = 5 };
	struct err e;

	*s = (struct state){ .store_id = filled(1),
		.number = 42,
		.id = filled(2),
		.manifest = filled(3),
		.rules = filled(4) };
	homes_shell(h,
	    "mkdir -p d/e; printf x > d/f; printf y > d/e/g;"
	    "ln -s a l; touch -d @5 d/f d/e/g; touch -hd @5 l");
	s->local = homes_scan(h, NULL, NULL);
	s->head.tree = homes_edit(h, &s->local.tree,
	    "d/f=other&7 new=n q>r h=x&7 -.local");
	s->base = homes_edit(h, &s->local.tree, "-l -.local");
	c.loser = s->head.tree.entry[1];
	c.machine = h->self;
	cr_assert_eq(profile_add_conflict(&s->head, &c, &e), 0);
}

static void
expect_same_tree(const struct tree *a, const struct tree *b, const char *why)
{
	cr_assert_eq(a->count, b->count, "%s", why);
	for (size_t i = 0; i < a->count; i++) {
		cr_expect_str_eq(a->entry[i]->path, b->entry[i]->path);
		cr_expect(entry_same(a->entry[i], b->entry[i]), "%s: %s", why,
		    a->entry[i]->path);
		cr_expect_eq(a->entry[i]->mtime_ns, b->entry[i]->mtime_ns,
		    "%s: %s", why, a->entry[i]->path);
	}
}

static void
expect_same_state(const struct state *a, const struct state *b)
{
	cr_expect(hash_same(&a->store_id, &b->store_id));
	cr_expect_eq(a->number, b->number);
	cr_expect(hash_same(&a->id, &b->id));
	cr_expect(hash_same(&a->manifest, &b->manifest));
	cr_expect(hash_same(&a->rules, &b->rules));
	expect_same_tree(&a->head.tree, &b->head.tree, "head");
	expect_same_tree(&a->base, &b->base, "base");
	expect_same_tree(&a->local.tree, &b->local.tree, "local");
	for (size_t i = 0; i < a->local.tree.count; i++) {
		cr_expect_eq(a->local.stamp[i].inode, b->local.stamp[i].inode);
		cr_expect_eq(a->local.stamp[i].ctime_ns,
		    b->local.stamp[i].ctime_ns);
	}
	cr_assert_eq(a->head.conflict_count, b->head.conflict_count);
	for (size_t i = 0; i < a->head.conflict_count; i++)
		cr_expect_eq(a->head.conflict[i].id, b->head.conflict[i].id);
}

static struct state
load(struct homes *h, bool want_lost)
{
	struct state s;
	struct err e = { 0 }, note = { 0 };

	cr_assert_eq(state_load(&s, h->statefd, &h->arena, &h->machines, &note,
			 &e),
	    0, "%s", e.text);
	cr_expect_eq(want_lost, note.kind != ERR_NONE, "%s", note.text);
	return s;
}

Test(state, what_was_saved_is_loaded)
{
	struct homes h;
	struct state s, again;
	struct err e = { 0 };
	struct stat st;

	homes_make(&h);
	make_state(&h, &s);
	s.local.stamp[0].inode = UINT64_MAX;
	s.local.stamp[1].ctime_ns = INT64_MIN;
	s.local.stamp[2].ctime_ns = INT64_MAX;
	s.local.stamp[3] = (struct stamp){ 0 };
	cr_assert_eq(state_save(h.statefd, &s, &e), 0, "%s", e.text);
	again = load(&h, false);
	expect_same_state(&s, &again);
	cr_assert_eq(fstatat(h.statefd, "trees", &st, 0), 0);
	cr_expect_eq(st.st_mode & 07777, 0600);
	state_free(&again);
	state_free(&s);
	homes_free(&h);
}

Test(state, entries_that_the_head_has_too_are_shared)
{
	struct homes h;
	struct state s, again;
	struct err e = { 0 };
	size_t shared = 0;

	homes_make(&h);
	make_state(&h, &s);
	cr_assert_eq(state_save(h.statefd, &s, &e), 0);
	again = load(&h, false);
	for (size_t i = 0; i < again.local.tree.count; i++)
		shared +=
		    tree_find(&again.head.tree, again.local.tree.entry[i]->path,
			again.local.tree.entry[i]->path_len) ==
		    again.local.tree.entry[i];
	cr_expect_eq(shared, 4, "d d/e d/e/g l, not d/f: %zu", shared);
	state_free(&again);
	state_free(&s);
	homes_free(&h);
}

Test(state, the_first_run_finds_an_empty_state)
{
	struct homes h;
	struct state s;

	homes_make(&h);
	s = load(&h, false);
	cr_expect(hash_is_zero(&s.store_id));
	cr_expect_eq(s.local.tree.count, 0);
	state_free(&s);
	homes_free(&h);
}

Test(state, any_damage_is_told_and_the_next_save_heals_it)
{
	static const struct {
		const char *why, *command;
	} cases[] = {
		{ "empty", ": > trees" },
		{ "short", "printf ROAMtree > trees" },
		{ "noise", "head -c 5000 /dev/urandom > trees" },
		{ "cut off", "truncate -s -1 trees" },
		{ "a byte more", "printf x >> trees" },
		{ "a directory", "rm trees; mkdir trees" },
		{ "a symlink", "mv trees t; ln -s t trees" },
		{ "a FIFO", "rm trees; mkfifo trees" },
	};
	struct homes h;
	struct state s, again;
	struct err e = { 0 };

	homes_make(&h);
	make_state(&h, &s);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_eq(state_save(h.statefd, &s, &e), 0, "%s: %s",
		    cases[i].why, e.text);
		homes_shell(&h, "cd " ROAM_STATE_DIR "; %s", cases[i].command);
		again = load(&h, true);
		cr_expect_eq(again.head.tree.count, 0, "%s", cases[i].why);
		cr_expect_eq(again.number, 0);
		state_free(&again);
		homes_shell(&h,
		    "cd " ROAM_STATE_DIR "; test ! -d trees || rmdir trees");
	}
	cr_assert_eq(state_save(h.statefd, &s, &e), 0);
	again = load(&h, false);
	expect_same_state(&s, &again);
	state_free(&again);
	state_free(&s);
	homes_free(&h);
}

/* The checksum finds what has happened to a file; that the decoder does
 * not rely on it is for the fuzz target. */
Test(state, no_changed_byte_goes_unnoticed)
{
	struct homes h;
	struct state s, again;
	struct err e = { 0 };
	struct buf b = { 0 };

	homes_make(&h);
	make_state(&h, &s);
	cr_assert_eq(state_save(h.statefd, &s, &e), 0);
	cr_assert_eq(io_load(h.statefd, "trees", &b, &e), 0);
	for (size_t i = 0; i < b.len; i += 3) {
		b.bytes[i] ^= 0x10;
		cr_assert_eq(io_replace(h.statefd, "trees", b.bytes, b.len, &e),
		    0);
		b.bytes[i] ^= 0x10;
		again = load(&h, true);
		state_free(&again);
	}
	buf_free(&b);
	state_free(&s);
	homes_free(&h);
}

Test(state, next_becomes_trees_or_is_dropped)
{
	struct homes h;
	struct state s, next;
	struct err e = { 0 };

	homes_make(&h);
	make_state(&h, &s);
	cr_expect_eq(state_load_next(&next, h.statefd, &h.arena, &h.machines,
			 &e),
	    -1);
	cr_expect_eq(e.kind, ERR_GONE);
	cr_expect_eq(state_drop_next(h.statefd, &e), 0, "there is none");
	cr_assert_eq(state_save(h.statefd, &s, &e), 0);
	s.number = 43;
	cr_assert_eq(state_write_next(h.statefd, &s, &e), 0);
	cr_assert_eq(state_load_next(&next, h.statefd, &h.arena, &h.machines,
			 &e),
	    0);
	expect_same_state(&s, &next);
	state_free(&next);
	next = load(&h, false);
	cr_expect_eq(next.number, 42);
	state_free(&next);
	cr_assert_eq(state_promote(h.statefd, &e), 0);
	next = load(&h, false);
	cr_expect_eq(next.number, 43);
	state_free(&next);
	cr_expect_eq(state_load_next(&next, h.statefd, &h.arena, &h.machines,
			 &e),
	    -1);
	cr_expect_eq(e.kind, ERR_GONE);
	homes_shell(&h, "printf x > " ROAM_STATE_DIR "/next");
	cr_expect_eq(state_load_next(&next, h.statefd, &h.arena, &h.machines,
			 &e),
	    -1);
	cr_expect_eq(e.kind, ERR_GONE, "damaged is none");
	cr_expect_eq(state_drop_next(h.statefd, &e), 0);
	cr_expect_not(homes_has(&h, ROAM_STATE_DIR "/next"));
	state_free(&s);
	homes_free(&h);
}

struct stop {
	struct homes *h;
	struct state *s;
};

static void
save_next(void *arg)
{
	struct stop *stop = arg;
	struct err e;

	stop->s->number = 43;
	if (state_write_next(stop->h->statefd, stop->s, &e) == -1 ||
	    state_promote(stop->h->statefd, &e) == -1)
		_exit(1);
}

Test(state, a_stop_leaves_the_old_state_or_the_new)
{
	char text[16];
	struct homes h;
	struct state s, again;
	struct stop stop = { &h, &s };
	struct err e = { 0 };
	int status = STEP_EXIT;

	homes_make(&h);
	make_state(&h, &s);
	for (int at = 1; status == STEP_EXIT; at++) {
		s.number = 42;
		cr_assert_eq(state_save(h.statefd, &s, &e), 0);
		snprintf(text, sizeof(text), "%d", at);
		setenv("ROAM_STOP_AT", text, 1);
		status = homes_fork(save_next, &stop);
		unsetenv("ROAM_STOP_AT");
		again = load(&h, false);
		cr_expect(again.number == 42 || again.number == 43);
		state_free(&again);
	}
	cr_expect_eq(status, 0);
	state_free(&s);
	homes_free(&h);
}

static void
lock_and_die(void *arg)
{
	struct homes *h = arg;
	struct err e;
	int fd;

	if (state_lock(h->statefd, 0, &fd, &e) == -1)
		_exit(1);
	raise(SIGKILL);
}

Test(state, the_lock_is_one_run_s_and_dies_with_it)
{
	struct homes h;
	struct err e = { 0 };
	int one, two;
	double start;
	pid_t pid;

	homes_make(&h);
	cr_assert_eq(state_lock(h.statefd, 0, &one, &e), 0, "%s", e.text);
	cr_expect(fcntl(one, F_GETFD) & FD_CLOEXEC);
	cr_expect_eq(state_lock(h.statefd, 0, &two, &e), -1);
	cr_expect_eq(e.kind, ERR_BUSY);
	start = clock_steady_s();
	cr_expect_eq(state_lock(h.statefd, 1, &two, &e), -1);
	cr_expect_geq(clock_steady_s() - start, 1.0);
	close(one);
	cr_expect_eq(state_lock(h.statefd, 0, &two, &e), 0);
	close(two);
	if ((pid = fork()) == 0)
		lock_and_die(&h);
	while (state_lock(h.statefd, 60, &two, &e) == 0) {
		close(two);
		if (waitpid(pid, NULL, WNOHANG) == pid)
			break;
	}
	cr_expect_eq(state_lock(h.statefd, 0, &two, &e), 0);
	close(two);
	homes_free(&h);
}

Test(state, signatures_are_kept_for_what_is_in_the_tree)
{
	struct tree nothing = { 0 }, keep;
	struct hash here, gone = filled(9);
	struct homes h;
	struct entry *t;
	struct buf b = { 0 };
	struct err e = { 0 };

	homes_make(&h);
	keep = homes_edit(&h, &nothing, "large=x small=y");
	t = entry_copy(&h.arena, keep.entry[0], &e);
	t->size = LARGE_FILE;
	keep.entry[0] = t;
	here = t->hash;
	cr_expect_eq(state_sweep_sigs(h.statefd, &keep, &e), 0, "none yet");
	cr_expect_eq(state_get_sig(h.statefd, &here, &b, &e), -1);
	cr_expect_eq(e.kind, ERR_GONE);
	cr_assert_eq(state_put_sig(h.statefd, &here, "signature", 9, &e), 0,
	    "%s", e.text);
	cr_assert_eq(state_put_sig(h.statefd, &here, "again", 5, &e), 0);
	cr_assert_eq(state_put_sig(h.statefd, &gone, "", 0, &e), 0);
	cr_assert_eq(state_put_sig(h.statefd, &keep.entry[1]->hash, "s", 1, &e),
	    0);
	homes_shell(&h, "touch " ROAM_STATE_DIR "/sigs/readme.txt");
	buf_bytes(&b, "<", 1);
	cr_expect_eq(state_get_sig(h.statefd, &here, &b, &e), 0);
	cr_expect_eq(state_get_sig(h.statefd, &gone, &b, &e), 0);
	cr_expect(b.len == 6 && memcmp(b.bytes, "<again", 6) == 0);
	cr_expect_eq(state_sweep_sigs(h.statefd, &keep, &e), 0);
	cr_expect_eq(state_get_sig(h.statefd, &here, &b, &e), 0);
	cr_expect_eq(state_get_sig(h.statefd, &gone, &b, &e), -1);
	cr_expect_eq(e.kind, ERR_GONE);
	cr_expect_eq(state_get_sig(h.statefd, &keep.entry[1]->hash, &b, &e), -1,
	    "small files need none");
	homes_shell(&h,
	    "cd " ROAM_STATE_DIR "/sigs; test -e readme.txt;"
	    "for f in [0-9a-f]*[0-9a-f]; do printf x >> $f; done");
	cr_expect_eq(state_get_sig(h.statefd, &here, &b, &e), -1);
	cr_expect_eq(e.kind, ERR_GONE, "damaged is none");
	buf_free(&b);
	tree_free(&keep);
	homes_free(&h);
}
