#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

/* One row a kind: what a shell sees, what --json says, and whether to try
 * again. The exit statuses are a contract with scripts; see roam(1). */
static const struct {
	int exit_code;
	const char *word;
	bool passing;
} kinds[] = {
	[ERR_NONE] = { 0, "none", false },
	[ERR_USAGE] = { 2, "usage", false },
	[ERR_SYSTEM] = { 1, "system", false },
	[ERR_OFFLINE] = { 3, "offline", true },
	[ERR_AUTH] = { 3, "auth", false },
	[ERR_STORE] = { 1, "store", false },
	[ERR_POLICY] = { 4, "policy", false },
	[ERR_BUSY] = { 6, "busy", true },
	[ERR_FORMAT] = { 1, "format", false },
	[ERR_LIMIT] = { 1, "limit", false },
	[ERR_GONE] = { 1, "gone", false },
	[ERR_RACE] = { 1, "race", true },
	[ERR_LATE] = { 3, "late", true },
};
_Static_assert(sizeof(kinds) / sizeof(kinds[0]) == ERR__COUNT,
    "every kind of error has a row");

/* Append to the text of e what fits. */
static void
append(struct err *e, const char *text)
{
	size_t used = strlen(e->text);
	size_t len = strnlen(text, sizeof(e->text) - 1 - used);

	memcpy(e->text + used, text, len);
	e->text[used + len] = '\0';
}

void
err_fill(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX]; /* an argument may be the old text of e */
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	memcpy(e->text, text, sizeof(text));
	e->kind = kind;
	e->sys = 0;
}

void
err_fill_sys(struct err *e, const char *fmt, ...)
{
	int sys = errno;
	char text[ERR_TEXT_MAX], why[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	memcpy(e->text, text, sizeof(text));
	append(e, ": ");
	append(e, strerror_r(sys, why, sizeof(why)));
	e->kind = ERR_SYSTEM;
	e->sys = sys;
}

void
err_prepend(struct err *e, const char *fmt, ...)
{
	char inner[ERR_TEXT_MAX], outer[ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(outer, sizeof(outer), fmt, ap);
	va_end(ap);
	memcpy(inner, e->text, sizeof(inner));
	memcpy(e->text, outer, sizeof(outer));
	append(e, ": ");
	append(e, inner);
}

int
err_exit_code(const struct err *e)
{
	return kinds[e->kind].exit_code;
}

const char *
err_word(const struct err *e)
{
	return kinds[e->kind].word;
}

bool
err_is_passing(const struct err *e)
{
	return kinds[e->kind].passing;
}
