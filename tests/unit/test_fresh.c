#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "local/fresh.h"
#include "local/scan.h"

static char dir[64], skeleton[80], name[80];
static struct err e;
static struct root root;
static struct arena arena;
static struct home home;

static void
sh(const char *script)
{
	char line[512];

	snprintf(line, sizeof(line), "cd %s && %s", dir, script);
	cr_assert_eq(system(line), 0, "%s", line);
}

static void
begin(void)
{
	snprintf(dir, sizeof(dir), "/tmp/roam-test-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	snprintf(skeleton, sizeof(skeleton), "%s/skeleton", dir);
	snprintf(name, sizeof(name), "%s/home", dir);
	sh("mkdir -m 700 home && mkdir -p skeleton/.config/app && "
	   "echo rc > skeleton/.rc && chmod 640 skeleton/.rc && "
	   "echo set > skeleton/.config/app/conf && "
	   "ln -s .rc skeleton/.link && cp -a skeleton/. home/");
	cr_assert_eq(root_open(&root, name, &e), 0, "%s", e.text);
}

static void
end(void)
{
	char line[192];

	home_free(&home);
	arena_free(&arena);
	root_close(&root);
	snprintf(line, sizeof(line), "chmod -R u+rwx %s; rm -rf %s", dir, dir);
	cr_assert_eq(system(line), 0);
}

TestSuite(fresh, .init = begin, .fini = end);

static void
look(void)
{
	const struct scan_in in = { .root = &root };
	struct scan_sums sums;

	home_free(&home);
	home = (struct home){ 0 };
	cr_assert_eq(scan_home(&home, &arena, &in, &sums, &e), 0, "%s", e.text);
}

static bool
is_fresh(const char *after)
{
	sh(after);
	look();
	return fresh_is(&home, skeleton);
}

Test(fresh, a_new_home_is)
{
	cr_expect(is_fresh("true"));
	/* Programs of the sign-in make directories, and a person may have
	 * removed what is of no use. */
	cr_expect(is_fresh("mkdir -p home/Desktop home/.local/state/roam && "
			   "touch home/.local/state/roam/lock"));
	cr_expect(is_fresh("rm home/.rc"));
	cr_expect(is_fresh("rm -rf home/.[a-z]* home/Desktop"));
}

Test(fresh, a_home_with_anything_of_its_own_is_not)
{
	static const char *const own[] = { "echo x > home/x",
		"echo RC > home/.rc", "ln -sf other home/.link",
		"echo rc > home/.config/app/rc",
		"rm home/.rc && mkdir home/.rc && touch home/.rc/x",
		"ln -sf ../.rc home/.config/app/conf", "mkfifo home/pipe" };

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		cr_expect_not(is_fresh(own[i]), "%s", own[i]);
		sh("rm -rf home/* home/.[a-z]* && cp -a skeleton/. home/");
	}
}

Test(fresh, without_a_skeleton_only_an_empty_home_is)
{
	sh("rm -rf skeleton");
	cr_expect_not(is_fresh("true"));
	cr_expect(is_fresh("rm -rf home/.[a-z]*; mkdir home/Desktop"));
	sh("echo x > home/x");
	look();
	cr_expect_eq(fresh_make(&root, &home, skeleton, &e), 0, "%s", e.text);
	sh("[ -z \"$(find home -mindepth 1)\" ]");
}

Test(fresh, it_is_made_again_from_whatever_it_became)
{
	sh("echo edit >> home/.rc && rm home/.link && mkdir home/.link && "
	   "echo y > home/.link/y && rm -r home/.config && "
	   "echo x > home/.config && mkdir -p home/a/b && echo z > home/a/b/c "
	   "&& ln -s / home/out");
	look();
	cr_expect_eq(fresh_make(&root, &home, skeleton, &e), 0, "%s", e.text);
	sh("diff -r skeleton home && [ \"$(stat -c %a home/.rc)\" = 640 ] && "
	   "[ \"$(readlink home/.link)\" = .rc ]");
	look();
	cr_expect(fresh_is(&home, skeleton));
}

Test(fresh, what_stays_local_stays)
{
	look(); /* as rules would have it: the scan does not list this */
	sh("echo x > home/local && echo x > home/.config/app/local");
	cr_expect_eq(fresh_make(&root, &home, skeleton, &e), 0, "%s", e.text);
	sh("[ -e home/local ] && [ -e home/.config/app/local ]");
}
