#ifndef ROAM_MODEL_RULES_H
#define ROAM_MODEL_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/hash.h"
#include "model/glob.h"

/*
 * rules - what roams and what stays local: gitignore's patterns with a class
 * before and a reason behind, one a line; see roam-rules(5).
 *
 *	local .cache/          # rebuilt by its programs
 *	roam  .config/
 *	unit  .mozilla/firefox/profile/  # databases that belong together
 *	merge=keyfile .config/user-dirs.dirs
 *
 * The last match within a source wins; a later source overrides an earlier
 * one, but what the administrator made local stays local for the user. What
 * lies below a local directory is local. What no rule names roams.
 */
#define RULES_LINE_MAX 4096   /* bytes, without the newline */
#define RULES_MAX      100000 /* of all files together */

enum rules_class {
	RULES_ROAM,
	RULES_LOCAL,
	RULES_UNIT,
	RULES_MERGE,
	RULES_BESIDE, /* what loses a conflict becomes a file beside it */
	RULES_LISTED, /* or stays in the list */
	RULES_CLASS__COUNT
};

enum rules_source { RULES_SHIPPED, RULES_ADMIN, RULES_USER, RULES__COUNT };

struct rules;

/* What decided about a path: the rule that matched it or, where none did, the
 * nearest directory above it. Strings are the rules' own. */
struct ruling {
	bool roams;
	const char *file; /* NULL where no rule matched */
	unsigned line;
	const char *reason; /* behind " # "; "" if none */
	/* Of what roams: the pattern that made a unit of path or of the
	 * outermost directory around it; the driver of the nearest merge=. */
	const char *unit;   /* or NULL */
	size_t unit_len;    /* of path that is the unit; 0: none */
	const char *driver; /* or NULL */
	bool beside;        /* of class beside, itself or what is above it */
};

int rules_new(struct rules **out, struct err *e) MUST_CHECK;
/* Add the lines of one file. ERR_USAGE "FILE:LINE: what" and nothing added.
 * Sources may come in any order, the files of one come in theirs. */
int rules_add(struct rules *r, enum rules_source source, const char *file,
    const char *text, size_t len, struct err *e) MUST_CHECK;
void rules_free(struct rules *r);

/* Looks at every component of path, so it may be asked in any order. */
void rules_explain(const struct rules *r, const char *path, size_t len,
    bool is_dir, struct ruling *out);
bool rules_roams(const struct rules *r, const char *path, size_t len,
    bool is_dir);
/* The same for a walk: all parents are known to roam, only path itself is
 * looked at. Must cost well below a microsecond with hundreds of rules. */
bool rules_roams_here(const struct rules *r, const char *path, size_t len,
    bool is_dir);
/* Of all lines in order: other rules, other hash. */
struct hash rules_hash(const struct rules *r);
size_t rules_count(const struct rules *r);

/* A rule as it was written; strings and glob are the rules' own. */
struct rules_item {
	enum rules_source source;
	enum rules_class class;
	const char *file;
	unsigned line;
	const char *driver; /* NULL unless of class merge */
	const char *pattern;
	const char *reason; /* "" if none */
	const struct glob *glob;
};

const char *rules_class_text(enum rules_class class); /* "roam" ... */

/* Rule i of rules_count(), in the order in which they were added. */
void rules_item(const struct rules *r, size_t i, struct rules_item *out);
/* Which rule answers the question that rules of class answer, about path
 * itself and not the directories above? False: none does. */
bool rules_decider(const struct rules *r, enum rules_class class,
    const char *path, size_t len, bool is_dir, size_t *out);

#endif
