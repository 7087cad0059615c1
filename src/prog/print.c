#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "prog/print.h"

#define LABEL_COLUMNS 15
#define LINE_COLUMNS  79
#define SHOWN_MAX     8192 /* bytes of a value */
#define CELL_MAX      128

void
print_field(const char *label, const char *fmt, ...)
{
	char text[SHOWN_MAX], shown[SHOWN_MAX];
	int pad = LABEL_COLUMNS - 1 - (int)strlen(label);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	printf("%s:%*s%s\n", label, pad, "",
	    text_show(text, strlen(text), shown, sizeof(shown)));
}

void
print_plain(const char *label, const char *text)
{
	char shown[SHOWN_MAX];
	int pad = LABEL_COLUMNS - 1 - (int)strlen(label);

	snprintf(shown, sizeof(shown), "%s", text);
	text_tame(shown);
	printf("%s:%*s%s\n", label, pad, "", shown);
}

void
print_prose(const char *label, const char *text)
{
	char shown[SHOWN_MAX];
	int column;
	size_t len;

	/* Names in it have been shown already. */
	snprintf(shown, sizeof(shown), "%s", text);
	text_tame(shown);
	column =
	    printf("%s:%*s", label, LABEL_COLUMNS - 1 - (int)strlen(label), "");
	for (const char *p = shown; *p != '\0'; p += len) {
		len = strcspn(p + 1, " ") + 1;
		if (column > LABEL_COLUMNS &&
		    column + (int)len > LINE_COLUMNS) {
			column = printf("\n%*s", LABEL_COLUMNS, "") - 1;
			p++; /* the space */
			len--;
		}
		column += printf("%.*s", (int)len, p);
	}
	putchar('\n');
}

void
print_heading(const char *text)
{
	if (isatty(STDOUT_FILENO))
		printf("\033[1m%s\033[0m\n", text);
	else
		printf("%s\n", text);
}

void
print_cell(const char *text, int width)
{
	char shown[CELL_MAX];
	int used = 0;

	text_show(text, strlen(text), shown, (size_t)width + 1);
	for (const char *p = shown; *p != '\0'; p++)
		used += (*p & 0xc0) != 0x80;
	printf("%s%*s", shown, width - used, "");
}

json_t *
print_time(int64_t ns)
{
	char text[TEXT_TIME_MAX];

	return ns != 0 ? json_string(text_time_utc(ns, text)) : json_null();
}

json_t *
print_generation(uint64_t number)
{
	return number != 0 ? json_integer((json_int_t)number) : json_null();
}

int
print_set(json_t *object, const char *key, const char *text)
{
	if (text == NULL)
		return json_object_set_new(object, key, json_null());
	return json_set_path(object, key, text, strlen(text));
}

int
print_no_memory(struct err *e)
{
	errno = ENOMEM;
	return err_sys(e, "output");
}
