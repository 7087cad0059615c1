#include "sync/kin.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* What the list has, by ids from 1 on. */
static const struct {
	const char *path;
	int64_t time;
} lost[] = {
	{ "u/a", 1 },
	{ "u/s/b", 1 },
	{ "u/c", 2 },
	{ "v/a", 1 },
	{ "d", 1 },
	{ "d-wal", 1 },
	{ "d-journal", 3 },
	{ "d.bak", 1 },
	{ "x/d-wal", 1 },
};
#define LOST (sizeof(lost) / sizeof(lost[0]))

static void
list_make(struct profile *list, struct entry entry[LOST])
{
	struct conflict c;
	struct err e;

	*list = (struct profile){ 0 };
	for (size_t i = 0; i < LOST; i++) {
		entry[i] = (struct entry){ .path = lost[i].path,
			.path_len = (uint16_t)strlen(lost[i].path),
			.type = ENTRY_FILE };
		c = (struct conflict){ .id = i + 1,
			.loser = &entry[i],
			.time_ns = lost[i].time };
		cr_assert_eq(profile_add_conflict(list, &c, &e), 0);
	}
}

/* Paths of what is one with the conflict of that id. */
static const char *
kin_of(const struct rules *rules, const struct profile *list, uint64_t id)
{
	static char out[128];
	struct kin kin;
	struct err e;

	out[0] = '\0';
	cr_assert_eq(kin_find(&kin, rules, list, profile_conflict(list, id),
			 &e),
	    0);
	for (size_t i = 0; i < kin.count; i++)
		snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s ",
		    lost[kin.id[i] - 1].path);
	kin_free(&kin);
	return out;
}

Test(kin, conflicts_of_a_unit_at_one_time_are_one)
{
	static const char *const want[LOST] = {
		"u/a u/s/b ",
		"u/a u/s/b ",
		"u/c ",
		"v/a ",
		"d d-wal ",
		"d d-wal ",
		"d-journal ",
		"d.bak ",
		"x/d-wal ",
	};
	struct entry entry[LOST];
	struct profile list;
	struct rules *rules;
	struct err e;

	cr_assert_eq(rules_new(&rules, &e), 0);
	cr_assert_eq(rules_add(rules, RULES_USER, "test", "unit u/\n", 8, &e),
	    0);
	list_make(&list, entry);
	for (size_t i = 0; i < LOST; i++)
		cr_expect_str_eq(kin_of(rules, &list, i + 1), want[i], "%s: %s",
		    lost[i].path, kin_of(rules, &list, i + 1));
	profile_free(&list);
	rules_free(rules);
}
