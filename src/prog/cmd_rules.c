#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "model/rules_lint.h"
#include "prog/commands.h"
#include "prog/print.h"
#include "sync/files.h"
#include "sync/rulebook.h"

#define SHOWN_MAX 8192

static const char *const sources[] = {
	[RULES_SHIPPED] = "catalogue",
	[RULES_ADMIN] = "administrator",
	[RULES_USER] = "user",
};
_Static_assert(sizeof(sources) / sizeof(sources[0]) == RULES__COUNT,
    "every source has a name");

/* A check on its way: what is read, and what was found. */
struct check {
	const struct options *o;
	struct rules *rules;
	json_t *faults; /* NULL: text */
	size_t count, files;
	bool lost; /* memory ran out meanwhile */
};

static void
note_fault(void *arg, const char *file, unsigned line, const char *what)
{
	struct check *c = arg;
	char shown[SHOWN_MAX];
	json_t *v;

	c->count++;
	if (c->faults == NULL) {
		if (!c->o->quiet)
			printf("%s:%u: %s\n",
			    text_show(file, strlen(file), shown, sizeof(shown)),
			    line, what);
		return;
	}
	v = json_pack("{s:n,s:i,s:n}", "file", "line", (int)line, "what");
	if (v == NULL || print_set(v, "file", file) == -1 ||
	    print_set(v, "what", what) == -1 ||
	    json_array_append(c->faults, v) == -1)
		c->lost = true;
	json_decref(v);
}

/* The user's and the administrator's rules need no reasons. What is for other
 * machines cannot be seen together with what is for this one. */
static int
check_file(void *arg, const struct rulebook_file *f, struct err *e)
{
	struct check *c = arg;
	enum rules_care care =
	    f->source == RULES_SHIPPED ? RULES_CARE_ALL : RULES_CARE_LINES;
	const struct rules_file file = { .source = f->source,
		.name = f->path,
		.text = f->text,
		.len = f->len };
	struct rules *other = NULL;
	int rc;

	c->files++;
	if (!f->known)
		note_fault(c, f->path, 1,
		    "never read: its directory is not named os-, arch- or "
		    "group-");
	if (f->active)
		return rules_lint_file(c->rules, &file, care, note_fault, c, e);
	if (rules_new(&other, e) == -1)
		return -1;
	rc = rules_lint_file(other, &file, care, note_fault, c, e);
	if (rc == 0)
		rules_lint_dead(other, note_fault, c);
	rules_free(other);
	return rc;
}

/* A file that is named: what would go into the catalogue, say. */
static int
check_named(void *arg, const char *path, const char *text, size_t len,
    struct err *e)
{
	const struct rulebook_file f = { .source = RULES_SHIPPED,
		.path = path,
		.known = true,
		.active = true,
		.text = text,
		.len = len };

	return check_file(arg, &f, e);
}

static int
check_all(struct check *c, struct err *e)
{
	struct setup_how how = options_setup(c->o);
	struct setup s;
	int rc = 0;

	if (c->o->count > 1) {
		for (int i = 1; i < c->o->count && rc == 0; i++)
			rc = files_one(c->o->operand[i], true, check_named, c,
			    e);
		return rc;
	}
	if (setup_load(&s, &how, e) == -1)
		return -1;
	rc = rulebook_each(&s, true, check_file, c, e);
	setup_free(&s);
	return rc;
}

/* Faults are what was asked for: no error, but the status of bad settings. */
static int
end_check(struct check *c, struct err *e)
{
	const struct err bad = { .kind = ERR_USAGE };
	int status = c->count > 0 ? err_exit_code(&bad) : 0;

	if (c->lost)
		return print_no_memory(e);
	if (c->faults != NULL)
		return json_print(json_pack("{s:I,s:I,s:O}", "files",
				      (json_int_t)c->files, "rules",
				      (json_int_t)rules_count(c->rules),
				      "faults", c->faults),
			   e) == -1
		    ? -1
		    : status;
	if (!c->o->quiet)
		printf("%zu rules in %zu files, %zu fault%s\n",
		    rules_count(c->rules), c->files, c->count,
		    c->count == 1 ? "" : "s");
	return status;
}

static int
run_check(const struct options *o, struct err *e)
{
	struct check c = { .o = o };
	int status = -1;

	if (o->json && (c.faults = json_array()) == NULL)
		return print_no_memory(e);
	if (rules_new(&c.rules, e) == 0 && check_all(&c, e) == 0) {
		rules_lint_dead(c.rules, note_fault, &c);
		status = end_check(&c, e);
	}
	rules_free(c.rules);
	json_decref(c.faults);
	return status;
}

/* A list on its way. */
struct list {
	const struct options *o;
	json_t *files; /* NULL: text */
};

static json_t *
json_rules(const struct rules *r)
{
	json_t *all = json_array(), *v;
	struct rules_item item;

	for (size_t i = 0; all != NULL && i < rules_count(r); i++) {
		rules_item(r, i, &item);
		v = json_pack("{s:i,s:s,s:s?,s:n,s:n}", "line", (int)item.line,
		    "class", rules_class_text(item.class), "driver",
		    item.driver, "pattern", "reason");
		if (v == NULL || print_set(v, "pattern", item.pattern) == -1 ||
		    print_set(v, "reason", item.reason) == -1 ||
		    json_array_append(all, v) == -1) {
			json_decref(all);
			all = NULL;
		}
		json_decref(v);
	}
	return all;
}

static int
add_file(struct list *l, const struct rulebook_file *f, const struct rules *r,
    struct err *e)
{
	json_t *v = json_pack("{s:n,s:s,s:s?,s:i,s:o}", "file", "source",
	    sources[f->source], "overlay", f->overlay, "version",
	    (int)rules_version(f->text, f->len), "rules", json_rules(r));

	if (v == NULL || print_set(v, "file", f->path) == -1 ||
	    json_array_append(l->files, v) == -1) {
		json_decref(v);
		return print_no_memory(e);
	}
	json_decref(v);
	return 0;
}

static void
print_rules(const struct rules *r)
{
	char shown[SHOWN_MAX], class[32];
	struct rules_item item;

	for (size_t i = 0; i < rules_count(r); i++) {
		rules_item(r, i, &item);
		snprintf(class, sizeof(class), "%s%s%s",
		    rules_class_text(item.class),
		    item.driver != NULL ? "=" : "",
		    item.driver != NULL ? item.driver : "");
		printf("%5u  %-14s %s", item.line, class,
		    text_show(item.pattern, strlen(item.pattern), shown,
			sizeof(shown)));
		printf("%s%s\n", item.reason[0] != '\0' ? "  # " : "",
		    text_show(item.reason, strlen(item.reason), shown,
			sizeof(shown)));
	}
}

static int
list_file(void *arg, const struct rulebook_file *f, struct err *e)
{
	struct list *l = arg;
	struct rules *r = NULL;
	char shown[SHOWN_MAX], version[16];
	unsigned number = rules_version(f->text, f->len);
	int rc = -1;

	if (rules_new(&r, e) == -1)
		return -1;
	if (rules_add(r, f->source, f->path, f->text, f->len, e) == -1)
		goto out;
	rc = 0;
	if (l->files != NULL) {
		rc = add_file(l, f, r, e);
	} else if (!l->o->quiet) {
		snprintf(version, sizeof(version), "%u", number);
		printf("%-13s %8s %6zu  %s\n", sources[f->source],
		    number > 0 ? version : "-", rules_count(r),
		    text_show(f->path, strlen(f->path), shown, sizeof(shown)));
		if (l->o->verbose)
			print_rules(r);
	}
out:
	rules_free(r);
	return rc;
}

static int
run_list(const struct options *o, struct err *e)
{
	struct setup_how how = options_setup(o);
	struct list l = { .o = o };
	struct setup s;
	int rc = -1;

	if (setup_load(&s, &how, e) == -1)
		return -1;
	if (o->json && (l.files = json_array()) == NULL) {
		print_no_memory(e);
		goto out;
	}
	if (!o->json && !o->quiet)
		print_heading("SOURCE         VERSION  RULES  FILE");
	rc = rulebook_each(&s, false, list_file, &l, e);
	if (rc == 0 && l.files != NULL)
		rc = json_print(json_pack("{s:O}", "files", l.files), e);
out:
	json_decref(l.files);
	setup_free(&s);
	return rc;
}

int
cmd_rules(const struct options *o, struct err *e)
{
	const char *verb = o->count > 0 ? o->operand[0] : "list";

	if (strcmp(verb, "check") == 0)
		return run_check(o, e);
	if (strcmp(verb, "list") == 0 && o->count <= 1)
		return run_list(o, e);
	return err_set(e, ERR_USAGE, "%s: not list or check [FILE ...]", verb);
}
