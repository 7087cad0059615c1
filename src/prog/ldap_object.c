#include "prog/ldap_object.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "signin/pairs.h"
#include "signin/range.h"

#define DOMAIN_USERS 513 /* the last number of that group's SID */
#define PIECES_MAX   2000

/* A text of an answer, by the name of its attribute. */
struct slot {
	const char *name;
	char *out;
	size_t cap;
};

static int
take_slots(void *arg, const char *attribute, const char *value, size_t len,
    struct err *e)
{
	(void)e;
	for (const struct slot *s = arg; attribute != NULL && s->name != NULL;
	     s++)
		if (strcasecmp(s->name, attribute) == 0 && s->out[0] == '\0')
			(void)pairs_set(s->out, s->cap, value, len);
	return 0;
}

int
ldap_root_read(struct ldap_root *out, struct ldap_link *l, struct err *e)
{
	static const char *const wanted[] = { "defaultNamingContext",
		"schemaNamingContext", "configurationNamingContext",
		"subschemaSubentry", "dnsHostName", "namingContexts", NULL };
	char first[LDAP_DN_MAX] = "";
	struct slot slots[] = {
		{ "defaultNamingContext", out->base, sizeof(out->base) },
		{ "schemaNamingContext", out->schema, sizeof(out->schema) },
		{ "configurationNamingContext", out->configuration,
		    sizeof(out->configuration) },
		{ "subschemaSubentry", out->subschema, sizeof(out->subschema) },
		{ "dnsHostName", out->host, sizeof(out->host) },
		{ "namingContexts", first, sizeof(first) },
		{ NULL, NULL, 0 },
	};
	int found;

	*out = (struct ldap_root){ 0 };
	found = ldap_link_search(l,
	    &(struct ldap_search){ .base = "",
		.scope = SCOPE_BASE,
		.filter = "(objectClass=*)",
		.attributes = wanted,
		.max = 1,
		.take = take_slots,
		.arg = slots },
	    e);
	if (found == -1)
		return -1;
	if (found == 0)
		return err_set(e, ERR_FORMAT,
		    "the server says nothing of itself");
	if (out->base[0] == '\0')
		memcpy(out->base, first, sizeof(first));
	memcpy(out->home, out->base, sizeof(out->home));
	return 0;
}

/* Looks for an attribute among the definitions of a subschema. */
struct definitions {
	const char *quoted; /* "'name'" */
	unsigned count;
	bool found;
};

static int
take_definition(void *arg, const char *attribute, const char *value, size_t len,
    struct err *e)
{
	struct definitions *d = arg;

	(void)len;
	(void)e;
	if (attribute == NULL || strcasecmp(attribute, "attributeTypes") != 0)
		return 0;
	d->count++;
	if (strcasestr(value, d->quoted) != NULL)
		d->found = true;
	return 0;
}

/* As any server but Active Directory has it. */
static int
subschema_has(struct ldap_link *l, const struct ldap_root *root,
    const char *attribute, bool *known, struct err *e)
{
	static const char *const wanted[] = { "attributeTypes", NULL };
	char quoted[128];
	struct definitions d = { .quoted = quoted };

	snprintf(quoted, sizeof(quoted), "'%s'", attribute);
	if (ldap_link_search(l,
		&(struct ldap_search){ .base = root->subschema,
		    .scope = SCOPE_BASE,
		    .filter = "(objectClass=subschema)",
		    .attributes = wanted,
		    .max = 1,
		    .take = take_definition,
		    .arg = &d },
		e) == -1)
		return -1;
	if (d.count == 0)
		return err_set(e, ERR_STORE,
		    "the server does not show its schema");
	*known = d.found;
	return 0;
}

int
ldap_schema_has(struct ldap_link *l, const struct ldap_root *root,
    const char *attribute, bool *known, struct err *e)
{
	static const char *const wanted[] = { "attributeID", NULL };
	struct slot none = { NULL, NULL, 0 };
	char filter[128];
	int found;

	if (root->schema[0] == '\0' && root->subschema[0] == '\0')
		return err_set(e, ERR_STORE,
		    "the server does not say where its schema is");
	if (root->schema[0] == '\0')
		return subschema_has(l, root, attribute, known, e);
	snprintf(filter, sizeof(filter), "(lDAPDisplayName=%s)", attribute);
	found = ldap_link_search(l,
	    &(struct ldap_search){ .base = root->schema,
		.scope = SCOPE_ONE,
		.filter = filter,
		.attributes = wanted,
		.max = 2,
		.take = take_slots,
		.arg = &none },
	    e);
	if (found == -1)
		return err_wrap(e, "the schema");
	*known = found > 0;
	return 0;
}

int
ldap_domain_find(struct ldap_domain *out, struct ldap_link *l,
    const struct ldap_root *root, const char *name, struct err *e)
{
	static const char *const wanted[] = { "nCName", "nETBIOSName",
		"dnsRoot", NULL };
	char base[LDAP_DN_MAX + 16], filter[2200], text[1024];
	struct slot slots[] = {
		{ "nCName", out->base, sizeof(out->base) },
		{ "nETBIOSName", out->netbios, sizeof(out->netbios) },
		{ "dnsRoot", out->dns, sizeof(out->dns) },
		{ NULL, NULL, 0 },
	};

	*out = (struct ldap_domain){ 0 };
	if (ldap_escape(text, sizeof(text), name, e) == -1)
		return -1;
	snprintf(base, sizeof(base), "CN=Partitions,%s", root->configuration);
	/* Only domains have a name in NetBIOS. */
	snprintf(filter, sizeof(filter),
	    strchr(name, '=') != NULL
		? "(&(nETBIOSName=*)(nCName=%s))"
		: "(&(nETBIOSName=*)(|(nETBIOSName=%s)(dnsRoot=%s)))",
	    text, text);
	if (ldap_link_search(l,
		&(struct ldap_search){ .base = base,
		    .scope = SCOPE_ONE,
		    .filter = filter,
		    .attributes = wanted,
		    .max = 1,
		    .take = take_slots,
		    .arg = slots },
		e) == -1)
		return err_wrap(e, "domain %s", name);
	return 0;
}

/* --- One object ------------------------------------------------------------ */

/* An object while its values come in. */
struct intake {
	struct ldap_object *o;
	const struct ldap_want *want;
	unsigned entries;
	bool any;
	uint64_t next; /* of the first value that has not come; 0: all came */
};

static int
take_dn(struct intake *in, const char *value, size_t len, struct err *e)
{
	struct ldap_object *o = in->o;

	if (++in->entries > 1)
		return in->any
		    ? 0
		    : err_set(e, ERR_STORE, "%s: that fits several objects",
			  in->want->filter);
	if (!pairs_set(o->dn, sizeof(o->dn), value, len))
		return err_set(e, ERR_FORMAT,
		    "the name of an object that is too long or no text");
	return dn_ref_parse(&o->self, o->dn, e);
}

static int
take_many(struct intake *in, const struct range *r, const char *value,
    size_t len, struct err *e)
{
	struct ldap_object *o = in->o;

	/* Pieces have to come in their order, or they would never end. */
	if (r->next != 0 && r->next <= o->value_count)
		return err_set(e, ERR_FORMAT, "%s: pieces out of order",
		    in->want->values);
	if (memchr(value, '\0', len) != NULL)
		return err_set(e, ERR_FORMAT, "%s: a value that is no name",
		    in->want->values);
	buf_bytes(&o->values, value, len + 1);
	o->value_count++;
	in->next = r->next;
	return buf_check(&o->values, e);
}

static void
take_text(struct intake *in, const char *attribute, const char *value,
    size_t len)
{
	struct ldap_object *o = in->o;
	size_t slot = 0;

	if (strcasecmp(attribute, "objectGUID") == 0 && len == GUID_LEN) {
		memcpy(o->self.guid.b, value, len);
		o->self.has_guid = true;
	}
	if (strcasecmp(attribute, "objectSid") == 0 && len <= sizeof(o->sid)) {
		memcpy(o->sid, value, len);
		o->sid_len = len;
	}
	for (size_t i = 0; in->want->attributes[i] != NULL; i++) {
		if (in->want->values != NULL &&
		    strcmp(in->want->attributes[i], in->want->values) == 0)
			continue;
		if (slot < LDAP_TEXTS &&
		    strcasecmp(in->want->attributes[i], attribute) == 0)
			(void)pairs_set(o->text[slot], LDAP_TEXT_MAX, value,
			    len);
		slot++;
	}
}

static int
take_object(void *arg, const char *attribute, const char *value, size_t len,
    struct err *e)
{
	struct intake *in = arg;
	struct range r;
	bool is = false;

	if (attribute == NULL)
		return take_dn(in, value, len, e);
	if (in->entries > 1)
		return 0;
	if (in->want->values != NULL &&
	    range_parse(&r, &is, attribute, in->want->values, e) == -1)
		return -1;
	if (is)
		return take_many(in, &r, value, len, e);
	take_text(in, attribute, value, len);
	return 0;
}

static int
search(struct intake *in, struct ldap_link *l, struct ldap_search *s,
    struct err *e)
{
	s->extended = true;
	s->max = in->any ? 1000 : 2;
	s->take = take_object;
	s->arg = in;
	return ldap_link_search(l, s, e);
}

/* The pieces behind the first. */
static int
find_rest(struct intake *in, struct ldap_link *l, struct err *e)
{
	struct range r = { 0 };
	char name[RANGE_NAME_MAX];
	const char *const wanted[] = { name, NULL };
	char dn[LDAP_DN_MAX];

	snprintf(dn, sizeof(dn), "%s", in->o->self.dn);
	for (unsigned i = 0; in->next != 0; i++) {
		if (i == PIECES_MAX)
			return err_set(e, ERR_LIMIT, "%s: more than %d pieces",
			    in->want->values, PIECES_MAX);
		r.next = in->next;
		(void)range_next(&r, in->want->values, name);
		in->next = 0;
		in->entries = 0;
		if (search(in, l,
			&(struct ldap_search){ .base = dn,
			    .scope = SCOPE_BASE,
			    .filter = "(objectClass=*)",
			    .attributes = wanted },
			e) == -1)
			return -1;
	}
	return 0;
}

static int
find(struct ldap_object *out, struct ldap_link *l, const struct ldap_want *want,
    bool any, struct err *e)
{
	struct intake in = { .o = out, .want = want, .any = any };

	*out = (struct ldap_object){ .values.max = LDAP_VALUES_MAX };
	out->self.dn = out->dn;
	if (search(&in, l,
		&(struct ldap_search){ .base = want->base,
		    .scope = want->exact ? SCOPE_BASE : SCOPE_TREE,
		    .filter = want->filter,
		    .attributes = want->attributes },
		e) == -1)
		return -1;
	if (in.entries == 0)
		return 0;
	return find_rest(&in, l, e) == -1 ? -1 : 1;
}

int
ldap_object_find(struct ldap_object *out, struct ldap_link *l,
    const struct ldap_want *want, struct err *e)
{
	return find(out, l, want, false, e);
}

int
ldap_object_find_any(struct ldap_object *out, struct ldap_link *l,
    const struct ldap_want *want, struct err *e)
{
	return find(out, l, want, true, e);
}

void
ldap_object_free(struct ldap_object *o)
{
	buf_free(&o->values);
}

void
ldap_domain_users(const struct ldap_object *user, char out[256])
{
	size_t used, parts = user->sid_len - user->sid_len % 4;

	out[0] = '\0';
	if (user->sid_len < 12 || parts != user->sid_len || parts * 3 > 200)
		return;
	used = (size_t)snprintf(out, 256, "(objectSid=");
	for (size_t i = 0; i < parts - 4; i++)
		used += (size_t)snprintf(out + used, 256 - used, "\\%02x",
		    user->sid[i]);
	snprintf(out + used, 256 - used, "\\%02x\\%02x\\00\\00)",
	    DOMAIN_USERS & 0xff, DOMAIN_USERS >> 8);
}
