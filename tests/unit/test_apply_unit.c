#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "homes.h"
#include "model/rules.h"

static struct rules *
units(const char *text)
{
	struct rules *rules;
	struct err e = { 0 };

	cr_assert_eq(rules_new(&rules, &e), 0);
	cr_assert_eq(rules_add(rules, RULES_USER, "test", text, strlen(text),
			 &e),
	    0, "%s", e.text);
	return rules;
}

static const struct unit *
unit_of(const struct run *r, const char *path)
{
	const struct op *op = run_op(r, path);

	cr_assert_neq(op->unit, 0, "%s", path);
	return &r->plan.unit[op->unit - 1];
}

Test(apply_unit, a_directory_comes_changes_and_goes_in_one_step)
{
	static const struct {
		const char *why, *before, *after, *of;
	} rows[] = {
		{ "changes", "mkdir u; echo a > u/a; echo b > u/b",
		    "u/a=new u/n=new -u/b", "u/a" },
		{ "comes", "true", "u/ u/s/ u/s/a=new u/b=new", "u/b" },
		{ "comes below what is new", "true",
		    "d/ d/e/ d/e/u/ d/e/u/a=new d/e/u/b=new", "d/e/u/a" },
		{ "goes", "mkdir -p u/s; echo a > u/s/a; echo b > u/b", "-u",
		    "u/b" },
		{ "gets another name", "mkdir u; echo a > u/a; echo b > u/b",
		    "-u d/ d/u/ d/u/a=a d/u/b=b", "d/u/a" },
	};
	struct homes h;
	struct run r;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		homes_make(&h);
		h.rules = units("unit u/\n");
		homes_shell(&h, "%s", rows[i].before);
		run_plan(&h, &r, NULL, rows[i].after);
		run_apply(&h, &r);
		cr_expect(unit_of(&r, rows[i].of)->swapped, "%s", rows[i].why);
		run_check(&h, &r, rows[i].why);
		run_free(&r);
		rules_free(h.rules);
		homes_free(&h);
	}
}

Test(apply_unit, what_somebody_did_to_it_since_the_scan_keeps_all_of_it)
{
	static const char *const edits[] = {
		"echo mine >> u/a",
		"echo mine > u/b",
		"echo mine > u/n",
		"mkdir u/d",
		"rm u/a; ln -s b u/a",
		"mkdir u/s/d",
		"mv u/s u/t",
	};
	static const char *const after[] = { "u/a=new u/b=new", "-u" };
	struct home now;
	struct homes h;
	struct run r;
	char want[512];

	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		for (size_t k = 0; k < 2; k++) {
			homes_make(&h);
			h.rules = units("unit u/\n");
			homes_shell(&h,
			    "mkdir -p u/s; echo a > u/a; echo b > u/b");
			run_plan(&h, &r, NULL, after[k]);
			homes_shell(&h, "%s", edits[i]);
			now = homes_scan(&h, NULL, NULL);
			snprintf(want, sizeof(want), "%s",
			    homes_words(&h, &now));
			home_free(&now);
			run_apply(&h, &r);
			now = homes_scan(&h, NULL, NULL);
			/* What only came beside it does not stop a change. */
			if (run_op(&r, "u/b")->state == OP_FAILED)
				cr_expect_str_eq(homes_words(&h, &now), want,
				    "%s, %s: %s", edits[i], after[k],
				    homes_words(&h, &now));
			else
				cr_expect(k == 0 &&
					homes_has(&h, i == 2 ? "u/n" : "u/b"),
				    "%s, %s", edits[i], after[k]);
			cr_expect(k == 0 ||
				run_op(&r, "u/b")->state == OP_FAILED,
			    "%s, %s", edits[i], after[k]);
			home_free(&now);
			run_free(&r);
			rules_free(h.rules);
			homes_free(&h);
		}
	}
}

Test(apply_unit, a_database_and_its_log_come_change_and_go)
{
	static const struct {
		const char *before, *after;
	} rows[] = {
		{ "echo d > d; echo w > d-wal", "d=new d-wal=new" },
		{ "echo d > d; echo w > d-wal", "d=new -d-wal" },
		{ "echo d > d", "d=new d-journal=new" },
		{ "echo d > d; echo j > d-journal",
		    "d=new -d-journal d-wal=w" },
		{ "true", "s/ s/d=new s/d-wal=new" },
		{ "echo d > d; echo w > d-wal", "-d -d-wal" },
		{ "echo d > d; echo w > d-wal; echo j > d-journal",
		    "d=new -d-wal -d-journal" },
		{ "echo d > d; echo w > d-wal", "d-wal=new" },
	};
	struct homes h;
	struct run r;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		homes_make(&h);
		homes_shell(&h, "%s", rows[i].before);
		run_plan(&h, &r, NULL, rows[i].after);
		run_apply(&h, &r);
		run_check(&h, &r, rows[i].after);
		run_free(&r);
		homes_free(&h);
	}
}

Test(apply_unit, an_edit_of_a_database_keeps_it_and_its_log)
{
	static const char *const edits[] = { "echo x >> d", "echo x >> d-wal",
		"rm d-wal", "mv d e; cp e d" };
	struct homes h;
	struct run r;

	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		homes_make(&h);
		homes_shell(&h, "echo d > d; echo w > d-wal");
		run_plan(&h, &r, NULL, "d=new d-wal=new");
		homes_shell(&h, "%s", edits[i]);
		run_apply(&h, &r);
		cr_expect_eq(run_op(&r, "d")->state, OP_FAILED, "%s", edits[i]);
		cr_expect_eq(run_op(&r, "d-wal")->state, OP_FAILED);
		cr_expect_eq(homes_get(&h, "d")[0], 'd', "%s", edits[i]);
		cr_expect(!homes_has(&h, "d-wal") ||
			homes_get(&h, "d-wal")[0] == 'w',
		    "%s", edits[i]);
		run_free(&r);
		homes_free(&h);
	}
}
