/*
 * short_ticket SERVICE SECONDS - add a ticket for SERVICE to the caller's
 * default cache that ends so soon; kinit(1) can make only tickets short that
 * tickets are got with.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <krb5.h>

static int
get_ticket(krb5_context context, const char *service, long seconds)
{
	krb5_creds want, *got = NULL;
	krb5_ccache cache;
	krb5_error_code rc;

	memset(&want, 0, sizeof(want));
	if ((rc = krb5_cc_default(context, &cache)) != 0)
		return rc;
	if ((rc = krb5_cc_get_principal(context, cache, &want.client)) != 0 ||
	    (rc = krb5_parse_name(context, service, &want.server)) != 0)
		goto out;
	want.times.endtime = (krb5_timestamp)(time(NULL) + seconds);
	rc = krb5_get_credentials(context, 0, cache, &want, &got);
out:
	krb5_free_creds(context, got);
	krb5_free_principal(context, want.client);
	krb5_free_principal(context, want.server);
	krb5_cc_close(context, cache);
	return rc;
}

int
main(int argc, char **argv)
{
	krb5_context context;
	int rc;

	if (argc != 3 || krb5_init_context(&context) != 0)
		return 1;
	rc = get_ticket(context, argv[1], strtol(argv[2], NULL, 10));
	if (rc != 0)
		fprintf(stderr, "%s: %s\n", argv[1],
		    krb5_get_error_message(context, rc));
	krb5_free_context(context);
	return rc != 0;
}
