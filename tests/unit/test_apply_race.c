#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "homes.h"
#include "local/apply.h"
#include "local/hold.h"
#include "local/swap.h"
#include "local/vouch.h"

/* What someone does to the home between the scan and apply, and what has to be
 * there afterwards. */
static const struct {
	const char *why, *before, *after, *meanwhile;
	const char *path;  /* of the op */
	enum why what;     /* WHY_NONE: it is done */
	const char *check; /* a shell command that succeeds */
} races[] = {
	{ "edited in place", "printf old > f", "f=new", "printf OLD > f", "f",
	    WHY_CHANGED, "test $(cat f) = OLD" },
	{ "edited and its time set back", "printf old > f", "f=new",
	    "cp -p f ../r; printf OLD > f; touch -r ../r f", "f", WHY_CHANGED,
	    "test $(cat f) = OLD" },
	{ "replaced", "printf old > f", "f=new", "printf OLD > g; mv g f", "f",
	    WHY_CHANGED, "test $(cat f) = OLD" },
	{ "appended", "printf old > f", "f=new", "printf er >> f", "f",
	    WHY_CHANGED, "test $(cat f) = older" },
	{ "touched", "printf old > f", "f=new", "touch f", "f", WHY_CHANGED,
	    "test $(cat f) = old" },
	{ "another mode", "printf old > f; chmod 644 f", "f=new", "chmod 600 f",
	    "f", WHY_CHANGED, "test $(stat -c %a f) = 600" },
	{ "removed", "printf old > f", "f=new", "rm f", "f", WHY_CHANGED,
	    "test ! -e f" },
	{ "became a directory", "printf old > f", "f=new",
	    "rm f; mkdir f; touch f/x", "f", WHY_CHANGED, "test -e f/x" },
	{ "became a symlink", "printf old > f", "f=new",
	    "rm f; ln -s ../outside/victim f", "f", WHY_CHANGED, "test -L f" },
	{ "became a FIFO", "printf old > f", "f=new", "rm f; mkfifo f", "f",
	    WHY_CHANGED, "test -p f" },
	{ "made here too", "true", "f=new", "printf mine > f", "f", WHY_CHANGED,
	    "test $(cat f) = mine" },
	{ "made here too, a symlink to nowhere", "true", "f=new",
	    "ln -s ../outside/victim2 f", "f", WHY_CHANGED,
	    "test -L f -a ! -e ../outside/victim2" },
	{ "a directory made here too", "true", "d/ d/f=new",
	    "mkdir d; printf mine > d/f", "d", WHY_CHANGED,
	    "test $(cat d/f) = mine" },
	{ "edited before its removal", "printf old > f", "-f", "printf OLD > f",
	    "f", WHY_CHANGED, "test $(cat f) = OLD" },
	{ "replaced before its removal", "printf old > f", "-f",
	    "printf old > g; mv g f", "f", WHY_CHANGED, "test $(cat f) = old" },
	{ "removed already", "printf old > f", "-f", "rm f", "f", WHY_NONE,
	    "test ! -e f" },
	{ "its directory removed already", "mkdir d; printf old > d/f", "-d/f",
	    "rm -r d", "d/f", WHY_BLOCKED, "test ! -e d" },
	{ "edited before its rename", "printf old > f", "-f g=old",
	    "printf OLD > f", "g", WHY_CHANGED, "test $(cat f) = OLD" },
	{ "the new name is taken", "printf old > f", "-f g=old",
	    "printf mine > g", "g", WHY_CHANGED,
	    "test $(cat f)$(cat g) = oldmine" },
	{ "edited before its mode changes", "printf old > f; chmod 644 f",
	    "f=old%600", "printf OLD > f", "f", WHY_CHANGED,
	    "test $(cat f) = OLD" },
	{ "a symlink turned elsewhere", "ln -s a f", "f>b", "ln -sfn c f", "f",
	    WHY_CHANGED, "test $(readlink f) = c" },
	{ "its directory is a symlink to outside", "mkdir d; printf x > d/y",
	    "d/f=new", "mv d ../d; ln -s ../outside d", "d/f", WHY_CHANGED,
	    "test ! -e ../outside/f" },
	{ "a directory above is a symlink to outside",
	    "mkdir -p d/e; printf x > d/e/y", "d/e/f=new",
	    "mv d ../d; mkdir ../outside/e; ln -s ../outside d", "d/e/f",
	    WHY_CHANGED, "test ! -e ../outside/e/f" },
	{ "removal behind a symlink to outside", "mkdir d; touch d/victim",
	    "-d/victim", "mv d ../d; ln -s ../outside d", "d/victim",
	    WHY_CHANGED, "test -e ../outside/victim" },
	{ "mode behind a symlink to outside",
	    "mkdir d; touch d/victim; chmod 644 d/victim", "d/victim=%600",
	    "mv d ../d; ln -s ../outside d", "d/victim", WHY_CHANGED,
	    "test $(stat -c %a ../outside/victim) = 640" },
	{ "rename behind a symlink to outside",
	    "mkdir d; printf old > d/victim", "-d/victim g=old",
	    "mv d ../d; ln -s ../outside d", "g", WHY_CHANGED,
	    "test -e ../outside/victim -a ! -e g" },
	{ "a directory to be closed is a symlink to outside",
	    "mkdir -m 755 d; touch d/x", "d/%500",
	    "mv d ../d; ln -s ../outside d", "d", WHY_CHANGED,
	    "test $(stat -c %a ../outside) = 700" },
};

Test(apply_race, what_changed_since_the_scan_is_kept)
{
	struct homes h;
	struct run r;
	struct op *op;

	for (size_t i = 0; i < sizeof(races) / sizeof(races[0]); i++) {
		homes_make(&h);
		homes_shell(&h,
		    "printf secret > ../outside/victim;"
		    "chmod 640 ../outside/victim");
		homes_shell(&h, "%s", races[i].before);
		run_plan(&h, &r, NULL, races[i].after);
		homes_shell(&h, "%s", races[i].meanwhile);
		run_apply(&h, &r);
		op = run_op(&r, races[i].path);
		cr_expect_eq(op->why, races[i].what, "%s: %d", races[i].why,
		    op->why);
		cr_expect_eq(op->state,
		    races[i].what == WHY_NONE ? OP_DONE : OP_FAILED, "%s",
		    races[i].why);
		homes_shell(&h, "%s", races[i].check);
		homes_shell(&h, "test \"$(cat ../outside/victim)\" = secret");
		cr_expect_eq(homes_staged(&h), 0, "%s", races[i].why);
		cr_expect_str_eq(homes_shelf(&h), "", "%s", races[i].why);
		run_free(&r);
		homes_free(&h);
	}
}

Test(apply_race, a_file_that_a_program_is_writing_stays)
{
	static const struct {
		const char *why, *after, *path;
	} cases[] = {
		{ "replace", "f=new", "f" },
		{ "remove", "-f", "f" },
		{ "rename", "-f g=old", "g" },
	};
	struct homes h;
	struct run r;
	char *map;
	int fd;

	for (int mapped = 0; mapped < 2; mapped++)
		for (size_t i = 0; i < 3; i++) {
			homes_make(&h);
			if (!homes_has_leases(&h))
				cr_skip("no leases here");
			homes_put(&h, "f", "old");
			fd = openat(h.fd, "f", O_RDWR);
			map = mmap(NULL, 3, PROT_READ | PROT_WRITE, MAP_SHARED,
			    fd, 0);
			cr_assert_neq(map, MAP_FAILED);
			if (mapped)
				close(fd);
			run_plan(&h, &r, NULL, cases[i].after);
			run_apply(&h, &r);
			cr_expect_eq(run_op(&r, cases[i].path)->why,
			    WHY_CHANGED, "%s", cases[i].why);
			map[0] = 'O';
			munmap(map, 3);
			if (!mapped)
				close(fd);
			cr_expect_str_eq(homes_get(&h, "f"), "Old", "%s",
			    cases[i].why);
			run_free(&r);
			homes_free(&h);
		}
}

/* All versions "v<number>" that are anywhere below the home, newest last. */
static bool
is_anywhere(struct homes *h, const char *text)
{
	char command[256];

	snprintf(command, sizeof(command), "grep -rqF '%s;' '%s'", text,
	    h->home);
	return system(command) == 0;
}

#define ROUNDS 60

/* A program that saves again and again, by one of the ways that programs do;
 * it says which version it wrote last. */
static void
write_on(const struct homes *h, int how, int said)
{
	char text[32];
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (unsigned n = 1;; n++) {
		snprintf(text, sizeof(text), "v%u;", n);
		if (how == 0) {
			homes_replace(h, "f", text);
		} else {
			fd = openat(h->fd, "f", O_WRONLY | O_CREAT | O_APPEND,
			    0644);
			if (fd == -1 || write(fd, text, strlen(text)) == -1)
				_exit(1);
			close(fd);
		}
		if (write(said, &n, sizeof(n)) != sizeof(n))
			_exit(1);
	}
}

static unsigned
last_said(int fd)
{
	unsigned n, last = 0;

	while (read(fd, &n, sizeof(n)) == sizeof(n))
		last = n;
	return last;
}

static void
race_with_writer(int how)
{
	char text[32], next[32];
	struct homes h;
	struct run r;
	unsigned last;
	int ends[2];
	pid_t pid;

	for (int round = 0; round < ROUNDS; round++) {
		homes_make(&h);
		homes_put(&h, "f", "v0;");
		run_plan(&h, &r, NULL, round % 3 == 2 ? "-f" : "f=theirs;");
		cr_assert_eq(pipe(ends), 0);
		if ((pid = fork()) == 0) {
			close(ends[0]);
			if (round % 2 != 0)
				usleep((unsigned)round * 5);
			write_on(&h, how, ends[1]);
		}
		close(ends[1]);
		if (round % 2 == 0)
			usleep((unsigned)round * 20);
		run_apply(&h, &r);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		last = last_said(ends[0]);
		close(ends[0]);
		snprintf(text, sizeof(text), "v%u", last);
		/* Or it has written one more and had no time to say so. */
		snprintf(next, sizeof(next), "v%u", last + 1);
		cr_expect(last == 0 || is_anywhere(&h, text) ||
			is_anywhere(&h, next),
		    "round %d: %s is lost", round, text);
		run_free(&r);
		homes_free(&h);
	}
}

Test(apply_race, no_version_of_a_program_that_renames_is_lost)
{
	race_with_writer(0);
}

Test(apply_race, no_version_of_a_program_that_appends_is_lost)
{
	race_with_writer(1);
}

/* From now on this process lives with a kernel or file system that does not
 * know the flags of renameat2(). */
static void
forget_renameat2(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, args[4])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {
		.len = sizeof(code) / sizeof(code[0]),
		.filter = code,
	};

	cr_assert_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	cr_assert_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

Test(apply_race, without_the_flags_of_rename_it_works_as_well)
{
	struct homes h;
	struct run r;

	forget_renameat2();
	for (size_t i = 0; i < sizeof(races) / sizeof(races[0]); i++) {
		homes_make(&h);
		homes_shell(&h,
		    "printf secret > ../outside/victim;"
		    "chmod 640 ../outside/victim");
		homes_shell(&h, "%s", races[i].before);
		run_plan(&h, &r, NULL, races[i].after);
		homes_shell(&h, "%s", races[i].meanwhile);
		run_apply(&h, &r);
		cr_expect_eq(run_op(&r, races[i].path)->why, races[i].what,
		    "%s", races[i].why);
		homes_shell(&h, "%s", races[i].check);
		run_free(&r);
		homes_free(&h);
	}
	homes_make(&h);
	homes_shell(&h,
	    "printf 1 > f; ln -s x l; mkdir d; touch d/x;"
	    "printf 2 > g; printf same > m");
	run_all(&h, "f=one l>y -d e/ e/n=new -g -m k=same");
	cr_expect_str_eq(homes_get(&h, "f"), "one");
	cr_expect_str_eq(homes_get(&h, "e/n"), "new");
	cr_expect_str_eq(homes_get(&h, "k"), "same");
	homes_shell(&h, "test $(readlink l) = y -a ! -e d -a ! -e g -a ! -e m");
	cr_expect_eq(homes_staged(&h), 0);
	homes_free(&h);
}

/* A swap that fails each time, while somebody writes into whatever has the
 * name: staging has our content again, or is said to have something else. */
Test(apply_race, what_is_written_into_ours_before_the_way_back_is_a_stray)
{
	const struct hold never = { .fd = -1 };
	struct homes h;
	struct swap s;
	struct err e;
	pid_t pid;
	int ends[2];

	homes_make(&h);
	homes_shell(&h, "mkdir s; printf x > f");
	cr_assert_eq(pipe(ends), 0);
	if ((pid = fork()) == 0) {
		ends[1] = open("/dev/null", O_WRONLY);
		write_on(&h, 1, ends[1]);
	}
	for (int i = 0; i < 3000; i++) {
		homes_put(&h, "s/x", "ours");
		s = (struct swap){ .dirfd = h.fd,
			.name = "f",
			.stagefd = h.fd,
			.staged = "s/x" };
		cr_expect_eq(swap_over(&s, &never, &e), -1);
		if (!s.stray)
			cr_assert_str_eq(homes_get(&h, "s/x"), "ours",
			    "round %d", i);
		cr_assert_eq(unlinkat(h.fd, "s/x", 0), 0);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	homes_free(&h);
}

/* Somebody changes what was just put in place, and hides it well. */
static void
edit_after(uint64_t done, uint64_t of, void *arg)
{
	const struct homes *h = arg;

	(void)of;
	if (done == 1)
		homes_shell(h, "cp -p f ../r; printf NEW > f; touch -r ../r f");
}

Test(apply_race, no_stamp_vouches_for_what_was_edited_after_it_was_placed)
{
	struct apply_in in;
	struct homes h;
	struct home known, now;
	struct err e;
	struct hash want = hash_of("NEW", 3);
	struct run r;

	homes_make(&h);
	homes_shell(&h, "printf old > f");
	run_plan(&h, &r, NULL, "f=new g=other");
	r.progress = edit_after;
	r.arg = &h;
	run_apply(&h, &r);
	cr_expect_eq(run_op(&r, "f")->state, OP_DONE);
	in = (struct apply_in){ .root = &h.root,
		.plan = &r.plan,
		.local = &r.local };
	cr_assert_eq(apply_new_home(&known, &in, r.stamps, &e), 0);
	now = homes_scan(&h, &known, NULL);
	cr_expect(hash_same(&homes_entry(&now, "f")->hash, &want));
	home_free(&now);
	home_free(&known);
	run_free(&r);
	homes_free(&h);
}
