#include "made.h"

#include <criterion/criterion.h>
#include <string.h>

const struct machine made_ws1 = { "ws1", "ws1" };
const struct machine made_ws2 = { "ws2", "ws2" };

const uint8_t made_red[MADE_RED_LEN + 1] = "\x08\0user.tag\x03\0\0\0red";
const uint8_t made_blue[MADE_BLUE_LEN + 1] = "\x08\0user.tag\x04\0\0\0blue";

const struct extra made_extras[MADE_EXTRAS] = {
	{ .group = 0 },
	{ .group = 7 },
	{ .attrs = made_red, .attrs_len = MADE_RED_LEN },
	{ .attrs = made_blue, .attrs_len = MADE_BLUE_LEN },
	{ .attrs = made_blue, .attrs_len = MADE_BLUE_LEN, .group = 7 },
	{ .attrs = made_red, .attrs_len = MADE_RED_LEN, .group = 8 },
};

struct entry
made_file(const char *content, int64_t mtime_ns)
{
	return (struct entry){
		.path = "x",
		.path_len = 1,
		.type = ENTRY_FILE,
		.mode = 0644,
		.size = strlen(content),
		.hash = hash_of(content, strlen(content)),
		.mtime_ns = mtime_ns,
	};
}

struct entry
made_directory(uint16_t mode, int64_t mtime_ns)
{
	return (struct entry){
		.path = "x",
		.path_len = 1,
		.type = ENTRY_DIR,
		.mode = mode,
		.mtime_ns = mtime_ns,
	};
}

struct entry
made_link(const struct extra *x, int64_t mtime_ns)
{
	return (struct entry){
		.path = "x",
		.path_len = 1,
		.type = ENTRY_LINK,
		.mode = 0777,
		.size = strlen(x->target),
		.hash = hash_of(x->target, strlen(x->target)),
		.mtime_ns = mtime_ns,
		.extra = x,
	};
}

struct decision
decide(const struct entry *b, const struct entry *l, const struct entry *r)
{
	struct decision d = { .op = { .base = b, .local = l, .remote = r } };
	struct err e = { 0 };

	cr_assert_eq(merge_path(&d.op, &d.needed, &d.arena, &e), 0, "%s",
	    e.text);
	return d;
}

void
decision_free(struct decision *d)
{
	arena_free(&d->arena);
}
