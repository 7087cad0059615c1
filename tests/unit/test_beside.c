#include <string.h>

#include <criterion/criterion.h>

#include "base/path.h"
#include "sync/beside.h"

static const char *
name_of(const char *path, const char *by, char *out, size_t cap)
{
	const struct machine machine = { .id = by, .name = by };
	const struct entry loser = { .path = path,
		.path_len = (uint16_t)strlen(path),
		.mtime_ns = (int64_t)1767323045 * 1000000000,
		.type = ENTRY_FILE };
	const struct conflict lost = { .loser = &loser, .machine = &machine };

	return beside_name(out, cap, &lost) ? out : NULL;
}

Test(beside, the_name_has_machine_and_time_before_its_ending)
{
	static const char *const rows[][3] = {
		{ "a.odt", "ws2",
		    "a (conflict from ws2 2026-01-02 03.04.05).odt" },
		{ "d/a.tar.gz", "w",
		    "d/a.tar (conflict from w 2026-01-02 03.04.05).gz" },
		{ "d.e/a", "w", "d.e/a (conflict from w 2026-01-02 03.04.05)" },
		{ ".a", "w", ".a (conflict from w 2026-01-02 03.04.05)" },
		{ "a.b", "../x\n",
		    "a (conflict from .._x_ 2026-01-02 03.04.05).b" },
	};
	char out[PATH_LEN_MAX + 1];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert_not_null(
		    name_of(rows[i][0], rows[i][1], out, sizeof(out)));
		cr_expect_str_eq(out, rows[i][2]);
	}
}

Test(beside, a_long_name_is_cut_between_characters)
{
	char path[400], out[PATH_LEN_MAX + 1];

	path[0] = '\0';
	for (int i = 0; i < 120; i++)
		strcat(path, "ä");
	strcat(path, ".odt");
	cr_assert_not_null(name_of(path, "machine", out, sizeof(out)));
	cr_expect_leq(strlen(out), 255);
	cr_expect_gt(strlen(out), 250);
	cr_expect(path_is_clean(out, strlen(out)));
	cr_expect_not_null(strstr(out, "ä (conflict from machine"));
	cr_expect_str_eq(out + strlen(out) - 4, ".odt");
	/* No stem would be left beside such an ending, or such a path. */
	memset(path, 'x', 255);
	path[1] = '.';
	path[255] = '\0';
	cr_expect_null(name_of(path, "machine", out, sizeof(out)));
	cr_expect_null(name_of("abc", "machine", out, 20));
}
