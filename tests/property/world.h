#ifndef ROAM_TESTS_PROPERTY_WORLD_H
#define ROAM_TESTS_PROPERTY_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "engine/plan.h"
#include "model/machine.h"

/*
 * world - a store and the homes of a few computers, in memory.
 *
 * All paths that can exist are known from the start: the spots, numbered in
 * path_order(), so that a tree is an array and what lies below a spot is a run
 * of numbers. Contents are numbered too, and each is written once by somebody,
 * unless it is copied; so "is this lost?" is a question about a set.
 */
#define SPOTS    39  /* three names, three levels */
#define CONTENTS 512 /* content 0 is the empty file */
#define GENS     256
#define PCS      4

struct spot {
	char path[12];
	uint8_t len;
	uint8_t depth;
	int8_t parent; /* -1: the home itself */
	uint8_t end;   /* the first spot behind all that lies below */
};
extern struct spot spots[SPOTS];

struct set {
	uint64_t bits[CONTENTS / 64];
};

void set_add(struct set *s, unsigned content);
bool set_has(const struct set *s, unsigned content);
/* Is all of b in a? */
bool set_covers(const struct set *a, const struct set *b);
void set_join(struct set *into, const struct set *from);
bool set_is_empty(const struct set *s);

struct node {
	const struct entry *entry; /* NULL: nothing there */
	uint32_t inode;
	bool locked; /* cannot be read */
};

enum rule { RULE_NONE, RULE_ALL, RULE_DIRS };

/* What a home remembers between runs, and what it is about to. */
struct memory {
	uint32_t head; /* id of the generation it knows; 0: none */
	const struct entry *base[SPOTS];
	struct node known[SPOTS];
};

struct pc {
	struct node home[SPOTS];
	struct memory memory;
	struct memory next;     /* of an intended generation */
	uint32_t next_id;       /* 0: none */
	struct set pending;     /* losers that the store does not list yet */
	struct set seen[SPOTS]; /* contents that this home had there */
	/* The rules kept it, while only this side had it. */
	uint8_t kept_here[SPOTS], kept_there[SPOTS];
};

struct store_gen {
	const struct entry *at[SPOTS];
	struct set conflicts, history; /* up to now */
	uint32_t id;
};

struct world {
	struct arena arena;
	struct machines machines;
	unsigned pcs;
	struct pc pc[PCS];
	struct pc snapshot[PCS];
	bool has_snapshot[PCS];
	uint8_t rule[PCS][SPOTS]; /* enum rule */
	struct rules *rules[PCS]; /* owned; NULL: to be made */
	const struct machine *self[PCS];
	int64_t clock[PCS];
	struct store_gen gen[GENS];
	unsigned gens;
	struct set conflicts, history; /* of the store as it is */
	unsigned contents;
	uint32_t inodes, ids;
	int64_t tick;
	bool verbose;
	/* Something was done after which one computer alone may conflict. */
	bool forgetful;
	bool linked;  /* hard links came into play */
	bool merging; /* files called "a.b" have a driver */
	int unit;     /* spot that is a unit where it is a directory; -1 */
	/* What a content holds: itself, and all that was merged into it. */
	struct set holds[CONTENTS];
	char failure[512]; /* the first broken promise; "" if none */
};

void spots_make(void);
unsigned spot_of(const struct entry *t);
/* Is a the spot b or above it? */
bool spot_holds(unsigned a, unsigned b);

int world_new(struct world *w, unsigned pcs);
void world_free(struct world *w);
void world_fail(struct world *w, const char *fmt, ...) PRINTF_LIKE(2, 3);
const struct entry *const *world_head(const struct world *w);

/* A content that nobody wrote before; merged: of nothing of its own. */
unsigned content_new(struct world *w, bool merged);
/* The hash and size that it has: no order of time. */
struct hash content_hash(unsigned content);
uint64_t content_size(unsigned content);
/* The number of what a file or symlink holds; -1 for a directory or nothing. */
int content_of(const struct entry *t);
bool is_dir(const struct entry *t);
struct entry *entry_like(struct world *w, const struct entry *t, unsigned spot);
/* The same but for the hard-link group, which is the scan's to say. */
const struct entry *entry_in_group(struct world *w, const struct entry *t,
    uint64_t group);
void notice(const struct world *w, struct pc *pc);

/* A tree of the entries that are there, in buf. */
struct tree tree_of(const struct entry *const at[SPOTS],
    const struct entry *buf[SPOTS]);
void spread(const struct entry *at[SPOTS], const struct tree *t);

/* What a scan finds. */
struct look {
	struct home home;
	const struct entry *at[SPOTS];
	bool there[SPOTS];
	bool hidden[SPOTS]; /* at or below something opaque */
	bool ruled[SPOTS];  /* hidden by a rule */
	const struct entry *entry[SPOTS];
	struct stamp stamp[SPOTS];
	struct opaque opaque[SPOTS];
};
void scan(struct world *w, unsigned m, struct look *out);
/* Do m's rules keep spot local, where it is that type in t? */
bool excluded(const struct world *w, unsigned m, unsigned spot,
    const struct entry *const t[SPOTS]);

#endif
