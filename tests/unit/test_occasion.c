#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

#include "signin/occasion.h"

#define STORE  "smb://server/profiles/alice"
#define NEEDED "smb://server/profiles/kiosk.man"

/* One line a case: what is so, and what follows. */
static const struct {
	struct occasion_in in;
	enum profile_type type;
	enum duty duty;
	bool needs_server;
	const char *reason;
} cases[] = {
	{ { .store = STORE }, TYPE_ROAMING, DUTY_PULL, false, "" },
	{ { .store = STORE, .owed = true }, TYPE_ROAMING, DUTY_SYNC, false,
	    "" },
	{ { .occasion = OCCASION_LOGOUT, .store = STORE }, TYPE_ROAMING,
	    DUTY_SYNC, false, "" },
	{ { .occasion = OCCASION_CHECKPOINT, .store = STORE }, TYPE_ROAMING,
	    DUTY_PUSH, false, "" },

	/* Read-only: everything comes, nothing goes, whatever is owed. */
	{ { .store = STORE, .read_only = true, .owed = true }, TYPE_ROAMING,
	    DUTY_PULL, false, "" },
	{ { .occasion = OCCASION_LOGOUT, .store = STORE, .read_only = true },
	    TYPE_ROAMING, DUTY_NONE, false, "this machine uploads nothing" },
	{ { .occasion = OCCASION_CHECKPOINT,
	      .store = STORE,
	      .read_only = true },
	    TYPE_ROAMING, DUTY_NONE, false, "this machine uploads nothing" },

	/* Local only, and both: the server is never asked. */
	{ { .store = STORE, .local_only = true, .owed = true }, TYPE_LOCAL,
	    DUTY_NONE, false, "this machine keeps profiles local" },
	{ { .occasion = OCCASION_LOGOUT, .store = STORE, .local_only = true },
	    TYPE_LOCAL, DUTY_NONE, false, "this machine keeps profiles local" },
	{ { .store = STORE, .local_only = true, .read_only = true }, TYPE_LOCAL,
	    DUTY_NONE, false, "roaming is off on this machine" },
	{ { .store = NEEDED, .local_only = true }, TYPE_LOCAL, DUTY_NONE, false,
	    "this machine keeps profiles local" },
	{ { .store = "" }, TYPE_LOCAL, DUTY_NONE, false, "no store is set" },
	{ { .store = "", .type = TYPE_ROAMING }, TYPE_LOCAL, DUTY_NONE, false,
	    "no store is set" },

	/* A temporary profile that began with a home as new goes, and only then,
	 * whatever anybody has decided meanwhile. */
	{ { .store = STORE, .fresh = true, .owed = true }, TYPE_TEMPORARY,
	    DUTY_NONE, false, "" },
	{ { .occasion = OCCASION_CHECKPOINT, .store = STORE, .fresh = true },
	    TYPE_TEMPORARY, DUTY_NONE, false, "" },
	{ { .occasion = OCCASION_LOGOUT, .store = STORE, .fresh = true },
	    TYPE_TEMPORARY, DUTY_DROP, false, "" },
	{ { .occasion = OCCASION_LOGOUT,
	      .store = "",
	      .type = TYPE_LOCAL,
	      .local_only = true,
	      .fresh = true },
	    TYPE_TEMPORARY, DUTY_DROP, false, "" },
	{ { .occasion = OCCASION_LOGOUT,
	      .store = STORE,
	      .type = TYPE_TEMPORARY },
	    TYPE_TEMPORARY, DUTY_NONE, false, "" },

	/* Mandatory: the store's, every time; never an upload. */
	{ { .store = STORE, .mandatory = true }, TYPE_MANDATORY, DUTY_RESET,
	    false, "" },
	{ { .occasion = OCCASION_LOGOUT, .store = STORE, .mandatory = true },
	    TYPE_MANDATORY, DUTY_RESET, false, "" },
	{ { .occasion = OCCASION_CHECKPOINT,
	      .store = STORE,
	      .mandatory = true },
	    TYPE_MANDATORY, DUTY_NONE, false, "" },
	{ { .store = STORE, .type = TYPE_MANDATORY, .owed = true },
	    TYPE_MANDATORY, DUTY_RESET, false, "" },
	{ { .store = NEEDED }, TYPE_MANDATORY, DUTY_RESET, true, "" },
	{ { .store = NEEDED "/" }, TYPE_MANDATORY, DUTY_RESET, true, "" },
	{ { .store = "file:///srv/KIOSK.MAN", .type = TYPE_ROAMING },
	    TYPE_MANDATORY, DUTY_RESET, true, "" },
	{ { .store = "file:///srv/x.man/alice" }, TYPE_ROAMING, DUTY_PULL,
	    false, "" },

	/* What was decided elsewhere holds. */
	{ { .store = STORE, .type = TYPE_LOCAL, .owed = true }, TYPE_LOCAL,
	    DUTY_NONE, false, "" },
	{ { .store = NEEDED, .type = TYPE_LOCAL }, TYPE_LOCAL, DUTY_NONE, false,
	    "" },
	{ { .occasion = OCCASION_LOGOUT,
	      .store = STORE,
	      .type = TYPE_TEMPORARY },
	    TYPE_TEMPORARY, DUTY_NONE, false, "" },
};

Test(occasion, each_case_of_the_table_is_decided_as_it_says)
{
	struct occasion_out got;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		got = occasion_decide(&cases[i].in);
		cr_expect_eq(got.type, cases[i].type, "case %zu: type %s", i,
		    profile_type_text(got.type));
		cr_expect_eq(got.duty, cases[i].duty, "case %zu: duty %d", i,
		    got.duty);
		cr_expect_eq(got.needs_server, cases[i].needs_server,
		    "case %zu", i);
		cr_expect_str_eq(got.reason, cases[i].reason, "case %zu", i);
	}
}

/* All that the settings can say, at every occasion. */
static struct occasion_in
input_of(unsigned bits)
{
	return (struct occasion_in){
		.occasion = (enum occasion)(bits % OCCASION__COUNT),
		.type = (enum profile_type)(bits / 3 % TYPE__COUNT),
		.local_only = (bits / 15) & 1,
		.read_only = (bits / 30) & 1,
		.mandatory = (bits / 60) & 1,
		.owed = (bits / 120) & 1,
		.store = (bits / 240) & 1 ? NEEDED : STORE,
	};
}

Test(occasion, nothing_is_uploaded_unless_the_profile_roams_both_ways)
{
	struct occasion_out got;
	struct occasion_in in;

	for (unsigned bits = 0; bits < 480; bits++) {
		in = input_of(bits);
		got = occasion_decide(&in);
		if (got.duty != DUTY_PUSH && got.duty != DUTY_SYNC)
			continue;
		cr_expect(!in.local_only && !in.read_only && !in.mandatory,
		    "bits %u", bits);
		cr_expect_eq(got.type, TYPE_ROAMING, "bits %u", bits);
	}
}

Test(occasion, a_local_profile_never_meets_the_server)
{
	struct occasion_out got;
	struct occasion_in in;

	for (unsigned bits = 0; bits < 480; bits++) {
		in = input_of(bits);
		got = occasion_decide(&in);
		if (in.local_only || in.type == TYPE_LOCAL)
			cr_expect_eq(got.duty, DUTY_NONE, "bits %u", bits);
		cr_expect_neq(got.type, TYPE_UNSET, "bits %u", bits);
	}
}

Test(occasion, types_have_names_and_nothing_else_is_one)
{
	enum profile_type t;
	struct err e;

	cr_assert_eq(profile_type_parse("mandatory", &t, &e), 0);
	cr_assert_eq(t, TYPE_MANDATORY);
	cr_assert_str_eq(profile_type_text(TYPE_TEMPORARY), "temporary");
	cr_assert_eq(profile_type_parse("", &t, &e), -1);
	cr_assert_eq(profile_type_parse("Roaming", &t, &e), -1);
	cr_assert_eq(e.kind, ERR_USAGE);
}
