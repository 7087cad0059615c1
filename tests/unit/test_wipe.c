#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "local/wipe.h"

static char dir[64];
static struct err e;

static void
sh(const char *script)
{
	char line[512];

	snprintf(line, sizeof(line), "cd %s && %s", dir, script);
	cr_assert_eq(system(line), 0, "%s", line);
}

static void
begin(void)
{
	snprintf(dir, sizeof(dir), "/tmp/roam-test-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	sh("mkdir -m 700 home other && echo text > other/file");
}

static void
end(void)
{
	char line[192];

	snprintf(line, sizeof(line), "chmod -R u+rwx %s; rm -rf %s", dir, dir);
	cr_assert_eq(system(line), 0);
}

TestSuite(wipe, .init = begin, .fini = end);

static int
wipe(void)
{
	char home[96];

	snprintf(home, sizeof(home), "%s/home", dir);
	return wipe_home(home, &e);
}

Test(wipe, all_goes_and_the_home_stays)
{
	sh("mkdir -p home/a/b home/.local/state/roam/trees home/.config && "
	   "touch home/x home/a/b/y home/.local/state/roam/lock && "
	   "mkfifo home/pipe && chmod 000 home/a/b");
	cr_expect_eq(wipe(), 0, "%s", e.text);
	sh("[ -d home ] && [ -z \"$(ls -A home)\" ]");
	cr_expect_eq(wipe(), 0, "nothing is to be done twice");
}

Test(wipe, links_are_removed_and_never_followed)
{
	sh("ln -s ../other home/link && ln -s ../../other home/.local && "
	   "ln other/file home/hard");
	cr_expect_eq(wipe(), -1, "a link stands where the state would be");
	sh("rm home/.local");
	cr_expect_eq(wipe(), 0, "%s", e.text);
	sh("[ -z \"$(ls -A home)\" ] && [ \"$(cat other/file)\" = text ]");
}

Test(wipe, a_home_that_is_a_link_is_left_alone)
{
	sh("mv home real && touch real/x && ln -s real home");
	cr_expect_eq(wipe(), -1);
	sh("[ -e real/x ]");
}

Test(wipe, the_state_is_gone_before_anything_else)
{
	pid_t pid;

	sh("mkdir -p home/.local/state/roam && touch home/x");
	cr_assert_eq(setenv("ROAM_STOP_AT", "1", 1), 0);
	if ((pid = fork()) == 0)
		_exit(wipe());
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	sh("[ -e home/x ] && [ ! -e home/.local/state/roam ]");
}
