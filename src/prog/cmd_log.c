#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/path.h"
#include "base/text.h"
#include "engine/json.h"
#include "prog/changes.h"
#include "prog/commands.h"
#include "prog/history.h"
#include "prog/past.h"
#include "prog/print.h"

static void
print_row(const struct commit *c)
{
	char time[TEXT_TIME_MAX], size[TEXT_SIZE_MAX];

	printf("%6llu  %s  ", (unsigned long long)c->number,
	    text_time_local(c->time_ns, time));
	print_cell(c->machine_name, 13);
	printf("  ");
	print_cell(c->user, 10);
	printf("  %8llu %8llu %7s\n", (unsigned long long)c->entries,
	    (unsigned long long)c->changes, text_size_human(c->bytes, size));
}

/* What log and show both say of a generation; NULL: out of memory. */
static json_t *
json_commit(const struct commit *c)
{
	json_t *v = json_pack("{s:I,s:n,s:n,s:o,s:I}", "generation",
	    (json_int_t)c->number, "machine", "user", "time",
	    print_time(c->time_ns), "entries", (json_int_t)c->entries);

	if (v != NULL &&
	    (print_set(v, "machine", c->machine_name) == -1 ||
		print_set(v, "user", c->user) == -1)) {
		json_decref(v);
		return NULL;
	}
	return v;
}

static int
add_row(json_t *rows, const struct commit *c, struct err *e)
{
	json_t *v = json_commit(c);

	if (v == NULL ||
	    json_object_set_new(v, "changes",
		json_integer((json_int_t)c->changes)) == -1 ||
	    json_object_set_new(v, "bytes",
		json_integer((json_int_t)c->bytes)) == -1) {
		json_decref(v);
		return print_no_memory(e);
	}
	return json_array_append_new(rows, v) == -1 ? print_no_memory(e) : 0;
}

/* A record that does not hold is told on stderr, the rest goes on. */
static int
show_rows(struct look *l, const struct options *o, json_t *rows, struct err *e)
{
	const struct repo *r = l->c.repo;
	struct commit c;
	size_t oldest;
	int rc = 0;

	if (past_first(&l->c, &oldest, e) == -1)
		return -1;
	for (size_t i = r->number_count; rc == 0 && i-- > oldest;) {
		if (repo_commit(l->c.repo, r->number[i], &c, e) == -1) {
			if (!repo_is_damage(e))
				return -1;
			if (!repo_is_unborn(e))
				log_line(LOG_LEVEL_WARN, "%s", e->text);
			continue;
		}
		if (o->json)
			rc = add_row(rows, &c, e);
		else if (!o->quiet)
			print_row(&c);
		commit_free(&c);
	}
	return rc;
}

static int
print_log_json(struct look *l, const struct options *o, struct err *e)
{
	json_t *rows = json_array();

	if (rows == NULL)
		return print_no_memory(e);
	if (show_rows(l, o, rows, e) == -1) {
		json_decref(rows);
		return -1;
	}
	return json_print(json_pack("{s:o}", "generations", rows), e);
}

static int
print_log(struct look *l, const struct options *o, struct err *e)
{
	if (o->quiet)
		return show_rows(l, o, NULL, e);
	if (l->c.repo->number_count == 0) {
		printf("the store is empty\n");
		return 0;
	}
	print_heading("   GEN  WHEN              MACHINE        USER         "
		      "ENTRIES  CHANGES     NEW");
	return show_rows(l, o, NULL, e);
}

int
cmd_log(const struct options *o, struct err *e)
{
	struct look l;
	int rc;

	char path[PATH_LEN_MAX + 1];

	if (past_open(&l, o, e) == -1)
		return -1;
	if (o->count == 0)
		rc = o->json ? print_log_json(&l, o, e) : print_log(&l, o, e);
	else if ((rc = path_from_user(path, sizeof(path), l.setup.home,
		      o->operand[0], e)) == 0)
		rc = history_log(&l, o, path, e);
	look_close(&l);
	return rc;
}

static void
print_commit(const struct commit *c)
{
	char time[TEXT_TIME_MAX], size[TEXT_SIZE_MAX];

	print_field("Generation", "%llu", (unsigned long long)c->number);
	print_field("Time", "%s", text_time_local(c->time_ns, time));
	print_field("Machine", "%s", c->machine_name);
	print_field("User", "%s", c->user);
	if (c->parent != 0)
		print_field("Parent", "%llu", (unsigned long long)c->parent);
	print_field("Written by", "roam %s", c->version);
	print_field("Entries", "%llu", (unsigned long long)c->entries);
	print_field("New content", "%s", text_size_human(c->bytes, size));
}

static int
print_show(const struct options *o, const struct commit *c,
    const struct changes *changes, struct err *e)
{
	json_t *head;

	if (o->json) {
		if ((head = json_commit(c)) == NULL)
			return print_no_memory(e);
		return changes_print_json(head, changes, e);
	}
	if (o->quiet)
		return 0;
	print_commit(c);
	putchar('\n');
	if (changes != NULL)
		return changes_print(changes, o->verbose, e);
	printf("What it changed is not known: its parent was collected.\n");
	return 0;
}

/* The parent's profile; *found is false where it can no longer be read. */
static int
load_parent(struct look *l, const struct commit *c, struct profile *out,
    bool *found, struct err *e)
{
	struct commit parent;

	*found = true;
	if (c->parent == 0)
		return 0;
	if (past_load(l, c->parent, &parent, out, e) == 0) {
		commit_free(&parent);
		return 0;
	}
	*found = false;
	if (!repo_is_damage(e))
		return -1;
	log_line(LOG_LEVEL_WARN, "%s", e->text);
	return 0;
}

static int
show(struct look *l, const struct options *o, uint64_t number, struct err *e)
{
	struct profile now = { 0 }, before = { 0 };
	struct changes changes = { 0 };
	struct commit c = { 0 };
	struct home to;
	bool found;
	int rc = -1;

	if (past_load(l, number, &c, &now, e) == -1)
		return -1;
	if (load_parent(l, &c, &before, &found, e) == -1)
		goto out;
	to = (struct home){ .tree = now.tree };
	if (found && changes_find(&changes, &before.tree, &to, e) == -1)
		goto out;
	rc = print_show(o, &c, found ? &changes : NULL, e);
out:
	changes_free(&changes);
	profile_free(&before);
	profile_free(&now);
	commit_free(&c);
	return rc;
}

int
cmd_show(const struct options *o, struct err *e)
{
	char path[PATH_LEN_MAX + 1];
	struct look l;
	uint64_t number;
	int rc;

	if (past_open(&l, o, e) == -1)
		return -1;
	rc = past_generation(&l.c, o->operand[0], &number, e);
	if (rc == 0 && o->count == 1)
		rc = show(&l, o, number, e);
	else if (rc == 0 &&
	    (rc = path_from_user(path, sizeof(path), l.setup.home,
		 o->operand[1], e)) == 0)
		rc = history_show(&l, o, number, path, e);
	look_close(&l);
	return rc;
}
