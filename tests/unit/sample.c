#include "sample.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
sample_init(struct sample *s)
{
	*s = (struct sample){ 0 };
	s->plan.op = s->op;
	s->report = (struct report){ .command = "sync",
		.store = "file:///srv/alice",
		.base = 41,
		.head = 42,
		.published = 43,
		.plan = &s->plan,
		.bytes_up = 31000000,
		.bytes_down = 1200000,
		.entries = 20000,
		.seconds = 0.4123 };
}

struct entry *
sample_entry(struct sample *s, const char *path, uint64_t size)
{
	struct entry *t = &s->entry[s->plan.count];

	*t = (struct entry){ .path = path,
		.path_len = (uint16_t)strlen(path),
		.type = ENTRY_FILE,
		.size = size };
	return t;
}

struct op *
sample_add(struct sample *s, enum action action, const char *path,
    uint64_t size)
{
	struct entry *t = sample_entry(s, path, size);
	struct op *op = &s->op[s->plan.count++];

	*op = (struct op){ .result = t,
		.action = (uint8_t)action,
		.reason = REASON_CHANGED_HERE,
		.state = OP_DONE };
	if (action == ACTION_DELETE_LOCAL || action == ACTION_DELETE_STORE) {
		op->result = NULL;
		op->base = op->local = op->remote = t;
	}
	return op;
}

void
sample_add_many(struct sample *s, enum action action, unsigned n)
{
	char *path;

	while (n-- > 0) {
		path = s->path[s->plan.count];
		(void)snprintf(path, sizeof(s->path[0]), "many/%zu",
		    s->plan.count);
		sample_add(s, action, path, 1000);
	}
}

char *
sample_text(const struct sample *s, const struct report_style *style)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	struct err e;

	cr_assert_not_null(f);
	cr_assert_eq(report_text(f, &s->report, style, &e), 0);
	cr_assert_eq(fclose(f), 0);
	return text;
}

const struct report_style sample_plain = { .width = 80 };

void
sample_expect(const struct sample *s, const char *want)
{
	char *got = sample_text(s, &sample_plain);

	cr_assert_str_eq(got, want);
	free(got);
}

void
sample_expect_in(const struct sample *s, const char *want)
{
	char *got = sample_text(s, &sample_plain);

	cr_assert_not_null(strstr(got, want), "%s", got);
	free(got);
}
