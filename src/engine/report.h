#ifndef ROAM_ENGINE_REPORT_H
#define ROAM_ENGINE_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "engine/plan.h"

/*
 * report - a plan and its outcome as text for people and as JSON for scripts
 * (the contract in roam(1)). The same for a dry run and a real one.
 */
struct report {
	const char *command; /* "sync" ... */
	const char *store;   /* URL */
	bool dry_run;
	uint64_t base, head, published; /* generations; published 0: none */
	const struct plan *plan;
	const struct opaque *skipped; /* all but WHY_RULE are listed */
	size_t skipped_count;
	uint64_t bytes_up, bytes_down; /* content, before compression */
	uint64_t entries;              /* in the home */
	double seconds;
};

struct totals {
	uint64_t action[ACTION__COUNT]; /* ops that are planned or done */
	uint64_t pending, held, suspect, failed, skipped;
};
struct totals report_totals(const struct report *r);

/* What an op is about: what will be there, else what goes. */
const struct entry *report_subject(const struct op *op);
/* A line for each directory that stands for all below it, with its sums; and
 * whether an op is in one of those. Conflicts never are. */
void report_groups(FILE *out, const struct plan *p);
bool report_in_group(const struct op *op);
/* All that was written is out, or e says why not. */
int report_end(FILE *out, struct err *e) MUST_CHECK;

int report_json(FILE *out, const struct report *r, struct err *e) MUST_CHECK;

struct report_style {
	bool colour;
	bool all;       /* every line, else at most a screenful per kind */
	bool groups;    /* sums of directories instead of very many lines */
	unsigned width; /* columns */
};
/* A line an action, then what was skipped or held, then one line of sums;
 * "nothing to do" when that is so. */
int report_text(FILE *out, const struct report *r,
    const struct report_style *style, struct err *e) MUST_CHECK;

#endif
