#include <criterion/criterion.h>

#include "garden.h"
#include "model/manifest.h"

/* Faults of whoever made an entry: none may reach a store. */
static const struct {
	const char *why;
	struct entry entry;
	struct extra extra;
} unfit[] = {
	{ "no type", { .type = ENTRY_NONE }, { 0 } },
	{ "a type that there is not", { .type = 9 }, { 0 } },
	{ "a path that is not clean",
	    { .type = ENTRY_DIR, .path = "a//b", .path_len = 4 }, { 0 } },
	{ "no parent", { .type = ENTRY_DIR, .path = "a/b", .path_len = 3 },
	    { 0 } },
	{ "setuid", { .type = ENTRY_FILE, .mode = 04755 }, { 0 } },
	{ "malformed attributes", { .type = ENTRY_DIR },
	    { .attrs = (const uint8_t *)"x", .attrs_len = 1 } },
	{ "a file with a target", { .type = ENTRY_FILE }, { .target = "x" } },
	{ "a size beyond 63 bits", { .type = ENTRY_FILE, .size = UINT64_MAX },
	    { 0 } },
	{ "a generation that there is not",
	    { .type = ENTRY_FILE,
		.size = 5,
		.place = { .gen = GEN_MAX + 1ull, .frame_len = 9 } },
	    { 0 } },
	{ "content that leaves its frame",
	    { .type = ENTRY_FILE,
		.size = 5,
		.place = { .gen = 1, .frame_len = 9, .at = 4194300 } },
	    { 0 } },
	{ "extents that are missing", { .type = ENTRY_FILE, .size = 5 },
	    { .extent_count = 1 } },
	{ "extents that do not add up", { .type = ENTRY_FILE, .size = 5 },
	    { .extents = (const struct extent[]){ { .len = 4 } },
		.extent_count = 1 } },
	{ "a directory with a size", { .type = ENTRY_DIR, .size = 1 }, { 0 } },
	{ "a directory in a group", { .type = ENTRY_DIR }, { .group = 1 } },
	{ "a symlink without a target", { .type = ENTRY_LINK, .mode = 0777 },
	    { 0 } },
	{ "a symlink of another length",
	    { .type = ENTRY_LINK, .mode = 0777, .size = 2 },
	    { .target = "x" } },
	{ "a symlink of another mode",
	    { .type = ENTRY_LINK, .mode = 0700, .size = 1 },
	    { .target = "x" } },
	{ "a symlink with extents",
	    { .type = ENTRY_LINK, .mode = 0777, .size = 1 },
	    { .target = "x",
		.extents = (const struct extent[]){ { .len = 1 } },
		.extent_count = 1 } },
};

Test(record, what_no_reader_accepts_is_not_written)
{
	struct buf bytes = { 0 };
	struct conflict c = { .id = 1 };
	struct profile now;
	struct entry t;
	struct err e;

	for (size_t i = 0; i < sizeof(unfit) / sizeof(unfit[0]); i++) {
		now = (struct profile){ 0 };
		t = unfit[i].entry;
		t.extra = &unfit[i].extra;
		if (t.path == NULL) {
			t.path = "a";
			t.path_len = 1;
		}
		cr_assert_eq(tree_add(&now.tree, &t, &e), 0);
		cr_expect_eq(manifest_encode(&bytes, NULL, &now, &e), -1, "%s",
		    unfit[i].why);
		if (t.path_len == 1) { /* the same as a loser */
			now.tree.count = 0;
			c.loser = &t;
			cr_assert_eq(profile_add_conflict(&now, &c, &e), 0);
			cr_expect_eq(manifest_encode(&bytes, NULL, &now, &e),
			    -1, "%s", unfit[i].why);
		}
		profile_free(&now);
	}
	buf_free(&bytes);
}

Test(record, conflicts_that_no_reader_accepts_are_not_written)
{
	struct conflict list[2] = { { .id = 2 }, { .id = 2 } };
	struct profile now = { .conflict = list, .conflict_count = 2 };
	struct buf bytes = { 0 };
	struct garden g;
	struct err e;

	garden_open(&g, 0);
	list[0].loser = list[1].loser = garden_file(&g, "a");
	cr_assert_eq(manifest_encode(&bytes, NULL, &now, &e), -1);
	list[0].id = 0;
	cr_assert_eq(manifest_encode(&bytes, NULL, &now, &e), -1);
	list[0].id = 1;
	list[0].gen = GEN_HOLE;
	cr_assert_eq(manifest_encode(&bytes, NULL, &now, &e), -1);
	list[0].gen = GEN_MAX;
	cr_assert_eq(manifest_encode(&bytes, NULL, &now, &e), 0, "%s", e.text);
	buf_free(&bytes);
	garden_close(&g);
}

/* Mtime, place and machine as well: a delta has to carry them. */
Test(record, any_difference_is_a_change)
{
	static const struct place places[] = {
		{ .gen = 1, .frame_len = 9 },
		{ .gen = 2, .frame_len = 9 },
		{ .gen = 1, .frame_len = 9, .pack = 1 },
		{ .gen = 1, .frame_len = 9, .frame = 1 },
		{ .gen = 1, .frame_len = 8 },
		{ .gen = 1, .frame_len = 9, .at = 1 },
		{ .gen = GEN_NONE },
		{ .gen = GEN_HOLE },
	};
	enum { PLACES = sizeof(places) / sizeof(places[0]) };
	struct entry t = { .path = "f",
		.path_len = 1,
		.type = ENTRY_FILE,
		.size = 5 };
	struct entry two[2] = { t, t };
	struct extent extent[2] = { { .len = 5 }, { .len = 5 } };
	struct extra extra[2] = { { 0 }, { 0 } };

	for (size_t i = 0; i < PLACES * PLACES * 2; i++) {
		for (size_t k = 0; k < 2; k++) {
			size_t p = k == 0 ? i / 2 % PLACES : i / 2 / PLACES;

			two[k].place = extent[k].place = places[p];
			extra[k].extents = &extent[k];
			extra[k].extent_count = i % 2;
			two[k].extra = &extra[k];
		}
		cr_assert_eq(record_same(&two[0], &two[1]),
		    i / 2 % PLACES == i / 2 / PLACES);
	}
	extra[0].extent_count = 0;
	two[0].place = two[1].place;
	cr_assert(!record_same(&two[0], &two[1]));
	two[0] = two[1];
	two[0].mtime_ns++;
	cr_assert(!record_same(&two[0], &two[1]));
	two[0] = two[1];
	two[0].machine = &(const struct machine){ "id", "name" };
	cr_assert(!record_same(&two[0], &two[1]));
}
