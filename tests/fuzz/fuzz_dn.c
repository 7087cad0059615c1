#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "signin/dn.h"
#include "signin/range.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* A normal form is normal, and names the object that it was made of. */
static void
try_dn(const char *value)
{
	char normal[DN_MAX], again[2 * DN_MAX];
	struct dn_ref a, b;
	struct err e;
	bool same = false;

	if (dn_ref_parse(&a, value, &e) == -1 ||
	    dn_normal(normal, sizeof(normal), a.dn, &e) == -1)
		return;
	if (dn_normal(again, sizeof(again), normal, &e) == -1 ||
	    strcmp(normal, again) != 0 || dn_ref_parse(&b, normal, &e) == -1 ||
	    dn_same(&a, &b, &same, &e) == -1 || !same)
		abort();
	(void)!dn_domain(again, sizeof(again), a.dn, &e);
}

/* The value of an attribute, or its description where it begins with '!'. */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = strndup((const char *)bytes, len);
	struct range r;
	struct err e;
	bool is;

	if (text == NULL)
		abort();
	if (text[0] != '!')
		try_dn(text);
	else if (range_parse(&r, &is, text + 1, "member", &e) == 0 &&
	    r.next != 0 && (!is || r.next <= r.low))
		abort();
	free(text);
	return 0;
}
