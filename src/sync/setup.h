#ifndef ROAM_SYNC_SETUP_H
#define ROAM_SYNC_SETUP_H

#include "base/err.h"
#include "model/conf.h"
#include "model/rules.h"
#include "sync/cred.h"

/*
 * setup - what a run is told from outside: settings, rules, which home, which
 * store, who and where we are. Read once, not changed afterwards.
 */
struct setup_how {
	const char *home;  /* NULL: the caller's */
	const char *store; /* NULL: from the settings */
	bool last_store;   /* where these name none: that of the last session */
	bool defaults;     /* read no file of settings at all */
	const char *config; /* NULL: roam.conf and roam.conf.d of the system */
	const char *credentials; /* a file; NULL: none */
	const char *password_fd; /* a number; NULL: none */
};

struct setup {
	struct conf_set conf;
	struct rules *rules;
	char *home;  /* absolute, owned */
	char *store; /* URL, owned; "" where none is known */
	char *user;
	struct cred cred; /* for a store on a server; wiped in setup_free() */
	char *machine_id;
	char *machine_name;
	char **file; /* names of settings files; conf's origins borrow them */
	size_t file_count;
};

/* conf alone, for whoever is not the user: root at a sign-in. */
int setup_load_settings(struct setup *out, const char *config,
    struct err *e) MUST_CHECK;
/* The same with nothing but defaults. */
int setup_default_settings(struct setup *out, struct err *e) MUST_CHECK;
/* Settings alone: conf, home, user, machine, store. */
int setup_load(struct setup *out, const struct setup_how *how,
    struct err *e) MUST_CHECK;
/* Then the rules: shipped, the administrator's, the user's. */
int setup_load_rules(struct setup *s, struct err *e) MUST_CHECK;
/* ERR_USAGE where no store is known or its URL is malformed. */
int setup_need_store(const struct setup *s, struct err *e) MUST_CHECK;
void setup_free(struct setup *s);

#endif
