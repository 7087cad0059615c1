#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/json.h"
#include "model/conf.h"
#include "prog/commands.h"
#include "prog/print.h"
#include "store/store.h"
#include "sync/setup.h"

#define NAME_COLUMNS  32
#define VALUE_COLUMNS 32 /* wider ones push their origin to the right */
#define LINE_COLUMNS  70 /* of words; room is left for "default" */
#define VALUE_MAX     4097
#define ORIGIN_MAX    (2 * VALUE_MAX)

/* A setting as one sees it. */
struct row {
	char name[NAME_COLUMNS + 1]; /* "section.name" */
	char value[VALUE_MAX];
	char origin[ORIGIN_MAX]; /* "FILE:LINE"; "": the default */
};

static void
fill(struct row *out, const struct setup *s, const struct options *o, size_t i)
{
	const struct conf_key *k = &conf_keys[i];
	const struct conf_origin *at = &s->conf.origin[i];

	snprintf(out->name, sizeof(out->name), "%s.%s", k->section, k->name);
	conf_show(&s->conf, i, out->value, sizeof(out->value));
	out->origin[0] = '\0';
	if (at->file != NULL)
		snprintf(out->origin, sizeof(out->origin), "%s:%u", at->file,
		    at->line);
	if (o->store != NULL && k->offset == offsetof(struct conf, store)) {
		snprintf(out->value, sizeof(out->value), "%s", o->store);
		snprintf(out->origin, sizeof(out->origin), "--store");
	}
}

/* Broken at blanks where it is too wide; returns how wide its last line is. */
static int
print_value(const char *text)
{
	int width = 0;
	size_t len;

	for (; *text != '\0'; text += len) {
		len = strcspn(text + 1, " ") + 1;
		if (width > 0 &&
		    width + (int)len > LINE_COLUMNS - NAME_COLUMNS) {
			printf("\n%*s", NAME_COLUMNS, "");
			width = 0;
			text++; /* the blank */
			len--;
		}
		width += printf("%.*s", (int)len, text);
	}
	return width;
}

static void
print_row(const struct row *r)
{
	char shown[VALUE_MAX];
	int width;

	print_cell(r->name, NAME_COLUMNS);
	text_show(r->value, strlen(r->value), shown, sizeof(shown));
	width = print_value(shown[0] != '\0' ? shown : "-");
	printf("%*s  ", width < VALUE_COLUMNS ? VALUE_COLUMNS - width : 0, "");
	text_show(r->origin, strlen(r->origin), shown, sizeof(shown));
	printf("%s\n", r->origin[0] != '\0' ? shown : "default");
}

static void
print_all(const struct setup *s, const struct options *o)
{
	struct row r = { .name = "" };

	for (size_t i = 0; i < conf_key_count; i++) {
		fill(&r, s, o, i);
		print_row(&r);
	}
}

static int
add_row(json_t *all, const struct row *r, const char *fallback, struct err *e)
{
	json_t *v = json_pack("{s:s,s:n,s:s}", "key", r->name, "value",
	    "default", fallback);

	if (v == NULL || print_set(v, "value", r->value) == -1 ||
	    print_set(v, "origin", r->origin[0] != '\0' ? r->origin : NULL) ==
		-1) {
		json_decref(v);
		return print_no_memory(e);
	}
	return json_array_append_new(all, v) == -1 ? print_no_memory(e) : 0;
}

static int
print_json(const struct setup *s, const struct options *o, struct err *e)
{
	json_t *all = json_array();
	struct row r = { .name = "" };

	if (all == NULL)
		return print_no_memory(e);
	for (size_t i = 0; i < conf_key_count; i++) {
		fill(&r, s, o, i);
		if (add_row(all, &r, conf_keys[i].fallback, e) == -1) {
			json_decref(all);
			return -1;
		}
	}
	return json_print(json_pack("{s:o}", "settings", all), e);
}

/* What every run would stumble over later: bad rules, a store's URL. */
static int
check(struct setup *s, struct err *e)
{
	if (s->store[0] != '\0' && store_check_url(s->store, e) == -1)
		return -1;
	return setup_load_rules(s, e);
}

int
cmd_config(const struct options *o, struct err *e)
{
	struct setup_how how = options_setup(o);
	struct setup s;
	int rc = 0;

	if (setup_load(&s, &how, e) == -1)
		return -1;
	if (o->check)
		rc = check(&s, e);
	else if (o->json)
		rc = print_json(&s, o, e);
	else if (!o->quiet)
		print_all(&s, o);
	setup_free(&s);
	return rc;
}
