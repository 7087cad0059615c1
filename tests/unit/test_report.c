#include "engine/report.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "engine/json.h"
#include "sample.h"

/* What report_json() writes, parsed. */
static json_t *
parsed(const struct sample *s)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	json_t *v;
	struct err e;

	cr_assert_not_null(f);
	cr_assert_eq(report_json(f, &s->report, &e), 0);
	cr_assert_eq(fclose(f), 0);
	cr_assert_eq(strchr(text, '\n'), text + len - 1, "one line");
	v = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	cr_assert_not_null(v, "%s", text);
	free(text);
	return v;
}

/* The keys of v are those of the list, which ends with NULL, and no others. */
static void
expect_keys(const json_t *v, const char *const *keys)
{
	size_t n;

	for (n = 0; keys[n] != NULL; n++)
		cr_assert_not_null(json_object_get(v, keys[n]), "%s", keys[n]);
	cr_assert_eq(json_object_size(v), n);
}

static const char *
string_at(const json_t *list, size_t i, const char *key)
{
	return json_string_value(json_object_get(json_array_get(list, i), key));
}

static uint64_t
number(const json_t *v, const char *key)
{
	cr_assert(json_is_integer(json_object_get(v, key)), "%s", key);
	return (uint64_t)json_integer_value(json_object_get(v, key));
}

Test(report, json_has_the_keys_of_the_contract_and_no_others)
{
	static const char *const top[] = { "command", "dry_run", "store",
		"base", "head", "published", "actions", "skipped", "summary",
		NULL };
	static const char *const action[] = { "action", "path", "kind", "size",
		"reason", "driver", "from", NULL };
	static const char *const skipped[] = { "path", "reason", NULL };
	static const char *const summary[] = { "upload", "download",
		"delete_local", "delete_store", "merge", "conflict",
		"held_deletes", "held_changes", "bytes_up", "bytes_down",
		"entries", "seconds", NULL };
	struct opaque socket = { "run/socket", 10, WHY_SPECIAL };
	struct sample s;
	json_t *v;

	sample_init(&s);
	sample_add(&s, ACTION_UPLOAD, "a", 123);
	s.report.skipped = &socket;
	s.report.skipped_count = 1;
	v = parsed(&s);
	expect_keys(v, top);
	expect_keys(json_array_get(json_object_get(v, "actions"), 0), action);
	expect_keys(json_array_get(json_object_get(v, "skipped"), 0), skipped);
	expect_keys(json_object_get(v, "summary"), summary);
	cr_assert_str_eq(json_string_value(json_object_get(v, "command")),
	    "sync");
	cr_assert_str_eq(json_string_value(json_object_get(v, "store")),
	    "file:///srv/alice");
	cr_assert(json_is_false(json_object_get(v, "dry_run")));
	cr_assert_eq(number(v, "base"), 41);
	cr_assert_eq(number(v, "head"), 42);
	cr_assert_eq(number(v, "published"), 43);
	json_decref(v);
}

Test(report, json_says_null_where_there_is_nothing)
{
	struct sample s;
	json_t *v, *action;

	sample_init(&s);
	sample_add(&s, ACTION_UPLOAD, "a", 123);
	s.report.published = 0;
	s.report.dry_run = true;
	v = parsed(&s);
	action = json_array_get(json_object_get(v, "actions"), 0);
	cr_assert(json_is_null(json_object_get(v, "published")));
	cr_assert(json_is_null(json_object_get(action, "driver")));
	cr_assert(json_is_null(json_object_get(action, "from")));
	cr_assert(json_is_true(json_object_get(v, "dry_run")));
	json_decref(v);
}

Test(report, json_calls_every_action_by_its_contract_name)
{
	static const struct {
		enum action action;
		const char *name;
		const char *sum; /* NULL: the contract does not count it */
	} cases[] = {
		{ ACTION_UPLOAD, "upload", "upload" },
		{ ACTION_DOWNLOAD, "download", "download" },
		{ ACTION_DELETE_LOCAL, "delete-local", "delete_local" },
		{ ACTION_DELETE_STORE, "delete-store", "delete_store" },
		{ ACTION_MERGE, "merge", "merge" },
		{ ACTION_CONFLICT, "conflict", "conflict" },
		{ ACTION_ATTRIBUTES, "attributes", NULL },
		{ ACTION_RENAME, "rename", NULL },
	};
	size_t i, k, n = sizeof(cases) / sizeof(cases[0]);
	struct sample s;
	json_t *v, *list, *sum;

	sample_init(&s);
	for (i = 0; i < n; i++)
		for (k = 0; k <= i; k++)
			sample_add(&s, cases[i].action, "path", i);
	v = parsed(&s);
	list = json_object_get(v, "actions");
	sum = json_object_get(v, "summary");
	for (i = 0; i < n; i++) {
		k = i * (i + 1) / 2;
		cr_assert_str_eq(string_at(list, k, "action"), cases[i].name);
		cr_assert_eq(number(json_array_get(list, k), "size"), i);
		if (cases[i].sum != NULL)
			cr_assert_eq(number(sum, cases[i].sum), i + 1);
	}
	cr_assert_eq(number(sum, "bytes_up"), 31000000);
	cr_assert_eq(number(sum, "bytes_down"), 1200000);
	cr_assert_eq(number(sum, "entries"), 20000);
	cr_assert_float_eq(json_real_value(json_object_get(sum, "seconds")),
	    0.412, 1e-9);
	json_decref(v);
}

Test(report, json_names_what_an_op_is_about)
{
	struct sample s;
	struct entry old = { .path = "old/name", .path_len = 8 };
	struct op *op;
	json_t *v, *list;

	sample_init(&s);
	op = sample_add(&s, ACTION_RENAME, "new/name", 7);
	op->from = &old;
	op->reason = REASON_MOVED_HERE;
	sample_add(&s, ACTION_UPLOAD, "dir", 0);
	s.entry[1].type = ENTRY_DIR;
	sample_add(&s, ACTION_UPLOAD, "link", 9);
	s.entry[2].type = ENTRY_LINK;
	/* The store's version is the one that goes. */
	op = sample_add(&s, ACTION_DELETE_STORE, "gone", 77);
	op->base = op->local = NULL;
	v = parsed(&s);
	list = json_object_get(v, "actions");
	cr_assert_str_eq(string_at(list, 0, "path"), "new/name");
	cr_assert_str_eq(string_at(list, 0, "from"), "old/name");
	cr_assert_str_eq(string_at(list, 0, "kind"), "file");
	cr_assert_str_eq(string_at(list, 0, "reason"),
	    reason_text(REASON_MOVED_HERE));
	cr_assert_str_eq(string_at(list, 1, "kind"), "directory");
	cr_assert_str_eq(string_at(list, 2, "kind"), "symlink");
	cr_assert_str_eq(string_at(list, 3, "path"), "gone");
	cr_assert_eq(number(json_array_get(list, 3), "size"), 77);
	json_decref(v);
}

Test(report, only_what_is_planned_or_done_is_an_action)
{
	struct sample s;
	struct totals t;
	json_t *v;

	sample_init(&s);
	sample_add(&s, ACTION_UPLOAD, "a", 1)->state = OP_PLANNED;
	sample_add(&s, ACTION_UPLOAD, "b", 1)->state = OP_DONE;
	sample_add(&s, ACTION_UPLOAD, "c", 1)->state = OP_PENDING;
	sample_add(&s, ACTION_DELETE_LOCAL, "d", 1)->state = OP_HELD;
	sample_add(&s, ACTION_NONE, "e", 1)->state = OP_DONE;
	sample_add(&s, ACTION_NONE, "f", 1)->state = OP_PENDING;
	op_fail(sample_add(&s, ACTION_DOWNLOAD, "g", 1), WHY_NOSPACE);
	t = report_totals(&s.report);
	cr_assert_eq(t.action[ACTION_UPLOAD], 2);
	cr_assert_eq(t.action[ACTION_DOWNLOAD], 0);
	cr_assert_eq(t.action[ACTION_DELETE_LOCAL], 0);
	cr_assert_eq(t.pending, 1);
	cr_assert_eq(t.held, 1);
	cr_assert_eq(t.failed, 1);
	v = parsed(&s);
	cr_assert_eq(json_array_size(json_object_get(v, "actions")), 2);
	json_decref(v);
}

Test(report, what_failed_or_was_not_looked_into_is_skipped)
{
	static const struct opaque opaque[] = {
		{ ".cache", 6, WHY_RULE },
		{ "mnt", 3, WHY_MOUNT },
		{ "secret", 6, WHY_DENIED },
	};
	struct sample s;
	json_t *v, *list;

	sample_init(&s);
	op_fail(sample_add(&s, ACTION_DOWNLOAD, "big", 1), WHY_NOSPACE);
	s.report.skipped = opaque;
	s.report.skipped_count = 3;
	cr_assert_eq(report_totals(&s.report).skipped, 2);
	v = parsed(&s);
	list = json_object_get(v, "skipped");
	cr_assert_eq(json_array_size(list), 3);
	cr_assert_str_eq(string_at(list, 0, "path"), "mnt");
	cr_assert_str_eq(string_at(list, 1, "reason"), why_text(WHY_DENIED));
	cr_assert_str_eq(string_at(list, 2, "path"), "big");
	cr_assert_str_eq(string_at(list, 2, "reason"), why_text(WHY_NOSPACE));
	json_decref(v);
	sample_expect(&s,
	    "skipped                mnt  (another file system is mounted "
	    "here)\n"
	    "skipped                secret  (permission denied)\n"
	    "skipped                big  (no space left in the home)\n"
	    "nothing to do, 3 skipped, 0.41 s\n");
}

Test(report, any_path_is_valid_json)
{
	static const struct {
		const char *path, *want, *how;
	} cases[] = {
		{ "plain", "plain", NULL }, { "100%", "100%", NULL },
		{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f", NULL },
		{ "new\nline\"\\", "new\nline\"\\", NULL },
		{ "latin-\xfc", "latin-%FC", "percent" },
		{ "50% \xc3\xbc \xff", "50%25 \xc3\xbc %FF", "percent" },
		{ "cut \xe2\x82", "cut %E2%82", "percent" },
		{ "\xed\xa0\x80", "%ED%A0%80", "percent" }, /* a surrogate */
		{ "\xc0\xaf", "%C0%AF", "percent" },        /* overlong */
	};
	size_t i, n = sizeof(cases) / sizeof(cases[0]);
	struct sample s;
	json_t *v, *list;
	const char *how;

	sample_init(&s);
	for (i = 0; i < n; i++)
		sample_add(&s, ACTION_RENAME, cases[i].path, 1)->from =
		    &s.entry[i];
	v = parsed(&s);
	list = json_object_get(v, "actions");
	for (i = 0; i < n; i++) {
		cr_assert_str_eq(string_at(list, i, "path"), cases[i].want);
		cr_assert_str_eq(string_at(list, i, "from"), cases[i].want);
		how = string_at(list, i, "path_encoding");
		cr_assert_eq(how == NULL, cases[i].how == NULL);
		cr_assert(how == NULL || strcmp(how, cases[i].how) == 0);
		how = string_at(list, i, "from_encoding");
		cr_assert_eq(how == NULL, cases[i].how == NULL);
	}
	json_decref(v);
}

Test(report, an_error_is_json_whatever_its_text)
{
	struct err e;
	json_t *v, *error;

	(void)err_set(&e, ERR_OFFLINE, "server: no answer");
	v = json_error(&e);
	error = json_object_get(v, "error");
	cr_assert_str_eq(json_string_value(json_object_get(error, "kind")),
	    err_word(&e));
	cr_assert_str_eq(json_string_value(json_object_get(error, "message")),
	    "server: no answer");
	json_decref(v);
	(void)err_set(&e, ERR_SYSTEM, "b\xfcro: denied");
	v = json_error(&e);
	cr_assert_not_null(v);
	cr_assert_str_eq(json_string_value(
			     json_object_get(json_object_get(v, "error"),
				 "message")),
	    "b\\xfcro: denied");
	json_decref(v);
}

Test(report, output_that_does_not_fit_is_an_error)
{
	FILE *full = fopen("/dev/full", "w");
	struct sample s;
	struct err e;

	cr_assert_not_null(full);
	sample_init(&s);
	sample_add(&s, ACTION_UPLOAD, "a", 1);
	cr_assert_eq(report_json(full, &s.report, &e), -1);
	cr_assert_eq(e.kind, ERR_SYSTEM);
	cr_assert_eq(report_text(full, &s.report, &sample_plain, &e), -1);
	cr_assert_eq(e.kind, ERR_SYSTEM);
	(void)fclose(full);
}
