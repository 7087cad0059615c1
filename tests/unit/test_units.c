#include "engine/plan.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "trees.h"

/* Trees, the plan, and what both sides hold when it is done. */
struct row {
	const char *why;
	struct trees trees;
	const char *ops, *outcome;
};

static void
check_rows(const struct row *rows, size_t count)
{
	struct world w;
	const char *got;

	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];

		world_plan(&w, &row->trees);
		got = world_ops(&w);
		cr_expect_str_eq(got, row->ops, "%s: %s", row->why, got);
		world_do(&w);
		if (row->outcome != NULL) {
			got = world_new_store(&w);
			cr_expect_str_eq(got, row->outcome, "%s: store: %s",
			    row->why, got);
			got = world_new_local(&w);
			cr_expect_str_eq(got, row->outcome, "%s: home: %s",
			    row->why, got);
		}
		world_free(&w);
	}
}
#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

Test(units, are_taken_whole_from_one_side)
{
	static const char rules[] = "unit u/\n";
	static const struct row rows[] = {
		{ .why = "one side wrote",
		    .trees = { "u/ u/a=1 u/b=1", "u/ u/a=2 u/b=2",
			"u/ u/a=1 "
			"u/b=1",
			rules },
		    .ops = "upload:u/a upload:u/b",
		    .outcome = "u/ u/a=2 u/b=2" },
		{ .why = "both wrote, other files",
		    .trees = { "u/ u/a=1 u/b=1", "u/ u/a=2@9 u/b=1",
			"u/ u/a=1 u/b=2@5", rules },
		    .ops = "upload:u/a conflict:u/b",
		    .outcome = "u/ u/a=2 u/b=1" },
		{ .why = "the store's is newer",
		    .trees = { "u/ u/a=1 u/b=1", "u/ u/a=2@5 u/b=1",
			"u/ u/a=1 u/b=2@9", rules },
		    .ops = "conflict:u/a download:u/b",
		    .outcome = "u/ u/a=1 u/b=2" },
		{ .why = "the newest file of each counts",
		    .trees = { "u/ u/a=1 u/b=1 u/c=1",
			"u/ u/a=2@9 u/b=1 "
			"u/c=1",
			"u/ u/a=3@5 u/b=2@7 u/c=2@8", rules },
		    .ops = "conflict:u/a conflict:u/b conflict:u/c",
		    .outcome = "u/ u/a=2 u/b=1 u/c=1" },
		{ .why = "new files of the loser go to the list, not the unit",
		    .trees = { "u/ u/a=1", "u/ u/a=2@9", "u/ u/a=1 u/n=1@5",
			rules },
		    .ops = "upload:u/a conflict:u/n",
		    .outcome = "u/ u/a=2" },
		{ .why = "the same, here",
		    .trees = { "u/ u/a=1", "u/ u/a=1 u/n=1@5", "u/ u/a=2@9",
			rules },
		    .ops = "download:u/a conflict:u/n",
		    .outcome = "u/ u/a=2" },
		{ .why = "a removal gives way to an edit",
		    .trees = { "u/ u/a=1 u/b=1", NULL, "u/ u/a=2 u/b=1",
			rules },
		    .ops = "download:u download:u/a download:u/b",
		    .outcome = "u/ u/a=2 u/b=1" },
		{ .why = "both the same",
		    .trees = { "u/ u/a=1", "u/ u/a=2@5", "u/ u/a=2@9", rules },
		    .ops = "none:u/a",
		    .outcome = "u/ u/a=2" },
		{ .why = "what lies beside is merged as ever",
		    .trees = { "u/ u/a=1 x=1", "u/ u/a=2@9 x=1",
			"u/ u/a=3@5 x=2", rules },
		    .ops = "conflict:u/a download:x",
		    .outcome = "u/ u/a=2 x=2" },
	};

	CHECK_ROWS(rows);
}

/* Paths of the ops that have a loser, as words. */
static const char *
losers_of(const struct plan *p)
{
	static char out[256];

	out[0] = '\0';
	for (size_t i = 0; i < p->count; i++)
		if (p->op[i].loser != NULL)
			snprintf(out + strlen(out), sizeof(out) - strlen(out),
			    "%s%s%s", out[0] != '\0' ? " " : "",
			    op_path(&p->op[i], NULL),
			    p->op[i].loser_is_local ? "" : "(store)");
	return out;
}

Test(units, lose_whole)
{
	static const struct row rows[] = {
		{ .why = "what only the other one changed belongs to it",
		    .trees = { "u/ u/a=1 u/b=1 u/c=1", "u/ u/a=2@9 u/b=1 u/c=1",
			"u/ u/a=1 u/b=2@5 u/c=1", "unit u/\n" },
		    .ops = "u/a(store) u/b(store)" },
		{ .why = "here",
		    .trees = { "u/ u/a=1 u/b=1", "u/ u/a=2@5 u/b=1",
			"u/ u/a=1 u/b=2@9 u/n=1@9", "unit u/\n" },
		    .ops = "u/a u/b" },
		{ .why = "a side that only removed wrote nothing",
		    .trees = { "u/ u/a=1 u/b=1", "u/ u/b=1", "u/ u/a=1 u/b=2",
			"unit u/\n" },
		    .ops = "" },
		{ .why = "a database and its log",
		    .trees = { "d=1 d-wal=1", "d=1 d-wal=2@5", "d=2@9", NULL },
		    .ops = "d d-wal" },
		{ .why = "nobody contests it",
		    .trees = { "u/ u/a=1 u/b=1", "u/ u/a=2 u/b=2",
			"u/ u/a=1 u/b=1", "unit u/\n" },
		    .ops = "" },
	};
	struct world w;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		world_plan(&w, &rows[i].trees);
		cr_expect_str_eq(losers_of(&w.plan), rows[i].ops, "%s: %s",
		    rows[i].why, losers_of(&w.plan));
		world_free(&w);
	}
}

Test(units, are_put_as_one_and_a_database_with_its_own_log)
{
	static const struct {
		const char *why;
		struct trees trees;
		const char *ops, *losers;
		size_t units;
	} rows[] = {
		{ "files of a directory",
		    { NULL, "u/ u/a=2 u/b=2", "u/ u/a=1 u/b=1", "unit u/\n" },
		    "conflict:u/a conflict:u/b", "u/a u/b", 1 },
		{ "no log comes with it",
		    { NULL, "d=2 d-wal=2 d-shm=2 d-journal= e=2", "d=1", NULL },
		    "conflict:d delete-local:d-journal delete-local:d-shm "
		    "delete-local:d-wal",
		    "d d-shm d-wal", 1 },
		{ "the log is another one",
		    { NULL, "d=2 d-wal=2", "d=1 d-wal=1", NULL },
		    "conflict:d conflict:d-wal", "d d-wal", 1 },
		{ "the database stays, the log goes",
		    { NULL, "d=1 d-wal=2", "d=1", NULL }, "delete-local:d-wal",
		    "d-wal", 1 },
		{ "a log alone is a file",
		    { NULL, "d=1 d-wal=2", "d-wal=1", NULL }, "conflict:d-wal",
		    "d-wal", 1 },
	};
	const struct tree none = { 0 };
	struct err e = { 0 };
	struct world w;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		world_make(&w, &rows[i].trees);
		cr_assert_eq(plan_put(&w.plan, &w.in, &none, &e), 0);
		cr_expect_str_eq(world_ops(&w), rows[i].ops, "%s: %s",
		    rows[i].why, world_ops(&w));
		cr_expect_str_eq(losers_of(&w.plan), rows[i].losers, "%s: %s",
		    rows[i].why, losers_of(&w.plan));
		cr_expect_eq(w.plan.unit_count, rows[i].units, "%s",
		    rows[i].why);
		world_free(&w);
	}
}

Test(units, wait_as_a_whole)
{
	static const struct row rows[] = {
		{ .why = "a file could not be read",
		    .trees = { "u/ u/a=1 u/b=1", "u/ u/a=2 !u/b",
			"u/ u/a=1 u/b=1", "unit u/\n" },
		    .ops = "upload:u/a(failed)" },
		{ .why = "what lies beside does not",
		    .trees = { "u/ u/a=1 u/b=1 x=1 y=1", "u/ u/a=2 !u/b x=2 !y",
			"u/ u/a=1 u/b=1 x=1 y=1", "unit u/\n" },
		    .ops = "upload:u/a(failed) upload:x" },
		{ .why = "what stays local is no part of it",
		    .trees = { "u/ u/a=1", "u/ u/a=2 ?u/b", "u/ u/a=1",
			"unit u/\nlocal u/b\n" },
		    .ops = "upload:u/a" },
	};

	CHECK_ROWS(rows);
}

Test(units, are_databases_with_their_logs)
{
	static const struct row rows[] = {
		{ .why = "the database here, its log there",
		    .trees = { "d=1 d-wal=1", "d=2@9 d-wal=1", "d=1 d-wal=2@5",
			NULL },
		    .ops = "upload:d conflict:d-wal",
		    .outcome = "d=2 d-wal=1" },
		{ .why = "a journal that came",
		    .trees = { "d=1", "d=2@5 d-journal=1@5", "d=3@9", NULL },
		    .ops = "conflict:d conflict:d-journal",
		    .outcome = "d=3" },
		{ .why = "a log that could not be read",
		    .trees = { "d=1 d-wal=1", "d=2 !d-wal", "d=1 d-wal=1",
			NULL },
		    .ops = "upload:d(failed)" },
		{ .why = "an empty log is no news",
		    .trees = { "d=1", "d=1 d-wal=@9", "d=2@5", NULL },
		    .ops = "download:d upload:d-wal",
		    .outcome = "d=2 d-wal=" },
		{ .why = "a name that only looks so",
		    .trees = { "x-wal=1", "x-wal=2@9", "x-wal=3@5", NULL },
		    .ops = "conflict:x-wal",
		    .outcome = "x-wal=2" },
	};

	CHECK_ROWS(rows);
}

Test(units, are_held_as_a_whole_and_alone)
{
	static const struct trees trees = { "u/ u/a=1 u/b=1 x=1 y=1 z=1",
		"u/ u/a=2 z=2", "u/ u/a=1 u/b=1 x=1 y=1 z=1", "unit u/\n" };
	static const struct guard strict = { .percent = 10, .count = 1 };
	struct world w;

	world_plan(&w, &trees);
	cr_expect_eq(plan_guard(&w.plan, &w.in, &strict), 3);
	cr_expect_str_eq(world_ops(&w),
	    "upload:u/a(pending) delete-store:u/b(held) delete-store:x(held) "
	    "delete-store:y(held) upload:z");
	world_free(&w);
}
