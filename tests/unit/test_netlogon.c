#include <criterion/criterion.h>
#include <string.h>

#include "signin/cldap.h"
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

/* The reply that a controller sends around that value. */
static size_t
reply(unsigned char *out, unsigned char id)
{
	const unsigned char len = sizeof(answer) - 1;
	const unsigned char head[] = { 0x30, 0x82, 0, (unsigned char)(len + 26),
		2, 1, id, 0x64, 0x81, (unsigned char)(len + 20), 4, 0, 0x30,
		(unsigned char)(len + 16), 0x30, (unsigned char)(len + 14), 4,
		8, 'N', 'e', 't', 'l', 'o', 'g', 'o', 'n', 0x31,
		(unsigned char)(len + 2), 4, len };

	memcpy(out, head, sizeof(head));
	memcpy(out + sizeof(head), answer, len);
	return sizeof(head) + len;
}

Test(netlogon, the_reply_to_a_ping_is_read)
{
	unsigned char bytes[512];
	size_t len = reply(bytes, 7);
	struct netlogon n;

	cr_assert_eq(cldap_reply(&n, bytes, len, 7, &e), 0, "%s", e.text);
	cr_expect_str_eq(n.client_site, "Paris");
	cr_expect_eq(cldap_reply(&n, bytes, len, 8, &e), -1);
	for (size_t cut = 0; cut < len - 8; cut++)
		cr_expect_eq(cldap_reply(&n, bytes, cut, 7, &e), -1, "%zu",
		    cut);
	for (size_t i = 0; i < 30; i++) {
		bytes[i] ^= 0x80;
		(void)!cldap_reply(&n, bytes, len, 7, &e);
		bytes[i] ^= 0x80;
	}
}

Test(netlogon, a_ping_names_the_domain)
{
	struct buf out = { .max = 1024 };

	cldap_ping(&out, "lab.example", 7);
	cr_assert_eq(buf_check(&out, &e), 0);
	cr_expect_not_null(memmem(out.bytes, out.len, "lab.example", 11));
	cr_expect_eq(out.bytes[0], 0x30);
	cr_expect_eq(out.len, (size_t)out.bytes[2] * 256 + out.bytes[3] + 4);
	buf_free(&out);
}
