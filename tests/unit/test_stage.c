#include "local/stage.h"

#include <sys/stat.h>

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "homes.h"

static const char names[] = "docs/a\0docs/b\0c";

/* Put into staging, by the shell, what a stop may have left. */
static int
leave(struct homes *h, const char *command)
{
	struct err e = { 0 };
	int fd;

	fd = stage_open(h->statefd, &e);
	cr_assert_neq(fd, -1, "%s", e.text);
	cr_assert_eq(stage_names(fd, names, sizeof(names), &e), 0);
	homes_shell(h, "cd " ROAM_STATE_DIR "/staging && %s", command);
	return fd;
}

static size_t
recover(struct homes *h, const struct tree *known)
{
	static const struct tree nothing;
	struct err e = { 0 };
	size_t rescued = 99;

	cr_assert_eq(stage_recover(&h->root, h->statefd,
			 known != NULL ? known : &nothing, h->self, &rescued,
			 &e),
	    0, "%s", e.text);
	return rescued;
}

static struct hash
hash_text(const char *text)
{
	return hash_of(text, strlen(text));
}

Test(stage, a_name_tells_content_and_op)
{
	char name[STAGE_NAME_MAX];
	struct hash h = hash_text("x");
	char hex[HASH_HEX_MAX];

	stage_name(name, &h, 18446744073709551615u);
	cr_expect_eq(strncmp(name, hash_hex(&h, hex), 32), 0);
	cr_expect_str_eq(name + 32, "-18446744073709551615");
}

Test(stage, files_are_private_from_birth_and_never_shared)
{
	struct homes h;
	struct stat st;
	struct err e;
	int stage, fd;

	umask(0);
	homes_make(&h);
	stage = stage_open(h.statefd, &e);
	cr_assert_neq(stage, -1);
	cr_assert_eq(fstat(stage, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0700);
	fd = stage_create(stage, "x-1", 1 << 20, &e);
	cr_assert_neq(fd, -1);
	cr_assert_eq(fstat(fd, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0600);
	cr_expect_eq(st.st_size, 1 << 20);
	cr_expect_eq(stage_create(stage, "x-1", 1, &e), -1, "is there already");
	cr_expect_eq(symlinkat("../../../../../outside/x", stage, "y-1"), 0);
	cr_expect_eq(stage_create(stage, "y-1", 1, &e), -1, "a symlink");
	homes_shell(&h, "test ! -e ../outside/x");
	cr_expect_eq(stage_sync(stage, &e), 0);
	close(fd);
	close(stage);
	homes_free(&h);
}

Test(stage, recovery_drops_what_is_ours_or_known_and_keeps_the_rest)
{
	char ours[STAGE_NAME_MAX], swapped[STAGE_NAME_MAX];
	char edited[STAGE_NAME_MAX], link[STAGE_NAME_MAX];
	struct hash hash_ours = hash_text("ours"), other = hash_text("other");
	struct homes h;
	struct tree known, nothing = { 0 };

	homes_make(&h);
	known = homes_edit(&h, &nothing, "x=known l>known/target");
	stage_name(ours, &hash_ours, 0);
	stage_name(swapped, &other, 1);
	stage_name(edited, &other, 2);
	stage_name(link, &other, 0);
	close(leave(&h, "true"));
	homes_shell(&h,
	    "cd " ROAM_STATE_DIR "/staging; printf ours > %s; "
	    "printf known > %s; printf edit > %s; ln -s mine %s; "
	    "touch .names.new",
	    ours, swapped, edited, link);
	cr_expect_eq(recover(&h, &known), 2);
	cr_expect_not_null(strstr(homes_shelf(&h), "c=edit"));
	cr_expect_not_null(strstr(homes_shelf(&h), "docs/a>mine"));
	homes_shell(&h, "test -z \"$(ls -A " ROAM_STATE_DIR "/staging)\"");
	cr_expect_eq(recover(&h, &known), 0, "twice");
	tree_free(&known);
	homes_free(&h);
}

Test(stage, recovery_takes_whatever_it_finds)
{
	static const struct {
		const char *why, *command;
		size_t rescued;
		const char *check;
	} cases[] = {
		{ "nothing", "true", 0, "test ! -e conflicts" },
		{ "an empty directory", "mkdir 0-1", 0, "test ! -e lost" },
		{ "a full directory goes back", "mkdir 0-2; touch 0-2/x", 0,
		    "test -e ../../../c/x" },
		{ "a full directory whose place is taken",
		    "mkdir 0-2; touch 0-2/x; touch ../../../../c", 1,
		    "test -e lost/*/x" },
		{ "a full directory of nowhere", "mkdir 0-77; touch 0-77/x", 1,
		    "test -e lost/*/x" },
		{ "a FIFO", "mkfifo 0-2", 0, "test -p ../../../c" },
		{ "a strange name", "printf x > strange", 1,
		    "test -e conflicts/*.content" },
		{ "an index beyond the names", "printf x > 0-99", 1,
		    "grep -q x conflicts/*.content" },
		{ "no index", "printf x > 0-", 1,
		    "grep -q x conflicts/*.content" },
		{ "no names", "printf x > 0-1; rm names", 1,
		    "grep -q x conflicts/*.content" },
		{ "names not ended", "printf x > 0-1; printf a/b > names", 1,
		    "grep -q x conflicts/*.content" },
		{ "names that leave the home",
		    "printf x > 0-0; printf '../../x\\0' > names", 1,
		    "test ! -e ../../../../../x" },
		{ "a stop while contents came in",
		    "printf x > 0-0; printf y > $(printf %032d 0)-1; "
		    "touch fetching",
		    0, "test ! -e conflicts -a ! -e lost" },
		{ "an unreadable file", "printf x > 0-0; chmod 0 0-0", 1,
		    "grep -q x conflicts/*.content" },
	};
	struct homes h;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		homes_make(&h);
		close(leave(&h, cases[i].command));
		cr_expect_eq(recover(&h, NULL), cases[i].rescued, "%s",
		    cases[i].why);
		homes_shell(&h, "cd " ROAM_STATE_DIR "; %s", cases[i].check);
		homes_shell(&h,
		    "test -z \"$(ls -A " ROAM_STATE_DIR "/staging)\"");
		homes_free(&h);
	}
}
