#include "local/swap.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "homes.h"
#include "local/hold.h"
#include "local/vouch.h"

/* The states of a name and of staging between two steps of a swap. */
Test(swap, a_swap_that_meets_a_third_version_keeps_it_and_the_second)
{
	struct homes h;
	struct hold hold;
	struct swap s;
	struct stamp stamp;
	struct stat st;
	struct err e;
	struct home home;

	homes_make(&h);
	homes_shell(&h, "printf first > f; mkdir s; printf ours > s/x");
	home = homes_scan(&h, NULL, NULL);
	cr_assert_eq(fstatat(h.fd, "f", &st, 0), 0);
	stamp = stamp_of(&st);
	cr_assert_eq(hold_take(&hold, h.fd, "f", homes_entry(&home, "f"),
			 &stamp, &e),
	    0);
	homes_replace(&h, "f", "second");
	s = (struct swap){ .dirfd = h.fd,
		.name = "f",
		.stagefd = h.fd,
		.staged = "s/x" };
	cr_expect_eq(swap_over(&s, &hold, &e), -1);
	cr_expect_eq(e.kind, ERR_RACE);
	cr_expect_not(s.stray);
	cr_expect_str_eq(homes_get(&h, "f"), "second");
	cr_expect_str_eq(homes_get(&h, "s/x"), "ours");

	/* As if the exchange had just been made, and the user saved again. */
	homes_shell(&h, "mv f t; mv s/x f; mv t s/x");
	swap_back(&s);
	cr_expect_not(s.stray);
	homes_shell(&h, "mv f t; mv s/x f; mv t s/x; printf 'and more' > f");
	swap_back(&s);
	cr_expect_str_eq(homes_get(&h, "f"), "second");
	hold_end(&hold);
	home_free(&home);
	homes_free(&h);
}

static void
open_and_write(void *arg)
{
	/* Waits for the lease. */
	homes_put(arg, "f", "written");
}

Test(swap, a_writer_who_waits_is_noticed_and_writes_to_the_right_file)
{
	struct stamp none = { 0 };
	struct homes h;
	struct home home;
	struct hold hold;
	struct swap s;
	struct err e = { 0 };
	pid_t pid;

	homes_make(&h);
	if (!homes_has_leases(&h))
		cr_skip("no leases here");
	homes_shell(&h, "printf first > f; mkdir s; printf ours > s/x");
	home = homes_scan(&h, NULL, NULL);
	cr_assert_eq(hold_take(&hold, h.fd, "f", homes_entry(&home, "f"), &none,
			 &e),
	    0, "%s", e.text);
	cr_assert(hold.leased);
	cr_expect(hold_is(&hold, h.fd, "f"));
	if ((pid = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		open_and_write(&h);
		_exit(0);
	}
	while (fcntl(hold.fd, F_GETLEASE) == F_RDLCK)
		clock_sleep_ms(1);
	cr_expect_not(hold_is(&hold, h.fd, "f"));
	s = (struct swap){ .dirfd = h.fd,
		.name = "f",
		.stagefd = h.fd,
		.staged = "s/x" };
	cr_expect_eq(swap_over(&s, &hold, &e), -1);
	cr_expect_not(s.stray);
	hold_end(&hold);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	cr_expect_str_eq(homes_get(&h, "f"), "written");
	cr_expect_str_eq(homes_get(&h, "s/x"), "ours");
	home_free(&home);
	homes_free(&h);
}
