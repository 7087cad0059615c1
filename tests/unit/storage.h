#ifndef ROAM_TESTS_STORAGE_H
#define ROAM_TESTS_STORAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "model/machine.h"
#include "model/profile.h"
#include "store/repo.h"
#include "store/store.h"

/*
 * storage - a temporary store in a directory of its own, and a small push that
 * makes generations out of words. Every call ends the test where it fails.
 *
 * A profile is words: "d/" a directory, "x=text" a file and what it holds,
 * "y=RAND:SEED:SIZE" one of random bytes (large ones become extents),
 * "z=HOLE:SIZE" zeros that were never written, "!x=text" an open conflict on x. What the generation before holds equal keeps its
 * place there.
 */
struct storage {
	char dir[48];
	char url[64];
	struct store *store;
	struct repo *repo;
	struct arena arena;
	struct machines machines;
};

void storage_make(struct storage *s);
void storage_free(struct storage *s);

struct push {
	const char *words;
	int64_t time_ns; /* 0: now */
	bool full;       /* a checkpoint; the first always is */
	uint64_t number; /* 0: the next */
	/* An older generation, of which equal contents keep their place, too;
	 * NULL: none. */
	const struct profile *back;
};
/* The number published; 0 with e->kind where that failed. */
uint64_t storage_try(struct storage *s, const struct push *p, struct err *e);
uint64_t storage_push(struct storage *s, const char *words);

/* The newest generation, to be freed by head_free(). */
void storage_load(struct storage *s, struct head *out);
void head_free(struct head *h);

/* Do all contents of a profile come out of the store as their hashes say? The
 * number of those that do not. */
size_t storage_check(struct storage *s, const struct profile *p);

/* size bytes that look random, from seed. */
void fill_random(uint8_t *bytes, size_t size, uint64_t seed);

/* Files below a store's directory, by the shell, ends where it fails. */
void storage_shell(const struct storage *s, const char *fmt, ...)
    PRINTF_LIKE(2, 3);
bool storage_has(const struct storage *s, const char *path);
/* Change a byte of a file; negative: counted from its end. */
void storage_damage(const struct storage *s, const char *path, long at);

/*
 * A store that fails on purpose: everything is passed on to inner, but calls
 * of publish with fail > 0, which counts down, answer ERR_OFFLINE, before or
 * after they have done their work. The file held can be neither removed nor what
 * it lies in renamed, as if somebody had it open.
 */
struct faulty {
	struct store store;
	struct store *inner; /* borrowed */
	unsigned fail;
	bool after;
	const char *held; /* NULL: none */
	/* Called instead of the first failing publish, where not NULL. */
	void (*instead)(void *arg);
	/* Called once, before the first remove. */
	void (*before_remove)(void *arg, const char *path);
	void *arg;
};
void faulty_make(struct faulty *f, struct store *inner);

#endif
