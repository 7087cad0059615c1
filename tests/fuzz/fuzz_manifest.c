#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* What one input works with; all that is decoded goes with it. */
struct bench {
	struct arena arena;
	struct machines machines;
	struct decode how;
	struct err e;
};

static void
must(int rc)
{
	if (rc == -1)
		abort();
}

/* The directory d, the file d/f and the symlink l. */
static void
plant_parent(struct bench *b, struct tree *t)
{
	static const struct extra to = { .target = "d/f" };
	static const struct entry parent[] = {
		{ .path = "d", .path_len = 1, .type = ENTRY_DIR, .mode = 0755 },
		{ .path = "d/f", .path_len = 3, .type = ENTRY_FILE },
		{ .path = "l",
		    .path_len = 1,
		    .type = ENTRY_LINK,
		    .size = 3,
		    .mode = 0777,
		    .extra = &to },
	};

	for (size_t i = 0; i < sizeof(parent) / sizeof(parent[0]); i++)
		must(tree_add(t, &parent[i], &b->e));
}

/* Whatever was read can be written, and is then read as the same. */
static void
write_again(struct bench *b, const struct profile *parent,
    const struct profile *p)
{
	struct buf bytes = { 0 };
	struct profile back;

	must(manifest_encode(&bytes, parent, p, &b->e));
	must(manifest_decode(&back, parent, bytes.bytes, bytes.len, &b->how,
	    &b->e));
	if (back.tree.count != p->tree.count ||
	    back.conflict_count != p->conflict_count)
		abort();
	for (size_t i = 0; i < p->tree.count; i++)
		if (!record_same(p->tree.entry[i], back.tree.entry[i]))
			abort();
	profile_free(&back);
	buf_free(&bytes);
}

/* The input as a body, since no fuzzer guesses the hashes around it. */
static void
read_body(struct bench *b, const struct profile *parent, const uint8_t *bytes,
    size_t len)
{
	struct profile p;

	if (manifest_read(&p, parent, bytes, len, &b->how, &b->e) == -1)
		return;
	write_again(b, parent, &p);
	write_again(b, NULL, &p);
	profile_free(&p);
}

/* A whole file: as it is, and with the hash at its end put right. */
static void
read_file(struct bench *b, const uint8_t *bytes, size_t len)
{
	struct buf file = { 0 };
	struct profile p;
	struct hash sum;

	if (manifest_decode(&p, NULL, bytes, len, &b->how, &b->e) == 0)
		profile_free(&p);
	sum = hash_of(bytes, len);
	buf_bytes(&file, bytes, len);
	buf_bytes(&file, sum.b, HASH_LEN);
	must(buf_check(&file, &b->e));
	if (manifest_decode(&p, NULL, file.bytes, file.len, &b->how, &b->e) ==
	    0)
		profile_free(&p);
	buf_free(&file);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct bench b = { .machines.arena = &b.arena };
	struct profile parent = { 0 };

	b.how = (struct decode){ &b.arena, &b.machines, 7 };
	plant_parent(&b, &parent.tree);
	read_body(&b, NULL, bytes, len);
	read_body(&b, &parent, bytes, len);
	read_file(&b, bytes, len);
	profile_free(&parent);
	machines_free(&b.machines);
	arena_free(&b.arena);
	return 0;
}
