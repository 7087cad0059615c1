#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "store/smb_error.h"
#include "store/smb_url.h"
#include "store/store.h"
#include "store/wire.h"

static struct err e;

Test(smb_url, a_url_is_taken_apart)
{
	static const struct {
		const char *url, *domain, *user, *server;
		unsigned port;
		const char *share, *path;
	} cases[] = {
		{ "smb://srv/share", "", "", "srv", 445, "share", "" },
		{ "SMB://srv.example.com/share/", "", "", "srv.example.com",
		    445, "share", "" },
		{ "smb://a@10.0.0.1:4450/s/p", "", "a", "10.0.0.1", 4450, "s",
		    "p" },
		{ "smb://LAB;a@srv/s/a/b//", "LAB", "a", "srv", 445, "s",
		    "a/b" },
		{ "smb://a%40lab@srv/s", "", "a@lab", "srv", 445, "s", "" },
		{ "smb://a@b@srv/s", "", "a@b", "srv", 445, "s", "" },
		{ "smb://srv/s%20%25/%c3%a4%23%26'/%41", "", "", "srv", 445,
		    "s %", "\xc3\xa4#&'/A" },
		{ "smb://srv/s$/\xc3\xa4 b", "", "", "srv", 445, "s$",
		    "\xc3\xa4 b" },
		{ "smb://srv/s/a@b:c", "", "", "srv", 445, NULL, NULL },
	};
	struct smb_url u;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (cases[i].share == NULL) {
			cr_expect_eq(smb_url_parse(&u, cases[i].url, &e), -1);
			continue;
		}
		cr_assert_eq(smb_url_parse(&u, cases[i].url, &e), 0, "%s",
		    e.text);
		cr_expect_str_eq(u.domain, cases[i].domain);
		cr_expect_str_eq(u.user, cases[i].user);
		cr_expect_str_eq(u.server, cases[i].server);
		cr_expect_eq(u.port, cases[i].port);
		cr_expect_str_eq(u.share, cases[i].share);
		cr_expect_str_eq(u.path, cases[i].path);
		cr_expect_eq(store_check_url(cases[i].url, &e), 0);
	}
}

Test(smb_url, what_cannot_be_on_a_server_is_refused_by_its_part)
{
	static const struct {
		const char *url, *says;
	} cases[] = {
		{ "smb:", "not of the form" },
		{ "smb:/srv/s", "not of the form" },
		{ "smb://", "no share" },
		{ "smb://srv", "no share" },
		{ "smb://srv/", "no share" },
		{ "smb://srv//p", "no share" },
		{ "smb:///s/p", "no server" },
		{ "smb://@srv/s", "user" },
		{ "smb://LAB;@srv/s", "user" },
		{ "smb://:445/s", "no server" },
		{ "smb://srv:/s", "port" },
		{ "smb://srv:0/s", "port" },
		{ "smb://srv:65536/s", "port" },
		{ "smb://srv:44x/s", "port" },
		{ "smb://[::1]/s", "IPv6" },
		{ "smb://me@[fe80::1]:445/s", "server's name" },
		{ "smb://s rv/s", "server" },
		{ "smb://-o/s", "server" },
		{ "smb://srv%2f/s", "server" },
		{ "smb://srv/s/../t", "path" },
		{ "smb://srv/../t", "share" },
		{ "smb://srv/s/./t", "path" },
		{ "smb://srv/s//t", "path" },
		{ "smb://srv/s/%2e%2e", "path" },
		{ "smb://srv/s/a%2fb", "path" },
		{ "smb://srv/s/a%5Cb", "path" },
		{ "smb://srv/s/a\\b", "path" },
		{ "smb://srv/s/a%3ab", "path" },
		{ "smb://srv/s/a*", "path" },
		{ "smb://srv/s/a%3f", "path" },
		{ "smb://srv/s/a?b", "'?' is no part" },
		{ "smb://srv/s/a#b", "%23" },
		{ "smb://srv/s/a%", "%25" },
		{ "smb://srv/s/a%4", "%25" },
		{ "smb://srv/s/a%zz", "%25" },
		{ "smb://srv/s/a%00b", "control" },
		{ "smb://srv/s/a%0ab", "control" },
		{ "smb://srv/s/a\tb", "control" },
		{ "smb://srv/s/a%ff", "UTF-8" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect_eq(smb_url_check(cases[i].url, &e), -1, "%s",
		    cases[i].url);
		cr_expect_eq(e.kind, ERR_USAGE);
		cr_expect_not_null(strstr(e.text, cases[i].says), "%s: %s",
		    cases[i].url, e.text);
	}
}

Test(smb_url, a_password_is_refused_and_not_repeated)
{
	static const char *const urls[] = { "smb://u:SECRET@srv/s",
		"smb://u:SE@CRET@srv/s", "smb://LAB;u:SECRET@srv/s",
		"smb://u:SECRET/x@srv/s", "smb://u:12@SECRET@srv/s/p@q" };

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		cr_expect_eq(smb_url_check(urls[i], &e), -1);
		cr_expect_eq(e.kind, ERR_USAGE);
		cr_expect_null(strstr(e.text, "SECRET"), "%s", e.text);
		cr_expect_null(strstr(e.text, "CRET"), "%s", e.text);
	}
}

Test(smb_url, long_parts_are_refused)
{
	char url[3000];

	snprintf(url, sizeof(url), "smb://srv/%0256d", 0);
	cr_expect_eq(smb_url_check(url, &e), -1);
	snprintf(url, sizeof(url), "smb://srv/s/%0256d", 0);
	cr_expect_eq(smb_url_check(url, &e), -1);
	snprintf(url, sizeof(url), "smb://srv/%0255d/%0255d", 0, 0);
	cr_expect_eq(smb_url_check(url, &e), 0);
	snprintf(url, sizeof(url), "smb://%0256d/s", 0);
	cr_expect_eq(smb_url_check(url, &e), -1);
	snprintf(url, sizeof(url), "smb://%0256d@srv/s", 0);
	cr_expect_eq(smb_url_check(url, &e), -1);
	snprintf(url, sizeof(url),
	    "smb://srv/s/%0250d/%0250d/%0250d/%0250d/%025d", 0, 0, 0, 0, 0);
	cr_expect_eq(smb_url_check(url, &e), -1);
}

Test(smb_error, a_session_that_ended_is_tried_anew)
{
	cr_expect(smb_error_is_loss(EINVAL));
	cr_expect(smb_error_is_loss(ENOMEM));
	cr_expect_not(smb_error_is_loss(ETIMEDOUT));
	cr_expect_not(smb_error_is_loss(EACCES));
}

Test(smb_error, what_can_be_done_about_it_decides_the_kind)
{
	static const struct {
		int sys;
		unsigned stage;
		enum err_kind want;
		const char *says;
	} cases[] = {
		{ EHOSTUNREACH, WIRE_AT_NAME, ERR_OFFLINE, "resolve" },
		{ ECONNREFUSED, WIRE_AT_PORT, ERR_OFFLINE, "refuses" },
		{ ETIMEDOUT, WIRE_AT_PORT, ERR_OFFLINE, "reached" },
		{ ETIMEDOUT, WIRE_AT_SESSION, ERR_OFFLINE, "in time" },
		{ EACCES, WIRE_AT_SESSION, ERR_AUTH, "login" },
		{ EINVAL, WIRE_AT_SESSION, ERR_AUTH, "login" },
		{ ENOSYS, WIRE_AT_SESSION, ERR_STORE, "smb_min_protocol" },
		{ ENOENT, WIRE_AT_SHARE, ERR_STORE, "share" },
		{ EACCES, WIRE_AT_SHARE, ERR_STORE, "share" },
		{ EPROTO, WIRE_AT_CLEAR, ERR_POLICY, "encrypted" },
		{ ESRCH, WIRE_AT_PATH, ERR_GONE, "no such store" },
		{ ENOENT, WIRE_AT_PATH, ERR_STORE, "missing too" },
		{ ENOENT, WIRE_AT_CALL, ERR_GONE, "" },
		{ EEXIST, WIRE_AT_CALL, ERR_RACE, "" },
		{ ENOTEMPTY, WIRE_AT_CALL, ERR_RACE, "" },
		{ EACCES, WIRE_AT_CALL, ERR_STORE, "permissions" },
		{ ENOSPC, WIRE_AT_CALL, ERR_STORE, "roam gc" },
		{ EDQUOT, WIRE_AT_CALL, ERR_STORE, "quota" },
		{ EPIPE, WIRE_AT_CALL, ERR_OFFLINE, "broke" },
		{ ENOMEM, WIRE_AT_CALL, ERR_OFFLINE, "broke" },
		{ ENOMEM, WIRE_AT_PATH, ERR_SYSTEM, "" },
		{ 100000, 99, ERR_STORE, "" },
	};
	struct smb_fault f = { "//srv/s", "gen", 0, 0, "DETAIL\n" };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		f.sys = (uint64_t)cases[i].sys;
		f.stage = cases[i].stage;
		cr_expect_eq(smb_error(&f, &e), -1);
		cr_expect_eq(e.kind, cases[i].want, "case %zu: %s", i, e.text);
		cr_expect_not_null(strstr(e.text, cases[i].says),
		    "case %zu: %s", i, e.text);
		cr_expect_eq(strncmp(e.text, "//srv/s/gen: ", 13), 0);
		cr_expect_not_null(strstr(e.text, "DETAIL\\x0a"));
	}
}
