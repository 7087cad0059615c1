#include <sys/stat.h>

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signin/answer_cache.h"
#include "signin/policy.h"

#define NOW 1800000000
#define DAY 86400

static struct err e;
static char top[] = "/tmp/roam-test-XXXXXX";
static char helper[64], asked[64], cache[64];
static struct conf_set settings;

static void
set_up(void)
{
	cr_assert_not_null(mkdtemp(top));
	snprintf(helper, sizeof(helper), "%s/helper", top);
	snprintf(asked, sizeof(asked), "%s/asked", top);
	snprintf(cache, sizeof(cache), "%s/answers", top);
	cr_assert_eq(conf_new(&settings, &e), 0);
}

static void
tear_down(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", top);
	cr_assert_eq(system(command), 0);
	conf_free(&settings);
}

TestSuite(policy, .init = set_up, .fini = tear_down);

static void
set(const char *lines)
{
	char text[1024];

	snprintf(text, sizeof(text), "[directory]\n%s\n", lines);
	cr_assert_eq(conf_read(&settings, "f", text, strlen(text), &e), 0, "%s",
	    e.text);
}

/* From now on the directory says these lines. */
static void
directory_says(const char *lines)
{
	FILE *f = fopen(helper, "w");

	cr_assert_not_null(f);
	fprintf(f,
	    "#!/bin/sh\ncat > %s\ncat <<'END'\nroam-ldap=1\n%s\nend=\n"
	    "END\n",
	    asked, lines);
	fclose(f);
	cr_assert_eq(chmod(helper, 0700), 0);
}

#define FOUND     "foreign=no\nschema=yes\nuser=yes\ncomputer=yes\n"
#define LISTED    FOUND "listed=yes"
#define UNLISTED  FOUND "listed=no"
#define NO_ANSWER "error=it is away"

static struct policy p;

/* Decide for alice, at NOW + later. */
static void
decide(int64_t later, bool ask)
{
	char path[] = "PATH=/usr/bin:/bin";
	char *const envp[] = { path, NULL };
	const struct policy_how how = { .conf = &settings.conf,
		.user = "alice",
		.uid = 1000,
		.gid = getgid(),
		.host = "ws1",
		.service = "sshd",
		.helper = helper,
		.envp = envp,
		.cache = cache,
		.ask = ask,
		.keep = ask,
		.now_s = NOW + later };

	memset(&p, 'x', sizeof(p));
	policy_decide(&p, &how);
	cr_expect_str_eq(p.keep_error, "");
}

Test(policy, a_setting_that_is_off_starts_no_helper)
{
	directory_says(UNLISTED);
	decide(0, true);
	cr_expect_eq(p.decision.verdict, VERDICT_DISABLED);
	cr_expect(p.decision.roams);
	set("primary_computers = yes\nprimary_exempt = bob, alice");
	decide(0, true);
	cr_expect_eq(p.decision.verdict, VERDICT_EXEMPT);
	cr_expect_neq(access(asked, F_OK), 0);
}

Test(policy, an_answer_decides_and_is_kept)
{
	set("primary_computers = yes\ncache_max_age = 2d");
	directory_says(LISTED);
	decide(0, true);
	cr_expect_eq(p.decision.verdict, VERDICT_PRIMARY);
	cr_expect(p.asked);
	directory_says(NO_ANSWER);
	decide(DAY, true);
	cr_expect_eq(p.decision.verdict, VERDICT_PRIMARY);
	cr_expect(p.decision.kept);
	cr_expect_eq(p.decision.age_s, DAY);
	/* That was no news: the age goes on. */
	decide(2 * DAY, true);
	cr_expect_eq(p.decision.age_s, 2 * DAY);
	decide(2 * DAY + 1, true);
	cr_expect_eq(p.decision.verdict, VERDICT_UNKNOWN);
	cr_expect_not(p.decision.roams);
	cr_expect_not_null(strstr(p.decision.reason, "it is away"));
	directory_says(UNLISTED);
	decide(2 * DAY + 1, true);
	directory_says(NO_ANSWER);
	decide(2 * DAY + 2, true);
	cr_expect_eq(p.decision.verdict, VERDICT_NOT_PRIMARY);
}

Test(policy, what_was_kept_decides_where_nobody_is_asked)
{
	set("primary_computers = yes");
	directory_says(LISTED);
	decide(0, true);
	cr_assert_eq(unlink(asked), 0);
	directory_says(UNLISTED);
	decide(60, false);
	cr_expect_eq(p.decision.verdict, VERDICT_PRIMARY);
	cr_expect_neq(access(asked, F_OK), 0);
}

Test(policy, a_helper_that_fails_is_no_answer)
{
	set("primary_computers = yes");
	decide(0, true);
	cr_expect_eq(p.decision.verdict, VERDICT_UNKNOWN);
	directory_says("listed=perhaps");
	decide(0, true);
	cr_expect_eq(p.decision.verdict, VERDICT_UNKNOWN);
	cr_expect_not_null(strstr(p.decision.reason, "listed"));
}

Test(policy, whom_the_answer_is_about_is_not_the_helpers_to_say)
{
	set("primary_computers = yes");
	directory_says(LISTED "\naccount=bob\nhost=ws9\nasked=1");
	decide(0, true);
	cr_expect_str_eq(p.facts.account, "alice");
	cr_expect_str_eq(p.facts.host, "ws1");
	cr_expect_eq(p.facts.asked_s, NOW);
}

#define PATHS                                                                  \
	"user=yes\nforeign=no\nnetbios=LAB\npaths=yes\n"                       \
	"profile_path=\\\\srv\\p\\%username%\n"                                \
	"ts_profile_path=\\\\srv\\t\\%userdomain%\\%username%"

Test(policy, the_first_path_that_is_configured_is_the_store)
{
	directory_says(PATHS);
	set("profile_path = yes");
	decide(0, true);
	cr_expect_str_eq(p.url, "smb://srv/p/alice.linux");
	set("terminal_services = xrdp-sesman sshd\nprofile_suffix = .x");
	decide(0, true);
	cr_expect_str_eq(p.url, "smb://srv/t/LAB/alice.x");
	cr_assert_eq(conf_read(&settings, "f", "[roam]\nstore = smb://a/b/%u\n",
			 28, &e),
	    0);
	decide(0, true);
	cr_expect_str_eq(p.url, "smb://srv/t/LAB/alice.x");
	set("terminal_services = xrdp-sesman");
	decide(0, true);
	cr_expect_str_eq(p.url, "");
	cr_expect_str_eq(p.url_error, "");
}

Test(policy, a_path_is_known_when_no_directory_answers)
{
	directory_says(PATHS);
	set("profile_path = yes");
	decide(0, true);
	directory_says(NO_ANSWER);
	decide(DAY, true);
	cr_expect_str_eq(p.url, "smb://srv/p/alice.linux");
}

Test(policy, paths_that_are_not_known_now_are_those_of_before)
{
	set("primary_computers = yes\nprofile_path = yes");
	directory_says(LISTED "\npaths=yes\nprofile_path=\\\\srv\\p\\a");
	decide(0, true);
	cr_expect_str_eq(p.url, "smb://srv/p/a.linux");
	directory_says(LISTED "\nerror=their domain is away");
	decide(DAY, true);
	cr_expect_str_eq(p.url, "smb://srv/p/a.linux");
	/* And are kept with the news. */
	decide(2 * DAY, true);
	cr_expect_eq(p.decision.verdict, VERDICT_PRIMARY);
	cr_expect_not(p.decision.kept);
	cr_expect_str_eq(p.url, "smb://srv/p/a.linux");
	directory_says(LISTED "\npaths=yes");
	decide(3 * DAY, true);
	cr_expect_str_eq(p.url, "");
	cr_expect_str_eq(p.url_error, "");
}

Test(policy, no_store_is_taken_in_the_place_of_one_that_is_not_known)
{
	directory_says(NO_ANSWER);
	set("profile_path = yes\nterminal_services = sshd");
	cr_assert_eq(conf_read(&settings, "f", "[roam]\nstore = smb://a/b/%u\n",
			 28, &e),
	    0);
	decide(0, true);
	cr_expect_str_eq(p.url, "");
	cr_expect_not_null(strstr(p.url_error, "it is away"));
	set("terminal_services = xrdp");
	decide(0, true);
	cr_expect_str_eq(p.url_error, "");
}

Test(policy, a_path_that_is_none_is_said)
{
	directory_says("user=yes\nprofile_path=C:\\profiles");
	set("profile_path = yes");
	decide(0, true);
	cr_expect_str_eq(p.url, "");
	cr_expect_not_null(strstr(p.url_error, "C:\\profiles"));
}

Test(policy, settings_become_the_question)
{
	struct question q;
	const struct policy_how how = { .conf = &settings.conf,
		.user = "alice" };

	set("primary_computers = yes\ntimeout = 7s\nlogin = simple\n"
	    "tls = starttls\ngroup_values = nested\nback_link = yes\n"
	    "servers = a b\nsite = Paris\nbase = DC=x");
	policy_question(&q, &how);
	cr_expect_eq(q.deadline_ms, 7000);
	cr_expect_eq(q.bind, BIND_SIMPLE);
	cr_expect_eq(q.tls, TLS_START);
	cr_expect_eq(q.groups, GROUPS_NESTED);
	cr_expect_eq(q.back_link, 1);
	cr_expect_eq(q.paths_only, 0);
	cr_expect_str_eq(q.user, "alice");
	cr_expect_str_eq(q.servers, "a b");
	cr_expect_str_eq(q.site, "Paris");
	cr_expect_str_eq(q.base, "DC=x");
}
