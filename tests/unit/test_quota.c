#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "signin/quota.h"

#define MB ((uint64_t)1000 * 1000)

/* In the order of a tree. */
static struct entry files[] = {
	{ .path = ".bashrc", .type = ENTRY_FILE, .size = 10 },
	{ .path = ".config", .type = ENTRY_DIR },
	{ .path = ".config/a", .type = ENTRY_FILE, .size = 5 * MB },
	{ .path = ".config/app/b", .type = ENTRY_FILE, .size = 2 * MB },
	{ .path = ".local/share/x", .type = ENTRY_FILE, .size = 1 * MB },
	{ .path = ".local/share/y/z", .type = ENTRY_FILE, .size = 8 * MB },
	{ .path = "Documents/a", .type = ENTRY_FILE, .size = 3 * MB },
	{ .path = "Videos/a/b/c", .type = ENTRY_FILE, .size = 100 * MB },
	{ .path = "Videos/z", .type = ENTRY_FILE, .size = 700 * MB },
	{ .path = "link", .type = ENTRY_LINK, .size = 900 * MB },
};
#define COUNT (sizeof(files) / sizeof(files[0]))

static struct quota
measure(void)
{
	const struct entry *list[COUNT];
	const struct tree t = { .entry = list, .count = COUNT };

	for (size_t i = 0; i < COUNT; i++)
		list[i] = &files[i];
	return quota_measure(&t);
}

Test(quota, a_profile_is_as_large_as_its_files)
{
	cr_expect_eq(measure().bytes, 819 * MB + 10);
}

Test(quota, the_largest_directories_are_named_largest_first)
{
	struct quota q = measure();
	char out[256];

	cr_expect_str_eq(quota_text(&q, 500 * MB, out, sizeof(out)),
	    "819 MB, of 500 MB that are allowed; largest: Videos 800 MB, "
	    ".local/share 9.0 MB, .config 5.0 MB");
}

Test(quota, a_text_is_cut_where_it_is_full)
{
	struct quota q = measure();
	char out[24];

	cr_expect_str_eq(quota_text(&q, 500 * MB, out, sizeof(out)),
	    "819 MB, of 500 MB that ");
}

Test(quota, an_empty_home_has_no_directories)
{
	const struct tree none = { .count = 0 };
	struct quota q = quota_measure(&none);

	cr_expect_eq(q.bytes, 0);
	cr_expect_eq(q.count, 0);
}
