#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/log.h"

/* A pipe in the place of stderr; what was logged is read from it. */
static int
capture(void)
{
	int end[2];

	cr_assert_eq(pipe(end), 0);
	cr_assert_neq(dup2(end[1], STDERR_FILENO), -1);
	close(end[1]);
	return end[0];
}

static const char *
captured(int fd, char *out, size_t cap)
{
	ssize_t n;

	close(STDERR_FILENO);
	n = read(fd, out, cap - 1);
	cr_assert_geq(n, 0);
	out[n] = '\0';
	close(fd);
	return out;
}

Test(log, a_line_names_the_program_and_its_weight)
{
	char got[256];
	int fd = capture();

	log_open("roam-test", LOG_LEVEL_DEBUG);
	log_line(LOG_LEVEL_ERROR, "failed %d", 1);
	log_line(LOG_LEVEL_WARN, "left out");
	log_line(LOG_LEVEL_INFO, "done");
	log_line(LOG_LEVEL_DEBUG, "detail");
	cr_assert_str_eq(captured(fd, got, sizeof(got)),
	    "roam-test: failed 1\nroam-test: warning: left out\n"
	    "roam-test: done\nroam-test: debug: detail\n");
}

Test(log, nothing_beyond_the_level_is_said)
{
	char got[256];
	int fd = capture();

	log_open("t", LOG_LEVEL_WARN);
	log_line(LOG_LEVEL_INFO, "quiet");
	log_line(LOG_LEVEL_DEBUG, "quieter");
	log_line(LOG_LEVEL_WARN, "loud");
	cr_assert_str_eq(captured(fd, got, sizeof(got)), "t: warning: loud\n");
}

/* The names of files come from others: none may forge a second line. */
Test(log, one_event_is_one_line)
{
	char got[256];
	int fd = capture();

	log_open("t", LOG_LEVEL_INFO);
	log_line(LOG_LEVEL_INFO, "name=%s", "a\nb\033[2J\177");
	cr_assert_str_eq(captured(fd, got, sizeof(got)), "t: name=a?b?[2J?\n");
}

Test(log, a_line_that_is_too_long_is_cut_and_still_ends)
{
	static char text[2 * LOG_LINE_MAX], got[4 * LOG_LINE_MAX];
	int fd = capture();

	memset(text, 'x', sizeof(text) - 1);
	log_open(text, LOG_LEVEL_INFO);
	log_line(LOG_LEVEL_INFO, "%s", text);
	captured(fd, got, sizeof(got));
	cr_assert_leq(strlen(got), (size_t)LOG_LINE_MAX);
	cr_assert_eq(got[strlen(got) - 1], '\n');
}

Test(log, a_closed_stderr_is_no_reason_to_stop)
{
	close(STDERR_FILENO);
	log_open("t", LOG_LEVEL_INFO);
	log_line(LOG_LEVEL_INFO, "nobody hears this");
	cr_assert_eq(fcntl(STDERR_FILENO, F_GETFD), -1);
}
