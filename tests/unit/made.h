#ifndef ROAM_TESTS_MADE_H
#define ROAM_TESTS_MADE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "engine/merge.h"
#include "model/entry.h"

/* made - entries made by hand, all of one path, and what merge decides. */
extern const struct machine made_ws1, made_ws2; /* in this order */

/* Attributes of two kinds. */
#define MADE_RED_LEN  17
#define MADE_BLUE_LEN 18
extern const uint8_t made_red[MADE_RED_LEN + 1];
extern const uint8_t made_blue[MADE_BLUE_LEN + 1];

/* Attributes and hard-link groups. */
#define MADE_EXTRAS 6
extern const struct extra made_extras[MADE_EXTRAS];

struct entry made_file(const char *content, int64_t mtime_ns);
struct entry made_directory(uint16_t mode, int64_t mtime_ns);
struct entry made_link(const struct extra *x, int64_t mtime_ns);

/* One decision and what it needs; ended by decision_free(). */
struct decision {
	struct arena arena;
	struct op op;
	bool needed;
};
struct decision decide(const struct entry *b, const struct entry *l,
    const struct entry *r);
void decision_free(struct decision *d);

#endif
