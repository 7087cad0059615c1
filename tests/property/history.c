#include "history.h"

#include <stdlib.h>
#include <string.h>

#include "acts.h"
#include "run.h"

/* Kinds behind the acts. */
static const struct {
	const char *name;
	unsigned sides; /* 0: the start */
	unsigned weight;
} runs[] = {
	{ "sync", SIDE_HOME | SIDE_STORE, 24 },
	{ "pull", SIDE_HOME, 6 },
	{ "push", SIDE_STORE, 6 },
	{ "start", 0, 0 },
};
#define RUNS  (sizeof(runs) / sizeof(runs[0]))
#define START (RUNS - 1)

static const char *
kind_name(unsigned kind)
{
	return kind < act_count ? acts[kind].name : runs[kind - act_count].name;
}

static unsigned
weight_of(unsigned kind)
{
	return kind < act_count ? acts[kind].weight
				: runs[kind - act_count].weight;
}

static unsigned
draw_kind(uint64_t *rng)
{
	unsigned sum = 0, k = 0;
	uint64_t at;

	for (unsigned i = 0; i < act_count + RUNS; i++)
		sum += weight_of(i);
	for (at = draw(rng, sum); at >= weight_of(k); k++)
		at -= weight_of(k);
	return k;
}

static void
add(struct history *h, unsigned kind, uint64_t *rng)
{
	struct step *s = &h->step[h->count++];

	s->kind = (uint8_t)kind;
	s->m = (uint8_t)draw(rng, h->pcs);
	for (int i = 0; i < 3; i++)
		s->arg[i] = (uint16_t)draw(rng, 1000);
	if (kind >= act_count && draw(rng, 2) == 0)
		s->arg[0] = FAULT_NONE;
}

void
history_draw(struct history *h, uint64_t seed)
{
	uint64_t rng = seed;
	unsigned more;

	h->pcs = 1 + (unsigned)(draw(&rng, 20) + 6) / 7;
	h->order = (unsigned)draw(&rng, 6);
	h->count = 0;
	for (more = (unsigned)draw(&rng, 16); more > 0; more--)
		add(h, (unsigned)draw(&rng, 3), &rng);
	add(h, act_count + START, &rng);
	for (more = 1 + (unsigned)draw(&rng, 40); more > 0; more--)
		add(h, draw_kind(&rng), &rng);
}

static bool
parse_step(struct step *s, char *word, unsigned pcs)
{
	unsigned long v[4] = { 0 };
	char *at = strchr(word, ':');

	if (at == NULL)
		return false;
	*at++ = '\0';
	for (int i = 0; i < 4 && at != NULL; i++) {
		v[i] = strtoul(at, &at, 10);
		at = *at == ':' ? at + 1 : NULL;
	}
	s->m = (uint8_t)(v[0] % pcs);
	for (int i = 0; i < 3; i++)
		s->arg[i] = (uint16_t)v[i + 1];
	for (unsigned k = 0; k < act_count + RUNS; k++)
		if (strcmp(kind_name(k), word) == 0) {
			s->kind = (uint8_t)k;
			return true;
		}
	return false;
}

bool
history_parse(struct history *h, const char *line)
{
	char text[4096], *word, *save = NULL;

	if (strlen(line) >= sizeof(text))
		return false;
	strcpy(text, line);
	h->count = 0;
	h->pcs = 0;
	for (word = strtok_r(text, " \n", &save);
	     word != NULL && word[0] != '#' && h->count < STEPS_MAX;
	     word = strtok_r(NULL, " \n", &save)) {
		if (h->pcs == 0) {
			if (sscanf(word, "%u:%u", &h->pcs, &h->order) != 2 ||
			    h->pcs < 1 || h->pcs > PCS)
				return false;
		} else if (!parse_step(&h->step[h->count++], word, h->pcs)) {
			return false;
		}
	}
	return h->pcs > 0;
}

void
history_print(FILE *out, const struct history *h)
{
	fprintf(out, "%u:%u", h->pcs, h->order);
	for (unsigned i = 0; i < h->count; i++) {
		const struct step *s = &h->step[i];

		fprintf(out, " %s:%u:%u:%u:%u", kind_name(s->kind), s->m,
		    s->arg[0], s->arg[1], s->arg[2]);
	}
	fprintf(out, "\n");
}

/* What computer 0 has becomes generation 1, and everybody has it. */
static void
start(struct world *w)
{
	const struct how how = { .sides = SIDE_HOME | SIDE_STORE };

	if (w->gens > 0)
		return;
	for (unsigned m = 1; m < w->pcs; m++)
		for (unsigned i = 0; i < SPOTS; i++)
			w->pc[m].home[i] = w->pc[0].home[i];
	for (unsigned m = 0; m < w->pcs; m++) {
		notice(w, &w->pc[m]);
		world_run(w, m, &how);
	}
}

static void
play_run(struct world *w, const struct step *s)
{
	const struct how how = {
		.sides = runs[s->kind - act_count].sides,
		.fault = s->arg[0] % FAULT__COUNT,
		.arg = s->arg[1],
		.other = s->arg[2],
	};

	if (how.sides == 0)
		start(w);
	else
		world_run(w, s->m, &how);
}

static void
play(struct world *w, const struct step *s)
{
	const unsigned arg[3] = { s->arg[0], s->arg[1], s->arg[2] };

	w->tick++;
	if (w->verbose)
		printf("  pc%u %s %u %u %u\n", s->m, kind_name(s->kind), arg[0],
		    arg[1], arg[2]);
	if (s->kind >= act_count) {
		play_run(w, s);
		return;
	}
	acts[s->kind].run(w, s->m, arg);
	notice(w, &w->pc[s->m]);
}

/* Does anything stay local, or cannot be read, anywhere? */
static bool
is_all_open(const struct world *w)
{
	for (unsigned m = 0; m < w->pcs; m++)
		for (unsigned i = 0; i < SPOTS; i++)
			if (w->rule[m][i] != RULE_NONE ||
			    w->pc[m].home[i].locked)
				return false;
	return true;
}

/*
 * Everybody stops editing and syncs twice, in any order. What is blocked by
 * something that one computer may not touch needs that it is set free by
 * another, and then two more.
 */
static void
settle_down(struct world *w, unsigned order)
{
	const struct how how = { .sides = SIDE_HOME | SIDE_STORE };
	int rounds = is_all_open(w) ? 2 : 4;

	for (int round = 0; round < rounds; round++)
		for (unsigned i = 0; i < w->pcs; i++) {
			unsigned k = order >= 3 ? w->pcs - 1 - i : i;
			unsigned m = (k + order) % w->pcs;

			if (w->verbose)
				printf("  pc%u syncs at last\n", m);
			world_run(w, m, &how);
		}
}

void
history_play(struct world *w, const struct history *h, bool verbose)
{
	if (world_new(w, h->pcs) == -1) {
		world_fail(w, "out of memory");
		return;
	}
	w->verbose = verbose;
	for (unsigned i = 0; i < h->count && w->failure[0] == '\0'; i++)
		play(w, &h->step[i]);
	if (w->failure[0] == '\0')
		settle_down(w, h->order);
	if (w->failure[0] == '\0')
		check_converged(w);
}

static bool
still_breaks(const struct history *h, char promise)
{
	static struct world w;
	char got;

	history_play(&w, h, false);
	got = w.failure[0];
	world_free(&w);
	return got == promise;
}

static bool
leave_out(struct history *h, unsigned from, unsigned count, char promise)
{
	struct history less = *h;

	memmove(less.step + from, less.step + from + count,
	    (less.count - from - count) * sizeof(less.step[0]));
	less.count -= count;
	if (!still_breaks(&less, promise))
		return false;
	*h = less;
	return true;
}

/* Smaller numbers, as long as it breaks. */
static bool
make_small(struct history *h, char promise)
{
	bool better = false;

	for (unsigned i = 0; i < h->count; i++)
		for (int k = 0; k < 3; k++) {
			uint16_t was = h->step[i].arg[k];

			for (uint16_t v = 0; v < was && v < 40; v++) {
				h->step[i].arg[k] = v;
				if (still_breaks(h, promise)) {
					better = true;
					break;
				}
				h->step[i].arg[k] = was;
			}
		}
	return better;
}

void
history_shrink(struct history *h)
{
	static struct world w;
	bool better = true;
	char promise;

	history_play(&w, h, false);
	promise = w.failure[0];
	world_free(&w);
	while (better) {
		better = false;
		for (unsigned n = h->count / 2 + 1; n > 0; n /= 2)
			for (unsigned i = 0; i + n <= h->count;)
				if (leave_out(h, i, n, promise))
					better = true;
				else
					i++;
		better |= make_small(h, promise);
	}
}
