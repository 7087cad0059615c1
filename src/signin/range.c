#include "signin/range.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

/* "low-high" or "low-*" of len bytes. */
static int
parse_numbers(struct range *out, const char *text, size_t len, struct err *e)
{
	char copy[24], *dash;
	uint64_t high;
	struct err why;

	if (len >= sizeof(copy))
		goto bad;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if ((dash = strchr(copy, '-')) == NULL)
		goto bad;
	*dash++ = '\0';
	if (text_number(copy, 0, RANGE_VALUES_MAX, &out->low, &why) == -1)
		goto bad;
	out->next = 0;
	if (strcmp(dash, "*") == 0)
		return 0;
	if (text_number(dash, out->low, RANGE_VALUES_MAX, &high, &why) == -1)
		goto bad;
	out->next = high + 1;
	return 0;
bad:
	return err_set(e, ERR_FORMAT, "an attribute's range makes no sense");
}

int
range_parse(struct range *out, bool *is, const char *description,
    const char *name, struct err *e)
{
	size_t len = strlen(name);
	const char *option = description + len;
	bool seen = false;

	*out = (struct range){ 0 };
	*is = strncasecmp(description, name, len) == 0 &&
	    (*option == '\0' || *option == ';');
	if (!*is)
		return 0;
	while (*option == ';') {
		option++;
		len = strcspn(option, ";");
		if (strncasecmp(option, "range=", 6) == 0) {
			if (seen)
				return err_set(e, ERR_FORMAT,
				    "an attribute with two ranges");
			seen = true;
			if (parse_numbers(out, option + 6, len - 6, e) == -1)
				return -1;
		}
		option += len;
	}
	return 0;
}

const char *
range_next(const struct range *r, const char *name, char out[RANGE_NAME_MAX])
{
	snprintf(out, RANGE_NAME_MAX, "%s;range=%" PRIu64 "-*", name, r->next);
	return out;
}
