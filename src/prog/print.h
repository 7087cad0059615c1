#ifndef ROAM_PROG_PRINT_H
#define ROAM_PROG_PRINT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/json.h"

/* print - what commands that only look share: lines and cells for people,
 * values for scripts. Text goes to stdout. */

/* "Label:    value", aligned; the value may hold any bytes but is text. */
void print_field(const char *label, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The same for a text that is one line, in which '\\' stands for itself. */
void print_plain(const char *label, const char *text);
/* The same for sentences: broken at spaces where it would be too wide. */
void print_prose(const char *label, const char *text);
/* A line in bold on a terminal. */
void print_heading(const char *text);
/* width columns of a name, cut or filled up with spaces. */
void print_cell(const char *text, int width);

/* UTC, as all times of --json; null for 0. */
json_t *print_time(int64_t ns);
/* A generation; null for 0. */
json_t *print_generation(uint64_t number);
/* Sets key to text of any bytes; null for NULL. -1: memory. */
int print_set(json_t *object, const char *key, const char *text);

/* Out of memory, as it comes from jansson. */
int print_no_memory(struct err *e);

#endif
