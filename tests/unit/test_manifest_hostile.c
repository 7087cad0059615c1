#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "garden.h"
#include "model/manifest.h"

/*
 * Bodies byte by byte. Each begins with entries, machines, hashes, times; then
 * the records, the removed paths where it is a delta, and the conflicts.
 */
#define HASH   "0123456789abcdef"
#define NONE   "\0"                 /* of what was to be counted */
#define FILE_1 "\1\0\1" HASH "\1\0" /* one entry, one hash, one time */
#define DIR_1  "\1\0\0\1\0"         /* one entry, no hash, one time */
#define FILE_2 "\2\0\2" HASH HASH "\2\0\0"
/* A file of mode 0600 and no machine: shared, length and bytes of its path. */
#define A_FILE(path) "\x09" path "\x80\3"
#define PLACED                                                                 \
	"\x05"                                                                 \
	"\4\0\0\x64\0" /* 5 bytes, in generation 1 */

struct body {
	const char *why;
	const char *bytes;
	size_t len;
	enum err_kind kind;
};

#define BODY(why, bytes, kind)                                                 \
	{                                                                      \
		why, bytes, sizeof(bytes) - 1, kind                            \
	}

/* clang-format off */
static const struct body full[] = {
	BODY("nothing at all is the empty profile",
	    "\0\0\0\0\0\0", ERR_NONE),
	BODY("a file of no bytes", FILE_1 "\1" A_FILE("\0\1f") "\0" NONE,
	    ERR_NONE),
	BODY("a file with a place", FILE_1 "\1" A_FILE("\0\1f") PLACED NONE,
	    ERR_NONE),
	BODY("a file that is not in the store",
	    FILE_1 "\1" A_FILE("\0\1f") "\5\1" NONE, ERR_NONE),
	BODY("a file in this generation",
	    FILE_1 "\1" A_FILE("\0\1f") "\5\3\0\0\x64\0" NONE, ERR_NONE),
	BODY("two files in one frame", FILE_2 "\2" A_FILE("\0\1f") PLACED
	    "\x0d" "\0\1g" "\5" "\0\0" NONE, ERR_NONE),
	BODY("a directory", DIR_1 "\1" "\x0a" "\0\1d" "\xc0\3" NONE, ERR_NONE),
	BODY("a symlink",
	    DIR_1 "\1" "\x0b" "\0\1l" "\xff\3" "\2to" NONE, ERR_NONE),
	BODY("two extents", FILE_1 "\1" "\x19" "\0\1f" "\x80\3" "\5" "\2"
	    "\2\4\0\0\x64\0" "\3\2" NONE, ERR_NONE),
	BODY("a machine", "\1\1\2id\4name\1" HASH "\1\0\1" "\1" "\0\1f" "\x80\3"
	    "\1" "\0" NONE, ERR_NONE),

	BODY("no bytes", "", ERR_FORMAT),
	BODY("bytes left over", "\0\0\0\0\0\0\0", ERR_FORMAT),
	BODY("more entries promised than there are", "\1\0\0\0\0\0",
	    ERR_FORMAT),
	BODY("fewer entries promised", "\0" "\0\1" HASH "\1\0" "\1"
	    A_FILE("\0\1f") "\0" NONE, ERR_FORMAT),
	BODY("a hash too many", "\0\0\1" HASH "\0\0\0", ERR_FORMAT),
	BODY("a hash too few",
	    "\1\0\0\1\0" "\1" A_FILE("\0\1f") "\0" NONE, ERR_FORMAT),
	BODY("a time too many", "\0\0\0\1\0\0\0", ERR_FORMAT),
	BODY("a time too few",
	    "\1\0\1" HASH "\0" "\1" A_FILE("\0\1f") "\0" NONE, ERR_FORMAT),
	BODY("hashes without end", "\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\1",
	    ERR_FORMAT),
	BODY("times without end", "\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\1",
	    ERR_FORMAT),
	BODY("machines without end", "\0\xff\xff\3", ERR_FORMAT),
	BODY("records without end",
	    "\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", ERR_FORMAT),
	BODY("conflicts without end", "\0\0\0\0\0\x81\x80\4", ERR_LIMIT),

	BODY("no type", DIR_1 "\1" "\x08" "\0\1f" "\x80\3" NONE, ERR_FORMAT),
	BODY("a bit that means nothing",
	    FILE_1 "\1" "\x89" "\0\1f" "\x80\3" "\0" NONE, ERR_FORMAT),
	BODY("a directory of extents", DIR_1 "\1" "\x1a" "\0\1d" "\xc0\3" "\0"
	    NONE, ERR_FORMAT),
	BODY("a directory that is a hard link",
	    DIR_1 "\1" "\x2a" "\0\1d" "\xc0\3" "\1" NONE, ERR_FORMAT),

	BODY("an empty path", FILE_1 "\1" A_FILE("\0\0") "\0" NONE, ERR_FORMAT),
	BODY("a path above the home",
	    FILE_1 "\1" A_FILE("\0\4../f") "\0" NONE, ERR_FORMAT),
	BODY("a path that is absolute",
	    FILE_1 "\1" A_FILE("\0\2/f") "\0" NONE, ERR_FORMAT),
	BODY("a dot", FILE_1 "\1" A_FILE("\0\1.") "\0" NONE, ERR_FORMAT),
	BODY("a slash at the end",
	    FILE_1 "\1" A_FILE("\0\2f/") "\0" NONE, ERR_FORMAT),
	BODY("a NUL in a path",
	    FILE_1 "\1" A_FILE("\0\3f\0g") "\0" NONE, ERR_FORMAT),
	BODY("a prefix of nothing",
	    FILE_1 "\1" A_FILE("\1\1f") "\0" NONE, ERR_FORMAT),
	BODY("a path longer than paths are",
	    FILE_1 "\1" A_FILE("\0\x81\x20") "\0" NONE, ERR_FORMAT),
	BODY("the same path twice", FILE_2 "\2" A_FILE("\0\1f") "\0" "\x0d"
	    "\1\0" "\0" NONE, ERR_FORMAT),
	BODY("out of order", FILE_2 "\2" A_FILE("\0\1g") "\0" "\x0d" "\0\1f"
	    "\0" NONE, ERR_FORMAT),
	BODY("no parent", FILE_1 "\1" A_FILE("\0\3d/f") "\0" NONE, ERR_FORMAT),
	BODY("a parent that is a file", FILE_2 "\2" A_FILE("\0\1f") "\0" "\x0d"
	    "\1\2/g" "\0" NONE, ERR_FORMAT),

	BODY("setuid", FILE_1 "\1" "\x09" "\0\1f" "\xed\x13" "\0" NONE,
	    ERR_FORMAT),
	BODY("setgid of a directory", DIR_1 "\1" "\x0a" "\0\1d" "\xed\x0b" NONE,
	    ERR_FORMAT),
	BODY("mode beyond 07777",
	    FILE_1 "\1" "\x09" "\0\1f" "\xa4\x83\4" "\0" NONE, ERR_FORMAT),
	BODY("a symlink with a mode of its own",
	    DIR_1 "\1" "\x0b" "\0\1l" "\x80\3" "\2to" NONE, ERR_FORMAT),
	BODY("an empty target",
	    DIR_1 "\1" "\x0b" "\0\1l" "\xff\3" "\0" NONE, ERR_FORMAT),
	BODY("a NUL in a target",
	    DIR_1 "\1" "\x0b" "\0\1l" "\xff\3" "\2t\0" NONE, ERR_FORMAT),
	BODY("a target longer than targets are",
	    DIR_1 "\1" "\x0b" "\0\1l" "\xff\3" "\x80\x20" NONE, ERR_FORMAT),
	BODY("a machine that is not in the table",
	    FILE_1 "\1" "\1" "\0\1f" "\x80\3" "\1" "\0" NONE, ERR_FORMAT),
	BODY("a machine's name with an escape sequence",
	    "\0\1\2id\3\033[m\0\0\0\0", ERR_FORMAT),
	BODY("a machine's name with a NUL",
	    "\0\1\2id\2a\0\0\0\0\0", ERR_FORMAT),

	BODY("size beyond 63 bits", FILE_1 "\1" A_FILE("\0\1f")
	    "\x80\x80\x80\x80\x80\x80\x80\x80\x80\1" "\1" NONE, ERR_FORMAT),
	BODY("the frame before, but there was none",
	    FILE_1 "\1" A_FILE("\0\1f") "\5" "\0\0" NONE, ERR_FORMAT),
	BODY("content that leaves its frame", FILE_1 "\1" A_FILE("\0\1f")
	    "\5" "\4\0\0\x64" "\xf8\xff\xff\3" NONE, ERR_FORMAT),
	BODY("content before its frame", FILE_1 "\1" A_FILE("\0\1f")
	    "\5" "\4\0\0\x64" "\1" NONE, ERR_FORMAT),
	BODY("content larger than frames are", FILE_1 "\1" A_FILE("\0\1f")
	    "\x81\x80\x80\2" "\4\0\0\x64\0" NONE, ERR_FORMAT),
	BODY("a frame of no bytes", FILE_1 "\1" A_FILE("\0\1f")
	    "\5" "\4\0\0\0\0" NONE, ERR_FORMAT),
	BODY("a frame larger than frames are", FILE_1 "\1" A_FILE("\0\1f")
	    "\5" "\4\0\0\x81\x80\x84\2\0" NONE, ERR_FORMAT),
	BODY("the largest frame", FILE_1 "\1" A_FILE("\0\1f")
	    "\5" "\4\0\0\x80\x80\x84\2\0" NONE, ERR_NONE),
	BODY("a frame before its pack", FILE_1 "\1" A_FILE("\0\1f")
	    "\5" "\4\0\1\x64\0" NONE, ERR_FORMAT),
	BODY("a pack that no generation has", FILE_1 "\1" A_FILE("\0\1f")
	    "\5" "\4\x80\x80\2\0\x64\0" NONE, ERR_FORMAT),
	BODY("a generation beyond the last", FILE_1 "\1" A_FILE("\0\1f")
	    "\5" "\x83\xa0\x94\xa5\x8d\x1d" "\0\0\x64\0" NONE, ERR_FORMAT),

	BODY("no extents", FILE_1 "\1" "\x19" "\0\1f" "\x80\3" "\5" "\0" NONE,
	    ERR_FORMAT),
	BODY("extents without end", FILE_1 "\1" "\x19" "\0\1f" "\x80\3" "\5"
	    "\xff\xff\xff\xff\x0f" NONE, ERR_FORMAT),
	BODY("an extent of no bytes", FILE_1 "\1" "\x19" "\0\1f" "\x80\3" "\5"
	    "\2" "\0\2" "\5\2" NONE, ERR_FORMAT),
	BODY("extents shorter than the file", FILE_1 "\1" "\x19" "\0\1f"
	    "\x80\3" "\5" "\2" "\2\2" "\2\2" NONE, ERR_FORMAT),
	BODY("extents longer than the file", FILE_1 "\1" "\x19" "\0\1f"
	    "\x80\3" "\5" "\2" "\2\2" "\4\2" NONE, ERR_FORMAT),
	BODY("extents whose sum overflows to the size", FILE_1 "\1" "\x19"
	    "\0\1f" "\x80\3" "\1" "\2" "\2\2"
	    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\2" NONE, ERR_FORMAT),
	BODY("an extent that leaves its frame", FILE_1 "\1" "\x19" "\0\1f"
	    "\x80\3" "\x81\x80\x80\2" "\1" "\x81\x80\x80\2\4\0\0\x64\0" NONE,
	    ERR_FORMAT),

	BODY("a group of no number", FILE_1 "\1" "\x29" "\0\1f" "\x80\3" "\0"
	    "\0" NONE, ERR_FORMAT),
	BODY("attributes of no bytes", FILE_1 "\1" "\x49" "\0\1f" "\x80\3" "\0"
	    "\0" NONE, ERR_FORMAT),
	BODY("attributes that are cut off", FILE_1 "\1" "\x49" "\0\1f" "\x80\3"
	    "\0" "\3\6\0u" NONE, ERR_FORMAT),
	BODY("an attribute of the system", FILE_1 "\1" "\x49" "\0\1f" "\x80\3"
	    "\0" "\x0a" "\4\0evil\0\0\0\0" NONE, ERR_FORMAT),
	BODY("attributes without end", FILE_1 "\1" "\x49" "\0\1f" "\x80\3" "\0"
	    "\xff\xff\x3f", ERR_FORMAT),
};

#define ID(n) n "\0\0\0\0\0\0\0"
#define LOSER "\x09" "\0\1f" "\x80\3" "\0" /* of no bytes */

static const struct body quarrels[] = {
	BODY("a conflict", "\0\0\1" HASH "\1\0" "\0" "\1" ID("\1") LOSER
	    "\0\0\0", ERR_NONE),
	BODY("two conflicts", "\0\0\2" HASH HASH "\2\0\0" "\0" "\2"
	    ID("\1") LOSER "\0\0\1" ID("\2") LOSER "\0\0\2", ERR_NONE),
	BODY("an id of zero", "\0\0\1" HASH "\1\0" "\0" "\1" ID("\0") LOSER
	    "\0\0\0", ERR_FORMAT),
	BODY("one id twice", "\0\0\2" HASH HASH "\2\0\0" "\0" "\2"
	    ID("\1") LOSER "\0\0\0" ID("\1") LOSER "\0\0\0", ERR_FORMAT),
	BODY("ids out of order", "\0\0\2" HASH HASH "\2\0\0" "\0" "\2"
	    ID("\2") LOSER "\0\0\0" ID("\1") LOSER "\0\0\0", ERR_FORMAT),
	BODY("a machine that is not in the table", "\0\0\1" HASH "\1\0" "\0"
	    "\1" ID("\1") LOSER "\1\0\0", ERR_FORMAT),
	BODY("a generation beyond the last", "\0\0\1" HASH "\1\0" "\0" "\1"
	    ID("\1") LOSER "\0\0\x81\xa0\x94\xa5\x8d\x1d", ERR_FORMAT),
	BODY("a loser above the home", "\0\0\1" HASH "\1\0" "\0" "\1" ID("\1")
	    "\x09" "\0\4../f" "\x80\3" "\0" "\0\0\0", ERR_FORMAT),
};

/* Against a parent that holds the directory d and the file d/f. */
static const struct body deltas[] = {
	BODY("nothing changed", "\2\0\0\0\0\0\0", ERR_NONE),
	BODY("a file is new", "\3\0\1" HASH "\1\0" "\1" A_FILE("\0\1e") "\0"
	    "\0\0", ERR_NONE),
	BODY("a file is another", "\2\0\1" HASH "\1\0" "\1" A_FILE("\0\3d/f")
	    "\0" "\0\0", ERR_NONE),
	BODY("a file is gone", "\1\0\0\0\0" "\1" "\0\3d/f" "\0", ERR_NONE),
	BODY("all is gone",
	    "\0\0\0\0\0" "\2" "\0\1d" "\1\2/f" "\0", ERR_NONE),
	BODY("the directory is gone, but not what it holds",
	    "\1\0\0\0\0" "\1" "\0\1d" "\0", ERR_FORMAT),
	BODY("the directory became a file, but holds another",
	    "\2\0\1" HASH "\1\0" "\1" A_FILE("\0\1d") "\0" "\0\0", ERR_FORMAT),
	BODY("what is gone was never there",
	    "\2\0\0\0\0" "\1" "\0\1x" "\0", ERR_FORMAT),
	BODY("gone twice",
	    "\1\0\0\0\0" "\2" "\0\3d/f" "\3\0" "\0", ERR_FORMAT),
	BODY("gone, out of order",
	    "\0\0\0\0\0" "\2" "\0\3d/f" "\1\0" "\0", ERR_FORMAT),
	BODY("gone and changed", "\2\0\1" HASH "\1\0" "\1" A_FILE("\0\3d/f")
	    "\0" "\1" "\0\3d/f" "\0", ERR_FORMAT),
	BODY("a file in no directory", "\3\0\1" HASH "\1\0" "\1"
	    A_FILE("\0\3e/f") "\0" "\0\0", ERR_FORMAT),
	BODY("changed, out of order", "\4\0\2" HASH HASH "\2\0\0" "\2"
	    A_FILE("\0\1g") "\0" "\x0d" "\0\1e" "\0" "\0\0", ERR_FORMAT),
	BODY("changed twice", "\3\0\2" HASH HASH "\2\0\0" "\2"
	    A_FILE("\0\1e") "\0" "\x0d" "\1\0" "\0" "\0\0", ERR_FORMAT),
	BODY("gone without end",
	    "\2\0\0\0\0" "\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", ERR_FORMAT),
};
/* clang-format on */

static void
judge(const struct body *b, const struct profile *parent)
{
	struct arena arena = { 0 };
	struct machines machines = { .arena = &arena };
	struct decode how = { &arena, &machines, 7 };
	struct profile p = { 0 };
	uint8_t *copy = malloc(b->len + 1);
	struct err e;
	int rc;

	/* Of that very size, for the sanitizers. */
	memcpy(copy + 1, b->bytes, b->len);
	rc = manifest_read(&p, parent, copy + 1, b->len, &how, &e);
	if (b->kind == ERR_NONE)
		cr_expect_eq(rc, 0, "%s: %s", b->why, e.text);
	else
		cr_expect(rc == -1 && e.kind == b->kind, "%s: %s", b->why,
		    rc == -1 ? e.text : "is accepted");
	cr_expect(rc == 0 || p.tree.entry == NULL, "%s: touches out", b->why);
	free(copy);
	profile_free(&p);
	machines_free(&machines);
	arena_free(&arena);
}

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

Test(manifest, hostile_bodies_are_refused)
{
	for (size_t i = 0; i < COUNT(full); i++)
		judge(&full[i], NULL);
}

Test(manifest, hostile_conflicts_are_refused)
{
	for (size_t i = 0; i < COUNT(quarrels); i++)
		judge(&quarrels[i], NULL);
}

Test(manifest, hostile_deltas_are_refused)
{
	struct profile parent = { 0 };
	struct entry *dir;
	struct garden g;
	struct err e;

	garden_open(&g, 0);
	dir = garden_file(&g, "d");
	dir->type = ENTRY_DIR;
	cr_assert_eq(tree_add(&parent.tree, dir, &e), 0);
	cr_assert_eq(tree_add(&parent.tree, garden_file(&g, "d/f"), &e), 0);
	for (size_t i = 0; i < COUNT(deltas); i++)
		judge(&deltas[i], &parent);
	profile_free(&parent);
	garden_close(&g);
}

Test(manifest, this_generation_is_refused_where_there_is_none)
{
	static const char body[] =
	    FILE_1 "\1" A_FILE("\0\1f") "\5\3\0\0\x64\0" NONE;
	struct arena arena = { 0 };
	struct machines machines = { .arena = &arena };
	struct decode how = { &arena, &machines, 0 };
	struct profile p = { 0 };
	struct err e;

	cr_assert_eq(manifest_read(&p, NULL, body, sizeof(body) - 1, &how, &e),
	    -1);
	how.gen = 9;
	cr_assert_eq(manifest_read(&p, NULL, body, sizeof(body) - 1, &how, &e),
	    0);
	cr_assert_eq(p.tree.entry[0]->place.gen, 9);
	profile_free(&p);
	machines_free(&machines);
	arena_free(&arena);
}
