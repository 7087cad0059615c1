#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "signin/account.h"

static struct err e;
static struct conf_set set;
static char name[] = "alice", home[] = "/home/alice";
static struct account alice = { name, home, 20001, 65533 };
static const char *why;

static void
begin(void)
{
	cr_assert_eq(conf_new(&set, &e), 0);
}

static void
end(void)
{
	conf_free(&set);
}

TestSuite(account, .init = begin, .fini = end);

static void
setting(const char *line)
{
	char text[256];
	int n = snprintf(text, sizeof(text), "[sessions]\n%s\n", line);

	cr_assert_eq(conf_read(&set, "f", text, (size_t)n, &e), 0, "%s",
	    e.text);
}

static bool
part(const char *service)
{
	return account_takes_part(&alice, service, &set.conf, &why);
}

Test(account, people_take_part_and_the_system_does_not)
{
	cr_expect(part("sshd"));
	alice.uid = 0;
	cr_expect_not(part("sshd"));
	alice.uid = 999;
	cr_expect_not(part("sshd"));
	alice.uid = 65534;
	cr_expect_not(part("sshd"));
	cr_expect_str_eq(why, "a user of the system");
	alice.uid = 999;
	setting("min_uid = 500");
	cr_expect(part("sshd"));
}

Test(account, managers_jobs_and_greeters_open_no_session)
{
	static const char *const services[] = { "systemd-user", "cron", "crond",
		"atd", "sudo", "gdm-launch-environment", "lightdm-greeter" };

	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		cr_expect_not(part(services[i]), "%s", services[i]);
	cr_expect(part("su-l") && part("gdm-password") && part("sudo-i"));
	setting("not_services = ");
	cr_expect(part("cron"));
}

Test(account, lists_choose)
{
	setting("only_users = bob, alice carol");
	cr_expect(part("sshd"));
	setting("only_users = bob alice2");
	cr_expect_not(part("sshd"));
	setting("only_users = ");
	setting("not_users = alice");
	cr_expect_not(part("sshd"));
}

Test(account, groups_choose)
{
	alice.gid = 0; /* the one group that every system has by a name */
	setting("only_groups = root");
	cr_expect(part("sshd"));
	setting("not_groups = wheel,root");
	cr_expect_not(part("sshd"));
	alice.gid = 65533;
	cr_expect_not(part("sshd"), "and without it she is not chosen");
}

Test(account, who_is_not_there_is_gone)
{
	struct account a;

	cr_expect_eq(account_find(&a, "no-such-user-here", &e), -1);
	cr_expect_eq(e.kind, ERR_GONE);
	cr_assert_eq(account_find(&a, "root", &e), 0);
	cr_expect_eq(a.uid, 0);
	account_free(&a);
}
