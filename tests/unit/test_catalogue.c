#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/io.h"
#include "model/rules_lint.h"

/* The kinds of reason that a line of the catalogue may begin with. */
static const char *const kinds[] = { "cache", "machine", "lock", "socket",
	"temporary", "log", "database", "secret" };

static int
is_rules(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return dot != NULL && strcmp(dot, ".rules") == 0;
}

typedef void each_file(const char *name, const struct buf *text, void *arg);

static size_t
for_each_file(each_file *each, void *arg)
{
	const char *srcdir = getenv("srcdir");
	struct dirent **list = NULL;
	struct buf text = { .max = 1 << 20 };
	char dir[4096];
	int dirfd, n;
	struct err e;

	snprintf(dir, sizeof(dir), "%s/share/rules.d",
	    srcdir != NULL ? srcdir : ".");
	cr_assert_geq(dirfd = open(dir, O_RDONLY | O_DIRECTORY), 0, "%s", dir);
	cr_assert_geq(n = scandir(dir, &list, is_rules, alphasort), 1);
	for (int i = 0; i < n; i++) {
		buf_clear(&text);
		cr_assert_eq(io_load(dirfd, list[i]->d_name, &text, &e), 0,
		    "%s", e.text);
		each(list[i]->d_name, &text, arg);
		free(list[i]);
	}
	free(list);
	buf_free(&text);
	close(dirfd);
	return (size_t)n;
}

static void
add_file(const char *name, const struct buf *text, void *arg)
{
	struct err e;

	cr_assert_eq(rules_add(arg, RULES_SHIPPED, name,
			 (const char *)text->bytes, text->len, &e),
	    0, "%s", e.text);
}

static struct rules *
catalogue(void)
{
	struct rules *r = NULL;
	struct err e;

	cr_assert_eq(rules_new(&r, &e), 0);
	cr_assert_gt(for_each_file(add_file, r), 10);
	return r;
}

static bool
is_kind(const char *reason)
{
	size_t n = strcspn(reason, ":,");

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kinds[i]) == n && memcmp(kinds[i], reason, n) == 0)
			return true;
	return false;
}

static void
check_lines(const char *name, const struct buf *text, void *arg)
{
	char *copy = strndup((const char *)text->bytes, text->len);
	char *rest = copy, *line, *reason, *tab;

	(void)arg;
	cr_assert_not_null(copy);
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (*line == '\0' || *line == '#')
			continue;
		reason = strstr(line, " # ");
		cr_expect(reason != NULL && reason[3] != '\0',
		    "%s: no reason: %s", name, line);
		if (reason != NULL && strncmp(line, "local ", 6) == 0)
			cr_expect(is_kind(reason + 3), "%s: what kind? %s",
			    name, line);
		tab = strpbrk(line, "\t\r");
		cr_expect_null(tab, "%s: %s", name, line);
	}
	free(copy);
}

Test(catalogue, every_line_has_a_reason_of_a_known_kind)
{
	for_each_file(check_lines, NULL);
}

/*
 * tests/data/catalogue: lines of a class and a path as it is found in a real
 * home; a directory has a '/' behind it. "roam" and "local" say which of the
 * two it is, "unit" and "merge=DRIVER" that it roams, and how.
 */
struct paths {
	const struct rules *rules;
	bool *hit; /* by one path at least; one for each rule */
	size_t count;
};

/* The rules of class that have the say about path or a directory above. */
static void
note_hits(struct paths *p, enum rules_class class, const char *path, size_t len,
    bool is_dir)
{
	struct rules_item item;
	size_t rule;

	for (size_t n = 1; n <= len; n++) {
		if (n < len && path[n] != '/')
			continue;
		if (!rules_decider(p->rules, class, path, n, n < len || is_dir,
			&rule))
			continue;
		rules_item(p->rules, rule, &item);
		if (item.class == class)
			p->hit[rule] = true;
	}
}

static bool
is_as_said(const struct ruling *r, const char *class)
{
	if (strcmp(class, "local") == 0)
		return !r->roams;
	if (strcmp(class, "roam") == 0)
		return r->roams;
	if (strcmp(class, "beside") == 0)
		return r->roams && r->beside;
	if (strcmp(class, "listed") == 0)
		return r->roams && !r->beside;
	if (strcmp(class, "unit") == 0)
		return r->roams && r->unit != NULL;
	return r->roams && strncmp(class, "merge=", 6) == 0 &&
	    r->driver != NULL && strcmp(r->driver, class + 6) == 0;
}

static void
check_path(struct paths *p, const char *class, const char *path)
{
	static const enum rules_class classes[] = { RULES_ROAM, RULES_LOCAL,
		RULES_UNIT, RULES_MERGE, RULES_BESIDE, RULES_LISTED };
	size_t len = strlen(path);
	bool is_dir = path[len - 1] == '/';
	struct ruling ruling;

	len -= is_dir;
	rules_explain(p->rules, path, len, is_dir, &ruling);
	cr_expect(is_as_said(&ruling, class), "%s is not %s: %s:%u", path,
	    class, ruling.file, ruling.line);
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strncmp(class, rules_class_text(classes[i]),
			strlen(rules_class_text(classes[i]))) == 0)
			note_hits(p, classes[i], path, len, is_dir);
	p->count++;
}

typedef void each_path(struct paths *p, const char *class, const char *path);

static void
for_each_path(struct paths *p, each_path *each)
{
	const char *srcdir = getenv("srcdir");
	char name[4096], *line = NULL, *space;
	size_t cap = 0;
	ssize_t n;
	FILE *f;

	snprintf(name, sizeof(name), "%s/tests/data/catalogue",
	    srcdir != NULL ? srcdir : ".");
	cr_assert_not_null(f = fopen(name, "r"), "%s", name);
	while ((n = getline(&line, &cap, f)) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (*line == '\0' || *line == '#')
			continue;
		cr_assert_not_null(space = strchr(line, ' '), "%s", line);
		*space = '\0';
		each(p, line, space + 1);
	}
	free(line);
	fclose(f);
}

Test(catalogue, every_real_path_is_decided_as_it_should)
{
	struct rules *r = catalogue();
	struct paths p = { .rules = r };
	struct rules_item item;

	cr_assert_not_null(p.hit = calloc(rules_count(r), sizeof(*p.hit)));
	for_each_path(&p, check_path);
	cr_expect_gt(p.count, 500);
	for (size_t i = 0; i < rules_count(r); i++) {
		rules_item(r, i, &item);
		cr_expect(p.hit[i], "%s:%u: no path of tests/data is for %s",
		    item.file, item.line, item.pattern);
	}
	free(p.hit);
	rules_free(r);
}

static void
fail_on_fault(void *arg, const char *file, unsigned line, const char *what)
{
	(void)arg;
	cr_expect(false, "%s:%u: %s", file, line, what);
}

Test(catalogue, no_rule_is_in_vain)
{
	struct rules *r = catalogue();

	rules_lint_dead(r, fail_on_fault, NULL);
	rules_free(r);
}

/* Prints what a path costs; a machine under load must not fail a test. */
static void
ask_often(struct paths *p, const char *class, const char *path)
{
	size_t len = strlen(path);
	bool is_dir = path[len - 1] == '/', yes = false;

	(void)class;
	for (int round = 0; round < 1000; round++)
		yes |= rules_roams_here(p->rules, path, len - is_dir, is_dir);
	p->count += 1000;
	(void)yes;
}

Test(catalogue, asking_it_costs_little)
{
	struct rules *r = catalogue();
	struct paths p = { .rules = r };
	double start = clock_steady_s();

	for_each_path(&p, ask_often);
	printf("# %.0f ns a path, %zu rules\n",
	    (clock_steady_s() - start) * 1e9 / (double)p.count, rules_count(r));
	rules_free(r);
}
