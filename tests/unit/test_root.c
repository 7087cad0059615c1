#include "local/root.h"

#include <sys/stat.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "homes.h"

static enum err_kind
open_kind(const char *home)
{
	struct err e = { 0 };
	struct root r;

	if (root_open(&r, home, &e) == -1)
		return e.kind;
	root_close(&r);
	return ERR_NONE;
}

Test(root, a_home_is_a_directory_of_its_user_and_no_symlink)
{
	struct homes h;
	char path[128];

	homes_make(&h);
	cr_expect_eq(open_kind(h.home), ERR_NONE);
	snprintf(path, sizeof(path), "%s//", h.home);
	cr_expect_eq(open_kind(path), ERR_NONE, "slashes at the end");
	homes_shell(&h, "ln -s home ../link; touch ../file");
	snprintf(path, sizeof(path), "%s/link", h.dir);
	cr_expect_eq(open_kind(path), ERR_USAGE, "a symlink");
	snprintf(path, sizeof(path), "%s/link/", h.dir);
	cr_expect_eq(open_kind(path), ERR_USAGE, "a symlink and a slash");
	snprintf(path, sizeof(path), "%s/file", h.dir);
	cr_expect_eq(open_kind(path), ERR_USAGE, "a file");
	snprintf(path, sizeof(path), "%s/nothing", h.dir);
	cr_expect_eq(open_kind(path), ERR_USAGE, "nothing");
	cr_expect_eq(open_kind(""), ERR_USAGE, "no name");
	homes_free(&h);
}

Test(root, not_even_root_opens_the_home_of_another)
{
	struct homes h;

	if (geteuid() != 0)
		cr_skip("only root can give a home away");
	homes_make(&h);
	cr_assert_eq(chown(h.home, 65534, 65534), 0);
	cr_expect_eq(open_kind(h.home), ERR_POLICY);
	homes_free(&h);
}

Test(root, no_path_leads_out_of_the_home)
{
	static const struct {
		const char *path;
		enum err_kind kind;
	} cases[] = {
		{ "out/secret", ERR_RACE },
		{ "d/out/secret", ERR_RACE },
		{ "file_link", ERR_RACE },
		{ "inside_link/f", ERR_RACE },
		{ "../outside/secret", ERR_SYSTEM },
		{ "/etc/passwd", ERR_SYSTEM },
		{ "absolute", ERR_RACE },
		{ "nothing", ERR_GONE },
		{ "d/f/x", ERR_SYSTEM },
		{ "d/f", ERR_NONE },
		{ ".", ERR_NONE },
	};
	struct homes h;
	struct err e;
	int fd;

	homes_make(&h);
	homes_shell(&h,
	    "echo s > ../outside/secret; ln -s ../outside out; mkdir d;"
	    "echo f > d/f; ln -s ../../outside d/out; ln -s d/f file_link;"
	    "ln -s d inside_link; ln -s /etc/passwd absolute");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		e.kind = ERR_NONE;
		fd = root_at(&h.root, cases[i].path, O_RDONLY, &e);
		cr_expect_eq(e.kind, cases[i].kind, "%s: %s", cases[i].path,
		    e.text);
		cr_expect_eq(fd == -1, cases[i].kind != ERR_NONE);
		if (fd != -1)
			close(fd);
	}
	homes_free(&h);
}

Test(root, a_fifo_holds_nobody_up)
{
	struct homes h;
	struct err e;
	int fd;

	homes_make(&h);
	homes_shell(&h, "mkfifo f");
	fd = root_at(&h.root, "f", O_RDONLY, &e);
	cr_expect_neq(fd, -1);
	close(fd);
	homes_free(&h);
}

/* A path of exactly len bytes below the home, made step by step; the last
 * component is not made. */
static void
make_deep(const struct homes *h, char *path, size_t len)
{
	int fd = openat(h->fd, ".", O_RDONLY | O_DIRECTORY), next;
	size_t at = 0;

	memset(path, 'd', len);
	path[len] = '\0';
	for (; len - at > 200; at += 100) {
		path[at + 99] = '\0';
		cr_assert_eq(mkdirat(fd, path + at, 0700), 0);
		next = openat(fd, path + at, O_RDONLY | O_DIRECTORY);
		close(fd);
		cr_assert_neq(fd = next, -1);
		path[at + 99] = '/';
	}
	close(fd);
}

Test(root, a_path_may_be_as_long_as_paths_may_be)
{
	char path[PATH_LEN_MAX + 1];
	const char *name;
	struct homes h;
	struct err e = { 0 };
	int fd, dirfd;

	for (size_t len = PATH_LEN_MAX - 2; len <= PATH_LEN_MAX; len++) {
		homes_make(&h);
		make_deep(&h, path, len);
		fd = root_at(&h.root, path, O_RDWR | O_CREAT | O_EXCL, &e);
		cr_expect_neq(fd, -1, "%zu: %s", len, e.text);
		close(fd);
		dirfd = root_parent(&h.root, path, len, &name, &e);
		cr_assert_neq(dirfd, -1, "%s", e.text);
		cr_expect_eq(faccessat(dirfd, name, F_OK, 0), 0);
		homes_free(&h);
	}
}

Test(root, the_parent_is_the_one_of_the_path)
{
	static const char *const paths[] = { "a/b/c", "a/b/d", "a/x", "top",
		"a/b/c", "ab", "a/bc/x", "a/b/x" };
	char both[64];
	const char *name;
	struct stat st, want;
	struct homes h;
	struct err e;
	int fd;

	homes_make(&h);
	homes_shell(&h, "mkdir -p a/b a/bc ab");
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		fd =
		    root_parent(&h.root, paths[i], strlen(paths[i]), &name, &e);
		cr_assert_neq(fd, -1);
		cr_expect_str_eq(name, path_name(paths[i], strlen(paths[i])));
		snprintf(both, sizeof(both), "%.*s",
		    (int)path_parent_len(paths[i], strlen(paths[i])), paths[i]);
		cr_assert_eq(fstat(fd, &st), 0);
		cr_assert_eq(fstatat(h.fd, both[0] != '\0' ? both : ".", &want,
				 0),
		    0);
		cr_expect_eq(st.st_ino, want.st_ino, "%s", paths[i]);
	}
	cr_expect_eq(root_parent(&h.root, "no/x", 4, &name, &e), -1);
	cr_expect_eq(e.kind, ERR_GONE);
	homes_free(&h);
}

Test(root, the_state_directory_is_private_and_made_on_demand)
{
	static const char *const dirs[] = { ".local", ".local/state",
		ROAM_STATE_DIR };
	struct homes h;
	struct stat st;
	struct err e;
	int fd;

	homes_make(&h);
	homes_shell(&h, "rm -r .local");
	cr_expect_eq(root_state_dir(&h.root, false, &e), -1);
	cr_expect_eq(e.kind, ERR_GONE);
	cr_expect_not(homes_has(&h, ".local"));
	for (int twice = 0; twice < 2; twice++) {
		fd = root_state_dir(&h.root, true, &e);
		cr_assert_neq(fd, -1);
		close(fd);
	}
	for (size_t i = 0; i < 3; i++) {
		cr_assert_eq(fstatat(h.fd, dirs[i], &st, 0), 0);
		cr_expect_eq(st.st_mode & 07777, 0700, "%s", dirs[i]);
	}
	homes_shell(&h,
	    "rm -r .local; mkdir ../outside/l; ln -s ../outside/l "
	    ".local");
	cr_expect_eq(root_state_dir(&h.root, true, &e), -1);
	cr_expect_eq(e.kind, ERR_RACE);
	homes_shell(&h, "test -z \"$(ls ../outside/l)\"");
	homes_free(&h);
}
