#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "sync/cred.h"

static char dir[] = "/tmp/roam-test-XXXXXX";
static char file[64];
static struct cred c;
static struct err e;

static void
enter(void)
{
	cr_assert_not_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/cred", dir);
}

static void
leave(void)
{
	(void)unlink(file);
	cr_expect_eq(rmdir(dir), 0);
}

TestSuite(cred, .init = enter, .fini = leave);

static int
read_file(const char *text, size_t len, mode_t mode)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	cr_assert_neq(fd, -1);
	cr_assert_eq(write(fd, text, len), (ssize_t)len);
	cr_assert_eq(fchmod(fd, mode), 0);
	close(fd);
	memset(&c, 0, sizeof(c));
	return cred_from_file(&c, file, &e);
}

Test(cred, a_file_names_user_domain_and_password)
{
	static const char text[] = "# mine\n\nusername=alice\r\n"
				   "  domain = LAB\npassword= p=q #x \n";

	cr_assert_eq(read_file(text, strlen(text), 0600), 0, "%s", e.text);
	cr_expect_str_eq(c.user, "alice");
	cr_expect_str_eq(c.domain, "LAB");
	cr_expect_str_eq(c.password.text, " p=q #x ");
	cred_wipe(&c);
	cr_expect_str_eq(c.password.text, "");
}

Test(cred, a_file_that_others_can_open_is_refused)
{
	static const mode_t modes[] = { 0640, 0604, 0620, 0602, 0610, 0601 };

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		cr_expect_eq(read_file("password=x\n", 11, modes[i]), -1);
		cr_expect_eq(e.kind, ERR_USAGE);
		cr_expect_not_null(strstr(e.text, "0600"), "%s", e.text);
		cr_expect_str_eq(c.password.text, "");
	}
	cr_expect_eq(read_file("password=x\n", 11, 0400), 0);
}

Test(cred, a_file_of_somebody_else_is_refused)
{
	if (geteuid() != 0)
		cr_skip_test("only root can give a file away");
	cr_assert_eq(read_file("password=x\n", 11, 0600), 0);
	cr_assert_eq(chown(file, 65534, 65534), 0);
	cr_expect_eq(cred_from_file(&c, file, &e), -1);
	cr_expect_eq(e.kind, ERR_USAGE);
}

Test(cred, what_is_no_file_of_credentials_is_refused_and_not_shown)
{
	static const struct {
		const char *why;
		size_t len;
		const char *text;
	} cases[] = {
		{ "empty", 0, "" },
		{ "no password", 9, "user=SECR" },
		{ "empty password", 10, "password=\n" },
		{ "unknown word", 18, "passwort=SECRET\na=" },
		{ "no equals sign", 6, "SECRET" },
		{ "NUL", 16, "password=SECR\0ET" },
		{ "empty user", 23, "user=\npassword=SECRETX\n" },
		{ "NUL in the user", 18, "user=SECRET\0\npass=" },
	};
	char longer[300] = "password=";

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect_eq(read_file(cases[i].text, cases[i].len, 0600), -1,
		    "%s", cases[i].why);
		cr_expect_eq(e.kind, ERR_USAGE, "%s", cases[i].why);
		cr_expect_null(strstr(e.text, "SECR"), "%s", e.text);
	}
	memset(longer + 9, 'x', sizeof(longer) - 9);
	cr_expect_eq(read_file(longer, 9 + SECRET_MAX + 1, 0600), -1);
	cr_expect_eq(read_file(longer, 9 + SECRET_MAX, 0600), 0);
}

Test(cred, a_descriptor_gives_its_first_line_and_keeps_the_rest)
{
	char number[16], rest[8] = "";
	int fd[2];

	cr_assert_eq(pipe(fd), 0);
	cr_assert_eq(write(fd[1], "secret\nmore", 11), 11);
	close(fd[1]);
	snprintf(number, sizeof(number), "%d", fd[0]);
	cr_assert_eq(cred_from_fd(&c, number, &e), 0, "%s", e.text);
	cr_expect_str_eq(c.password.text, "secret");
	cr_expect_eq(read(fd[0], rest, sizeof(rest)), 4);
	cr_expect_str_eq(rest, "more");
	close(fd[0]);
	cr_expect_eq(cred_from_fd(&c, number, &e), -1);
	cr_expect_eq(e.kind, ERR_USAGE);
	cr_expect_eq(cred_from_fd(&c, "x", &e), -1);
	cr_expect_eq(cred_from_fd(&c, "-1", &e), -1);
}
