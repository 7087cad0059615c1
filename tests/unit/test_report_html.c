#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "engine/report_html.h"
#include "trees.h"

/* The page of a plan; to be freed. */
static char *
page_of(const struct trees *t, struct world *w)
{
	struct report r = { .command = "plan",
		.store = "file:///<store>",
		.dry_run = true };
	char *text = NULL;
	size_t len = 0;
	struct err e;
	FILE *f;

	world_plan(w, t);
	r.plan = &w->plan;
	cr_assert_not_null(f = open_memstream(&text, &len));
	cr_assert_eq(report_html(f, &r, &e), 0, "%s", e.text);
	fclose(f);
	return text;
}

static size_t
count(const char *text, const char *word)
{
	size_t n = 0;

	for (; (text = strstr(text, word)) != NULL; text++)
		n++;
	return n;
}

Test(report_html, names_are_text_whatever_they_hold)
{
	struct world w;
	char *text = page_of(&(struct trees){ NULL,
				 "<b'y\"=1 a\x80=1 b\xe2\x80\xae"
				 "c=1",
				 NULL },
	    &w);

	cr_expect_not_null(strstr(text, "<bdi>&lt;b&#39;y&quot;</bdi>"));
	cr_expect_null(strstr(text, "<b'"));
	cr_expect_not_null(strstr(text, "<bdi>a\\x80</bdi>"));
	cr_expect_not_null(strstr(text, "<bdi>b\\xe2\\x80\\xaec</bdi>"));
	cr_expect_not_null(strstr(text, "file:///&lt;store&gt;"));
	free(text);
	world_free(&w);
}

Test(report_html, it_needs_nothing_else)
{
	struct world w;
	char *text = page_of(&(struct trees){ NULL, "a=1", NULL }, &w);

	cr_expect_not_null(strstr(text, "default-src 'none'"));
	cr_expect_null(strstr(text, "<script"));
	cr_expect_null(strstr(text, "<link"));
	cr_expect_null(strstr(text, "http://"));
	cr_expect_null(strstr(text, "https://"));
	free(text);
	world_free(&w);
}

Test(report_html, directories_nest_and_sum_what_they_hold)
{
	struct world w;
	char *text = page_of(&(struct trees){ NULL,
				 "d/ d/e/ d/e/x=1 d/e/y=22 d/f=1 g=1 h/ h/i/ "
				 "h/i/j/ h/i/j/k=1",
				 NULL },
	    &w);

	cr_expect_eq(count(text, "<details"), 5);
	cr_expect_eq(count(text, "</details>"), 5);
	cr_expect_not_null(strstr(text,
	    "<bdi>d/</bdi> <span class=\"s\">4 to the store; 4 B</span>"));
	cr_expect_not_null(strstr(text,
	    "<bdi>e/</bdi> <span class=\"s\">2 to the store; 3 B</span>"));
	free(text);
	world_free(&w);
}

Test(report_html, conflicts_come_first_and_are_open)
{
	struct world w;
	char *text = page_of(&(struct trees){ "d/ d/e/ d/e/x=1 a=1",
				 "d/ d/e/ d/e/x=2 a=2", "d/ d/e/ d/e/x=3 a=1" },
	    &w);
	const char *first = strstr(text, "<bdi>d/e/x</bdi>");

	cr_assert_not_null(first);
	cr_expect_lt(first, strstr(text, "by directory"));
	cr_expect_eq(count(text, "<details open>"), 2);
	free(text);
	world_free(&w);
}

Test(report_html, an_empty_plan_says_so)
{
	struct world w;
	char *text = page_of(&(struct trees){ "a=1", "a=1", "a=1" }, &w);

	cr_expect_not_null(strstr(text, "Nothing to do."));
	free(text);
	world_free(&w);
}
