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

/* Split off what stands behind the last mark in word; NULL if it is not there.
 */
static const char *
split(char *word, char mark)
{
	char *at = strrchr(word, mark);

	if (at == NULL)
		return NULL;
	*at = '\0';
	return at + 1;
}

static const struct entry *
entry_of(struct homes *h, char *word)
{
	struct entry *t;
	struct extra *x;
	struct err e;
	const char *time = split(word, '@'), *group = split(word, '&');
	const char *mode = split(word, '%'), *text;
	size_t len = strlen(word);

	t = arena_alloc(&h->arena, sizeof(*t), &e);
	x = arena_alloc(&h->arena, sizeof(*x), &e);
	*t = (struct entry){ .type = ENTRY_FILE, .mode = 0644, .extra = x };
	*x = (struct extra){ .group = group != NULL ? strtoull(group, NULL, 10)
						    : 0 };
	t->mtime_ns = time != NULL ? strtoll(time, NULL, 10) * 1000000000
				   : clock_now_ns() + 3600000000000;
	if ((text = split(word, '=')) != NULL) {
		t->size = strlen(text);
		t->hash = hash_of(text, t->size);
	} else if ((text = split(word, '>')) != NULL) {
		t->type = ENTRY_LINK;
		t->mode = 0777;
		x->target = arena_copy(&h->arena, text, strlen(text), &e);
		t->size = strlen(text);
		t->hash = hash_of(text, t->size);
	} else {
		cr_assert_eq(word[len - 1], '/', "%s", word);
		word[len - 1] = '\0';
		t->type = ENTRY_DIR;
		t->mode = 0755;
	}
	if (mode != NULL)
		t->mode = (uint16_t)strtoul(mode, NULL, 8);
	t->path_len = (uint16_t)strlen(word);
	t->path = arena_copy(&h->arena, word, t->path_len, &e);
	return t;
}

static void
cut(struct tree *t, const char *path)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->count; i++)
		if (!path_is_within(t->entry[i]->path, t->entry[i]->path_len,
			path, strlen(path)))
			t->entry[kept++] = t->entry[i];
	t->count = kept;
}

static void
put_entry(struct tree *t, const struct entry *entry)
{
	size_t i = tree_lower(t, entry->path, entry->path_len);
	struct err e;

	if (i < t->count && strcmp(t->entry[i]->path, entry->path) == 0) {
		t->entry[i] = entry;
		return;
	}
	cr_assert_eq(tree_add(t, entry, &e), 0);
	tree_sort(t);
}

struct tree
homes_edit(struct homes *h, const struct tree *tree, const char *words)
{
	char *copy = strdup(words), *save = NULL;
	struct tree t = { 0 };
	struct err e;

	for (size_t i = 0; i < tree->count; i++)
		cr_assert_eq(tree_add(&t, tree->entry[i], &e), 0);
	for (char *w = strtok_r(copy, " ", &save); w != NULL;
	     w = strtok_r(NULL, " ", &save))
		if (w[0] == '-')
			cut(&t, w + 1);
		else
			put_entry(&t, entry_of(h, w));
	free(copy);
	cr_assert_eq(tree_check(&t, &e), 0, "%s", e.text);
	return t;
}

/* The text of a result is in the words; the entry has only its hash. */
static void
stage_text(struct run *r, const struct op *op, const char *words)
{
	char *copy = strdup(words), *save = NULL, name[STAGE_NAME_MAX];
	const char *text = NULL;
	struct hash hash;
	struct err e = { 0 };
	int fd;

	for (char *w = strtok_r(copy, " ", &save); w != NULL;
	     w = strtok_r(NULL, " ", &save)) {
		(void)split(w, '@');
		(void)split(w, '&');
		(void)split(w, '%');
		text = split(w, '=');
		if (text == NULL)
			continue;
		hash = hash_of(text, strlen(text));
		if (hash_same(&hash, &op->result->hash))
			break;
		text = NULL;
	}
	cr_assert_not_null(text, "no text for %s", op->result->path);
	stage_name(name, &op->result->hash, (size_t)(op - r->plan.op));
	fd = stage_create(r->stagefd, name, strlen(text), &e);
	cr_assert_neq(fd, -1, "%s", e.text);
	cr_assert_eq(io_write(fd, text, strlen(text), &e), 0);
	close(fd);
	free(copy);
}

void
run_plan(struct homes *h, struct run *r, const struct tree *base,
    const char *words)
{
	struct plan_in in = { .self = h->self, .arena = &h->arena };
	struct err e = { 0 };

	*r = (struct run){ 0 };
	r->local = homes_scan(h, NULL, NULL);
	cr_assert_eq(tree_copy(&r->base, base != NULL ? base : &r->local.tree,
			 &e),
	    0);
	cut(&r->base, ".local");
	r->remote = homes_edit(h, &r->base, words);
	in.base = &r->base;
	in.local = &r->local;
	in.remote = &r->remote;
	cr_assert_eq(plan_make(&r->plan, &in, &e), 0, "%s", e.text);
	r->stamps = calloc(r->plan.count + 1, sizeof(*r->stamps));
	r->stagefd = stage_open(h->statefd, &e);
	cr_assert_neq(r->stagefd, -1, "%s", e.text);
	for (size_t i = 0; i < r->plan.count; i++)
		if (op_needs_content(&r->plan.op[i]))
			stage_text(r, &r->plan.op[i], words);
}

void
run_apply(struct homes *h, struct run *r)
{
	struct apply_in in = {
		.root = &h->root,
		.statefd = h->statefd,
		.stagefd = r->stagefd,
		.plan = &r->plan,
		.local = &r->local,
		.self = h->self,
		.now_ns = 1000,
		.progress = r->progress,
		.arg = r->arg,
	};
	struct err e = { 0 };

	cr_assert_eq(apply_plan(&in, r->stamps, &e), 0, "%s", e.text);
}

void
run_free(struct run *r)
{
	home_free(&r->local);
	tree_free(&r->base);
	tree_free(&r->remote);
	plan_free(&r->plan);
	free(r->stamps);
	close(r->stagefd);
}

struct op *
run_op(const struct run *r, const char *path)
{
	for (size_t i = 0; i < r->plan.count; i++)
		if (strcmp(op_path(&r->plan.op[i], NULL), path) == 0)
			return &r->plan.op[i];
	cr_assert_fail("no op for %s", path);
	return NULL;
}

void
run_all(struct homes *h, const char *words)
{
	struct run r;

	run_plan(h, &r, NULL, words);
	run_apply(h, &r);
	run_free(&r);
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
