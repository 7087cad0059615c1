#include <string.h>

#include "engine/driver.h"
#include "engine/json.h"
#include "engine/report.h"

/*
 * JSON. The lists are written element by element: a first run has one for each
 * file of the home.
 */
static json_t *
json_head(const struct report *r)
{
	json_t *published = json_null(), *v;

	if (r->published != 0)
		published = json_integer((json_int_t)r->published);
	v = json_pack("{s:s,s:b,s:s,s:I,s:I,s:o}", "command", r->command,
	    "dry_run", r->dry_run, "store", "", "base", (json_int_t)r->base,
	    "head", (json_int_t)r->head, "published", published);
	/* A URL may hold any bytes that a path can. */
	if (v != NULL &&
	    json_set_path(v, "store", r->store, strlen(r->store)) == -1) {
		json_decref(v);
		v = NULL;
	}
	return v;
}

static json_t *
json_action(const struct op *op)
{
	const struct entry *t = report_subject(op);
	size_t len;
	const char *path = op_path(op, &len);
	json_t *v = json_pack("{s:s,s:s,s:I,s:s,s:s?,s:n}", "action",
	    action_text(op->action), "kind", entry_kind(t), "size",
	    (json_int_t)t->size, "reason", reason_text(op->reason), "driver",
	    op->action == ACTION_MERGE ? driver_word(op->driver) : NULL,
	    "from");

	if (v == NULL)
		return NULL;
	if (json_set_path(v, "path", path, len) == -1 ||
	    (op->from != NULL &&
		json_set_path(v, "from", op->from->path, op->from->path_len) ==
		    -1)) {
		json_decref(v);
		return NULL;
	}
	return v;
}

static json_t *
json_skipped(const char *path, size_t len, enum why why)
{
	json_t *v = json_pack("{s:s}", "reason", why_text(why));

	if (v != NULL && json_set_path(v, "path", path, len) == -1) {
		json_decref(v);
		return NULL;
	}
	return v;
}

static json_t *
json_summary(const struct report *r)
{
	struct totals t = report_totals(r);
	json_t *v = json_pack("{s:I,s:I,s:I,s:I,s:I,s:I}", "upload",
	    (json_int_t)t.action[ACTION_UPLOAD], "download",
	    (json_int_t)t.action[ACTION_DOWNLOAD], "delete_local",
	    (json_int_t)t.action[ACTION_DELETE_LOCAL], "delete_store",
	    (json_int_t)t.action[ACTION_DELETE_STORE], "merge",
	    (json_int_t)t.action[ACTION_MERGE], "conflict",
	    (json_int_t)t.action[ACTION_CONFLICT]);
	json_t *more = json_pack("{s:I,s:I,s:I,s:I,s:I,s:f}", "held_deletes",
	    (json_int_t)t.held, "held_changes", (json_int_t)t.suspect,
	    "bytes_up", (json_int_t)r->bytes_up, "bytes_down",
	    (json_int_t)r->bytes_down, "entries", (json_int_t)r->entries,
	    "seconds", (double)(int64_t)(r->seconds * 1000 + 0.5) / 1000);

	if (v != NULL && json_object_update(v, more) == -1) {
		json_decref(v);
		v = NULL;
	}
	json_decref(more);
	return v;
}

/* One element of a list; *count is how many there are before it. */
static int
write_element(FILE *out, json_t *v, size_t *count, struct err *e)
{
	if ((*count)++ > 0)
		(void)fputc(',', out);
	return json_write(out, v, 0, e);
}

static int
write_actions(FILE *out, const struct report *r, struct err *e)
{
	size_t i, n = 0;

	for (i = 0; i < r->plan->count; i++)
		if (op_is_shown(&r->plan->op[i]) &&
		    write_element(out, json_action(&r->plan->op[i]), &n, e) ==
			-1)
			return -1;
	return 0;
}

static int
write_skipped(FILE *out, const struct report *r, struct err *e)
{
	const struct opaque *o;
	const struct op *op;
	size_t i, n = 0, len;
	const char *path;

	for (i = 0; i < r->skipped_count; i++) {
		o = &r->skipped[i];
		if (o->why != WHY_RULE &&
		    write_element(out,
			json_skipped(o->path, o->path_len, o->why), &n,
			e) == -1)
			return -1;
	}
	for (i = 0; i < r->plan->count; i++) {
		op = &r->plan->op[i];
		path = op_path(op, &len);
		if (op->state == OP_FAILED &&
		    write_element(out, json_skipped(path, len, op->why), &n,
			e) == -1)
			return -1;
	}
	return 0;
}

int
report_json(FILE *out, const struct report *r, struct err *e)
{
	(void)fputc('{', out);
	if (json_write(out, json_head(r), JSON_EMBED, e) == -1)
		return -1;
	(void)fputs(",\"actions\":[", out);
	if (write_actions(out, r, e) == -1)
		return -1;
	(void)fputs("],\"skipped\":[", out);
	if (write_skipped(out, r, e) == -1)
		return -1;
	(void)fputs("],\"summary\":", out);
	if (json_write(out, json_summary(r), 0, e) == -1)
		return -1;
	(void)fputs("}\n", out);
	return report_end(out, e);
}
