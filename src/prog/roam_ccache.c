/*
 * roam-ccache FILE [renew] - copy the caller's Kerberos tickets to FILE, for a
 * worker whose library knows no other kind of cache; or renew them, and only
 * the result goes to FILE. A program of its own, since
 * libkrb5 may wait for a daemon (KCM:) or load what krb5.conf(5) names; it says
 * how that went by its exit status alone (smb_tickets.h).
 */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <krb5.h>

#include "base/confine.h"
#include "store/smb_tickets.h"

/* One with less left would run out before it is used. */
#define LEFT_MIN_S 30

/* Is there a ticket that is still good? An enum of exit statuses. */
static int
look(krb5_context context, krb5_ccache cache)
{
	krb5_timestamp until;
	krb5_cc_cursor cursor;
	krb5_creds creds;
	int found = CCACHE_NONE;

	if (krb5_cc_start_seq_get(context, cache, &cursor) != 0)
		return CCACHE_NONE;
	until = (krb5_timestamp)(time(NULL) + LEFT_MIN_S);
	while (krb5_cc_next_cred(context, cache, &cursor, &creds) == 0) {
		/* Times are 32 bits that wrap in 2106, so they are compared
		 * by their difference. */
		if (!krb5_is_config_principal(context, creds.server) &&
		    found != CCACHE_COPIED)
			found = (krb5_timestamp)((unsigned)creds.times.endtime -
				    (unsigned)until) > 0
			    ? CCACHE_COPIED
			    : CCACHE_EXPIRED;
		krb5_free_cred_contents(context, &creds);
	}
	(void)krb5_cc_end_seq_get(context, cache, &cursor);
	return found;
}

/* A new cache in file, which the caller closes; NULL where that fails. */
static krb5_ccache
make(krb5_context context, krb5_principal who, const char *file)
{
	krb5_ccache cache = NULL;
	char *name = NULL;

	if (asprintf(&name, "FILE:%s", file) == -1)
		return NULL;
	if (krb5_cc_resolve(context, name, &cache) == 0 &&
	    krb5_cc_initialize(context, cache, who) != 0) {
		(void)krb5_cc_close(context, cache);
		cache = NULL;
	}
	free(name);
	return cache;
}

/* What is done with the caller's cache: an exit status. */
typedef int act(krb5_context context, krb5_ccache from, krb5_principal who,
    const char *file);

static int
copy(krb5_context context, krb5_ccache from, krb5_principal who,
    const char *file)
{
	krb5_ccache to;
	int rc = look(context, from);

	if (rc != CCACHE_COPIED)
		return rc;
	if ((to = make(context, who, file)) == NULL)
		return 1;
	rc = krb5_cc_copy_creds(context, from, to) == 0 ? CCACHE_COPIED : 1;
	(void)krb5_cc_close(context, to);
	return rc;
}

/* The ticket for tickets alone: others are got again by it. */
static int
renew(krb5_context context, krb5_ccache from, krb5_principal who,
    const char *file)
{
	krb5_creds creds;
	krb5_ccache to;
	int rc = 1;

	if (krb5_get_renewed_creds(context, &creds, who, from, NULL) != 0)
		return CCACHE_EXPIRED;
	if ((to = make(context, who, file)) != NULL) {
		if (krb5_cc_store_cred(context, to, &creds) == 0)
			rc = CCACHE_COPIED;
		(void)krb5_cc_close(context, to);
	}
	krb5_free_cred_contents(context, &creds);
	return rc;
}

int
main(int argc, char **argv)
{
	act *what = argc == 3 && strcmp(argv[2], "renew") == 0 ? renew : copy;
	krb5_context context;
	krb5_principal who;
	krb5_ccache from;
	struct err e;
	int rc = 1;

	if (argc < 2 || argc > 3 || (argc == 3 && what == copy) ||
	    confine_process(&e) == -1)
		return 1;
	umask(077);
	if (krb5_init_context(&context) != 0)
		return 1;
	if (krb5_cc_default(context, &from) == 0) {
		rc = CCACHE_NONE;
		if (krb5_cc_get_principal(context, from, &who) == 0) {
			rc = what(context, from, who, argv[1]);
			krb5_free_principal(context, who);
		}
		(void)krb5_cc_close(context, from);
	}
	krb5_free_context(context);
	return rc;
}
