#include "model/machine.h"

#include <stdlib.h>
#include <string.h>

int
machine_order(const struct machine *a, const struct machine *b)
{
	int order;

	if (a == b)
		return 0;
	if (a == NULL || b == NULL)
		return a == NULL ? -1 : 1;
	order = strcmp(a->id, b->id);
	return order != 0 ? order : strcmp(a->name, b->name);
}

/* Index of wanted, or of the first machine behind it. */
static size_t
machines_lower(const struct machines *m, const struct machine *wanted)
{
	size_t low = 0, high = m->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (machine_order(m->at[middle], wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int
machines_grow(struct machines *m, struct err *e)
{
	size_t cap = m->cap > 0 ? m->cap * 2 : 8;
	const struct machine **at;

	if (m->count < m->cap)
		return 0;
	if ((at = reallocarray(m->at, cap, sizeof(const void *))) == NULL)
		return err_sys(e, "machines");
	m->at = at;
	m->cap = cap;
	return 0;
}

static const struct machine *
machine_new(struct arena *a, const char *id, const char *name, struct err *e)
{
	struct machine *one = arena_alloc(a, sizeof(*one), e);

	if (one == NULL ||
	    (one->id = arena_copy(a, id, strlen(id), e)) == NULL ||
	    (one->name = arena_copy(a, name, strlen(name), e)) == NULL)
		return NULL;
	return one;
}

bool
machine_text_valid(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	return len <= MACHINE_TEXT_MAX;
}

const struct machine *
machines_intern(struct machines *m, const char *id, const char *name,
    struct err *e)
{
	const struct machine wanted = { .id = id, .name = name }, *one;
	size_t i = machines_lower(m, &wanted);

	if (i < m->count && machine_order(m->at[i], &wanted) == 0)
		return m->at[i];
	if (!machine_text_valid(id, strlen(id)) ||
	    !machine_text_valid(name, strlen(name))) {
		err_set(e, ERR_FORMAT, "machine: not a name");
		return NULL;
	}
	if (m->count >= MACHINES_MAX) {
		err_set(e, ERR_LIMIT, "more than %d machines", MACHINES_MAX);
		return NULL;
	}
	if (machines_grow(m, e) == -1 ||
	    (one = machine_new(m->arena, id, name, e)) == NULL)
		return NULL;
	memmove(m->at + i + 1, m->at + i, (m->count - i) * sizeof(m->at[0]));
	m->at[i] = one;
	m->count++;
	return one;
}

void
machines_free(struct machines *m)
{
	free(m->at);
	*m = (struct machines){ .arena = m->arena };
}
