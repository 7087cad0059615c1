#include "engine/groups.h"

#include <stdlib.h>
#include <string.h>

/* A file of the home that is linked, or was when base was made. */
struct member {
	const struct entry *base; /* NULL: no file then */
	const struct entry *local;
	size_t index;  /* in the local tree */
	uint64_t name; /* of its group from now on */
	size_t kin;    /* members that base has it linked to, itself included */
	bool changed;  /* linked or parted since */
};

struct members {
	struct member **at;    /* owned; sorted as a step needs it */
	struct member *member; /* owned; in path_order() */
	size_t count;
};

static int
order_u64(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int
order_attributes(const struct entry *a, const struct entry *b)
{
	static const struct extra none;
	const struct extra *x = a->extra != NULL ? a->extra : &none;
	const struct extra *y = b->extra != NULL ? b->extra : &none;

	if (a->mode != b->mode)
		return order_u64(a->mode, b->mode);
	if (x->attrs_len != y->attrs_len)
		return order_u64(x->attrs_len, y->attrs_len);
	return x->attrs_len > 0 ? memcmp(x->attrs, y->attrs, x->attrs_len) : 0;
}

/* 0 for links of one file in base; those without a group are links of none. */
static int
order_in_base(const struct member *a, const struct member *b)
{
	const struct entry *x = a->base, *y = b->base;
	int d;

	if (a == b)
		return 0;
	if (x == NULL || y == NULL)
		return x != y ? (x == NULL ? -1 : 1) : (a < b ? -1 : 1);
	if ((d = order_u64(entry_group(x), entry_group(y))) != 0)
		return d;
	if (entry_group(x) == 0)
		return a < b ? -1 : 1;
	if ((d = hash_order(&x->hash, &y->hash)) != 0)
		return d;
	return order_attributes(x, y);
}

static int
order_in_home(const struct member *a, const struct member *b)
{
	int d = order_u64(entry_group(a->local), entry_group(b->local));

	if (d != 0 || a == b || entry_group(a->local) != 0)
		return d;
	return a < b ? -1 : 1;
}

static int
by_base(const void *a, const void *b)
{
	const struct member *x = *(struct member *const *)a;
	const struct member *y = *(struct member *const *)b;
	int d = order_in_base(x, y);

	return d != 0 || x == y ? d : (x < y ? -1 : 1);
}

static int
by_home(const void *a, const void *b)
{
	const struct member *x = *(struct member *const *)a;
	const struct member *y = *(struct member *const *)b;
	int d = order_in_home(x, y);

	return d != 0 || x == y ? d : (x < y ? -1 : 1);
}

static bool
is_file(const struct entry *t)
{
	return t != NULL && t->type == ENTRY_FILE;
}

static bool
is_linked(const struct entry *t)
{
	return is_file(t) && entry_group(t) != 0;
}

/* How many, and with m->member who. */
static void
collect(struct members *m, const struct tree *local, const struct tree *base)
{
	struct tree_walk w = { .tree = { local, base }, .count = 2 };

	m->count = 0;
	while (tree_walk_next(&w)) {
		const struct entry *l = w.at[0], *b = w.at[1];

		if (!is_file(l) || (!is_linked(l) && !is_linked(b)))
			continue;
		if (m->member != NULL) {
			m->at[m->count] = &m->member[m->count];
			m->member[m->count] = (struct member){
				.base = is_file(b) ? b : NULL,
				.local = l,
				.index = w.next[0] - 1,
				.name = entry_group(l),
			};
		}
		m->count++;
	}
}

static void
count_kin(struct members *m)
{
	size_t end;

	qsort(m->at, m->count, sizeof(const void *), by_base);
	for (size_t i = 0; i < m->count; i = end) {
		for (end = i + 1; end < m->count; end++)
			if (order_in_base(m->at[i], m->at[end]) != 0)
				break;
		for (size_t k = i; k < end; k++)
			m->at[k]->kin = end - i;
	}
}

/*
 * The members from .. to are one file. If those that base knows were one then,
 * and with nobody else who is here, it keeps its name.
 */
static void
name_file(struct members *m, size_t from, size_t to)
{
	const struct member *known = NULL;
	size_t count = 0;
	bool same = true;

	for (size_t i = from; i < to; i++) {
		if (m->at[i]->base == NULL)
			continue;
		same = same &&
		    (known == NULL || order_in_base(known, m->at[i]) == 0);
		known = m->at[i];
		count++;
	}
	same = same && known != NULL && known->kin == count &&
	    (entry_group(known->base) != 0 || to - from == 1);
	for (size_t i = from; i < to; i++) {
		m->at[i]->changed = !same;
		if (same)
			m->at[i]->name = entry_group(known->base);
	}
}

static void
name_files(struct members *m)
{
	size_t end;

	qsort(m->at, m->count, sizeof(const void *), by_home);
	for (size_t i = 0; i < m->count; i = end) {
		for (end = i + 1; end < m->count; end++)
			if (order_in_home(m->at[i], m->at[end]) != 0)
				break;
		name_file(m, i, end);
	}
}

static bool
is_as_base(const struct member *m)
{
	return m->base != NULL && entry_same_content(m->local, m->base);
}

/* By the name they keep, then by all that makes two of that name one file;
 * what is as base has it comes first. */
static int
by_claim(const void *a, const void *b)
{
	const struct member *x = *(struct member *const *)a;
	const struct member *y = *(struct member *const *)b;
	int d = order_u64(x->name, y->name);

	if (d == 0)
		d = hash_order(&x->local->hash, &y->local->hash);
	if (d == 0)
		d = order_attributes(x->local, y->local);
	if (d == 0)
		d = (int)is_as_base(y) - (int)is_as_base(x);
	if (d == 0)
		d = order_in_home(x, y);
	return d != 0 || x == y ? d : (x < y ? -1 : 1);
}

/* Would others take the two for one file? */
static bool
is_one_claim(const struct member *a, const struct member *b)
{
	return a->name == b->name && a->name != 0 &&
	    hash_same(&a->local->hash, &b->local->hash) &&
	    order_attributes(a->local, b->local) == 0;
}

/*
 * Two files that bear one name, since they were different when base was made,
 * and have become alike: only the first keeps it, or they would be linked
 * everywhere else.
 */
static void
tell_apart(struct members *m)
{
	const struct member *first = NULL;
	size_t kept = 0;

	for (size_t i = 0; i < m->count; i++)
		if (!m->member[i].changed)
			m->at[kept++] = &m->member[i];
	qsort(m->at, kept, sizeof(const void *), by_claim);
	for (size_t i = 0; i < kept; i++) {
		if (first == NULL || !is_one_claim(first, m->at[i])) {
			first = m->at[i];
		} else if (order_in_home(first, m->at[i]) != 0) {
			m->at[i]->changed = true;
			m->at[i]->name = entry_group(m->at[i]->local);
		}
	}
}

static int
by_name(const void *a, const void *b)
{
	const struct member *x = *(struct member *const *)a;
	const struct member *y = *(struct member *const *)b;

	return order_u64(x->name, y->name);
}

static bool
is_taken(struct member *const *kept, size_t count, uint64_t name)
{
	const struct member wanted = { .name = name };
	const struct member *key = &wanted;

	return bsearch(&key, kept, count, sizeof(const void *), by_name) !=
	    NULL;
}

/* A file that was linked since must not get the name that another one keeps. */
static void
avoid_kept_names(struct members *m)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->count; i++)
		if (!m->member[i].changed)
			m->at[kept++] = &m->member[i];
	qsort(m->at, kept, sizeof(const void *), by_name);
	for (size_t i = 0; i < m->count; i++) {
		struct member *t = &m->member[i];

		while (t->changed && t->name != 0 &&
		    is_taken(m->at, kept, t->name))
			t->name = hash_short(&t->name, sizeof(t->name));
	}
}

static int
rename_groups(struct tree *local, const struct members *m, struct arena *a,
    struct err *e)
{
	struct entry *copy;
	struct extra *x;

	for (size_t i = 0; i < m->count; i++) {
		const struct member *t = &m->member[i];

		if (t->name == entry_group(t->local))
			continue;
		if ((copy = entry_copy_extra(a, t->local, &x, e)) == NULL)
			return -1;
		x->group = t->name;
		local->entry[t->index] = copy;
	}
	return 0;
}

int
groups_align(struct tree *local, const struct tree *base, struct arena *a,
    struct err *e)
{
	struct members m = { 0 };
	int rc = -1;

	collect(&m, local, base);
	if (m.count == 0)
		return 0;
	m.at = calloc(m.count, sizeof(const void *));
	m.member = calloc(m.count, sizeof(*m.member));
	if (m.at == NULL || m.member == NULL) {
		err_sys(e, "hard links");
		goto out;
	}
	collect(&m, local, base);
	count_kin(&m);
	name_files(&m);
	tell_apart(&m);
	avoid_kept_names(&m);
	rc = rename_groups(local, &m, a, e);
out:
	free(m.at);
	free(m.member);
	return rc;
}
