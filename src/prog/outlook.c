#include <stdio.h>
#include <string.h>

#include "engine/driver.h"
#include "prog/outlook.h"
#include "prog/print.h"
#include "sync/sync.h"

static const char *const states[] = {
	[OP_PLANNED] = NULL,
	[OP_DONE] = NULL,
	[OP_PENDING] = "waits for a run that may change the other side",
	[OP_HELD] = "held back: too many deletions at once",
	[OP_SUSPECT] = "held back: too many other contents at once",
	[OP_FAILED] = "skipped",
};

static void
take_op(struct outlook *out, const struct op *op)
{
	if (op->action != ACTION_NONE)
		out->action = action_text(op->action);
	out->reason = reason_text(op->reason);
	if (op->action == ACTION_MERGE)
		out->driver = driver_word(op->driver);
	out->state = states[op->state];
	if (op->state == OP_FAILED)
		out->reason = why_text(op->why);
}

void
outlook_find(struct outlook *out, const struct setup *setup, const char *path)
{
	const struct sync_how how = { .sides = SIDE_HOME | SIDE_STORE,
		.dry_run = true };
	struct sync_out plan;
	struct context c;
	struct op *op;
	struct err e;

	*out = (struct outlook){ .known = false };
	context_init(&c, setup);
	c.hushed = true;
	if (sync_run(&c, &how, &plan, &e) == 0) {
		out->known = true;
		op = plan_find(&plan.plan, path, strlen(path));
		if (op != NULL)
			take_op(out, op);
	} else {
		snprintf(out->text, sizeof(out->text), "%s", e.text);
	}
	sync_out_free(&plan);
	context_close(&c);
}

void
outlook_print(const struct outlook *v)
{
	if (!v->known)
		print_field("Decision", "unknown: %s", v->text);
	else if (v->action == NULL)
		print_field("Decision", "nothing to do%s%s",
		    v->reason != NULL ? ": " : "",
		    v->reason != NULL ? v->reason : "");
	else
		print_field("Decision", "%s%s%s: %s%s%s", v->action,
		    v->driver != NULL ? " by " : "",
		    v->driver != NULL ? v->driver : "", v->reason,
		    v->state != NULL ? "; " : "",
		    v->state != NULL ? v->state : "");
}

json_t *
outlook_json(const struct outlook *v)
{
	if (!v->known)
		return json_null();
	return json_pack("{s:s?,s:s?,s:s?,s:s?}", "action", v->action, "reason",
	    v->reason, "driver", v->driver, "state", v->state);
}
