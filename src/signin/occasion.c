#include "signin/occasion.h"

#include <string.h>

#include "model/conf.h"

static const char *const type_names[] = {
	[TYPE_UNSET] = "",
	[TYPE_ROAMING] = "roaming",
	[TYPE_LOCAL] = "local",
	[TYPE_MANDATORY] = "mandatory",
	[TYPE_TEMPORARY] = "temporary",
};
_Static_assert(sizeof(type_names) / sizeof(type_names[0]) == TYPE__COUNT,
    "every type has a name");

static const char *const occasion_names[] = {
	[OCCASION_LOGIN] = "login",
	[OCCASION_LOGOUT] = "logout",
	[OCCASION_CHECKPOINT] = "checkpoint",
};
_Static_assert(sizeof(occasion_names) / sizeof(occasion_names[0]) ==
	OCCASION__COUNT,
    "every occasion has a name");

/* What each type of profile asks for; read_only and what is owed alter it. */
static const enum duty duties[TYPE__COUNT][OCCASION__COUNT] = {
	[TYPE_ROAMING] = { DUTY_PULL, DUTY_SYNC, DUTY_PUSH },
	[TYPE_MANDATORY] = { DUTY_RESET, DUTY_RESET, DUTY_NONE },
	[TYPE_TEMPORARY] = { DUTY_NONE, DUTY_DROP, DUTY_NONE },
};

static void
choose_type(struct occasion_out *out, const struct occasion_in *in)
{
	out->type = in->fresh ? TYPE_TEMPORARY : in->type;
	if (out->type == TYPE_LOCAL || out->type == TYPE_TEMPORARY)
		return; /* whoever decided so has said why */
	if (in->local_only) {
		out->type = TYPE_LOCAL;
		out->reason = in->read_only
		    ? "roaming is off on this machine"
		    : "this machine keeps profiles local";
	} else if (in->store[0] == '\0') {
		out->type = TYPE_LOCAL;
		out->reason = "no store is set";
	} else if (in->mandatory || conf_store_is_needed(in->store)) {
		out->type = TYPE_MANDATORY;
	} else if (in->type == TYPE_UNSET) {
		out->type = TYPE_ROAMING;
	}
}

struct occasion_out
occasion_decide(const struct occasion_in *in)
{
	struct occasion_out out = { .reason = "" };

	choose_type(&out, in);
	out.duty = duties[out.type][in->occasion];
	out.needs_server =
	    out.type == TYPE_MANDATORY && conf_store_is_needed(in->store);
	/* A home that was not as new is nobody's to empty. */
	if (out.duty == DUTY_DROP && !in->fresh)
		out.duty = DUTY_NONE;
	if (out.type != TYPE_ROAMING)
		return out;
	if (in->read_only && in->occasion != OCCASION_LOGIN) {
		out.duty = DUTY_NONE;
		out.reason = "this machine uploads nothing";
	} else if (!in->read_only && in->owed && out.duty == DUTY_PULL) {
		out.duty = DUTY_SYNC;
	}
	return out;
}

const char *
occasion_text(enum occasion o)
{
	return occasion_names[o];
}

const char *
profile_type_text(enum profile_type t)
{
	return type_names[t];
}

int
profile_type_parse(const char *text, enum profile_type *out, struct err *e)
{
	for (enum profile_type t = TYPE_ROAMING; t < TYPE__COUNT; t++)
		if (strcmp(text, type_names[t]) == 0) {
			*out = t;
			return 0;
		}
	return err_set(e, ERR_USAGE,
	    "'%s': not one of roaming, local, mandatory, temporary", text);
}
