#include "engine/report.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample.h"

Test(report_text, nothing_to_do_is_one_line)
{
	struct sample s;

	sample_init(&s);
	sample_expect(&s, "nothing to do, 0.41 s\n");
}

Test(report_text, text_is_a_line_an_action_and_a_line_of_sums)
{
	struct entry old = { .path = "old", .path_len = 3 };
	struct sample s;

	sample_init(&s);
	sample_add(&s, ACTION_CONFLICT, "c.ini", 42)->reason =
	    REASON_BOTH_LOCAL_WON;
	sample_add(&s, ACTION_RENAME, "r", 1)->from = &old;
	sample_add(&s, ACTION_UPLOAD, "a\nb", 31000000);
	sample_add(&s, ACTION_UPLOAD, "dir", 0);
	s.entry[3].type = ENTRY_DIR;
	sample_add(&s, ACTION_DELETE_LOCAL, "d", 1200)->reason =
	    REASON_REMOVED_THERE;
	sample_expect(&s,
	    "upload          31 MB  a\\x0ab  (changed here)\n"
	    "upload                 dir  (changed here)\n"
	    "rename            1 B  r  (was old)\n"
	    "delete here    1.2 KB  d  (removed in the store)\n"
	    "conflict         42 B  c.ini  (changed on both sides, this one "
	    "is newer)\n"
	    "2 up (31 MB), 1 renamed, 1 deleted here, 1 conflict, 0.41 s\n");
}

Test(report_text, a_dry_run_says_would)
{
	struct sample s;

	sample_init(&s);
	sample_add(&s, ACTION_DOWNLOAD, "a", 1)->state = OP_PLANNED;
	s.report.dry_run = true;
	sample_expect(&s,
	    "would download          1 B  a  (changed here)\n"
	    "would be: 1 down (1.2 MB), 0.41 s\n");
}

Test(report_text, many_lines_of_a_kind_end_in_a_sum)
{
	struct report_style all = { .width = 80, .all = true };
	struct sample s;
	char *got;

	sample_init(&s);
	sample_add_many(&s, ACTION_UPLOAD, 100);
	sample_add_many(&s, ACTION_DOWNLOAD, 3);
	got = sample_text(&s, &sample_plain);
	cr_assert_not_null(strstr(got, " many/39 "));
	cr_assert_null(strstr(got, " many/40 "));
	cr_assert_not_null(
	    strstr(got, "\n… and 60 more (60 KB); --verbose lists them\n"));
	cr_assert_not_null(strstr(got, " many/102 "));
	free(got);
	got = sample_text(&s, &all);
	cr_assert_not_null(strstr(got, " many/99 "));
	cr_assert_null(strstr(got, "more"));
	free(got);
}

Test(report_text, a_note_gives_way_to_the_width)
{
	static const struct report_style narrow = { .width = 40 };
	static const struct report_style endless = { 0 };
	struct sample s;
	char *got;

	sample_init(&s);
	sample_add(&s, ACTION_UPLOAD, "a/rather/long/path", 1);
	got = sample_text(&s, &narrow);
	cr_assert_null(strstr(got, "changed here"));
	cr_assert_not_null(strstr(got, "a/rather/long/path\n"));
	free(got);
	got = sample_text(&s, &endless);
	cr_assert_not_null(strstr(got, "a/rather/long/path  (changed here)\n"));
	free(got);
}

Test(report_text, colour_comes_only_when_asked_for)
{
	struct report_style colour = { .width = 80, .colour = true };
	struct sample s;
	char *got;

	sample_init(&s);
	sample_add(&s, ACTION_DELETE_LOCAL, "\033[31mred", 1);
	got = sample_text(&s, &sample_plain);
	cr_assert_null(strchr(got, '\033'));
	free(got);
	got = sample_text(&s, &colour);
	cr_assert_not_null(strstr(got, "\033[31mdelete here\033[0m "));
	cr_assert_null(strstr(got, "\033[31mred"));
	free(got);
}

Test(report_text, held_deletions_come_with_their_remedy)
{
	struct sample s;
	size_t i;

	sample_init(&s);
	sample_add_many(&s, ACTION_DELETE_STORE, 120);
	for (i = 0; i < s.plan.count; i++)
		s.op[i].state = OP_HELD;
	sample_expect_in(&s, "120 deletions are held back");
	sample_expect_in(&s, "--allow-deletes");
	sample_expect_in(&s, "nothing to do, 120 held back, 0.41 s\n");
}

Test(report_text, pending_changes_are_counted_and_explained)
{
	struct sample s;

	sample_init(&s);
	sample_add_many(&s, ACTION_DOWNLOAD, 2);
	s.op[0].state = OP_PENDING;
	sample_expect_in(&s, "sync\n1 down (1.2 MB), 1 pending, 0.41 s\n");
}

Test(report_text, long_numbers_have_commas)
{
	struct opaque *many = calloc(12345, sizeof(*many));
	struct sample s;
	size_t i;

	cr_assert_not_null(many);
	sample_init(&s);
	for (i = 0; i < 12345; i++)
		many[i] = (struct opaque){ "x", 1, WHY_OWNER };
	s.report.skipped = many;
	s.report.skipped_count = 12345;
	sample_expect_in(&s, "… and 12,305 more; --verbose lists them\n");
	sample_expect_in(&s, "nothing to do, 12,345 skipped, 0.41 s\n");
	free(many);
}
