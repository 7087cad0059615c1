#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "engine/json.h"
#include "prog/commands.h"
#include "prog/past.h"
#include "prog/print.h"
#include "store/verify.h"
#include "sync/clean.h"
#include "sync/export.h"

#define EXIT_FINDINGS 1
#define SHOWN_MAX     8192 /* bytes of a path on a line */

/* What verify found so far. */
struct findings {
	const struct options *o;
	json_t *rows; /* NULL: text */
	bool no_memory;
};

/* A verify_tell(). */
static void
tell(uint64_t gen, const char *path, const char *text, void *arg)
{
	struct findings *f = arg;
	const char *colon = path[0] != '\0' ? ": " : "";
	json_t *row;

	if (f->rows == NULL) {
		if (gen == 0)
			printf("store: %s%s%s\n", path, colon, text);
		else
			printf("generation %llu: %s%s%s\n",
			    (unsigned long long)gen, path, colon, text);
		return;
	}
	row = json_pack("{s:o,s:s}", "generation", print_generation(gen),
	    "text", text);
	if (row == NULL ||
	    print_set(row, "path", path[0] != '\0' ? path : NULL) == -1 ||
	    json_array_append(f->rows, row) == -1)
		f->no_memory = true;
	json_decref(row);
}

static void
print_verified(const struct verified *v, bool data)
{
	char size[TEXT_SIZE_MAX];

	printf("%llu generations", (unsigned long long)v->generations);
	if (v->records > 0)
		printf(" and %llu records of older ones",
		    (unsigned long long)v->records);
	printf(", %llu entries", (unsigned long long)v->entries);
	if (data)
		printf(", %s of contents", text_size_human(v->bytes, size));
	if (v->findings == 0)
		printf(": all is well\n");
	else
		printf(": %llu findings\n", (unsigned long long)v->findings);
}

static int
print_verified_json(const struct verified *sum, json_t *rows, struct err *e)
{
	json_t *v = json_pack("{s:I,s:I,s:I,s:I,s:O}", "generations",
	    (json_int_t)sum->generations, "records", (json_int_t)sum->records,
	    "entries", (json_int_t)sum->entries, "bytes",
	    (json_int_t)sum->bytes, "findings", rows);

	return json_print(v, e);
}

static int
verify(struct look *l, const struct options *o, struct findings *f,
    struct err *e)
{
	const struct verify how = { .data = o->data, .tell = tell, .arg = f };
	struct verified sum;

	if (repo_verify(l->c.repo, &how, &sum, e) == -1)
		return -1;
	if (f->no_memory)
		return print_no_memory(e);
	if (f->rows != NULL) {
		if (print_verified_json(&sum, f->rows, e) == -1)
			return -1;
	} else if (!o->quiet) {
		print_verified(&sum, o->data);
	}
	return sum.findings > 0 ? EXIT_FINDINGS : 0;
}

int
cmd_verify(const struct options *o, struct err *e)
{
	struct findings f = { .o = o };
	struct look l;
	int rc;

	if (past_open_store(&l, o, e) == -1)
		return -1;
	if (o->json && (f.rows = json_array()) == NULL)
		rc = print_no_memory(e);
	else
		rc = verify(&l, o, &f, e);
	json_decref(f.rows);
	look_close(&l);
	return rc;
}

/* What gc counts, as scripts get it. */
static const struct count {
	const char *key;
	size_t offset; /* of a uint64_t in struct collected */
} counts[] = {
#define AT(member) offsetof(struct collected, member)
	{ "kept", AT(kept) },
	{ "expired", AT(expired) },
	{ "removed", AT(removed) },
	{ "packs", AT(packs) },
	{ "leftovers", AT(leftovers) },
	{ "bytes", AT(bytes) },
	{ "held", AT(held) },
	{ "damaged", AT(damaged) },
#undef AT
};
#define COUNTS (sizeof(counts) / sizeof(counts[0]))

static int
print_cleaned_json(const struct cleaned *c, bool dry_run, struct err *e)
{
	json_t *v = json_object();
	uint64_t n;

	if (v == NULL ||
	    json_object_set_new(v, "dry_run", json_boolean(dry_run)) == -1)
		goto fail;
	for (size_t i = 0; i < COUNTS; i++) {
		memcpy(&n, (const char *)&c->collected + counts[i].offset,
		    sizeof(n));
		if (json_object_set_new(v, counts[i].key,
			json_integer((json_int_t)n)) == -1)
			goto fail;
	}
	if (json_object_set_new(v, "sparse_bytes",
		json_integer((json_int_t)c->sparse_bytes)) == -1 ||
	    json_object_set_new(v, "published",
		print_generation(c->published)) == -1)
		goto fail;
	return json_print(v, e);
fail:
	json_decref(v);
	return print_no_memory(e);
}

static void
print_cleaned(const struct cleaned *c, bool dry_run)
{
	const struct collected *sum = &c->collected;
	char size[TEXT_SIZE_MAX];

	printf("%llu generations are kept\n", (unsigned long long)sum->kept);
	printf("%s %s: %llu packs, what else %llu older generations had, "
	       "%llu leftovers\n",
	    dry_run ? "would free" : "freed", text_size_human(sum->bytes, size),
	    (unsigned long long)sum->packs, (unsigned long long)sum->expired,
	    (unsigned long long)sum->leftovers);
	if (c->published > 0)
		printf("generation %llu: has what was needed of old packs, to "
		       "free another %s in time\n",
		    (unsigned long long)c->published,
		    text_size_human(c->sparse_bytes, size));
}

/* Nobody has to do anything about it. */
static void
say_held(const struct collected *c)
{
	if (c->held > 0)
		log_line(LOG_LEVEL_WARN,
		    "%llu files or directories stay until the next gc, since "
		    "somebody has them open: %s",
		    (unsigned long long)c->held, c->held_note.text);
}

/* Nothing expires while it is not known what a generation needs. */
static int
say_damage(const struct collected *c)
{
	if (c->damaged == 0)
		return 0;
	log_line(LOG_LEVEL_WARN,
	    "nothing was collected, since %llu generations are damaged: %s; "
	    "see 'roam verify'",
	    (unsigned long long)c->damaged, c->note.text);
	return EXIT_FINDINGS;
}

static int
gc(struct look *l, const struct options *o, struct err *e)
{
	struct cleaned c;
	int rc = 0;

	if (clean_store(&l->c, o->dry_run, &c, e) == -1)
		return -1;
	if (o->json)
		rc = print_cleaned_json(&c, o->dry_run, e);
	else if (!o->quiet)
		print_cleaned(&c, o->dry_run);
	say_held(&c.collected);
	if (rc == 0)
		rc = say_damage(&c.collected);
	cleaned_free(&c);
	return rc;
}

int
cmd_gc(const struct options *o, struct err *e)
{
	struct look l;
	int rc;

	if (past_open_store(&l, o, e) == -1)
		return -1;
	rc = gc(&l, o, e);
	look_close(&l);
	return rc;
}

/* A lost() of export_tree(); arg counts. */
static void
say_lost(const struct entry *t, const char *why, void *arg)
{
	char shown[SHOWN_MAX];
	size_t *count = arg;

	log_line(LOG_LEVEL_WARN, "%s: %s",
	    text_show(t->path, t->path_len, shown, sizeof(shown)), why);
	++*count;
}

static int
write_archive(struct look *l, uint64_t number, struct err *e)
{
	struct profile profile = { 0 };
	struct commit commit = { 0 };
	size_t lost = 0;
	const struct export_how how = { .fd = STDOUT_FILENO,
		.lost = say_lost,
		.arg = &lost };
	int rc;

	if (past_load(l, number, &commit, &profile, e) == -1)
		return -1;
	rc = export_tree(l->c.store, &profile.tree, &how, e);
	profile_free(&profile);
	commit_free(&commit);
	if (rc == -1)
		return -1;
	return lost > 0 ? EXIT_SKIPPED : 0;
}

int
cmd_export(const struct options *o, struct err *e)
{
	struct look l;
	uint64_t number;
	int rc;

	if (isatty(STDOUT_FILENO))
		return err_set(e, ERR_USAGE,
		    "not onto a terminal: redirect it, as in 'roam export %s > "
		    "FILE.tar'",
		    o->operand[0]);
	if (past_open_store(&l, o, e) == -1)
		return -1;
	rc = past_generation(&l.c, o->operand[0], &number, e);
	if (rc == 0)
		rc = write_archive(&l, number, e);
	look_close(&l);
	return rc;
}
