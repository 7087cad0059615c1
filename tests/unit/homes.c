#include "homes.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/path.h"
#include "local/apply.h"
#include "local/shelf.h"
#include "local/stage.h"

#define TEXT_CAP ((size_t)64 << 10)

static char texts[4][TEXT_CAP + 1];
static unsigned text_next;

static char *
text_buffer(void)
{
	return texts[text_next++ % 4];
}

static void
open_home(struct homes *h)
{
	struct err e = { 0 };

	cr_assert_eq(root_open(&h->root, h->home, &e), 0, "%s", e.text);
	h->fd = open(h->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_neq(h->fd, -1);
	h->statefd = root_state_dir(&h->root, true, &e);
	cr_assert_neq(h->statefd, -1, "%s", e.text);
	h->machines = (struct machines){ .arena = &h->arena };
	h->self = machines_intern(&h->machines, "id-1", "ws1", &e);
	cr_assert_not_null(h->self);
}

void
homes_make(struct homes *h)
{
	*h = (struct homes){ .dir = "/tmp/roam-test-XXXXXX" };
	cr_assert_not_null(mkdtemp(h->dir));
	snprintf(h->home, sizeof(h->home), "%s/home", h->dir);
	snprintf(h->outside, sizeof(h->outside), "%s/outside", h->dir);
	cr_assert_eq(mkdir(h->home, 0700), 0);
	cr_assert_eq(mkdir(h->outside, 0700), 0);
	open_home(h);
}

static void
close_home(struct homes *h)
{
	close(h->fd);
	close(h->statefd);
	root_close(&h->root);
	machines_free(&h->machines);
}

void
homes_free(struct homes *h)
{
	char command[128];

	close_home(h);
	arena_free(&h->arena);
	snprintf(command, sizeof(command), "rm -rf '%s'", h->dir);
	cr_assert_eq(system(command), 0);
}

void
homes_reopen(struct homes *h)
{
	close_home(h);
	open_home(h);
}

void
homes_shell(const struct homes *h, const char *fmt, ...)
{
	char command[4096];
	int n;
	va_list ap;

	n = snprintf(command, sizeof(command), "cd '%s' && ", h->home);
	va_start(ap, fmt);
	vsnprintf(command + n, sizeof(command) - (size_t)n, fmt, ap);
	va_end(ap);
	cr_assert_eq(system(command), 0, "%s", command);
}

void
homes_put(const struct homes *h, const char *path, const char *text)
{
	struct err e;
	int fd;

	fd =
	    openat(h->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	cr_assert_neq(fd, -1, "%s: %s", path, strerror(errno));
	cr_assert_eq(io_write(fd, text, strlen(text), &e), 0);
	close(fd);
}

void
homes_replace(const struct homes *h, const char *path, const char *text)
{
	char temp[PATH_LEN_MAX];

	snprintf(temp, sizeof(temp), "%s.new", path);
	homes_put(h, temp, text);
	cr_assert_eq(renameat(h->fd, temp, h->fd, path), 0);
}

const char *
homes_get(const struct homes *h, const char *path)
{
	char *text = text_buffer();
	struct err e;
	ssize_t n;
	int fd;

	fd = openat(h->fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return NULL;
	n = io_read(fd, text, TEXT_CAP, &e);
	close(fd);
	if (n == -1)
		return NULL;
	text[n] = '\0';
	return text;
}

bool
homes_has(const struct homes *h, const char *path)
{
	return faccessat(h->fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

uint64_t
homes_inode(const struct homes *h, const char *path)
{
	struct stat st;

	cr_assert_eq(fstatat(h->fd, path, &st, AT_SYMLINK_NOFOLLOW), 0, "%s",
	    path);
	return st.st_ino;
}

struct home
homes_scan(struct homes *h, const struct home *known, struct scan_sums *sums)
{
	const struct scan_in in = {
		.root = &h->root,
		.known = known,
		.same_rules = known != NULL,
		.self = h->self,
	};
	struct scan_sums ignored;
	struct home out = { 0 };
	struct err e = { 0 };

	cr_assert_eq(scan_home(&out, &h->arena, &in,
			 sums != NULL ? sums : &ignored, &e),
	    0, "%s", e.text);
	cr_assert_eq(tree_check(&out.tree, &e), 0, "%s", e.text);
	return out;
}

static bool
is_own(const char *path)
{
	return strcmp(path, ".local") == 0 ||
	    strcmp(path, ".local/state") == 0 ||
	    strcmp(path, ROAM_STATE_DIR) == 0;
}

static void add_text(char *to, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
add_text(char *to, const char *fmt, ...)
{
	size_t len = strlen(to);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(to + len, TEXT_CAP - len, fmt, ap);
	va_end(ap);
}

static void
add_word(const struct homes *h, char *to, const struct entry *t)
{
	if (to[0] != '\0')
		add_text(to, " ");
	if (t->type == ENTRY_DIR)
		add_text(to, "%s/%s", t->path, t->hollow ? "~" : "");
	else if (t->type == ENTRY_LINK)
		add_text(to, "%s>%s", t->path, entry_target(t));
	else
		add_text(to, "%s=%s", t->path, homes_get(h, t->path));
}

const char *
homes_words(const struct homes *h, const struct home *home)
{
	static char out[TEXT_CAP + 1];
	const struct opaque *o;

	out[0] = '\0';
	for (size_t i = 0; i < home->tree.count; i++)
		if (!is_own(home->tree.entry[i]->path))
			add_word(h, out, home->tree.entry[i]);
	for (size_t i = 0; i < home->opaque_count; i++) {
		o = &home->opaque[i];
		if (!is_own(o->path))
			add_text(out, "%s!%s:%d", out[0] != '\0' ? " " : "",
			    o->path, o->why);
	}
	return out;
}

const struct entry *
homes_entry(const struct home *home, const char *path)
{
	return tree_find(&home->tree, path, strlen(path));
}

const struct opaque *
homes_opaque(const struct home *home, const char *path)
{
	for (size_t i = 0; i < home->opaque_count; i++)
		if (strcmp(home->opaque[i].path, path) == 0)
			return &home->opaque[i];
	return NULL;
}

const char *
homes_shelf(struct homes *h)
{
	char *out = text_buffer();
	struct profile p = { 0 };
	const struct entry *t;
	struct err e = { 0 };
	size_t damaged;
	ssize_t n;
	int fd;

	out[0] = '\0';
	cr_assert_eq(shelf_load(h->statefd, &h->arena, &h->machines, &p,
			 &damaged, &e),
	    0, "%s", e.text);
	cr_assert_eq(damaged, 0);
	for (size_t i = 0; i < p.conflict_count; i++) {
		t = p.conflict[i].loser;
		add_text(out, "%s%s", i > 0 ? " " : "", t->path);
		if (t->type == ENTRY_LINK)
			add_text(out, ">%s", entry_target(t));
		if (t->type != ENTRY_FILE)
			continue;
		fd = shelf_open(h->statefd, p.conflict[i].id, &e);
		cr_assert_neq(fd, -1, "%s", e.text);
		add_text(out, "=");
		n = io_read(fd, out + strlen(out), 1024, &e);
		cr_assert_neq(n, -1);
		close(fd);
	}
	profile_free(&p);
	return out;
}

size_t
homes_staged(const struct homes *h)
{
	char command[160];
	size_t n = 0;
	FILE *f;

	snprintf(command, sizeof(command),
	    "ls -A '%s/" ROAM_STATE_DIR "/staging' 2>&1 | grep -vc '^names$'",
	    h->home);
	f = popen(command, "r");
	cr_assert_not_null(f);
	cr_assert_eq(fscanf(f, "%zu", &n), 1);
	pclose(f);
	return n;
}

static int
status_of(pid_t pid)
{
	int status;

	cr_assert_neq(pid, -1);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

int
homes_fork(void (*f)(void *arg), void *arg)
{
	pid_t pid;

	fflush(NULL);
	if ((pid = fork()) == 0) {
		f(arg);
		_exit(0);
	}
	return status_of(pid);
}

int
homes_fork_as_user(struct homes *h, void (*f)(void *arg), void *arg)
{
	pid_t pid;

	if (geteuid() == 0) {
		homes_shell(h, "chown -hR 65534:65534 '%s'", h->dir);
		h->root.uid = 65534;
	}
	fflush(NULL);
	if ((pid = fork()) == 0) {
		if (geteuid() == 0 &&
		    (setresgid(65534, 65534, 65534) == -1 ||
			setresuid(65534, 65534, 65534) == -1))
			_exit(98);
		f(arg);
		_exit(0);
	}
	return status_of(pid);
}

bool
homes_has_leases(const struct homes *h)
{
	bool has;
	int fd;

	homes_put(h, "probe", "x");
	fd = openat(h->fd, "probe", O_RDONLY);
	has = fcntl(fd, F_SETLEASE, F_RDLCK) == 0;
	close(fd);
	homes_shell(h, "rm probe");
	return has;
}
