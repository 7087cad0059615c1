#ifndef ROAM_STORE_VERIFY_DATA_H
#define ROAM_STORE_VERIFY_DATA_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/commit.h"
#include "model/entry.h"
#include "store/usage.h"
#include "store/verify.h"

/*
 * verify_data - the part of verify that reads packs: contents are collected
 * first, then each is fetched once and compared with its hash.
 */
struct content {
	struct hash key; /* of all that says what it is and where it lies */
	const struct entry *entry;
	uint64_t gen; /* that named it first */
};

struct contents {
	struct content *at; /* owned */
	size_t count, cap;
};

/* What t holds; what has no content is left out. */
int contents_add(struct contents *c, const struct entry *t, uint64_t gen,
    struct err *e) MUST_CHECK;

/* Fetches all, each once, and tells of those that do not hold; *findings
 * grows. Changes the order. */
int contents_check(struct contents *c, struct store *s,
    const struct verify *how, uint64_t *findings, struct err *e) MUST_CHECK;

/* Is the pack as long and with the hash that its commit says? findings and
 * bytes of out grow. */
int pack_check(struct store *s, const struct pack_name *pack,
    const struct sealed *sealed, const struct verify *how, struct verified *out,
    struct err *e) MUST_CHECK;

/* Tell of something, path and text fit to be shown. */
void verify_found(const struct verify *how, uint64_t gen, const char *path,
    const char *text, uint64_t *findings);

#endif
