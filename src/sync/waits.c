#include "sync/waits.h"

#include <stdlib.h>

#include "local/quiet.h"

void
waits_used(struct root *r, struct plan *p)
{
	uint8_t *sides = calloc(p->unit_count + 1, 1);

	if (sides == NULL)
		return; /* then it is found out when it is touched */
	for (size_t i = 0; i < p->count; i++)
		if (p->op[i].state == OP_PLANNED)
			sides[p->op[i].unit] |= p->op[i].sides;
	for (uint32_t u = 1; u <= p->unit_count; u++)
		if (sides[u] != 0 &&
		    quiet_is_used(r, &p->unit[u - 1],
			(sides[u] & SIDE_HOME) != 0))
			plan_fail_unit(p, u, WHY_IN_USE);
	root_forget(r);
	free(sides);
}

void
waits_torn(struct root *r, struct plan *p, const struct home *local)
{
	uint32_t seen = 0;

	for (size_t i = 0; i < p->count; i++) {
		const struct op *op = &p->op[i];

		if (op->unit == 0)
			continue;
		if (op->state == OP_FAILED) {
			plan_fail_unit(p, op->unit, WHY_UNIT);
		} else if (op->state == OP_PLANNED && op->unit != seen &&
		    (op->sides & SIDE_STORE) != 0) {
			seen = op->unit;
			if (!quiet_since(r, local, &p->unit[seen - 1]))
				plan_fail_unit(p, seen, WHY_CHANGED);
		}
	}
}

void
waits_late(struct plan *p, size_t i)
{
	uint32_t unit = p->op[i].unit;

	p->op[i].state = OP_PENDING;
	for (size_t n = 0; unit != 0 && n < p->count; n++)
		if (p->op[n].unit == unit && p->op[n].state == OP_PLANNED)
			p->op[n].state = OP_PENDING;
}
