#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/reader.h"
#include "local/shelf.h"

#define DROPPED "dropped"

static int
by_id(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The ids in b, which ends in a hash of them. */
static int
decode_dropped(const struct buf *b, uint64_t **out, size_t *count,
    struct err *e)
{
	size_t n = b->len < HASH_LEN ? 0 : (b->len - HASH_LEN) / sizeof(**out);
	struct reader r = reader_of(b->bytes, n * sizeof(**out));
	struct hash sum = hash_of(b->bytes, n * sizeof(**out));

	/* A damaged list is none: the conflicts are listed once more. */
	if (b->len != n * sizeof(**out) + HASH_LEN ||
	    memcmp(sum.b, b->bytes + n * sizeof(**out), HASH_LEN) != 0)
		n = 0;
	if ((*out = calloc(n + 1, sizeof(**out))) == NULL)
		return err_sys(e, DROPPED);
	for (size_t i = 0; i < n; i++)
		(*out)[i] = reader_u64(&r);
	*count = n;
	return 0;
}

int
shelf_dropped(int statefd, uint64_t **out, size_t *count, struct err *e)
{
	struct buf b = { .max = CONFLICTS_MAX * sizeof(**out) + HASH_LEN };
	int rc;

	rc = io_load(statefd, DROPPED, &b, e);
	if (rc == 0 || e->kind == ERR_GONE || e->kind == ERR_LIMIT)
		rc = decode_dropped(&b, out, count, e);
	buf_free(&b);
	return rc;
}

int
shelf_set_dropped(int statefd, const uint64_t *id, size_t count, struct err *e)
{
	struct buf b = { .max = CONFLICTS_MAX * sizeof(*id) + HASH_LEN };
	uint64_t *sorted;
	struct hash sum;
	int rc = -1;

	if ((sorted = calloc(count + 1, sizeof(*sorted))) == NULL)
		return err_sys(e, DROPPED);
	if (count > 0)
		memcpy(sorted, id, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), by_id);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || sorted[i] != sorted[i - 1])
			buf_u64(&b, sorted[i]);
	sum = hash_of(b.bytes, b.len);
	buf_bytes(&b, sum.b, HASH_LEN);
	if (buf_check(&b, e) == 0)
		rc = io_replace(statefd, DROPPED, b.bytes, b.len, e);
	buf_free(&b);
	free(sorted);
	return rc;
}
