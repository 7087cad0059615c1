#include "prog/ldap_ask.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "prog/ldap_object.h"
#include "signin/dn.h"
#include "signin/pairs.h"
#include "signin/user_name.h"

#define PRIMARY    "msDS-PrimaryComputer"
#define IN_CHAIN   ":1.2.840.113556.1.4.1941:"
#define FILTER_MAX 4096
#define ITEMS_MAX  100000

/* One conversation. */
struct ask {
	struct ldap_link *link;
	const struct question *q;
	struct facts *f;
	struct ldap_root root;
	char user_base[LDAP_DN_MAX]; /* where the user is looked for */
	bool elsewhere;              /* that is another domain */
	bool catalog;                /* this one has all domains */
	struct user_name name;
	struct ldap_object user, computer;
};

static void
set_text(char *out, size_t cap, const char *text)
{
	(void)pairs_set(out, cap, text, strlen(text));
}

static int
begin(struct ask *a, struct ldap_link *l, const struct question *q,
    struct facts *f, bool catalog, struct err *e)
{
	*a = (struct ask){ .link = l, .q = q, .f = f, .catalog = catalog };
	if (ldap_root_read(&a->root, l, e) == -1)
		return -1;
	if (q->base[0] != '\0')
		snprintf(a->root.base, sizeof(a->root.base), "%s", q->base);
	if (a->root.base[0] == '\0')
		return err_set(e, ERR_USAGE,
		    "the server names no base to search: set base in "
		    "roam.conf(5)");
	snprintf(a->user_base, sizeof(a->user_base), "%s", a->root.base);
	if (a->root.host[0] != '\0')
		set_text(f->server, sizeof(f->server), a->root.host);
	return 0;
}

static void
end(struct ask *a)
{
	a->f->round_trips += ldap_link_trips(a->link);
	ldap_object_free(&a->user);
	ldap_object_free(&a->computer);
}

static void
take_domain(struct ask *a, const struct ldap_domain *d)
{
	set_text(a->f->netbios, sizeof(a->f->netbios), d->netbios);
	set_text(a->f->domain, sizeof(a->f->domain), d->dns);
}

/* The partition of the user's domain, where one was named. */
static int
find_domain(struct ask *a, struct err *e)
{
	struct ldap_domain d = { 0 };

	if (user_name_split(&a->name, a->q->user, e) == -1)
		return -1;
	a->f->foreign = FACT_NO;
	if (a->name.domain[0] == '\0' || a->root.configuration[0] == '\0')
		return 0;
	a->f->foreign = FACT_UNKNOWN;
	if (ldap_domain_find(&d, a->link, &a->root, a->name.domain, e) == -1)
		return -1;
	a->f->foreign = d.base[0] != '\0' ? FACT_NO : FACT_YES;
	take_domain(a, &d);
	if (d.base[0] == '\0')
		return 0;
	a->elsewhere = strcasecmp(d.base, a->root.home) != 0;
	if (a->elsewhere || a->q->base[0] == '\0')
		snprintf(a->user_base, sizeof(a->user_base), "%s", d.base);
	if (a->elsewhere && !a->catalog)
		return err_set(e, ERR_STORE,
		    "%s: only a global catalog knows that domain", a->q->user);
	return 0;
}

/* A path may begin with the short name of a domain that nobody has named. */
static int
find_netbios(struct ask *a, struct err *e)
{
	struct ldap_domain d;

	if (a->f->netbios[0] != '\0' || a->root.configuration[0] == '\0' ||
	    (strcasestr(a->f->profile_path, "domain%") == NULL &&
		strcasestr(a->f->ts_profile_path, "domain%") == NULL))
		return 0;
	if (ldap_domain_find(&d, a->link, &a->root, a->root.home, e) == -1)
		return -1;
	take_domain(a, &d);
	return 0;
}

/* Of the user's own domain: a catalog has none. */
static int
take_paths(struct ask *a, struct err *e)
{
	struct facts *f = a->f;

	f->paths = FACT_YES;
	set_text(f->profile_path, sizeof(f->profile_path), a->user.text[0]);
	set_text(f->ts_profile_path, sizeof(f->ts_profile_path),
	    a->user.text[1]);
	set_text(f->home_directory, sizeof(f->home_directory), a->user.text[2]);
	set_text(f->home_drive, sizeof(f->home_drive), a->user.text[3]);
	return find_netbios(a, e);
}

static int
find_user(struct ask *a, struct err *e)
{
	static const char *const wanted[] = { PRIMARY, "profilePath",
		"msTSProfilePath", "homeDirectory", "homeDrive", "objectGUID",
		"objectSid", NULL };
	const char *name = a->q->user_attribute[0] != '\0'
	    ? a->q->user_attribute
	    : "sAMAccountName";
	char filter[FILTER_MAX], account[1024];
	struct facts *f = a->f;
	int found;

	if (ldap_escape(account, sizeof(account), a->name.account, e) == -1)
		return -1;
	snprintf(filter, sizeof(filter), "(%s=%s)", name, account);
	found = ldap_object_find(&a->user, a->link,
	    &(struct ldap_want){ a->user_base, filter, wanted, PRIMARY, false },
	    e);
	if (found == -1)
		return -1;
	f->user = found == 1 ? FACT_YES : FACT_NO;
	if (found == 0)
		return 0;
	set_text(f->user_dn, sizeof(f->user_dn), a->user.self.dn);
	f->values = a->user.value_count;
	return a->elsewhere ? 0 : take_paths(a, e);
}

/* "WS1", "WS1$", "ws1.lab.example" or a DN. */
static int
find_computer(struct ask *a, struct err *e)
{
	static const char *const wanted[] = { "objectGUID",
		"msDS-IsPrimaryComputerFor", NULL };
	const char *name = a->q->computer;
	char filter[FILTER_MAX], account[1024], host[256];
	struct ldap_want want = { a->root.base, filter, wanted,
		"msDS-IsPrimaryComputerFor", strchr(name, '=') != NULL };
	int found;

	if (name[0] == '\0')
		return err_set(e, ERR_USAGE, "no computer is named");
	snprintf(host, sizeof(host), "%.*s", (int)strcspn(name, ".$"), name);
	if (ldap_escape(account, sizeof(account), host, e) == -1)
		return -1;
	if (want.exact) {
		want.base = name;
		/* Other directories have classes of their own. */
		snprintf(filter, sizeof(filter), "(objectClass=%s)",
		    a->root.schema[0] != '\0' ? "computer" : "*");
	} else {
		snprintf(filter, sizeof(filter), "(sAMAccountName=%s$)",
		    account);
	}
	found = ldap_object_find(&a->computer, a->link, &want, e);
	if (found == -1 && e->kind == ERR_GONE)
		found = 0;
	if (found == -1)
		return -1;
	a->f->computer = found == 1 ? FACT_YES : FACT_NO;
	if (found == 1)
		set_text(a->f->computer_dn, sizeof(a->f->computer_dn),
		    a->computer.self.dn);
	return 0;
}

/* Is self among the values of of? */
static int
is_among(const struct ldap_object *of, const struct dn_ref *self, bool *is,
    struct err *e)
{
	const char *at = (const char *)of->values.bytes;
	struct dn_ref ref;

	*is = false;
	for (uint64_t i = 0; i < of->value_count && !*is; i++) {
		if (dn_ref_parse(&ref, at, e) == -1 ||
		    dn_same(&ref, self, is, e) == -1)
			return -1;
		at += strlen(at) + 1;
	}
	return 0;
}

/* A group of the user's that has the computer; the directory joins them. */
static int
ask_groups(struct ask *a, struct err *e)
{
	static const char *const wanted[] = { "objectGUID", NULL };
	const char *chain = a->q->groups == GROUPS_NESTED ? IN_CHAIN : "";
	char filter[FILTER_MAX], user[1024], computer[1024], sid[256] = "";
	struct ldap_object group = { 0 };
	int found;

	if (ldap_escape(user, sizeof(user), a->user.self.dn, e) == -1 ||
	    ldap_escape(computer, sizeof(computer), a->computer.self.dn, e) ==
		-1)
		return -1;
	ldap_domain_users(&a->user, sid);
	snprintf(filter, sizeof(filter),
	    "(&(" PRIMARY "=%s)(|(member%s=%s)%s))", computer, chain, user,
	    sid);
	found = ldap_object_find_any(&group, a->link,
	    &(struct ldap_want){ a->user_base, filter, wanted, NULL, false },
	    e);
	if (found == 1) {
		a->f->listed = FACT_YES;
		set_text(a->f->via, sizeof(a->f->via), group.self.dn);
	}
	ldap_object_free(&group);
	return found == -1 ? -1 : 0;
}

static int
ask_listed(struct ask *a, struct err *e)
{
	bool is;

	if (is_among(&a->user, &a->computer.self, &is, e) == -1)
		return -1;
	if (is)
		set_text(a->f->via, sizeof(a->f->via), "user");
	if (!is && a->q->back_link) {
		if (is_among(&a->computer, &a->user.self, &is, e) == -1)
			return -1;
		if (is)
			set_text(a->f->via, sizeof(a->f->via), "back-link");
	}
	if (is) {
		a->f->listed = FACT_YES;
		return 0;
	}
	if (a->q->groups != GROUPS_NO && ask_groups(a, e) == -1)
		return -1;
	if (a->f->listed != FACT_YES)
		a->f->listed = FACT_NO;
	return 0;
}

/* The questions in their order, as long as the next one can matter. */
static int
ask_all(struct ask *a, struct err *e)
{
	struct facts *f = a->f;
	bool known;

	if (find_domain(a, e) == -1)
		return -1;
	if (f->foreign == FACT_YES)
		return 0;
	if (!a->q->paths_only) {
		if (ldap_schema_has(a->link, &a->root, PRIMARY, &known, e) ==
		    -1)
			return -1;
		f->schema = known ? FACT_YES : FACT_NO;
	}
	if (find_user(a, e) == -1)
		return -1;
	if (f->schema != FACT_YES || f->user != FACT_YES)
		return 0;
	if (find_computer(a, e) == -1)
		return -1;
	return f->computer == FACT_YES ? ask_listed(a, e) : 0;
}

int
ldap_ask(struct facts *f, struct ldap_link *l, const struct question *q,
    struct ldap_part *part, struct err *e)
{
	struct ask a;
	int rc;

	if (begin(&a, l, q, f, part->catalog, e) == -1)
		return -1;
	rc = ask_all(&a, e);
	part->elsewhere = a.elsewhere;
	end(&a);
	return rc;
}

/* --- For administrators ---------------------------------------------------- */

struct items {
	struct buf *out;
};

static int
take_item(void *arg, const char *attribute, const char *value, size_t len,
    struct err *e)
{
	struct items *items = arg;
	char dn[LDAP_DN_MAX];

	if (attribute != NULL)
		return 0;
	if (!pairs_set(dn, sizeof(dn), value, len))
		return err_set(e, ERR_FORMAT,
		    "the name of an object that is "
		    "no text");
	buf_text(items->out, "item=%s\n", dn);
	return buf_check(items->out, e);
}

static int
list_users(struct ask *a, struct buf *out, struct err *e)
{
	static const char *const wanted[] = { "1.1", NULL };
	struct items items = { out };
	char filter[FILTER_MAX], computer[1024];

	if (ldap_escape(computer, sizeof(computer), a->computer.self.dn, e) ==
	    -1)
		return -1;
	snprintf(filter, sizeof(filter), "(" PRIMARY "=%s)", computer);
	return ldap_link_search(a->link,
		   &(struct ldap_search){ .base = a->root.base,
		       .scope = SCOPE_TREE,
		       .filter = filter,
		       .attributes = wanted,
		       .max = ITEMS_MAX,
		       .take = take_item,
		       .arg = &items },
		   e) == -1
	    ? -1
	    : 0;
}

static int
list_computers(const struct ask *a, struct buf *out, struct err *e)
{
	const char *at = (const char *)a->user.values.bytes;
	struct dn_ref ref;

	for (uint64_t i = 0; i < a->user.value_count; i++) {
		if (dn_ref_parse(&ref, at, e) == -1 ||
		    take_item(&(struct items){ out }, NULL, ref.dn,
			strlen(ref.dn), e) == -1)
			return -1;
		at += strlen(at) + 1;
	}
	return 0;
}

static int
need(enum fact fact, const char *what, const char *name, struct err *e)
{
	if (fact == FACT_YES)
		return 0;
	return err_set(e, ERR_GONE, "%s: the directory has no such %s", name,
	    what);
}

/* Who and what it is about. */
static int
find_both(struct ask *a, struct err *e)
{
	enum question_op op = a->q->op;

	if (op != OP_USERS &&
	    (find_domain(a, e) == -1 || find_user(a, e) == -1 ||
		need(a->f->user, "user", a->q->user, e) == -1))
		return -1;
	if (op != OP_LIST &&
	    (find_computer(a, e) == -1 ||
		need(a->f->computer, "computer", a->q->computer, e) == -1))
		return -1;
	return 0;
}

static int
work(struct ask *a, struct buf *out, struct err *e)
{
	enum question_op op = a->q->op;
	struct facts *f = a->f;
	bool found = f->user_dn[0] != '\0' && f->computer_dn[0] != '\0';
	bool known;

	if (ldap_schema_has(a->link, &a->root, PRIMARY, &known, e) == -1)
		return -1;
	f->schema = known ? FACT_YES : FACT_NO;
	if (!known)
		return err_set(e, ERR_POLICY,
		    "the directory's schema knows no primary computers: it is "
		    "older than Windows Server 2012");
	if (!found && find_both(a, e) == -1)
		return -1;
	if (op == OP_LIST)
		return list_computers(a, out, e);
	if (op == OP_USERS)
		return list_users(a, out, e);
	if (a->catalog)
		return 0;
	return ldap_link_change(a->link, found ? f->user_dn : a->user.self.dn,
	    PRIMARY, found ? f->computer_dn : a->computer.self.dn, op == OP_ADD,
	    e);
}

int
ldap_ask_admin(struct buf *out, struct facts *f, struct ldap_link *l,
    const struct question *q, struct ldap_part *part, struct err *e)
{
	struct ask a;
	int rc;

	if (begin(&a, l, q, f, part->catalog, e) == -1)
		return -1;
	rc = work(&a, out, e);
	part->elsewhere = a.elsewhere;
	end(&a);
	return rc;
}
