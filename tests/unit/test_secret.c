#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/secret.h"

static struct err e;

/* What is read of a pipe with these bytes; "" after an error. */
static const char *
read_of(const char *bytes, size_t len)
{
	static struct secret s;
	int fd[2];

	secret_wipe(&s);
	cr_assert_eq(pipe(fd), 0);
	cr_assert_eq(write(fd[1], bytes, len), (ssize_t)len);
	close(fd[1]);
	if (secret_read(&s, fd[0], &e) == -1)
		cr_expect_eq(e.kind, ERR_USAGE, "%s", e.text);
	close(fd[0]);
	return s.text;
}

Test(secret, is_the_first_line)
{
	cr_expect_str_eq(read_of("a b\n", 4), "a b");
	cr_expect_str_eq(read_of("no newline", 10), "no newline");
	cr_expect_str_eq(read_of("one\ntwo\n", 8), "one");
	cr_expect_str_eq(read_of("cr\r\n", 4), "cr\r");
}

Test(secret, what_is_none_is_refused)
{
	char longest[SECRET_MAX + 1];

	cr_expect_str_eq(read_of("", 0), "");
	cr_expect_str_eq(read_of("\n", 1), "");
	cr_expect_str_eq(read_of("a\0b\n", 4), "");
	memset(longest, 'x', sizeof(longest));
	cr_expect_str_eq(read_of(longest, SECRET_MAX + 1), "");
	cr_expect_eq(strlen(read_of(longest, SECRET_MAX)), SECRET_MAX);
}

Test(secret, is_wiped_as_a_whole)
{
	static const struct secret zero;
	struct secret s;

	cr_assert_eq(secret_set(&s, "secret", 6, &e), 0);
	secret_wipe(&s);
	cr_expect_eq(memcmp(&s, &zero, sizeof(s)), 0);
}
