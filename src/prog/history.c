#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/path.h"
#include "base/text.h"
#include "engine/json.h"
#include "prog/history.h"
#include "prog/past.h"
#include "prog/print.h"
#include "sync/extract.h"

/* What a generation did to a path. */
struct turn {
	struct commit commit; /* owned */
	const char *what;
	uint64_t size;    /* of the files there then */
	uint64_t entries; /* at the path and below */
};

struct story {
	const char *path;  /* borrowed */
	struct turn *turn; /* owned, oldest first */
	size_t count, cap;
};

/* The part of a tree that is at path or below. */
struct part {
	const struct tree *tree;
	size_t from, to;
};

static struct part
part_of(const struct tree *t, const char *path)
{
	size_t len = strlen(path);
	struct part p = { .tree = t, .from = tree_lower(t, path, len) };

	for (p.to = p.from; p.to < t->count; p.to++)
		if (!path_is_within(t->entry[p.to]->path,
			t->entry[p.to]->path_len, path, len))
			break;
	return p;
}

static bool
same_part(const struct part *a, const struct part *b)
{
	if (a->to - a->from != b->to - b->from)
		return false;
	for (size_t i = 0; i < a->to - a->from; i++) {
		const struct entry *x = a->tree->entry[a->from + i];
		const struct entry *y = b->tree->entry[b->from + i];

		if (strcmp(x->path, y->path) != 0 || !entry_same(x, y))
			return false;
	}
	return true;
}

/* commit becomes the story's, or is freed. */
static int
add_turn(struct story *s, struct commit *commit, const struct part *before,
    const struct part *now, struct err *e)
{
	size_t cap = s->cap == 0 ? 16 : 2 * s->cap;
	struct turn *grown, *t;

	if (s->count == s->cap) {
		grown = reallocarray(s->turn, cap, sizeof(*grown));
		if (grown == NULL) {
			commit_free(commit);
			return err_sys(e, "history");
		}
		s->turn = grown;
		s->cap = cap;
	}
	t = &s->turn[s->count++];
	*t = (struct turn){ .commit = *commit,
		.entries = now->to - now->from,
		.what = before->to == before->from ? "added"
		    : now->to == now->from         ? "removed"
						   : "changed" };
	for (size_t i = now->from; i < now->to; i++)
		t->size += now->tree->entry[i]->size;
	return 0;
}

static void
free_story(struct story *s)
{
	for (size_t i = 0; i < s->count; i++)
		commit_free(&s->turn[i].commit);
	free(s->turn);
}

/* One generation more; *last is the profile before it, whose entries are
 * shared, and becomes this one's. */
static int
read_turn(struct look *l, uint64_t number, struct profile *last,
    struct known *known, struct story *s, struct err *e)
{
	const struct decode how = { .arena = &l->c.arena,
		.machines = &l->c.machines };
	struct profile now = { 0 };
	struct commit commit = { 0 };
	struct part before, after;
	int rc = 0;

	if (repo_commit(l->c.repo, number, &commit, e) == -1)
		return -1;
	if (repo_profile(l->c.repo, &commit, known, &how, &now, e) == -1) {
		commit_free(&commit);
		return -1;
	}
	before = part_of(&last->tree, s->path);
	after = part_of(&now.tree, s->path);
	*known = (struct known){ .number = commit.number, .id = commit.id };
	if (same_part(&before, &after))
		commit_free(&commit);
	else
		rc = add_turn(s, &commit, &before, &after, e);
	profile_free(last);
	*last = now;
	known->profile = last;
	return rc;
}

static int
read_story(struct look *l, struct story *s, struct err *e)
{
	const struct repo *r = l->c.repo;
	struct profile last = { 0 };
	struct known known = { .profile = NULL };
	size_t oldest;
	int rc = 0;

	if (past_first(&l->c, &oldest, e) == -1)
		return -1;
	for (size_t i = oldest; i < r->number_count && rc == 0; i++) {
		rc = read_turn(l, r->number[i], &last, &known, s, e);
		if (rc == 0 || !repo_is_damage(e))
			continue;
		log_line(LOG_LEVEL_WARN, "%s", e->text);
		rc = 0;
	}
	profile_free(&last);
	return rc;
}

static json_t *
json_turn(const struct turn *t)
{
	const struct commit *c = &t->commit;
	json_t *v = json_pack("{s:I,s:n,s:n,s:o,s:s,s:I,s:I}", "generation",
	    (json_int_t)c->number, "machine", "user", "time",
	    print_time(c->time_ns), "change", t->what, "size",
	    (json_int_t)t->size, "entries", (json_int_t)t->entries);

	if (v != NULL &&
	    (print_set(v, "machine", c->machine_name) == -1 ||
		print_set(v, "user", c->user) == -1)) {
		json_decref(v);
		return NULL;
	}
	return v;
}

static int
print_story_json(const struct story *s, struct err *e)
{
	json_t *rows = json_array(), *v;

	for (size_t i = s->count; rows != NULL && i-- > 0;)
		if (json_array_append_new(rows, json_turn(&s->turn[i])) == -1) {
			json_decref(rows);
			rows = NULL;
		}
	v = json_pack("{s:n,s:o}", "path", "generations", rows);
	if (v == NULL || print_set(v, "path", s->path) == -1) {
		json_decref(v);
		return print_no_memory(e);
	}
	return json_print(v, e);
}

static void
print_story(const struct story *s)
{
	char time[TEXT_TIME_MAX], size[TEXT_SIZE_MAX];

	print_heading("   GEN  WHEN              MACHINE        USER        "
		      "CHANGE      SIZE  ENTRIES");
	for (size_t i = s->count; i-- > 0;) {
		const struct turn *t = &s->turn[i];

		printf("%6llu  %s  ", (unsigned long long)t->commit.number,
		    text_time_local(t->commit.time_ns, time));
		print_cell(t->commit.machine_name, 13);
		printf("  ");
		print_cell(t->commit.user, 10);
		printf("  %-7s %8s %8llu\n", t->what,
		    text_size_human(t->size, size),
		    (unsigned long long)t->entries);
	}
}

int
history_log(struct look *l, const struct options *o, const char *path,
    struct err *e)
{
	struct story s = { .path = path };
	int rc = -1;

	if (read_story(l, &s, e) == -1)
		goto out;
	if (s.count == 0) {
		err_set(e, ERR_GONE, "%s: in no generation that is kept", path);
		goto out;
	}
	rc = 0;
	if (o->json)
		rc = print_story_json(&s, e);
	else if (!o->quiet)
		print_story(&s);
out:
	free_story(&s);
	return rc;
}

static void
list_part(const struct part *p)
{
	char name[4 * PATH_LEN_MAX + 1], size[TEXT_SIZE_MAX],
	    time[TEXT_TIME_MAX];

	for (size_t i = p->from; i < p->to; i++) {
		const struct entry *t = p->tree->entry[i];

		size[0] = '\0';
		if (t->type == ENTRY_FILE)
			text_size_human(t->size, size);
		printf("%04o %8s  %s  %s%s\n", (unsigned)t->mode, size,
		    text_time_local(t->mtime_ns, time),
		    text_show(t->path, t->path_len, name, sizeof(name)),
		    t->type == ENTRY_DIR ? "/" : "");
	}
}

int
history_show(struct look *l, const struct options *o, uint64_t number,
    const char *path, struct err *e)
{
	struct profile profile = { 0 };
	struct commit commit = { 0 };
	const struct entry *t;
	struct part part;
	int rc = 0;

	if (past_load(l, number, &commit, &profile, e) == -1)
		return -1;
	part = part_of(&profile.tree, path);
	t = tree_find(&profile.tree, path, strlen(path));
	if (part.from == part.to)
		rc = err_set(e, ERR_GONE, "%s: not in generation %llu", path,
		    (unsigned long long)commit.number);
	else if (t != NULL && t->type != ENTRY_DIR)
		rc = extract_content(&l->c, t, STDOUT_FILENO, e);
	else if (!o->quiet)
		list_part(&part);
	profile_free(&profile);
	commit_free(&commit);
	return rc;
}
