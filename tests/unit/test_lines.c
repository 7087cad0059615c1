#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "signin/lines.h"

static int fd[2];
static struct lines r;
static const char *word, *rest;

static void
begin(void)
{
	cr_assert_eq(pipe(fd), 0);
	r = (struct lines){ .fd = fd[0] };
}

TestSuite(lines, .init = begin);

Test(lines, lines_arrive_as_they_were_said)
{
	lines_say(fd[1], "message", "%d files", 142);
	lines_say(fd[1], "result", "0 ");
	close(fd[1]);
	cr_expect_eq(lines_next(&r, 1000, &word, &rest), 1);
	cr_expect_str_eq(word, "message");
	cr_expect_str_eq(rest, "142 files");
	cr_expect_eq(lines_next(&r, 1000, &word, &rest), 1);
	cr_expect_str_eq(word, "result");
	cr_expect_str_eq(rest, "0 ");
	cr_expect_eq(lines_next(&r, 1000, &word, &rest), -1);
}

Test(lines, a_line_is_one_line_whatever_is_in_it)
{
	char text[3000];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	lines_say(fd[1], "error", "a\nresult 0\n%s", text);
	lines_say(fd[1], "message", "next");
	cr_expect_eq(lines_next(&r, 1000, &word, &rest), 1);
	cr_expect_str_eq(word, "error");
	cr_expect_eq(strncmp(rest, "a?result 0?xxx", 14), 0);
	cr_expect_eq(lines_next(&r, 1000, &word, &rest), 1);
	cr_expect_str_eq(rest, "next");
}

Test(lines, waiting_has_an_end_and_half_a_line_is_none)
{
	cr_assert_eq(write(fd[1], "mess", 4), 4);
	cr_expect_eq(lines_next(&r, 20, &word, &rest), 0);
	cr_assert_eq(write(fd[1], "age a b\n", 8), 8);
	cr_expect_eq(lines_next(&r, 1000, &word, &rest), 1);
	cr_expect_str_eq(word, "message");
	cr_expect_str_eq(rest, "a b");
}

Test(lines, a_flood_without_lines_ends_with_its_writer)
{
	char text[4000];

	memset(text, 'x', sizeof(text));
	cr_assert_eq(write(fd[1], text, sizeof(text)), (ssize_t)sizeof(text));
	close(fd[1]);
	cr_expect_eq(lines_next(&r, 1000, &word, &rest), -1);
}

Test(lines, a_reader_that_went_away_is_no_error)
{
	signal(SIGPIPE, SIG_IGN);
	close(fd[0]);
	lines_say(fd[1], "message", "to nobody");
}
