#include <stdlib.h>

#include "base/log.h"
#include "local/shelf.h"
#include "sync/list.h"
#include "sync/mend.h"

static bool
has_id(const uint64_t *id, size_t count, uint64_t wanted)
{
	for (size_t i = 0; i < count; i++)
		if (id[i] == wanted)
			return true;
	return false;
}

/*
 * Did somebody drop this conflict on another machine? It was listed when this
 * home last looked, and no longer is.
 */
static bool
dropped_elsewhere(const struct context *c, uint64_t id)
{
	return !c->estranged && profile_conflict(&c->state.head, id) != NULL &&
	    profile_conflict(c->remote, id) == NULL;
}

static int
add_all(struct profile *out, const struct profile *from, const uint64_t *drop,
    size_t drop_count, struct err *e)
{
	for (size_t i = 0; i < from->conflict_count; i++)
		if (!has_id(drop, drop_count, from->conflict[i].id) &&
		    profile_add_conflict(out, &from->conflict[i], e) == -1)
			return -1;
	return 0;
}

static int
add_shelf(struct context *c, struct profile *out, const uint64_t *drop,
    size_t drop_count, struct err *e)
{
	struct profile shelf = { 0 };
	size_t damaged;
	int rc = 0;

	if (c->statefd == -1)
		return 0;
	if (shelf_load(c->statefd, &c->arena, &c->machines, &shelf, &damaged,
		e) == -1)
		return -1;
	for (size_t i = 0; i < shelf.conflict_count && rc == 0; i++) {
		const struct conflict *at = &shelf.conflict[i];

		if (!has_id(drop, drop_count, at->id) &&
		    !dropped_elsewhere(c, at->id))
			rc = profile_add_conflict(out, at, e);
	}
	profile_free(&shelf);
	return rc;
}

int
list_merged(struct context *c, struct profile *out, struct err *e)
{
	uint64_t *drop = NULL;
	size_t drop_count = 0;
	int rc = -1;

	if (c->statefd != -1 &&
	    shelf_dropped(c->statefd, &drop, &drop_count, e) == -1)
		return -1;
	if (add_all(out, mend_profile(c), drop, drop_count, e) == 0 &&
	    add_shelf(c, out, drop, drop_count, e) == 0)
		rc = 0;
	free(drop);
	return rc;
}

/* The store's versions that lose by this plan need no content: it is there. */
static int
add_losers(const struct plan *plan, int64_t now_ns, struct profile *out,
    struct err *e)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct op *op = &plan->op[i];

		if (op->loser == NULL || op->loser_is_local ||
		    (op->sides & SIDE_STORE) == 0 ||
		    (op->state != OP_PLANNED && op->state != OP_DONE))
			continue;
		const struct conflict lost = { .id = shelf_id(op->loser),
			.loser = op->loser,
			.machine = op->loser->machine,
			.time_ns = now_ns };

		if (profile_add_conflict(out, &lost, e) == -1)
			return -1;
	}
	return 0;
}

/* The store lists it, but has lost its content, which lies here. */
static bool
can_mend(const struct context *c, const struct conflict *lost)
{
	return c->statefd != -1 && !mend_has_loser(c, lost->id) &&
	    shelf_has(c->statefd, lost->id);
}

int
list_next(struct context *c, const struct plan *plan, int64_t now_ns,
    struct profile *out, bool *changed, struct err *e)
{
	bool lost = false;
	size_t kept = 0;

	/* Losers first: theirs are the entries that know their place. */
	if (add_losers(plan, now_ns, out, e) == -1 ||
	    list_merged(c, out, e) == -1)
		return -1;
	for (size_t i = 0; i < out->conflict_count; i++) {
		if (profile_conflict(c->remote, out->conflict[i].id) == NULL)
			continue;
		kept++;
		lost = lost || can_mend(c, &out->conflict[i]);
	}
	*changed = lost || kept != out->conflict_count ||
	    kept != c->remote->conflict_count;
	return 0;
}

int
list_tidy(struct context *c, const struct profile *head, struct err *e)
{
	struct profile shelf = { 0 };
	uint64_t *drop = NULL;
	size_t drop_count, still = 0, damaged;
	int rc = -1;

	if (shelf_dropped(c->statefd, &drop, &drop_count, e) == -1)
		return -1;
	if (shelf_load(c->statefd, &c->arena, &c->machines, &shelf, &damaged,
		e) == -1)
		goto out;
	if (damaged > 0)
		log_line(LOG_LEVEL_WARN,
		    "%zu damaged record(s) of conflicts passed over: what they "
		    "kept lies in " ROAM_STATE_DIR "/conflicts",
		    damaged);
	for (size_t i = 0; i < shelf.conflict_count; i++) {
		uint64_t id = shelf.conflict[i].id;
		bool gone =
		    has_id(drop, drop_count, id) || dropped_elsewhere(c, id);

		if (gone && profile_conflict(head, id) == NULL &&
		    shelf_remove(c->statefd, id, e) == -1)
			goto out;
	}
	for (size_t i = 0; i < drop_count; i++)
		if (profile_conflict(head, drop[i]) != NULL)
			drop[still++] = drop[i];
	if (still != drop_count &&
	    shelf_set_dropped(c->statefd, drop, still, e) == -1)
		goto out;
	rc = 0;
out:
	profile_free(&shelf);
	free(drop);
	return rc;
}

int
list_drop(struct context *c, uint64_t id, struct err *e)
{
	uint64_t *drop = NULL, *grown;
	size_t count = 0;
	int rc = -1;

	if (shelf_dropped(c->statefd, &drop, &count, e) == -1)
		return -1;
	grown = realloc(drop, (count + 1) * sizeof(*grown));
	if (grown == NULL) {
		err_sys(e, "conflicts");
		goto out;
	}
	drop = grown;
	drop[count++] = id;
	for (size_t i = count - 1; i > 0 && drop[i - 1] > drop[i]; i--) {
		uint64_t swap = drop[i];

		drop[i] = drop[i - 1];
		drop[i - 1] = swap;
	}
	rc = shelf_set_dropped(c->statefd, drop, count, e);
out:
	free(drop);
	return rc;
}
