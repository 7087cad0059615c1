#include "sync/probe.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

#define RATE_BYTES ((size_t)8 << 10) /* fewer tell nothing of a rate */
#define UNBOUNDED  1e12              /* bytes a second */

/* A part of a file of the store. */
struct part {
	char path[STORE_PATH_MAX + 1];
	uint64_t off;
	size_t len;
};

static bool
moves(const struct op *op)
{
	return op->state == OP_PLANNED && op->action != ACTION_NONE;
}

bool
probe_is_due(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (moves(&plan->op[i]))
			return true;
	return false;
}

/* Bytes of content that the plan wants moved; and the place of the most. */
static uint64_t
weigh(const struct plan *plan, struct place *place)
{
	const struct entry *t;
	struct place p;
	uint64_t sum = 0;

	for (size_t i = 0; i < plan->count; i++) {
		t = plan->op[i].result;
		if (!moves(&plan->op[i]) || t == NULL || t->type != ENTRY_FILE)
			continue;
		sum += t->size;
		p = entry_extent_count(t) > 0 ? t->extra->extents[0].place
					      : t->place;
		if (op_needs_content(&plan->op[i]) && p.gen != GEN_NONE &&
		    p.gen <= GEN_MAX && p.frame_len > place->frame_len)
			*place = p;
	}
	return sum;
}

static void
choose_part(const struct context *c, const struct place *place,
    struct part *out)
{
	const struct commit *head = &c->head;
	const char *name = "manifest";
	char pack[16];
	uint64_t len = head->manifest.size;

	if (place->frame_len > 0) {
		snprintf(pack, sizeof(pack), "pack%u", (unsigned)place->pack);
		repo_path(out->path, place->gen, pack);
		out->off = place->frame;
		len = place->frame_len;
	} else {
		if (head->pack_count > 0 && head->pack[0].size > len) {
			name = "pack0";
			len = head->pack[0].size;
		}
		repo_path(out->path, head->number, name);
		out->off = 0;
	}
	out->len = len < PROBE_SIZE ? (size_t)len : PROBE_SIZE;
}

/* How long it takes to read len bytes of p. */
static int
clock_read(struct context *c, const struct part *p, size_t len, double *seconds,
    struct err *e)
{
	double start = clock_steady_s();
	char *bytes = malloc(PROBE_SIZE);
	int rc;

	if (bytes == NULL)
		return err_sys(e, "probe");
	rc = store_read(c->store, p->path, p->off, bytes, len, e);
	*seconds = clock_steady_s() - start;
	free(bytes);
	return rc;
}

/*
 * The first read opens the file, the second is one answer. Then comes a load,
 * and one answer more behind it: a line that takes in at once what it carries
 * slowly makes that one wait.
 */
static int
measure(struct context *c, const struct part *p, double slow_s,
    struct probe *out, struct err *e)
{
	double opening, one, many, last, net;

	if (clock_read(c, p, 1, &opening, e) == -1 ||
	    clock_read(c, p, 1, &one, e) == -1)
		return -1;
	out->delay_s = one;
	if (one > slow_s || p->len < RATE_BYTES)
		return 0;
	if (clock_read(c, p, p->len, &many, e) == -1 ||
	    clock_read(c, p, 1, &last, e) == -1)
		return -1;
	net = many + last - 2 * one;
	/* Faster than two answers: as fast as can be. */
	out->rate = net > 0 ? (double)p->len / net : UNBOUNDED;
	return 0;
}

int
probe_store(struct context *c, const struct plan *plan, double slow_s,
    struct probe *out, struct err *e)
{
	struct place place = { 0 };
	struct part part;
	uint64_t sum = weigh(plan, &place);

	*out = (struct probe){ .delay_s = -1 };
	if (c->store == NULL || c->head.number == 0)
		return 0;
	choose_part(c, &place, &part);
	/* What is less than a load needs no look at the rate. */
	if (sum < PROBE_SIZE)
		slow_s = 0;
	if (part.len == 0 || measure(c, &part, slow_s, out, e) == 0)
		return 0;
	/* What is damaged or was collected is the run's own affair. */
	return repo_is_damage(e) ? 0 : -1;
}
