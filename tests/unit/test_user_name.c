#include <criterion/criterion.h>
#include <string.h>

#include "signin/user_name.h"

static struct err e;

Test(user_name, is_an_account_and_perhaps_a_domain)
{
	static const struct {
		const char *name, *account, *domain;
	} rows[] = {
		{ "alice", "alice", "" },
		{ "LAB\\alice", "alice", "LAB" },
		{ "alice@lab.example", "alice", "lab.example" },
		{ "LAB\\a@b", "a@b", "LAB" },
		{ "a@b@lab.example", "a@b", "lab.example" },
		{ "alice@", "alice", "" },
		{ "\\alice", "alice", "" },
	};
	struct user_name n;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert_eq(user_name_split(&n, rows[i].name, &e), 0, "%s",
		    e.text);
		cr_expect_str_eq(n.account, rows[i].account);
		cr_expect_str_eq(n.domain, rows[i].domain);
	}
}

Test(user_name, without_an_account_or_too_long_is_none)
{
	char name[600];
	struct user_name n;

	cr_expect_eq(user_name_split(&n, "", &e), -1);
	cr_expect_eq(user_name_split(&n, "LAB\\", &e), -1);
	cr_expect_eq(user_name_split(&n, "@lab.example", &e), -1);
	memset(name, 'x', sizeof(name));
	name[599] = '\0';
	cr_expect_eq(user_name_split(&n, name, &e), -1);
	cr_expect_eq(e.kind, ERR_USAGE);
	name[1] = '\\';
	cr_expect_eq(user_name_split(&n, name, &e), -1);
	name[256] = '\\';
	name[1] = 'x';
	name[258] = '\0';
	cr_expect_eq(user_name_split(&n, name, &e), -1);
	cr_expect_eq(user_name_split(&n, name + 1, &e), 0);
}
