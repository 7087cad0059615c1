#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "sync/context.h"

static const struct profile nothing;

void
context_init(struct context *c, const struct setup *setup)
{
	*c = (struct context){
		.setup = setup,
		.root = { .fd = -1, .dir_fd = -1 },
		.statefd = -1,
		.lockfd = -1,
		.remote = &nothing,
	};
	c->machines.arena = &c->arena;
}

void
context_close(struct context *c)
{
	repo_close(c->repo);
	store_close(c->store);
	commit_free(&c->head);
	profile_free(&c->fetched);
	profile_free(&c->mended);
	state_free(&c->state);
	left_free(&c->left);
	if (c->lockfd != -1)
		close(c->lockfd);
	if (c->statefd != -1)
		close(c->statefd);
	if (c->root.fd != -1)
		root_close(&c->root);
	machines_free(&c->machines);
	arena_free(&c->arena);
	context_init(c, c->setup);
}

static enum log_level
warning(const struct context *c)
{
	return c->hushed ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARN;
}

static int
load_state(struct context *c, struct err *e)
{
	struct err note;

	if (state_load(&c->state, c->statefd, &c->arena, &c->machines, &note,
		e) == -1)
		return -1;
	if (note.kind != ERR_NONE)
		log_line(warning(c),
		    "the local state is damaged (%s): nothing will be deleted "
		    "in this run",
		    note.text);
	return 0;
}

int
context_open_home(struct context *c, enum context_use use, unsigned wait_s,
    struct err *e)
{
	const struct setup *s = c->setup;

	c->self =
	    machines_intern(&c->machines, s->machine_id, s->machine_name, e);
	if (c->self == NULL)
		return -1;
	if (root_open(&c->root, s->home, e) == -1)
		return -1;
	c->statefd = root_state_dir(&c->root, use == CONTEXT_WORK, e);
	if (c->statefd == -1)
		return use == CONTEXT_LOOK && e->kind == ERR_GONE ? 0 : -1;
	if (use == CONTEXT_WORK &&
	    state_lock(c->statefd, wait_s, &c->lockfd, e) == -1) {
		if (e->kind != ERR_BUSY)
			return -1;
		return err_set(e, ERR_BUSY,
		    "%s: another run is active; --wait SECONDS waits for it",
		    s->home);
	}
	return load_state(c, e);
}

/* What helps where the home's file system refuses. */
static const struct remedy {
	int sys;
	const char *text;
} remedies[] = {
	{ EACCES, "check owner and mode there" },
	{ EPERM, "check owner and mode there" },
	{ EROFS, "it has to be writable" },
	{ ENOSPC, "make room there" },
	{ EDQUOT, "make room there, or raise the quota" },
};

void
context_explain(const struct context *c, struct err *e)
{
	int sys = e->sys;
	bool named = e->text[0] == '/';

	if (e->kind != ERR_SYSTEM)
		return;
	for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++) {
		if (remedies[i].sys != sys)
			continue;
		err_fill(e, ERR_SYSTEM, "%s%s%s (%s)",
		    named ? "" : c->setup->home, named ? "" : ": ", e->text,
		    remedies[i].text);
		e->sys = sys;
	}
}

static enum store_encrypt
conf_encrypt(const struct conf *conf)
{
	if (strcmp(conf->smb_encrypt, "off") == 0)
		return STORE_ENCRYPT_OFF;
	return strcmp(conf->smb_encrypt, "desired") == 0
	    ? STORE_ENCRYPT_DESIRED
	    : STORE_ENCRYPT_REQUIRED;
}

int
context_begin_store(struct context *c, enum context_use use, struct err *e)
{
	const struct conf *conf = &c->setup->conf.conf;
	const struct cred *cred = &c->setup->cred;
	struct store_how how = {
		.deadline_ms = (unsigned)conf->answer_timeout_s * 1000,
		.create = use == CONTEXT_WORK,
		.user = cred->user[0] != '\0' ? cred->user : NULL,
		.domain = cred->domain[0] != '\0' ? cred->domain : NULL,
		.password =
		    cred->password.text[0] != '\0' ? &cred->password : NULL,
		.ask = cred_ask,
		.encrypt = conf_encrypt(conf),
		.min_protocol = conf->smb_min_protocol,
		.connect_ms = (unsigned)conf->connect_timeout_s * 1000,
		.slow_ms = c->slow_ms,
	};

	if (store_begin(&c->store, c->setup->store, &how, e) == -1) {
		c->store = NULL;
		return e->kind == ERR_GONE ? 0 : -1;
	}
	return 0;
}

/* 1: it is open, or there is none; 0: not yet. */
static int
enter(struct context *c, bool wait, struct err *e)
{
	int rc;

	if (c->store == NULL || c->entered)
		return 1;
	rc = store_enter(c->store, wait, e);
	c->entered = rc == 1;
	if (rc != -1)
		return rc;
	store_close(c->store);
	c->store = NULL;
	return e->kind == ERR_GONE ? 1 : -1;
}

int
context_look_at_store(struct context *c, struct err *e)
{
	return enter(c, false, e) == -1 ? -1 : 0;
}

/* What others own they can fill beforehand, and read. */
static int
check_directory(const struct context *c, struct err *e)
{
	const struct setup *s = c->setup;
	const struct passwd *pw;
	uid_t owner;

	if (!s->conf.conf.check_owner || c->store == NULL ||
	    !store_owner(c->store, &owner) || owner == geteuid() || owner == 0)
		return 0;
	pw = getpwuid(owner);
	return err_set(e, ERR_POLICY,
	    "%s: this directory belongs to %s, neither to %s nor to root; give "
	    "the right --store, or set check_owner = no",
	    s->store, pw != NULL ? pw->pw_name : "somebody unknown", s->user);
}

int
context_enter_store(struct context *c, struct err *e)
{
	if (enter(c, true, e) == -1 || check_directory(c, e) == -1)
		return -1;
	return c->store != NULL ? repo_open(&c->repo, c->store, e) : 0;
}

int
context_open_store(struct context *c, enum context_use use, struct err *e)
{
	if (context_begin_store(c, use, e) == -1)
		return -1;
	return context_enter_store(c, e);
}

static int
check_owner(const struct context *c, struct err *e)
{
	const struct setup *s = c->setup;

	if (!s->conf.conf.check_owner || c->head.number == 0 ||
	    strcmp(c->head.user, s->user) == 0)
		return 0;
	return err_set(e, ERR_POLICY,
	    "%s: this store is the profile of %s, not of %s; give the right "
	    "--store, or set check_owner = no",
	    s->store, c->head.user, s->user);
}

/*
 * A run was cut off around its publication. If the store has that generation,
 * the state it would have saved is the truth; else it never happened.
 */
static int
settle_next(struct context *c, enum context_use use, struct err *e)
{
	struct state next = { 0 };
	bool published = false;
	int rc;

	if (c->statefd == -1 || c->settled)
		return 0;
	c->settled = true;
	if (state_load_next(&next, c->statefd, &c->arena, &c->machines, e) ==
	    -1)
		return e->kind == ERR_GONE ? 0 : -1;
	rc = 0;
	if (c->head.number > 0 && hash_same(&next.store_id, &c->head.store_id))
		rc = repo_descends(c->repo, &c->head, next.number, &next.id,
		    &published, e);
	if (rc == 0 && published) {
		state_free(&c->state);
		c->state = next;
		next = (struct state){ 0 };
		if (use == CONTEXT_WORK)
			rc = state_promote(c->statefd, e);
	} else if (rc == 0 && use == CONTEXT_WORK) {
		rc = state_drop_next(c->statefd, e);
	}
	state_free(&next);
	return rc;
}

bool
context_is_mandatory(const struct context *c)
{
	return c->repo != NULL && c->repo->mandatory;
}

/* Does what this home remembers belong to the store's present head? */
static int
check_kinship(struct context *c, struct err *e)
{
	const struct state *s = &c->state;
	bool kin = true;

	c->estranged = false;
	if (s->number == 0)
		return 0;
	if (c->head.number == 0 || !hash_same(&s->store_id, &c->head.store_id))
		kin = false;
	else if (repo_descends(c->repo, &c->head, s->number, &s->id, &kin, e) ==
	    -1)
		return -1;
	if (kin)
		return 0;
	c->estranged = true;
	log_line(warning(c),
	    "%s is not the store this home knew, or is older than it was at "
	    "generation %llu: both sides are united, nothing is deleted",
	    c->setup->store, (unsigned long long)s->number);
	return 0;
}

/* The head and what it holds. What the home remembers of that very generation
 * need not be read again. */
static int
load_remote(struct context *c, struct err *e)
{
	const struct known known = {
		.profile = c->state.number > 0 ? &c->state.head : NULL,
		.number = c->state.number,
		.id = c->state.id,
		.store_id = c->state.store_id,
		.manifest = c->state.manifest,
	};
	const struct decode how = {
		.arena = &c->arena,
		.machines = &c->machines,
	};
	struct head head;

	if (repo_load(c->repo, &known, &how, &head, e) == -1)
		return -1;
	commit_free(&c->head);
	profile_free(&c->fetched);
	c->head = head.commit;
	c->fetched = head.profile;
	c->remote = &c->fetched;
	c->damaged = head.damaged;
	c->lost = 0;
	if (head.damaged > 0)
		log_line(warning(c),
		    "%zu damaged generation(s) passed over: %s", head.damaged,
		    head.note.text);
	return 0;
}

int
context_load_head(struct context *c, enum context_use use, struct err *e)
{
	if (c->store != NULL && load_remote(c, e) == -1)
		return -1;
	if (check_owner(c, e) == -1 || settle_next(c, use, e) == -1)
		return -1;
	return check_kinship(c, e);
}

int
context_generation(struct context *c, uint64_t number, struct commit *out,
    struct profile *profile, struct err *e)
{
	struct known known = { .profile = NULL };
	struct decode how = { .arena = &c->arena, .machines = &c->machines };
	struct commit commit = { 0 };

	if (c->store == NULL || c->head.number == 0)
		return err_set(e, ERR_GONE, "%s: the store is empty",
		    c->setup->store);
	if (repo_commit(c->repo, number == 0 ? c->head.number : number, &commit,
		e) == -1)
		return -1;
	if (repo_profile(c->repo, &commit, &known, &how, profile, e) == -1) {
		commit_free(&commit);
		return -1;
	}
	*out = commit;
	return 0;
}

static int
copy_text(char out[COMMIT_TEXT_MAX + 1], const char *text, struct err *e)
{
	size_t n = strlen(text);

	if (n > COMMIT_TEXT_MAX)
		return err_set(e, ERR_LIMIT, "%s: longer than %d bytes", text,
		    COMMIT_TEXT_MAX);
	memcpy(out, text, n + 1);
	return 0;
}

int
context_sign(const struct context *c, struct commit *out, struct err *e)
{
	const struct setup *s = c->setup;

	if (copy_text(out->machine_id, s->machine_id, e) == -1 ||
	    copy_text(out->machine_name, s->machine_name, e) == -1 ||
	    copy_text(out->user, s->user, e) == -1)
		return -1;
	return copy_text(out->version, ROAM_VERSION, e);
}
