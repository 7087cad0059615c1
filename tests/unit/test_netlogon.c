#include <criterion/criterion.h>
#include <string.h>

#include "signin/netlogon.h"

static struct err e;

/* Flags, GUID, and names of lab.example's dc1 in Paris; offsets of pointers
 * count from the start. The first name lies at 24. */
static const char answer[] = "\27\0\0\0\x7d\1\0\0"
			     "0123456789abcdef"
			     "\3lab\7example\0" /* 24 */
			     "\xc0\x18"
			     "\3dc1\xc0\x18"
			     "\3LAB\0"
			     "\3DC1\0"
			     "\0"
			     "\5Paris\0" /* 56 */
			     "\xc0\x38"
			     "\5\0\0\0\xff\xff\xff\xff";

Test(netlogon, a_controller_tells_its_site)
{
	struct netlogon n;

	cr_assert_eq(netlogon_parse(&n, answer, sizeof(answer) - 1, &e), 0,
	    "%s", e.text);
	cr_expect_eq(n.flags, 0x17d);
	cr_expect(n.flags & NETLOGON_WRITABLE);
	cr_expect_not(n.flags & NETLOGON_CLOSE);
	cr_expect_str_eq(n.forest, "lab.example");
	cr_expect_str_eq(n.domain, "lab.example");
	cr_expect_str_eq(n.host, "dc1.lab.example");
	cr_expect_str_eq(n.netbios_domain, "LAB");
	cr_expect_str_eq(n.server_site, "Paris");
	cr_expect_str_eq(n.client_site, "Paris");
}

Test(netlogon, an_answer_that_is_cut_off_anywhere_is_refused)
{
	const size_t names_end = sizeof(answer) - 1 - 8;
	struct netlogon n = { .flags = 42 };

	for (size_t len = 0; len < names_end; len++)
		cr_expect_eq(netlogon_parse(&n, answer, len, &e), -1, "%zu",
		    len);
	cr_expect_eq(n.flags, 42);
	cr_expect_eq(netlogon_parse(&n, answer, names_end, &e), 0);
}

/* Whatever replaces the domain's name, which is the second. */
static int
with_name(const char *name, size_t len)
{
	char bytes[1024];
	struct netlogon n;

	memcpy(bytes, answer, 37);
	memcpy(bytes + 37, name, len);
	memcpy(bytes + 37 + len, answer + 39, sizeof(answer) - 1 - 39);
	return netlogon_parse(&n, bytes, 37 + len + sizeof(answer) - 1 - 39,
	    &e);
}

Test(netlogon, names_that_are_none_are_refused)
{
	char big[600];

	cr_expect_eq(with_name("\xc0\x25", 2), -1); /* to itself */
	cr_expect_eq(with_name("\xc0\x30", 2), -1); /* forwards */
	cr_expect_eq(with_name("\x40x\0", 3), -1);
	cr_expect_eq(with_name("\2a\n\0", 4), -1);
	cr_expect_eq(with_name("\1\xff\0", 3), -1);
	memset(big, 1, sizeof(big));
	cr_expect_eq(with_name(big, sizeof(big)), -1);
}

Test(netlogon, other_operations_are_refused)
{
	char bytes[sizeof(answer)];
	struct netlogon n;

	memcpy(bytes, answer, sizeof(bytes));
	bytes[0] = 25;
	cr_expect_eq(netlogon_parse(&n, bytes, sizeof(answer) - 1, &e), 0);
	bytes[0] = 19;
	cr_expect_eq(netlogon_parse(&n, bytes, sizeof(answer) - 1, &e), -1);
}
