#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/path.h"
#include "base/text.h"
#include "engine/json.h"
#include "local/scan.h"
#include "local/shelf.h"
#include "local/vouch.h"
#include "prog/commands.h"
#include "prog/compare.h"
#include "prog/look.h"
#include "prog/print.h"
#include "prog/run.h"
#include "sync/choose.h"
#include "sync/extract.h"
#include "sync/kin.h"
#include "sync/list.h"

#define COPY_LEN 65536u

/* What is open, with or without a store that answers. */
static int
open_list(struct look *l, const struct options *o, struct profile *list,
    struct err *e)
{
	*list = (struct profile){ 0 };
	if (look_open(l, o, LOOK_STATE | LOOK_STORE, e) == -1) {
		if (e->kind != ERR_OFFLINE && e->kind != ERR_GONE)
			return -1;
		/* Without the store: what this home knows. */
		if (look_open(l, o, LOOK_STATE, e) == -1)
			return -1;
		l->c.remote = &l->c.state.head;
	}
	if (list_merged(&l->c, list, e) == 0)
		return 0;
	profile_free(list);
	look_close(l);
	return -1;
}

static int
print_json(const struct profile *list, struct err *e)
{
	json_t *all = json_array(), *one;
	char id[17], time[TEXT_TIME_MAX];

	for (size_t i = 0; i < list->conflict_count; i++) {
		const struct conflict *c = &list->conflict[i];

		snprintf(id, sizeof(id), "%016" PRIx64, c->id);
		one = json_pack("{s:s, s:s, s:I, s:o}", "id", id, "time",
		    text_time_utc(c->time_ns, time), "size",
		    (json_int_t)c->loser->size, "generation",
		    c->gen > 0 ? json_integer((json_int_t)c->gen)
			       : json_null());
		if (one == NULL ||
		    json_set_path(one, "path", c->loser->path,
			c->loser->path_len) == -1 ||
		    print_set(one, "machine",
			c->machine != NULL ? c->machine->name : NULL) == -1 ||
		    json_array_append_new(all, one) == -1) {
			json_decref(all);
			return err_set(e, ERR_SYSTEM, "out of memory");
		}
	}
	return json_print(json_pack("{s:o}", "conflicts", all), e);
}

static void
print_text(const struct profile *list)
{
	char path[256], machine[64], time[TEXT_TIME_MAX];
	char size[TEXT_SIZE_MAX];
	const char *by;

	if (list->conflict_count == 0) {
		printf("no conflicts\n");
		return;
	}
	printf("%-16s  %-16s  %8s  %-12s  %s\n", "ID", "WHEN", "SIZE",
	    "MACHINE", "PATH");
	for (size_t i = 0; i < list->conflict_count; i++) {
		const struct conflict *c = &list->conflict[i];

		by = c->machine != NULL ? c->machine->name : "?";
		printf("%016" PRIx64 "  %-16s  %8s  %-12s  %s\n", c->id,
		    text_time_local(c->time_ns, time),
		    text_size_human(c->loser->size, size),
		    text_show(by, strlen(by), machine, sizeof(machine)),
		    text_show(c->loser->path, c->loser->path_len, path,
			sizeof(path)));
	}
}

static int
list_all(const struct options *o, struct err *e)
{
	struct profile list;
	struct look l;
	int rc = 0;

	if (open_list(&l, o, &list, e) == -1)
		return -1;
	if (o->json)
		rc = print_json(&list, e);
	else if (!o->quiet)
		print_text(&list);
	profile_free(&list);
	look_close(&l);
	return rc;
}

static int
parse_id(const char *text, uint64_t *out, struct err *e)
{
	char *end;

	*out = strtoull(text, &end, 16);
	if (strlen(text) != 16 || *end != '\0' || *out == 0 ||
	    strspn(text, "0123456789abcdef") != 16)
		return err_set(e, ERR_USAGE,
		    "%s: not a conflict's ID: 16 hex digits, as 'roam "
		    "conflicts' shows them",
		    text);
	return 0;
}

static int
find(const struct profile *list, uint64_t id, const struct conflict **out,
    struct err *e)
{
	if ((*out = profile_conflict(list, id)) != NULL)
		return 0;
	return err_set(e, ERR_GONE,
	    "%016" PRIx64 ": no such conflict; 'roam conflicts' lists them",
	    id);
}

static int
copy_out(int from, int to, struct err *e)
{
	char bytes[COPY_LEN];
	ssize_t n;

	while ((n = io_read(from, bytes, sizeof(bytes), e)) > 0)
		if (io_write(to, bytes, (size_t)n, e) == -1)
			return -1;
	return n == -1 ? -1 : 0;
}

/* The loser's bytes to a descriptor: from the shelf where they lie there, else
 * from the store. */
static int
copy_loser(struct look *l, const struct conflict *c, int to, struct err *e)
{
	int fd = -1, rc;

	if (l->c.statefd != -1 && c->loser->type == ENTRY_FILE)
		fd = shelf_open(l->c.statefd, c->id, e);
	if (fd == -1) {
		if (c->loser->type == ENTRY_FILE && l->c.store == NULL)
			return err_set(e, ERR_OFFLINE,
			    "%s: the store does not answer", c->loser->path);
		return extract_content(&l->c, c->loser, to, e);
	}
	rc = copy_out(fd, to, e);
	close(fd);
	return rc;
}

/* What the home has at the path now: content and what is known of it. */
static int
open_present(struct look *l, const char *path, struct entry *out, struct err *e)
{
	struct stat st;
	int fd;

	fd = root_at(&l->c.root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, e);
	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(e, ERR_GONE, "%s: no regular file", path);
	}
	*out = (struct entry){ .path = path,
		.path_len = (uint16_t)strlen(path),
		.type = ENTRY_FILE,
		.size = (uint64_t)st.st_size,
		.mtime_ns = stat_mtime_ns(&st),
		.mode = st.st_mode & ENTRY_MODE_MASK };
	if (scan_hash(fd, &st, &out->hash, e) == -1 ||
	    lseek(fd, 0, SEEK_SET) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

/* From what the home has to what lost: what taking it back would change. */
static int
show_difference(struct look *l, const struct conflict *c, struct err *e)
{
	char label[PATH_LEN_MAX + 64];
	struct entry present = { 0 };
	struct version_of now = { .label = c->loser->path, .entry = &present },
			  lost = { .label = label, .entry = c->loser };
	const char *by = c->machine != NULL ? c->machine->name : "?";
	struct err none;
	int rc = -1;

	snprintf(label, sizeof(label), "%s (conflict %016" PRIx64 " from %s)",
	    c->loser->path, c->id, by);
	now.fd = open_present(l, c->loser->path, &present, &none);
	lost.fd = memfd_create("roam", MFD_CLOEXEC);
	if (lost.fd == -1)
		err_sys(e, "%s", c->loser->path);
	else if (copy_loser(l, c, lost.fd, e) == 0)
		rc = lseek(lost.fd, 0, SEEK_SET) == -1
		    ? err_sys(e, "%s", c->loser->path)
		    : compare_print(&now, &lost, e);
	if (now.fd != -1)
		close(now.fd);
	if (lost.fd != -1)
		close(lost.fd);
	return rc;
}

static int
show(const struct options *o, uint64_t id, struct err *e)
{
	const struct conflict *c;
	struct profile list;
	struct look l;
	int rc = -1;

	if (open_list(&l, o, &list, e) == -1)
		return -1;
	if (find(&list, id, &c, e) == 0)
		rc = o->diff ? show_difference(&l, c, e)
			     : copy_loser(&l, c, STDOUT_FILENO, e);
	profile_free(&list);
	look_close(&l);
	return rc;
}

/* A new file: nothing that exists is overwritten. In a directory it gets the
 * name that it had. */
static int
create(const char *to, const struct entry *loser, struct err *e)
{
	char path[PATH_MAX];
	struct stat st;
	int fd, n;

	if (stat(to, &st) == 0 && S_ISDIR(st.st_mode))
		n = snprintf(path, sizeof(path), "%s/%s", to,
		    path_name(loser->path, loser->path_len));
	else
		n = snprintf(path, sizeof(path), "%s", to);
	if (n >= (int)sizeof(path))
		return err_set(e, ERR_USAGE, "%s: path too long", to);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1 && errno == EEXIST)
		return err_set(e, ERR_USAGE,
		    "%s: is there already; choose another name", path);
	return fd != -1 ? fd : err_sys(e, "%s", path);
}

/* Beside the home's own version, which stays: so does the conflict. */
static int
take_to(const struct options *o, uint64_t id, struct err *e)
{
	const struct conflict *c;
	struct profile list;
	struct look l;
	int fd = -1, rc = -1;

	if (open_list(&l, o, &list, e) == -1)
		return -1;
	if (find(&list, id, &c, e) == -1)
		goto out;
	if (c->loser->type != ENTRY_FILE) {
		err_set(e, ERR_USAGE, "%s: --to takes files, this is a %s",
		    c->loser->path, entry_kind(c->loser));
		goto out;
	}
	if (o->dry_run) {
		rc = printf("would write %llu bytes to %s\n",
			 (unsigned long long)c->loser->size, o->to) < 0;
		goto out;
	}
	if ((fd = create(o->to, c->loser, e)) == -1)
		goto out;
	if (copy_loser(&l, c, fd, e) == 0)
		rc = fsync(fd) == 0 ? 0 : err_sys(e, "%s", o->to);
	if (rc == 0 && !o->quiet && !o->json)
		printf("written; 'roam conflicts drop %016" PRIx64
		       "' settles the conflict\n",
		    id);
	close(fd);
out:
	profile_free(&list);
	look_close(&l);
	return rc;
}

/* All that is one with the conflict leaves the list. */
static int
drop_kin(struct context *c, void *arg, struct err *e)
{
	const struct kin *kin = arg;

	for (size_t i = 0; i < kin->count; i++)
		if (list_drop(c, kin->id[i], e) == -1)
			return -1;
	return 0;
}

static int
drop_locked(struct context *c, const struct options *o, uint64_t id,
    struct err *e)
{
	const struct conflict *found;
	struct profile list = { 0 };
	struct kin kin = { .id = NULL };
	int rc = -1;

	if (context_open_home(c, CONTEXT_WORK, (unsigned)o->wait_s, e) == -1)
		return -1;
	if (context_open_store(c, CONTEXT_LOOK, e) == -1 ||
	    context_load_head(c, CONTEXT_WORK, e) == -1) {
		if (e->kind != ERR_OFFLINE)
			return -1;
		c->remote = &c->state.head;
	}
	if (list_merged(c, &list, e) == 0 && find(&list, id, &found, e) == 0 &&
	    kin_find(&kin, c->setup->rules, &list, found, e) == 0)
		rc = drop_kin(c, &kin, e);
	kin_free(&kin);
	profile_free(&list);
	return rc;
}

static int
drop(const struct options *o, uint64_t id, struct err *e)
{
	struct setup_how how = options_setup(o);
	struct setup setup;
	struct context c;
	int rc = -1;

	if (setup_load(&setup, &how, e) == -1)
		return -1;
	context_init(&c, &setup);
	if (setup_need_store(&setup, e) == 0 &&
	    setup_load_rules(&setup, e) == 0)
		rc = drop_locked(&c, o, id, e);
	context_close(&c);
	setup_free(&setup);
	if (rc == 0 && o->json)
		return json_print(json_pack("{s:s}", "dropped", o->operand[1]),
		    e);
	if (rc == 0 && !o->quiet)
		printf(
		    "dropped; the store's list follows with the next sync\n");
	return rc;
}

/* What take() takes. */
struct taking {
	uint64_t id;
	struct kin kin; /* owned; of the choice */
};

static int
add_loser(struct context *c, struct tree *want, const struct entry *loser,
    struct err *e)
{
	if (choose_parents(want, &c->remote->tree, loser->path, e) == -1)
		return -1;
	return tree_add(want, loser, e);
}

/* A choose of sync_run(): what lost, all of a unit, and that it no longer is
 * one. */
static int
choose_loser(struct context *c, struct wanted *out, void *arg, struct err *e)
{
	struct taking *t = arg;
	const struct conflict *found;
	struct profile list = { 0 };
	int rc = -1;

	kin_free(&t->kin);
	if (list_merged(c, &list, e) == 0 &&
	    find(&list, t->id, &found, e) == 0 &&
	    kin_find(&t->kin, c->setup->rules, &list, found, e) == 0)
		rc = 0;
	for (size_t i = 0; i < t->kin.count && rc == 0; i++)
		rc = add_loser(c, &out->want,
		    profile_conflict(&list, t->kin.id[i])->loser, e);
	choose_end(&out->want);
	profile_free(&list);
	return rc;
}

static int
take(const struct options *o, uint64_t id, struct err *e)
{
	struct taking t = { .id = id };
	const struct sync_how how = {
		.sides = SIDE_HOME,
		.dry_run = o->dry_run,
		.choose = choose_loser,
		.choose_arg = &t,
		.done = drop_kin,
		.done_arg = &t.kin,
	};
	int rc;

	if (o->to != NULL)
		return take_to(o, id, e);
	rc = run_sync(o, how, e);
	kin_free(&t.kin);
	return rc;
}

static const struct verb {
	const char *name;
	int (*run)(const struct options *o, uint64_t id, struct err *e);
} verbs[] = {
	{ "show", show },
	{ "take", take },
	{ "drop", drop },
};

int
cmd_conflicts(const struct options *o, struct err *e)
{
	const char *verb = o->count > 0 ? o->operand[0] : "list";
	uint64_t id;

	if (strcmp(verb, "list") == 0 && o->count <= 1)
		return list_all(o, e);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verb, verbs[i].name) != 0)
			continue;
		if (o->count != 2)
			return err_set(e, ERR_USAGE,
			    "%s: give the conflict's ID", verb);
		if (parse_id(o->operand[1], &id, e) == -1)
			return -1;
		return verbs[i].run(o, id, e);
	}
	return err_set(e, ERR_USAGE, "%s: not list, show, take or drop", verb);
}
