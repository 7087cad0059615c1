#ifndef ROAM_SIGNIN_RANGE_H
#define ROAM_SIGNIN_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * range - attributes that come in pieces. A directory of Microsoft's gives no
 * more than 1,500 (or 5,000) values of an attribute in one answer, under the
 * name "member;range=0-1499", and waits to be asked for "member;range=1500-*".
 */
#define RANGE_NAME_MAX   128 /* bytes of an attribute with its range, and NUL */
#define RANGE_VALUES_MAX 1000000 /* beyond, a directory is not believed */

struct range {
	uint64_t low;
	uint64_t next; /* of the first value that did not come; 0: all came */
};

/*
 * Is description, as an answer names an attribute, the attribute name? If so
 * *is is true and out its range: 0 and 0 where it is whole. ERR_FORMAT where
 * the range makes no sense.
 */
int range_parse(struct range *out, bool *is, const char *description,
    const char *name, struct err *e) MUST_CHECK;

/* "name;range=1500-*": what to ask for next. */
const char *range_next(const struct range *r, const char *name,
    char out[RANGE_NAME_MAX]);

#endif
