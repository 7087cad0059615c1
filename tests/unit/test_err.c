#include <errno.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/err.h"

static int
refuse(struct err *e)
{
	return err_set(e, ERR_POLICY, "user %s: %d", "alice", 7);
}

Test(err, failing_is_one_line)
{
	struct err e;

	cr_assert_eq(refuse(&e), -1);
	cr_assert_eq(e.kind, ERR_POLICY);
	cr_assert_eq(e.sys, 0);
	cr_assert_str_eq(e.text, "user alice: 7");
}

Test(err, a_system_call_brings_its_reason)
{
	struct err e;

	errno = ENOENT;
	cr_assert_eq(err_sys(&e, "%s", "home"), -1);
	cr_assert_eq(e.kind, ERR_SYSTEM);
	cr_assert_eq(e.sys, ENOENT);
	cr_assert_str_eq(e.text, "home: No such file or directory");
}

Test(err, wrapping_puts_the_place_in_front_and_keeps_the_rest)
{
	struct err e;

	errno = EACCES;
	err_sys(&e, "c");
	cr_assert_eq(err_wrap(&e, "%s", "b"), -1);
	err_wrap(&e, "a");
	cr_assert_str_eq(e.text, "a: b: c: Permission denied");
	cr_assert_eq(e.kind, ERR_SYSTEM);
	cr_assert_eq(e.sys, EACCES);
}

Test(err, an_old_text_may_be_part_of_the_new_one)
{
	struct err e;

	err_set(&e, ERR_GONE, "inner");
	err_set(&e, ERR_FORMAT, "outer (%s)", e.text);
	cr_assert_str_eq(e.text, "outer (inner)");
	err_wrap(&e, "%s again", e.text);
	cr_assert_str_eq(e.text, "outer (inner) again: outer (inner)");
}

Test(err, what_is_too_long_is_cut_and_stays_a_string)
{
	static char text[2 * ERR_TEXT_MAX];
	struct err e;

	memset(text, 'x', sizeof(text) - 1);
	for (size_t cut = 0; cut < 4; cut++) {
		size_t len = ERR_TEXT_MAX - cut;

		err_set(&e, ERR_LIMIT, "%.*s", (int)len, text);
		cr_expect_eq(strlen(e.text), cut == 0 ? len - 1 : len);
		err_wrap(&e, "%s", text);
		cr_expect_eq(strlen(e.text), (size_t)ERR_TEXT_MAX - 1);
		err_sys(&e, "%.*s", (int)len, text);
		cr_expect_eq(strlen(e.text), (size_t)ERR_TEXT_MAX - 1);
	}
}

/* Scripts rely on each of these: the table is written down twice. */
Test(err, every_kind_has_its_exit_status_and_word)
{
	static const struct {
		enum err_kind kind;
		int exit_code;
		const char *word;
		bool passing;
	} want[] = {
		{ ERR_USAGE, 2, "usage", false },
		{ ERR_SYSTEM, 1, "system", false },
		{ ERR_OFFLINE, 3, "offline", true },
		{ ERR_AUTH, 3, "auth", false },
		{ ERR_STORE, 1, "store", false },
		{ ERR_POLICY, 4, "policy", false },
		{ ERR_BUSY, 6, "busy", true },
		{ ERR_FORMAT, 1, "format", false },
		{ ERR_LIMIT, 1, "limit", false },
		{ ERR_GONE, 1, "gone", false },
		{ ERR_RACE, 1, "race", true },
		{ ERR_LATE, 3, "late", true },
	};
	const size_t count = sizeof(want) / sizeof(want[0]);
	struct err e;

	cr_assert_eq(count + 1, (size_t)ERR__COUNT);
	for (size_t i = 0; i < count; i++) {
		err_set(&e, want[i].kind, "x");
		cr_expect_eq(err_exit_code(&e), want[i].exit_code, "%s",
		    want[i].word);
		cr_expect_str_eq(err_word(&e), want[i].word);
		cr_expect_eq(err_is_passing(&e), want[i].passing, "%s",
		    want[i].word);
	}
}
