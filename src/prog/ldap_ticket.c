#include "prog/ldap_ticket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <krb5.h>

#include "prog/ldap_kdc.h"

#define KEYS    "MEMORY:roam-ldap-keys"
#define TICKETS "MEMORY:roam-ldap"

/* What the library says of a realm without servers. */
#define UNREACHED ((krb5_error_code)KRB5_KDC_UNREACH)

#define STEPS_MAX 30 /* messages for one ticket */

struct ticket {
	krb5_context context;
	krb5_principal who;
	krb5_keytab keys; /* those of who alone, in memory; NULL: none */
	char account[TICKET_NAME_MAX];
	char realm[TICKET_NAME_MAX];
	char kdc[TICKET_NAME_MAX]; /* "": whom the library finds */
	char kdc_domain[TICKET_NAME_MAX];
};

static int
failed(const struct ticket *t, krb5_error_code code, const char *what,
    struct err *e)
{
	const char *text = krb5_get_error_message(t->context, code);
	enum err_kind kind = code == UNREACHED ? ERR_OFFLINE : ERR_AUTH;

	if (code == KRB5_KT_NOTFOUND || code == ENOENT)
		kind = ERR_GONE;
	err_set(e, kind, "%s: %s", what, text);
	krb5_free_error_message(t->context, text);
	return -1;
}

/* Is this the principal of the computer's account: "NAME$@REALM"? */
static bool
is_account(krb5_const_principal who, const char *account)
{
	size_t len;

	if (who->length != 1 || who->data[0].length < 2)
		return false;
	len = who->data[0].length - 1;
	if (who->data[0].data[len] != '$' || len + 2 > TICKET_NAME_MAX)
		return false;
	return account[0] == '\0' ||
	    (strlen(account) == len &&
		strncasecmp(account, who->data[0].data, len) == 0);
}

/* Keep an entry if it is of the account; the first one says which that is. */
static krb5_error_code
take_entry(struct ticket *t, krb5_keytab_entry *entry, const char *account)
{
	krb5_error_code code;

	if (t->who != NULL
		? !krb5_principal_compare(t->context, t->who, entry->principal)
		: !is_account(entry->principal, account))
		return 0;
	if (t->who == NULL &&
	    (code = krb5_copy_principal(t->context, entry->principal,
		 &t->who)) != 0)
		return code;
	return krb5_kt_add_entry(t->context, t->keys, entry);
}

static int
copy_keys(struct ticket *t, krb5_keytab from, const char *account,
    struct err *e)
{
	krb5_kt_cursor cursor;
	krb5_keytab_entry entry;
	krb5_error_code code, taken = 0;

	if ((code = krb5_kt_start_seq_get(t->context, from, &cursor)) != 0)
		return failed(t, code, "the computer's keytab", e);
	while (taken == 0 &&
	    krb5_kt_next_entry(t->context, from, &entry, &cursor) == 0) {
		taken = take_entry(t, &entry, account);
		(void)krb5_free_keytab_entry_contents(t->context, &entry);
	}
	(void)krb5_kt_end_seq_get(t->context, from, &cursor);
	if (taken != 0)
		return failed(t, taken, "the computer's keytab", e);
	if (t->who == NULL)
		return err_set(e, ERR_AUTH,
		    "the computer's keytab: no key of %s%s in it",
		    account[0] != '\0' ? account : "an account NAME", "$");
	return 0;
}

static void
keep_names(struct ticket *t)
{
	const krb5_data *name = &t->who->data[0], *realm = &t->who->realm;
	size_t n = realm->length;

	if (t->keys != NULL)
		memcpy(t->account, name->data, name->length);
	if (n >= sizeof(t->realm))
		n = sizeof(t->realm) - 1;
	memcpy(t->realm, realm->data, n);
}

static int
begin(struct ticket **out, struct err *e)
{
	struct ticket *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return err_sys(e, "ticket");
	if (krb5_init_context(&t->context) != 0) {
		free(t);
		return err_set(e, ERR_SYSTEM,
		    "Kerberos: its settings cannot be read");
	}
	*out = t;
	return 0;
}

int
ticket_open(struct ticket **out, const char *keytab, const char *account,
    struct err *e)
{
	struct ticket *t;
	krb5_keytab from = NULL;
	krb5_error_code code;
	int rc = -1;

	if (begin(&t, e) == -1)
		return -1;
	code = krb5_kt_resolve(t->context, KEYS, &t->keys);
	if (code == 0)
		code = keytab[0] != '\0'
		    ? krb5_kt_resolve(t->context, keytab, &from)
		    : krb5_kt_default(t->context, &from);
	if (code != 0)
		failed(t, code, "the computer's keytab", e);
	else
		rc = copy_keys(t, from, account, e);
	if (from != NULL)
		(void)krb5_kt_close(t->context, from);
	if (rc == -1) {
		ticket_close(t);
		return -1;
	}
	keep_names(t);
	*out = t;
	return 0;
}

int
ticket_open_own(struct ticket **out, struct err *e)
{
	struct ticket *t;
	krb5_ccache from = NULL, to = NULL;
	krb5_error_code code;

	if (begin(&t, e) == -1)
		return -1;
	code = krb5_cc_default(t->context, &from);
	if (code == 0)
		code = krb5_cc_get_principal(t->context, from, &t->who);
	if (code == 0)
		code = krb5_cc_resolve(t->context, TICKETS, &to);
	if (code == 0)
		code = krb5_cc_initialize(t->context, to, t->who);
	if (code == 0)
		code = krb5_cc_copy_creds(t->context, from, to);
	if (from != NULL)
		(void)krb5_cc_close(t->context, from);
	if (to != NULL)
		(void)krb5_cc_close(t->context, to);
	if (code != 0) {
		failed(t, code, "the caller's Kerberos ticket", e);
		ticket_close(t);
		return -1;
	}
	keep_names(t);
	*out = t;
	return 0;
}

const char *
ticket_account(const struct ticket *t)
{
	return t->account;
}

const char *
ticket_realm(const struct ticket *t)
{
	return t->realm;
}

void
ticket_ask_at(struct ticket *t, const char *domain, const char *host)
{
	snprintf(t->kdc, sizeof(t->kdc), "%s", host);
	snprintf(t->kdc_domain, sizeof(t->kdc_domain), "%s", domain);
}

/* A ticket on its way: one of the two. */
struct request {
	krb5_init_creds_context first;
	krb5_tkt_creds_context further;
};

static krb5_error_code
step(struct ticket *t, const struct request *r, krb5_data *in, krb5_data *out,
    krb5_data *realm, bool *more)
{
	unsigned flags = 0;
	krb5_error_code code = r->first != NULL
	    ? krb5_init_creds_step(t->context, r->first, in, out, realm, &flags)
	    : krb5_tkt_creds_step(t->context, r->further, in, out, realm,
		  &flags);

	*more = (flags & KRB5_INIT_CREDS_STEP_FLAG_CONTINUE) != 0;
	return code;
}
_Static_assert(KRB5_INIT_CREDS_STEP_FLAG_CONTINUE ==
	KRB5_TKT_CREDS_STEP_FLAG_CONTINUE,
    "both say in the same way that they go on");

/* Is that what a KDC says? The tags of AS-REP, TGS-REP and KRB-ERROR. */
static bool
is_reply(const struct buf *bytes)
{
	static const uint8_t tags[] = { 0x6b, 0x6d, 0x7e };

	return bytes->len > 0 &&
	    memchr(tags, bytes->bytes[0], sizeof(tags)) != NULL;
}

/* Carry one message there and the reply back. */
static krb5_error_code
carry(const struct ticket *t, const krb5_data *realm, const krb5_data *out,
    struct buf *reply, krb5_data *in)
{
	struct err ignored;

	buf_clear(reply);
	if (t->kdc[0] == '\0' || realm->length != strlen(t->kdc_domain) ||
	    strncasecmp(realm->data, t->kdc_domain, realm->length) != 0 ||
	    ldap_kdc_ask(reply, t->kdc, out->data, out->length, &ignored) ==
		-1 ||
	    !is_reply(reply))
		return UNREACHED;
	in->data = (char *)reply->bytes;
	in->length = (unsigned)reply->len;
	return 0;
}

/*
 * All that a ticket takes, with the KDC that we name. The library would find one
 * for each message anew, by questions to a DNS and waits for servers that may
 * all be away.
 */
static krb5_error_code
converse(struct ticket *t, const struct request *r)
{
	struct buf reply = { .max = KDC_REPLY_MAX };
	krb5_data in = { .data = NULL }, out = { .data = NULL };
	krb5_data realm = { .data = NULL };
	krb5_error_code code = 0;
	bool more = true;

	for (int i = 0; code == 0 && more; i++) {
		code = i < STEPS_MAX ? step(t, r, &in, &out, &realm, &more)
				     : UNREACHED;
		if (code == 0 && more)
			code = carry(t, &realm, &out, &reply, &in);
		krb5_free_data_contents(t->context, &out);
		krb5_free_data_contents(t->context, &realm);
	}
	buf_free(&reply);
	return code;
}

static krb5_error_code
get_creds(struct ticket *t, krb5_get_init_creds_opt *options, krb5_creds *creds)
{
	struct request r = { .first = NULL };
	krb5_error_code code;

	code = krb5_init_creds_init(t->context, t->who, NULL, NULL, 0, options,
	    &r.first);
	if (code == 0)
		code = krb5_init_creds_set_keytab(t->context, r.first, t->keys);
	if (code == 0)
		code = converse(t, &r);
	if (code == 0)
		code = krb5_init_creds_get_creds(t->context, r.first, creds);
	krb5_init_creds_free(t->context, r.first);
	if (code != UNREACHED)
		return code;
	return krb5_get_init_creds_keytab(t->context, creds, t->who, t->keys, 0,
	    NULL, options);
}

static krb5_error_code
get_ticket(struct ticket *t, krb5_ccache cache)
{
	krb5_get_init_creds_opt *options = NULL;
	krb5_creds creds;
	krb5_error_code code;

	code = krb5_get_init_creds_opt_alloc(t->context, &options);
	if (code == 0)
		code = krb5_cc_initialize(t->context, cache, t->who);
	if (code == 0)
		code = get_creds(t, options, &creds);
	if (code == 0) {
		code = krb5_cc_store_cred(t->context, cache, &creds);
		krb5_free_cred_contents(t->context, &creds);
	}
	if (options != NULL)
		krb5_get_init_creds_opt_free(t->context, options);
	return code;
}

/* For LDAP at server, into the cache, where SASL finds it. What cannot be had
 * so SASL looks for by itself. */
static void
get_service_ticket(struct ticket *t, krb5_ccache cache, const char *server)
{
	struct request r = { .first = NULL };
	krb5_creds want = { .client = t->who };

	if (krb5_build_principal(t->context, &want.server,
		(unsigned)strlen(t->realm), t->realm, "ldap", server,
		(char *)NULL) == 0 &&
	    krb5_tkt_creds_init(t->context, cache, &want, 0, &r.further) == 0)
		(void)converse(t, &r);
	krb5_tkt_creds_free(t->context, r.further);
	krb5_free_principal(t->context, want.server);
}

int
ticket_get(struct ticket *t, const char *server, struct err *e)
{
	krb5_ccache cache = NULL;
	krb5_error_code code;

	code = krb5_cc_resolve(t->context, TICKETS, &cache);
	if (code == 0 && t->keys != NULL)
		code = get_ticket(t, cache);
	if (code == 0 && server[0] != '\0')
		get_service_ticket(t, cache, server);
	if (cache != NULL)
		(void)krb5_cc_close(t->context, cache);
	if (code != 0)
		return failed(t, code, t->account, e);
	if (setenv("KRB5CCNAME", TICKETS, 1) == -1)
		return err_sys(e, "KRB5CCNAME");
	return 0;
}

void
ticket_close(struct ticket *t)
{
	if (t == NULL)
		return;
	krb5_free_principal(t->context, t->who);
	if (t->keys != NULL)
		(void)krb5_kt_close(t->context, t->keys);
	krb5_free_context(t->context);
	free(t);
}
