#include <criterion/criterion.h>
#include <string.h>

#include "signin/profile_url.h"

static struct err e;
static const struct profile_names alice = { "alice", "alice", "LAB" };

Test(profile_url, a_path_of_windows_becomes_a_url)
{
	static const struct {
		const char *unc, *url;
	} cases[] = {
		{ "\\\\srv\\profiles\\alice", "smb://srv/profiles/alice.x" },
		{ "\\\\srv\\profiles\\alice\\", "smb://srv/profiles/alice.x" },
		{ "//srv/profiles/alice", "smb://srv/profiles/alice.x" },
		{ "\\\\srv.lab.example\\User Profiles$\\%USERNAME%",
		    "smb://srv.lab.example/User%20Profiles$/alice.x" },
		{ "\\\\srv\\p\\%UserDomain%\\%u", "smb://srv/p/LAB/alice.x" },
		{ "\\\\srv\\p\\%domain%-%username%",
		    "smb://srv/p/LAB-alice.x" },
		{ "\\\\srv\\p\\100%%", "smb://srv/p/100%25.x" },
		{ "\\\\srv\\p\\\xc3\xa4#", "smb://srv/p/%C3%A4%23.x" },
		{ "\\\\srv\\p\\a.man", "smb://srv/p/a.man.x" },
		{ "\\\\srv\\p\\v6", "smb://srv/p/v6.x" },
	};
	char out[PROFILE_URL_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_eq(profile_url_from_unc(out, sizeof(out),
				 cases[i].unc, &alice, ".x", &e),
		    0, "%s", e.text);
		cr_expect_str_eq(out, cases[i].url);
	}
}

Test(profile_url, what_is_no_share_is_refused)
{
	static const struct {
		const char *unc, *says;
	} cases[] = {
		{ "", "SERVER" },
		{ "C:\\profiles\\alice", "SERVER" },
		{ "\\srv\\p\\a", "SERVER" },
		{ "\\\\srv", "no directory" },
		{ "\\\\srv\\p", "no directory" },
		{ "\\\\srv\\p\\", "no directory" },
		{ "\\\\\\p\\a", "empty" },
		{ "\\\\srv\\\\a", "empty" },
		{ "\\\\srv\\p\\a\\\\b", "empty" },
		{ "\\\\srv\\p\\..\\b", "'..'" },
		{ "\\\\srv\\p\\a:b", "byte" },
		{ "\\\\srv\\p\\a\nb", "byte" },
		{ "\\\\srv\\p\\\xff", "UTF-8" },
		{ "\\\\srv\\p\\%logonserver%", "variable" },
		{ "\\\\srv\\p\\%", "variable" },
		{ "\\\\srv\\p\\a.V6", "Windows" },
		{ "\\\\srv\\p\\a.v2\\b", "Windows" },
		{ "\\\\srv\\p\\%username%.V12", "Windows" },
	};
	char out[PROFILE_URL_MAX], small[24];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect_eq(profile_url_from_unc(out, sizeof(out),
				 cases[i].unc, &alice, ".x", &e),
		    -1, "%s", cases[i].unc);
		cr_expect_not_null(strstr(e.text, cases[i].says), "%s: %s",
		    cases[i].unc, e.text);
	}
	cr_expect_eq(profile_url_from_unc(small, sizeof(small),
			 "\\\\srv\\profiles\\alice", &alice, ".x", &e),
	    -1);
	cr_expect_eq(e.kind, ERR_LIMIT);
}

Test(profile_url, a_users_name_never_leaves_its_place)
{
	static const char *const users[] = { "", ".", "..", "a/b", "a\\b",
		"../bob", "a:b" };
	char out[PROFILE_URL_MAX];

	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		const struct profile_names names = { users[i], "alice", "" };

		cr_expect_eq(profile_url_from_unc(out, sizeof(out),
				 "\\\\srv\\p\\x%username%", &names, ".x", &e),
		    -1, "%s", users[i]);
	}
	cr_expect_eq(profile_url_from_unc(out, sizeof(out),
			 "\\\\srv\\p\\%domain%",
			 &(struct profile_names){ "alice", "alice", "" }, ".x",
			 &e),
	    -1);
	cr_expect_not_null(strstr(e.text, "nothing is known"));
}

Test(profile_url, a_suffix_is_never_one_of_windows)
{
	static const char *const bad[] = { "", ".", "x", ".V2", ".v6", ".V10",
		".a.V6", ".a/b", ".a\\b", ".a b", ".a.", "..",
		(".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		 "aaaaaaa") };
	static const char *const good[] = { ".linux", ".x6", ".V", ".debian12",
		".a.b", ".Vx", ".L1" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(profile_url_check_suffix(bad[i], &e), -1, "%s",
		    bad[i]);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		cr_expect_eq(profile_url_check_suffix(good[i], &e), 0, "%s",
		    e.text);
}

Test(profile_url, a_suffix_may_name_the_generation_of_the_system)
{
	char out[65];

	cr_assert_eq(profile_url_suffix(out, sizeof(out), ".%o-%v", "debian",
			 "12", &e),
	    0, "%s", e.text);
	cr_expect_str_eq(out, ".debian-12");
	cr_assert_eq(profile_url_suffix(out, sizeof(out), ".%o", "a/../b\n", "",
			 &e),
	    0);
	cr_expect_str_eq(out, ".a..b");
	cr_expect_eq(profile_url_suffix(out, sizeof(out), ".%x", "a", "", &e),
	    -1);
	cr_expect_eq(profile_url_suffix(out, sizeof(out), ".%", "a", "", &e),
	    -1);
	cr_expect_eq(profile_url_suffix(out, sizeof(out), ".V%v", "", "6", &e),
	    -1);
	cr_expect_eq(profile_url_suffix(out, 4, ".%o", "debian", "", &e), -1);
}

Test(profile_url, terminal_services_have_a_path_of_their_own)
{
	struct facts f = { .profile_path = "p", .ts_profile_path = "t" };

	cr_expect_str_eq(profile_url_pick(&f, false), "p");
	cr_expect_str_eq(profile_url_pick(&f, true), "t");
	f.ts_profile_path[0] = '\0';
	cr_expect_str_eq(profile_url_pick(&f, true), "p");
}
