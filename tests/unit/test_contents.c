#include <sys/mman.h>

#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "storage.h"
#include "sync/contents.h"

#define SIZE 3000000u

static void
sign(struct blocks *out, const uint8_t *bytes)
{
	struct blocks_maker *maker;
	struct err e;

	cr_assert_eq(blocks_maker_new(&maker, SIZE, &e), 0);
	cr_assert_eq(blocks_maker_add(maker, bytes, SIZE, &e), 0);
	cr_assert_eq(blocks_maker_end(maker, out, &e), 0);
	blocks_maker_free(maker);
}

/* A version of older with a few other bytes, packed as pieces of it. */
static void
pack_version(struct contents *c, const struct entry *older, uint8_t *bytes,
    uint8_t seed)
{
	struct entry now = *older;
	struct content_in in = { .entry = &now, .older = older };
	struct blocks blocks = { 0 };
	struct buf sig = { 0 };
	struct stat st;
	struct err e;

	sign(&blocks, bytes);
	for (size_t i = 1000000; i < 1010000; i++)
		bytes[i] ^= seed;
	now.hash = hash_of(bytes, SIZE);
	cr_assert_neq(in.fd = memfd_create("version", MFD_CLOEXEC), -1);
	cr_assert_eq(io_write(in.fd, bytes, SIZE, &e), 0);
	cr_assert_eq(fstat(in.fd, &st), 0);
	in.st = &st;
	in.older_blocks = &blocks;
	cr_assert_eq(contents_pack(c, &in, &sig, &e), 0, "%s", e.text);
	close(in.fd);
	buf_free(&sig);
	blocks_free(&blocks);
	cr_assert(contents_has(c, &now));
}

Test(contents, pieces_of_packs_that_nobody_names_are_packed_again)
{
	uint8_t *bytes = malloc(SIZE);
	struct usage both = { 0 }, second = { 0 };
	struct profile one = { 0 };
	struct hash id = { { 7 } };
	struct contents c;
	struct storage s;
	struct draft *d;
	struct head h;
	struct err e;

	storage_make(&s);
	storage_push(&s, "big=RAND:1:3000000");
	storage_push(&s, "big=RAND:1:3000000 other=RAND:2:3000000");
	storage_load(&s, &h);
	cr_assert_eq(draft_new(&d, s.repo, &id, 3, &e), 0);
	cr_assert_eq(contents_new(&c, &e), 0);
	c.packer = draft_packer(d);
	fill_random(bytes, SIZE, 1);
	pack_version(&c, h.profile.tree.entry[0], bytes, 1);
	fill_random(bytes, SIZE, 2);
	pack_version(&c, h.profile.tree.entry[1], bytes, 2);
	cr_assert_lt(c.bytes, SIZE / 2, "not packed as pieces");

	cr_assert_eq(usage_add(&both, &h.profile, &e), 0);
	contents_recheck(&c, &both);
	cr_assert_eq(c.count, 2);
	cr_assert_eq(tree_add(&one.tree, h.profile.tree.entry[1], &e), 0);
	cr_assert_eq(usage_add(&second, &one, &e), 0);
	contents_recheck(&c, &second);
	cr_assert_eq(c.count, 1);
	cr_assert(contents_has(&c,
	    &(struct entry){ .hash = hash_of(bytes, SIZE), .size = SIZE }));

	usage_free(&both);
	usage_free(&second);
	profile_free(&one);
	contents_free(&c);
	draft_free(d);
	head_free(&h);
	storage_free(&s);
	free(bytes);
}
