#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/when.h"
#include "prog/past.h"

static int
open_log(struct look *l, struct err *e)
{
	if (setup_need_store(&l->setup, e) == -1 ||
	    context_open_store(&l->c, CONTEXT_LOOK, e) == -1)
		return -1;
	if (l->c.store == NULL)
		return err_set(e, ERR_GONE, "%s: there is no store yet",
		    l->setup.store);
	return repo_list(l->c.repo, e);
}

int
past_open(struct look *l, const struct options *o, struct err *e)
{
	if (look_open(l, o, LOOK_STATE, e) == -1)
		return -1;
	if (open_log(l, e) == 0)
		return 0;
	look_close(l);
	return -1;
}

int
past_open_store(struct look *l, const struct options *o, struct err *e)
{
	struct setup_how how = options_setup(o);

	if (setup_load(&l->setup, &how, e) == -1)
		return -1;
	context_init(&l->c, &l->setup);
	if (open_log(l, e) == 0)
		return 0;
	look_close(l);
	return -1;
}

/* The newest generation that is not younger than ns. */
static int
find_at(struct context *c, int64_t ns, uint64_t *out, struct err *e)
{
	const struct repo *r = c->repo;
	char time[TEXT_TIME_MAX];
	struct commit commit;
	int64_t oldest = 0;

	for (size_t i = r->number_count; i-- > 0;) {
		if (repo_commit(c->repo, r->number[i], &commit, e) == -1) {
			if (!repo_is_damage(e))
				return -1;
			continue;
		}
		oldest = commit.time_ns;
		commit_free(&commit);
		if (oldest <= ns) {
			*out = r->number[i];
			return 0;
		}
	}
	if (oldest == 0)
		return err_set(e, ERR_GONE, "%s: the store is empty",
		    c->setup->store);
	return err_set(e, ERR_GONE,
	    "nothing that old is kept: the oldest generation is of %s",
	    text_time_local(oldest, time));
}

int
past_generation(struct context *c, const char *text, uint64_t *out,
    struct err *e)
{
	int64_t ns;

	if (strspn(text, "0123456789") == strlen(text) ||
	    strcmp(text, "head") == 0)
		return look_generation(text, out, e);
	if (when_parse(text, clock_now_ns(), &ns, e) == -1)
		return err_set(e, ERR_USAGE,
		    "%s: not a generation: a number as 'roam log' shows it, "
		    "head, or a time such as 'yesterday 14:00'",
		    text);
	return find_at(c, ns, out, e);
}

bool
past_is_generation(const char *text)
{
	int64_t ns;
	struct err e;

	return strcmp(text, "head") == 0 ||
	    (*text != '\0' && strspn(text, "0123456789") == strlen(text)) ||
	    when_parse(text, clock_now_ns(), &ns, &e) == 0;
}

static int
see_manifest(const struct store_item *item, void *arg, struct err *e)
{
	bool *seen = arg;

	(void)e;
	if (strcmp(item->name, "manifest") == 0)
		*seen = true;
	return 0;
}

/* Collection goes from the oldest on, so the search ends soon. */
int
past_first(const struct context *c, size_t *out, struct err *e)
{
	const struct repo *r = c->repo;
	char dir[STORE_PATH_MAX + 1];
	bool seen = false;
	size_t i;

	for (i = 0; i < r->number_count; i++) {
		if (store_list(c->store, repo_path(dir, r->number[i], ""),
			see_manifest, &seen, e) == -1 &&
		    e->kind != ERR_GONE)
			return -1;
		if (seen)
			break;
	}
	*out = i;
	return 0;
}

int
past_explain(const struct context *c, uint64_t number, struct err *e)
{
	const struct repo *r = c->repo;
	struct err damage = *e;
	bool listed = false;
	size_t first;

	if (e->kind != ERR_GONE || r == NULL)
		return -1;
	if (past_first(c, &first, e) == -1)
		return -1;
	if (first == r->number_count)
		return err_set(e, ERR_GONE,
		    "generation %llu: not there, the store is empty",
		    (unsigned long long)number);
	for (size_t i = first; i < r->number_count; i++)
		listed = listed || r->number[i] == number;
	if (listed) {
		*e = damage;
		return -1;
	}
	return err_set(e, ERR_GONE,
	    "generation %llu: %s; the store has %llu to %llu",
	    (unsigned long long)number,
	    number < r->number[first] ? "was collected" : "not there",
	    (unsigned long long)r->number[first],
	    (unsigned long long)r->number[r->number_count - 1]);
}

static int
load_newest(struct look *l, const struct decode *how, struct commit *out,
    struct profile *profile, struct err *e)
{
	const struct known none = { .profile = NULL };
	struct head head;

	if (repo_load(l->c.repo, &none, how, &head, e) == -1)
		return -1;
	if (head.damaged > 0)
		log_line(LOG_LEVEL_WARN,
		    "%zu damaged generation(s) passed over: %s", head.damaged,
		    head.note.text);
	if (head.commit.number == 0)
		return err_set(e, ERR_GONE, "%s: the store is empty",
		    l->setup.store);
	*out = head.commit;
	*profile = head.profile;
	return 0;
}

int
past_load(struct look *l, uint64_t number, struct commit *out,
    struct profile *profile, struct err *e)
{
	struct context *c = &l->c;
	const struct known known = {
		.profile = c->state.number > 0 ? &c->state.head : NULL,
		.number = c->state.number,
		.id = c->state.id,
		.store_id = c->state.store_id,
		.manifest = c->state.manifest,
	};
	const struct decode how = { .arena = &c->arena,
		.machines = &c->machines };
	struct commit commit = { 0 };

	if (number == 0)
		return load_newest(l, &how, out, profile, e);
	if (repo_commit(c->repo, number, &commit, e) == 0) {
		if (repo_profile(c->repo, &commit, &known, &how, profile, e) ==
		    0) {
			*out = commit;
			return 0;
		}
		commit_free(&commit);
	}
	return past_explain(c, number, e);
}
