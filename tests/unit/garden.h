#ifndef ROAM_TESTS_GARDEN_H
#define ROAM_TESTS_GARDEN_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "model/machine.h"
#include "model/profile.h"

/*
 * garden - random profiles for tests: every kind of entry, names of any byte,
 * numbers at their bounds. The same seed gives the same profile everywhere.
 */
struct garden {
	struct arena arena;
	struct machines machines;
	uint64_t seed;
	uint64_t serial; /* makes names different */
};

void garden_open(struct garden *g, uint64_t seed);
void garden_close(struct garden *g);

/* 0 .. below - 1 */
uint32_t garden_draw(struct garden *g, uint32_t below);

/* A file of nothing; path has to outlive the garden. */
struct entry *garden_file(struct garden *g, const char *path);
/* Its sort is drawn; path is copied. */
struct entry *garden_entry(struct garden *g, const char *path, size_t len,
    enum entry_type type);

/* A profile of about count entries and a few conflicts. */
void garden_profile(struct garden *g, struct profile *out, size_t count);
/* What became of from after some days: shares what did not change. */
void garden_grow(struct garden *g, const struct profile *from,
    struct profile *out);

/* All that p says, in words: two profiles are the same if their texts are.
 * GEN_SELF is shown as self. Ends in free(). */
char *profile_text(const struct profile *p, uint64_t self);

#endif
