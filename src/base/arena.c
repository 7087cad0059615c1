#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#define BLOCK_MIN ((size_t)16 << 10)
#define BLOCK_MAX ((size_t)1 << 20)

struct arena_block {
	struct arena_block *next; /* owned */
	alignas(max_align_t) unsigned char bytes[];
};

/* A block in front, where the arena goes on taking from. */
static int
add_block(struct arena *a, size_t size, struct err *e)
{
	struct arena_block *b;

	if (size > SIZE_MAX - sizeof(*b))
		return err_set(e, ERR_LIMIT, "%zu bytes in one piece", size);
	if ((b = malloc(sizeof(*b) + size)) == NULL)
		return err_sys(e, "%zu bytes", size);
	b->next = a->block;
	a->block = b;
	a->used = 0;
	a->size = size;
	return 0;
}

/* A block of its own for len bytes that would waste the rest of another. It
 * goes behind the newest, which stays in use. */
static unsigned char *
take_alone(struct arena *a, size_t len, struct err *e)
{
	struct arena alone = { 0 };
	unsigned char *at;

	if (add_block(&alone, len, e) == -1)
		return NULL;
	at = alone.block->bytes;
	alone.used = len;
	arena_join(a, &alone);
	return at;
}

static unsigned char *
take(struct arena *a, size_t len, size_t align, struct err *e)
{
	size_t at = (a->used + align - 1) & ~(align - 1);
	size_t next = a->size == 0 ? BLOCK_MIN : a->size * 2;

	if (at <= a->size && len <= a->size - at && a->block != NULL) {
		a->used = at + len;
		return a->block->bytes + at;
	}
	if (next > BLOCK_MAX)
		next = BLOCK_MAX;
	if (len > next / 4)
		return take_alone(a, len, e);
	if (add_block(a, next, e) == -1)
		return NULL;
	a->used = len;
	return a->block->bytes;
}

void *
arena_alloc(struct arena *a, size_t len, struct err *e)
{
	return take(a, len, alignof(max_align_t), e);
}

char *
arena_copy(struct arena *a, const void *bytes, size_t len, struct err *e)
{
	char *to = NULL;

	if (len == SIZE_MAX)
		err_set(e, ERR_LIMIT, "%zu bytes in one piece", len);
	else
		to = (char *)take(a, len + 1, 1, e);
	if (to == NULL)
		return NULL;
	if (len > 0)
		memcpy(to, bytes, len);
	to[len] = '\0';
	return to;
}

void
arena_join(struct arena *into, struct arena *a)
{
	struct arena_block *last = a->block;

	if (into->block == NULL) {
		*into = *a;
	} else if (last != NULL) {
		while (last->next != NULL)
			last = last->next;
		last->next = into->block->next;
		into->block->next = a->block;
	}
	*a = (struct arena){ 0 };
}

void
arena_free(struct arena *a)
{
	struct arena_block *b;

	while ((b = a->block) != NULL) {
		a->block = b->next;
		free(b);
	}
	*a = (struct arena){ 0 };
}
