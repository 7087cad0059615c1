#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "store/file_url.h"
#include "store/store.h"

/* What the path of a URL is; NULL where it is refused. */
Test(store, a_file_url_is_a_path_with_its_bytes_encoded)
{
	static const struct {
		const char *url, *path;
	} cases[] = {
		{ "file:///srv/p", "/srv/p" },
		{ "file:///srv/p///", "/srv/p" },
		{ "FILE:///srv/p", "/srv/p" },
		{ "file://localhost/srv/p", "/srv/p" },
		{ "file://LocalHost/srv/p", "/srv/p" },
		{ "file:///a%20b%2fc", "/a b/c" },
		{ "file:///%C3%a4", "/\xc3\xa4" },
		{ "file:///%ff%01%25", "/\xff\x01%" },
		{ "file:///a b", "/a b" },
		{ "file:///%3f%23", "/?#" },
		{ "file:///a?b", NULL },
		{ "file:///a#b", NULL },
		{ "file:///a%00b", NULL },
		{ "file:///a%", NULL },
		{ "file:///a%4", NULL },
		{ "file:///a%g0", NULL },
		{ "file:///a%\x10\x10", NULL },
		{ "file:///a%4\x18", NULL },
		{ "file:///", NULL },
		{ "file://", NULL },
		{ "file:", NULL },
		{ "file:/srv/p", NULL },
		{ "file:srv/p", NULL },
		{ "file://server/p", NULL },
		{ "file://localhostp/p", NULL },
		{ "file://localhost", NULL },
		{ "srv/p", NULL },
	};
	char path[PATH_MAX];
	struct err e;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int rc = file_url_path(cases[i].url, path, &e);

		cr_expect_eq(rc == 0, cases[i].path != NULL, "%s",
		    cases[i].url);
		if (rc == 0 && cases[i].path != NULL)
			cr_expect_str_eq(path, cases[i].path);
		if (rc == -1)
			cr_expect_eq(e.kind, ERR_USAGE, "%s", cases[i].url);
	}
}

Test(store, a_path_longer_than_any_is_refused)
{
	char url[PATH_MAX + 64] = "file:///";
	char path[PATH_MAX];
	struct err e;

	memset(url + 8, 'a', PATH_MAX - 2);
	cr_expect_eq(file_url_path(url, path, &e), 0);
	url[8 + PATH_MAX - 2] = 'a';
	cr_expect_eq(file_url_path(url, path, &e), -1);
	cr_expect_eq(e.kind, ERR_USAGE);
}

Test(store, only_known_kinds_of_urls_pass)
{
	static const struct {
		const char *url;
		bool good;
		const char *says;
	} cases[] = {
		{ "file:///srv/p", true, NULL },
		{ "", false, "no URL" },
		{ "/srv/p", false, "file:///srv/p" },
		{ "ftp://server/p", false, "unknown kind" },
		{ "files:///p", false, "unknown kind" },
		{ "file:p", false, "file:///" },
	};
	struct err e;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int rc = store_check_url(cases[i].url, &e);

		cr_expect_eq(rc == 0, cases[i].good, "%s", cases[i].url);
		if (rc == -1) {
			cr_expect_eq(e.kind, ERR_USAGE);
			cr_expect_not_null(strstr(e.text, cases[i].says), "%s",
			    e.text);
		}
	}
}

Test(store, checking_a_url_opens_nothing)
{
	struct err e;

	cr_expect_eq(store_check_url("file:///no/such/place", &e), 0);
}
