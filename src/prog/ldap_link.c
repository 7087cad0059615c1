#include "prog/ldap_link.h"

#include <sys/time.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ldap.h>
#include <sasl/sasl.h>

#define EXTENDED_DN "1.2.840.113556.1.4.529"
#define SYSTEM_CAS  "/etc/ssl/certs/ca-certificates.crt"
#define MESSAGE_MAX ((ber_len_t)4 << 20) /* bytes of one, as the server sent */

struct ldap_link {
	LDAP *ldap;
	char *uri; /* owned */
	bool tls;  /* by ldaps: or StartTLS; ldapi: needs none */
	bool starttls;
	struct timeval timeout;
	unsigned trips;
};

/* The library changes none of what it is given: its lack of const is old. */
static char *
unconst(const char *text)
{
	char *same;

	memcpy(&same, &text, sizeof(same));
	return same;
}

/* What can be done about a result of LDAP. */
static const struct {
	int code;
	enum err_kind kind;
} kinds[] = {
	{ LDAP_SERVER_DOWN, ERR_OFFLINE },
	{ LDAP_CONNECT_ERROR, ERR_OFFLINE },
	{ LDAP_TIMEOUT, ERR_OFFLINE },
	{ LDAP_BUSY, ERR_OFFLINE },
	{ LDAP_UNAVAILABLE, ERR_OFFLINE },
	{ LDAP_REFERRAL, ERR_OFFLINE }, /* of a change: another takes it */
	{ LDAP_NO_SUCH_OBJECT, ERR_GONE },
	{ LDAP_INVALID_DN_SYNTAX, ERR_USAGE },
	{ LDAP_INVALID_CREDENTIALS, ERR_AUTH },
	{ LDAP_INSUFFICIENT_ACCESS, ERR_AUTH },
	{ LDAP_STRONG_AUTH_REQUIRED, ERR_AUTH },
	{ LDAP_LOCAL_ERROR, ERR_AUTH }, /* mostly Kerberos */
	{ LDAP_TYPE_OR_VALUE_EXISTS, ERR_RACE },
	{ LDAP_NO_SUCH_ATTRIBUTE, ERR_RACE },
	{ LDAP_DECODING_ERROR, ERR_FORMAT },
	{ LDAP_SIZELIMIT_EXCEEDED, ERR_LIMIT },
};

/* "URI: what: result (what the server or a library says of it)". */
static int
failed(const struct ldap_link *l, int code, const char *what, struct err *e)
{
	enum err_kind kind = ERR_STORE;
	char *detail = NULL;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].code == code)
			kind = kinds[i].kind;
	(void)ldap_get_option(l->ldap, LDAP_OPT_DIAGNOSTIC_MESSAGE, &detail);
	if (detail != NULL && detail[0] != '\0')
		err_set(e, kind, "%s: %s: %s (%s)", l->uri, what,
		    ldap_err2string(code), detail);
	else
		err_set(e, kind, "%s: %s: %s", l->uri, what,
		    ldap_err2string(code));
	ldap_memfree(detail);
	return -1;
}

static int
set_tls(LDAP *ldap, const char *ca_file)
{
	const int demand = LDAP_OPT_X_TLS_DEMAND, client = 0;
	const int oldest = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
	const char *file = ca_file[0] != '\0' ? ca_file : SYSTEM_CAS;

	return ldap_set_option(ldap, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) ==
	    LDAP_OPT_SUCCESS &&
	    ldap_set_option(ldap, LDAP_OPT_X_TLS_PROTOCOL_MIN, &oldest) ==
	    LDAP_OPT_SUCCESS &&
	    ldap_set_option(ldap, LDAP_OPT_X_TLS_CACERTFILE, file) ==
	    LDAP_OPT_SUCCESS &&
	    ldap_set_option(ldap, LDAP_OPT_X_TLS_NEWCTX, &client) ==
	    LDAP_OPT_SUCCESS;
}

static int
set_options(struct ldap_link *l, const struct ldap_way *way, struct err *e)
{
	const int version = LDAP_VERSION3;
	const struct {
		int option;
		const void *value;
	} options[] = {
		{ LDAP_OPT_PROTOCOL_VERSION, &version },
		{ LDAP_OPT_REFERRALS, LDAP_OPT_OFF },
		{ LDAP_OPT_RESTART, LDAP_OPT_ON },
		{ LDAP_OPT_NETWORK_TIMEOUT, &l->timeout },
		{ LDAP_OPT_TIMEOUT, &l->timeout },
		{ LDAP_OPT_X_SASL_NOCANON, LDAP_OPT_ON },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (ldap_set_option(l->ldap, options[i].option,
			options[i].value) != LDAP_OPT_SUCCESS)
			return err_set(e, ERR_SYSTEM, "%s: LDAP option %x",
			    l->uri, (unsigned)options[i].option);
	if (l->tls && strncmp(l->uri, "ldapi:", 6) != 0) {
		if (access(way->ca_file, R_OK) == -1 && way->ca_file[0] != '\0')
			return err_sys(e, "%s", way->ca_file);
		if (!set_tls(l->ldap, way->ca_file))
			return err_set(e, ERR_SYSTEM,
			    "%s: the certificates of authorities cannot be "
			    "read",
			    l->uri);
	}
	return 0;
}

int
ldap_link_open(struct ldap_link **out, const struct ldap_way *way,
    struct err *e)
{
	struct ldap_link *l = calloc(1, sizeof(*l));
	int code;

	/* Neither ldap.conf nor the environment has a say. */
	if (l == NULL || setenv("LDAPNOINIT", "1", 1) == -1 ||
	    (l->uri = strdup(way->uri)) == NULL) {
		free(l);
		return err_sys(e, "LDAP");
	}
	l->timeout.tv_sec = way->timeout_ms / 1000;
	l->timeout.tv_usec = (suseconds_t)(way->timeout_ms % 1000) * 1000;
	l->starttls = way->starttls;
	l->tls = way->starttls || strncmp(l->uri, "ldaps:", 6) == 0 ||
	    strncmp(l->uri, "ldapi:", 6) == 0;
	code = ldap_initialize(&l->ldap, l->uri);
	if (code != LDAP_SUCCESS) {
		l->ldap = NULL;
		err_set(e, ERR_USAGE, "%s: %s", l->uri, ldap_err2string(code));
	} else if (set_options(l, way, e) == 0) {
		*out = l;
		return 0;
	}
	ldap_link_close(l);
	return -1;
}

/* Connect, and put TLS on it where that is wanted. */
static int
begin(struct ldap_link *l, struct err *e)
{
	Sockbuf *socket = NULL;
	ber_len_t max = MESSAGE_MAX;
	int code;

	if (l->starttls && !ldap_tls_inplace(l->ldap)) {
		code = ldap_start_tls_s(l->ldap, NULL, NULL);
		if (code != LDAP_SUCCESS)
			return failed(l, code, "StartTLS", e);
	} else if ((code = ldap_connect(l->ldap)) != LDAP_SUCCESS) {
		return failed(l, code, "connection", e);
	}
	if (ldap_get_option(l->ldap, LDAP_OPT_SOCKBUF, &socket) ==
		LDAP_OPT_SUCCESS &&
	    socket != NULL)
		(void)ber_sockbuf_ctrl(socket, LBER_SB_OPT_SET_MAX_INCOMING,
		    &max);
	return 0;
}

/* Whatever the library would ask a person: the ticket says it. */
static int
no_questions(LDAP *ldap, unsigned flags, void *defaults, void *in)
{
	(void)ldap;
	(void)flags;
	(void)defaults;
	for (sasl_interact_t *i = in; i->id != SASL_CB_LIST_END; i++) {
		i->result = "";
		i->len = 0;
	}
	return LDAP_SUCCESS;
}

int
ldap_link_kerberos(struct ldap_link *l, struct err *e)
{
	/* Active Directory takes no layer of SASL inside of TLS, and wants the
	 * bind bound to it; without TLS all is signed and sealed. */
	const int endpoint = LDAP_OPT_X_SASL_CBINDING_TLS_ENDPOINT;
	const char *properties = l->tls ? "maxssf=0" : "minssf=56";
	int code;

	if (begin(l, e) == -1)
		return -1;
	if (ldap_set_option(l->ldap, LDAP_OPT_X_SASL_SECPROPS, properties) !=
		LDAP_OPT_SUCCESS ||
	    (l->tls &&
		ldap_set_option(l->ldap, LDAP_OPT_X_SASL_CBINDING, &endpoint) !=
		    LDAP_OPT_SUCCESS))
		return err_set(e, ERR_SYSTEM, "%s: SASL cannot be set up",
		    l->uri);
	code = ldap_sasl_interactive_bind_s(l->ldap, NULL, "GSSAPI", NULL, NULL,
	    LDAP_SASL_QUIET, no_questions, NULL);
	if (code != LDAP_SUCCESS)
		return failed(l, code, "login with Kerberos", e);
	return 0;
}

static int
simple(struct ldap_link *l, const char *dn, const char *password, struct err *e)
{
	struct berval secret = { .bv_len = strlen(password) };
	int code;

	if (begin(l, e) == -1)
		return -1;
	if ((secret.bv_val = strdup(password)) == NULL)
		return err_sys(e, "login");
	code = ldap_sasl_bind_s(l->ldap, dn, LDAP_SASL_SIMPLE, &secret, NULL,
	    NULL, NULL);
	explicit_bzero(secret.bv_val, secret.bv_len);
	free(secret.bv_val);
	if (code != LDAP_SUCCESS)
		return failed(l, code, "login", e);
	return 0;
}

int
ldap_link_simple(struct ldap_link *l, const char *dn,
    const struct secret *password, struct err *e)
{
	if (!l->tls)
		return err_set(e, ERR_POLICY,
		    "%s: no password goes over a connection without TLS: set "
		    "tls in roam.conf(5)",
		    l->uri);
	if (password->text[0] == '\0')
		return err_set(e, ERR_USAGE, "%s: no password to log in with",
		    l->uri);
	return simple(l, dn, password->text, e);
}

int
ldap_link_anonymous(struct ldap_link *l, struct err *e)
{
	return simple(l, "", "", e);
}

/* All values of one attribute. */
static int
take_values(const struct ldap_link *l, LDAPMessage *entry,
    const char *attribute, const struct ldap_search *s, struct err *e)
{
	struct berval **values;
	int rc = 0;

	values = ldap_get_values_len(l->ldap, entry, attribute);
	for (size_t i = 0; rc == 0 && values != NULL && values[i] != NULL; i++)
		rc = s->take(s->arg, attribute, values[i]->bv_val,
		    values[i]->bv_len, e);
	ldap_value_free_len(values);
	return rc;
}

static int
take_entry(const struct ldap_link *l, LDAPMessage *entry,
    const struct ldap_search *s, struct err *e)
{
	char *dn = ldap_get_dn(l->ldap, entry), *attribute;
	BerElement *at = NULL;
	int rc;

	if (dn == NULL)
		return err_set(e, ERR_FORMAT, "%s: an entry without a name",
		    l->uri);
	rc = s->take(s->arg, NULL, dn, strlen(dn), e);
	ldap_memfree(dn);
	attribute = ldap_first_attribute(l->ldap, entry, &at);
	while (attribute != NULL) {
		if (rc == 0)
			rc = take_values(l, entry, attribute, s, e);
		ldap_memfree(attribute);
		attribute = ldap_next_attribute(l->ldap, entry, at);
	}
	ber_free(at, 0);
	return rc;
}

/* How the search ended. */
static int
take_end(struct ldap_link *l, LDAPMessage *message, struct err *e)
{
	int rc, code = LDAP_OTHER;
	char *text = NULL;

	rc = ldap_parse_result(l->ldap, message, &code, NULL, &text, NULL, NULL,
	    0);
	if (rc == LDAP_SUCCESS && code != LDAP_SUCCESS)
		rc = code;
	ldap_memfree(text);
	/* Referrals are not followed; what came is what this server has. */
	if (rc != LDAP_SUCCESS && rc != LDAP_REFERRAL &&
	    rc != LDAP_PARTIAL_RESULTS)
		return failed(l, rc, "search", e);
	return 0;
}

/* Messages one by one, so that no more is kept than one of them. */
static int
take_messages(struct ldap_link *l, int id, const struct ldap_search *s,
    struct err *e)
{
	LDAPMessage *message = NULL;
	struct timeval wait = l->timeout;
	unsigned count = 0, skipped = 0;
	int type, rc = 0, code = LDAP_TIMEOUT;

	while (rc == 0) {
		type = ldap_result(l->ldap, id, LDAP_MSG_ONE, &wait, &message);
		if (type <= 0) {
			if (type == -1)
				(void)ldap_get_option(l->ldap,
				    LDAP_OPT_RESULT_CODE, &code);
			return failed(l, code, "search", e);
		}
		if (type == LDAP_RES_SEARCH_RESULT) {
			rc = take_end(l, message, e);
			ldap_msgfree(message);
			return rc == 0 ? (int)count : -1;
		}
		if (type == LDAP_RES_SEARCH_ENTRY && count++ < s->max)
			rc = take_entry(l, message, s, e);
		else if (count > s->max || ++skipped > 1000)
			rc = err_set(e, ERR_LIMIT,
			    "%s: search: more than %u entries", l->uri, s->max);
		ldap_msgfree(message);
	}
	(void)ldap_abandon_ext(l->ldap, id, NULL, NULL);
	return -1;
}

int
ldap_link_search(struct ldap_link *l, const struct ldap_search *s,
    struct err *e)
{
	static const int scopes[] = { [SCOPE_BASE] = LDAP_SCOPE_BASE,
		[SCOPE_ONE] = LDAP_SCOPE_ONELEVEL,
		[SCOPE_TREE] = LDAP_SCOPE_SUBTREE };
	/* SEQUENCE { INTEGER 1 }: GUIDs as text. */
	char flag[] = { 0x30, 3, 2, 1, 1 };
	char oid[] = EXTENDED_DN;
	LDAPControl extended = { .ldctl_oid = oid,
		.ldctl_value = { sizeof(flag), flag } };
	LDAPControl *controls[] = { &extended, NULL };
	char *attributes[16] = { NULL };
	int id, code;

	for (size_t i = 0; s->attributes[i] != NULL; i++)
		attributes[i] = unconst(s->attributes[i]);
	l->trips++;
	code = ldap_search_ext(l->ldap, s->base, scopes[s->scope], s->filter,
	    attributes, 0, s->extended ? controls : NULL, NULL, &l->timeout, 0,
	    &id);
	if (code != LDAP_SUCCESS)
		return failed(l, code, "search", e);
	return take_messages(l, id, s, e);
}

int
ldap_link_change(struct ldap_link *l, const char *dn, const char *attribute,
    const char *value, bool add, struct err *e)
{
	char *values[] = { unconst(value), NULL };
	LDAPMod mod = { .mod_op = add ? LDAP_MOD_ADD : LDAP_MOD_DELETE,
		.mod_type = unconst(attribute),
		.mod_vals.modv_strvals = values };
	LDAPMod *mods[] = { &mod, NULL };
	int code;

	l->trips++;
	code = ldap_modify_ext_s(l->ldap, dn, mods, NULL, NULL);
	/* Active Directory's word for a value that is not there. */
	if (!add && code == LDAP_UNWILLING_TO_PERFORM)
		code = LDAP_NO_SUCH_ATTRIBUTE;
	if (code != LDAP_SUCCESS)
		return failed(l, code, "change", e);
	return 0;
}

unsigned
ldap_link_trips(const struct ldap_link *l)
{
	return l->trips;
}

int
ldap_escape(char *out, size_t cap, const char *text, struct err *e)
{
	size_t used = 0;

	for (; *text != '\0'; text++) {
		if (used + 4 > cap)
			return err_set(e, ERR_LIMIT,
			    "longer than %zu bytes as part of a filter",
			    cap - 1);
		if (strchr("*()\\", *text) != NULL ||
		    (unsigned char)*text < 0x20)
			used += (size_t)snprintf(out + used, 4, "\\%02x",
			    (unsigned)(unsigned char)*text);
		else
			out[used++] = *text;
	}
	out[used] = '\0';
	return 0;
}

void
ldap_link_close(struct ldap_link *l)
{
	if (l == NULL)
		return;
	if (l->ldap != NULL)
		(void)ldap_unbind_ext(l->ldap, NULL, NULL);
	free(l->uri);
	free(l);
}
