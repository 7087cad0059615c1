#include "engine/report.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "engine/json.h"

#define OPS_MAX 200

/* A plan made by hand, and room for what its ops are about. */
struct sample {
	struct op op[OPS_MAX];
	struct entry entry[OPS_MAX];
	char path[OPS_MAX][64];
	struct plan plan;
	struct report report;
};

static void
init(struct sample *s)
{
	*s = (struct sample){ 0 };
	s->plan.op = s->op;
	s->report = (struct report){ .command = "sync",
		.store = "file:///srv/alice",
		.base = 41,
		.head = 42,
		.published = 43,
		.plan = &s->plan,
		.bytes_up = 31000000,
		.bytes_down = 1200000,
		.entries = 20000,
		.seconds = 0.4123 };
}

static struct entry *
entry_at(struct sample *s, const char *path, uint64_t size)
{
	struct entry *t = &s->entry[s->plan.count];

	*t = (struct entry){ .path = path,
		.path_len = (uint16_t)strlen(path),
		.type = ENTRY_FILE,
		.size = size };
	return t;
}

static struct op *
add(struct sample *s, enum action action, const char *path, uint64_t size)
{
	struct entry *t = entry_at(s, path, size);
	struct op *op = &s->op[s->plan.count++];

	*op = (struct op){ .result = t,
		.action = (uint8_t)action,
		.reason = REASON_CHANGED_HERE,
		.state = OP_DONE };
	if (action == ACTION_DELETE_LOCAL || action == ACTION_DELETE_STORE) {
		op->result = NULL;
		op->base = op->local = op->remote = t;
	}
	return op;
}

static void
add_many(struct sample *s, enum action action, unsigned n)
{
	char *path;

	while (n-- > 0) {
		path = s->path[s->plan.count];
		(void)snprintf(path, sizeof(s->path[0]), "many/%zu",
		    s->plan.count);
		add(s, action, path, 1000);
	}
}

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

static char *
text(const struct sample *s, const struct report_style *style)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	struct err e;

	cr_assert_not_null(f);
	cr_assert_eq(report_text(f, &s->report, style, &e), 0);
	cr_assert_eq(fclose(f), 0);
	return text;
}

static const struct report_style plain = { .width = 80 };

static void
expect_text(const struct sample *s, const char *want)
{
	char *got = text(s, &plain);

	cr_assert_str_eq(got, want);
	free(got);
}

static void
expect_in_text(const struct sample *s, const char *want)
{
	char *got = text(s, &plain);

	cr_assert_not_null(strstr(got, want), "%s", got);
	free(got);
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

	init(&s);
	add(&s, ACTION_UPLOAD, "a", 123);
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

	init(&s);
	add(&s, ACTION_UPLOAD, "a", 123);
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

	init(&s);
	for (i = 0; i < n; i++)
		for (k = 0; k <= i; k++)
			add(&s, cases[i].action, "path", i);
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

	init(&s);
	op = add(&s, ACTION_RENAME, "new/name", 7);
	op->from = &old;
	op->reason = REASON_MOVED_HERE;
	add(&s, ACTION_UPLOAD, "dir", 0);
	s.entry[1].type = ENTRY_DIR;
	add(&s, ACTION_UPLOAD, "link", 9);
	s.entry[2].type = ENTRY_LINK;
	/* The store's version is the one that goes. */
	op = add(&s, ACTION_DELETE_STORE, "gone", 77);
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

	init(&s);
	add(&s, ACTION_UPLOAD, "a", 1)->state = OP_PLANNED;
	add(&s, ACTION_UPLOAD, "b", 1)->state = OP_DONE;
	add(&s, ACTION_UPLOAD, "c", 1)->state = OP_PENDING;
	add(&s, ACTION_DELETE_LOCAL, "d", 1)->state = OP_HELD;
	add(&s, ACTION_NONE, "e", 1)->state = OP_DONE;
	add(&s, ACTION_NONE, "f", 1)->state = OP_PENDING;
	op_fail(add(&s, ACTION_DOWNLOAD, "g", 1), WHY_NOSPACE);
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

	init(&s);
	op_fail(add(&s, ACTION_DOWNLOAD, "big", 1), WHY_NOSPACE);
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
	expect_text(&s,
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

	init(&s);
	for (i = 0; i < n; i++)
		add(&s, ACTION_RENAME, cases[i].path, 1)->from = &s.entry[i];
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
	init(&s);
	add(&s, ACTION_UPLOAD, "a", 1);
	cr_assert_eq(report_json(full, &s.report, &e), -1);
	cr_assert_eq(e.kind, ERR_SYSTEM);
	cr_assert_eq(report_text(full, &s.report, &plain, &e), -1);
	cr_assert_eq(e.kind, ERR_SYSTEM);
	(void)fclose(full);
}

Test(report, nothing_to_do_is_one_line)
{
	struct sample s;

	init(&s);
	expect_text(&s, "nothing to do, 0.41 s\n");
}

Test(report, text_is_a_line_an_action_and_a_line_of_sums)
{
	struct entry old = { .path = "old", .path_len = 3 };
	struct sample s;

	init(&s);
	add(&s, ACTION_CONFLICT, "c.ini", 42)->reason = REASON_BOTH_LOCAL_WON;
	add(&s, ACTION_RENAME, "r", 1)->from = &old;
	add(&s, ACTION_UPLOAD, "a\nb", 31000000);
	add(&s, ACTION_UPLOAD, "dir", 0);
	s.entry[3].type = ENTRY_DIR;
	add(&s, ACTION_DELETE_LOCAL, "d", 1200)->reason = REASON_REMOVED_THERE;
	expect_text(&s,
	    "upload          31 MB  a\\x0ab  (changed here)\n"
	    "upload                 dir  (changed here)\n"
	    "rename            1 B  r  (was old)\n"
	    "delete here    1.2 KB  d  (removed in the store)\n"
	    "conflict         42 B  c.ini  (changed on both sides, this one "
	    "is newer)\n"
	    "2 up (31 MB), 1 renamed, 1 deleted here, 1 conflict, 0.41 s\n");
}

Test(report, a_dry_run_says_would)
{
	struct sample s;

	init(&s);
	add(&s, ACTION_DOWNLOAD, "a", 1)->state = OP_PLANNED;
	s.report.dry_run = true;
	expect_text(&s,
	    "would download          1 B  a  (changed here)\n"
	    "would be: 1 down (1.2 MB), 0.41 s\n");
}

Test(report, many_lines_of_a_kind_end_in_a_sum)
{
	struct report_style all = { .width = 80, .all = true };
	struct sample s;
	char *got;

	init(&s);
	add_many(&s, ACTION_UPLOAD, 100);
	add_many(&s, ACTION_DOWNLOAD, 3);
	got = text(&s, &plain);
	cr_assert_not_null(strstr(got, " many/39 "));
	cr_assert_null(strstr(got, " many/40 "));
	cr_assert_not_null(
	    strstr(got, "\n… and 60 more (60 KB); --verbose lists them\n"));
	cr_assert_not_null(strstr(got, " many/102 "));
	free(got);
	got = text(&s, &all);
	cr_assert_not_null(strstr(got, " many/99 "));
	cr_assert_null(strstr(got, "more"));
	free(got);
}

Test(report, a_note_gives_way_to_the_width)
{
	static const struct report_style narrow = { .width = 40 };
	static const struct report_style endless = { 0 };
	struct sample s;
	char *got;

	init(&s);
	add(&s, ACTION_UPLOAD, "a/rather/long/path", 1);
	got = text(&s, &narrow);
	cr_assert_null(strstr(got, "changed here"));
	cr_assert_not_null(strstr(got, "a/rather/long/path\n"));
	free(got);
	got = text(&s, &endless);
	cr_assert_not_null(strstr(got, "a/rather/long/path  (changed here)\n"));
	free(got);
}

Test(report, colour_comes_only_when_asked_for)
{
	struct report_style colour = { .width = 80, .colour = true };
	struct sample s;
	char *got;

	init(&s);
	add(&s, ACTION_DELETE_LOCAL, "\033[31mred", 1);
	got = text(&s, &plain);
	cr_assert_null(strchr(got, '\033'));
	free(got);
	got = text(&s, &colour);
	cr_assert_not_null(strstr(got, "\033[31mdelete here\033[0m "));
	cr_assert_null(strstr(got, "\033[31mred"));
	free(got);
}

Test(report, held_deletions_come_with_their_remedy)
{
	struct sample s;
	size_t i;

	init(&s);
	add_many(&s, ACTION_DELETE_STORE, 120);
	for (i = 0; i < s.plan.count; i++)
		s.op[i].state = OP_HELD;
	expect_in_text(&s, "120 deletions are held back");
	expect_in_text(&s, "--allow-deletes");
	expect_in_text(&s, "nothing to do, 120 held back, 0.41 s\n");
}

Test(report, pending_changes_are_counted_and_explained)
{
	struct sample s;

	init(&s);
	add_many(&s, ACTION_DOWNLOAD, 2);
	s.op[0].state = OP_PENDING;
	expect_in_text(&s, "sync\n1 down (1.2 MB), 1 pending, 0.41 s\n");
}

Test(report, long_numbers_have_commas)
{
	struct opaque *many = calloc(12345, sizeof(*many));
	struct sample s;
	size_t i;

	cr_assert_not_null(many);
	init(&s);
	for (i = 0; i < 12345; i++)
		many[i] = (struct opaque){ "x", 1, WHY_OWNER };
	s.report.skipped = many;
	s.report.skipped_count = 12345;
	expect_in_text(&s, "… and 12,305 more; --verbose lists them\n");
	expect_in_text(&s, "nothing to do, 12,345 skipped, 0.41 s\n");
	free(many);
}
