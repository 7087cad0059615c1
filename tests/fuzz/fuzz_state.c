#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "local/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Whatever was read can be written, and is then read as the same. */
static void
write_again(const struct state *s, struct arena *arena,
    struct machines *machines)
{
	struct buf bytes = { 0 };
	struct state back;
	struct err e;

	if (state_encode(&bytes, s, &e) == -1 ||
	    state_decode(&back, bytes.bytes, bytes.len, arena, machines, &e) ==
		-1 ||
	    back.local.tree.count != s->local.tree.count ||
	    back.base.count != s->base.count || back.number != s->number)
		abort();
	for (size_t i = 0; i < s->local.tree.count; i++)
		if (back.local.stamp[i].inode != s->local.stamp[i].inode ||
		    back.local.stamp[i].ctime_ns != s->local.stamp[i].ctime_ns)
			abort();
	state_free(&back);
	buf_free(&bytes);
}

static void
read_state(const uint8_t *bytes, size_t len)
{
	struct arena arena = { 0 };
	struct machines machines = { .arena = &arena };
	struct state s;
	struct err e;

	if (state_decode(&s, bytes, len, &arena, &machines, &e) == 0) {
		write_again(&s, &arena, &machines);
		state_free(&s);
	}
	machines_free(&machines);
	arena_free(&arena);
}

/* As it is, and with the hash at its end put right, which no fuzzer guesses. */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct buf file = { 0 };
	struct hash sum;

	read_state(bytes, len);
	if (len >= HASH_LEN)
		len -= HASH_LEN;
	sum = hash_of(bytes, len);
	buf_bytes(&file, bytes, len);
	buf_bytes(&file, sum.b, HASH_LEN);
	if (!file.bad)
		read_state(file.bytes, file.len);
	buf_free(&file);
	return 0;
}
