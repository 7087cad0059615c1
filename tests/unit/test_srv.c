#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "signin/srv.h"

static struct err e;

/* An answer in the making: a header, one question, records. */
struct answer {
	unsigned char b[1024];
	size_t len;
};

static void
add(struct answer *a, const void *bytes, size_t len)
{
	memcpy(a->b + a->len, bytes, len);
	a->len += len;
}

static void
begin(struct answer *a, unsigned char count)
{
	const unsigned char header[] = { 0, 1, 0x81, 0x80, 0, 1, 0, count, 0, 0,
		0, 0 };
	static const char question[] = "\5_ldap\4_tcp\3lab\7example\0\0\41\0\1";

	a->len = 0;
	add(a, header, sizeof(header));
	add(a, question, sizeof(question) - 1);
}

static void
record(struct answer *a, unsigned priority, unsigned weight, unsigned port,
    const char *name, size_t name_len)
{
	const unsigned char rr[] = { 0xc0, 12, 0, 33, 0, 1, 0, 0, 2, 88, 0,
		(unsigned char)(6 + name_len), 0, (unsigned char)priority, 0,
		(unsigned char)weight, (unsigned char)(port >> 8),
		(unsigned char)port };

	add(a, rr, sizeof(rr));
	add(a, name, name_len);
}

Test(srv, the_records_of_an_answer_are_read)
{
	struct srv list[SRV_MAX];
	struct answer a;
	size_t count;

	begin(&a, 3);
	record(&a, 0, 100, 389, "\3dc1\xc0\x17", 6);
	record(&a, 10, 0, 636, "\3dc2\3lab\7example", 17);
	record(&a, 0, 0, 389, "\0", 1); /* "." */
	cr_assert_eq(srv_parse(list, &count, a.b, a.len, &e), 0, "%s", e.text);
	cr_assert_eq(count, 2);
	cr_expect_str_eq(list[0].host, "dc1.lab.example");
	cr_expect_eq(list[0].weight, 100);
	cr_expect_eq(list[0].port, 389);
	cr_expect_str_eq(list[1].host, "dc2.lab.example");
	cr_expect_eq(list[1].priority, 10);
	cr_expect_eq(list[1].port, 636);
}

Test(srv, an_answer_that_is_cut_off_anywhere_is_refused)
{
	struct srv list[SRV_MAX];
	struct answer a;
	size_t count;

	begin(&a, 1);
	record(&a, 0, 100, 389, "\3dc1\3lab\7example", 17);
	for (size_t len = 0; len < a.len; len++)
		cr_expect_eq(srv_parse(list, &count, a.b, len, &e), -1, "%zu",
		    len);
}

Test(srv, names_that_no_host_has_are_passed_over)
{
	struct srv list[SRV_MAX];
	struct answer a;
	size_t count;

	begin(&a, 4);
	record(&a, 0, 0, 389, "\4dc/1\0", 6);
	record(&a, 0, 0, 389, "\4d 1x\0", 6);
	record(&a, 0, 0, 0, "\3dc1\0", 5);
	record(&a, 0, 0, 389, "\2-x\0", 4);
	cr_assert_eq(srv_parse(list, &count, a.b, a.len, &e), 0, "%s", e.text);
	cr_expect_eq(count, 0);
	cr_expect(srv_is_host("dc1.lab.example"));
	cr_expect(srv_is_host("10.0.0.1"));
	cr_expect_not(srv_is_host(""));
	cr_expect_not(srv_is_host("a..b"));
	cr_expect_not(srv_is_host("a:1"));
}

Test(srv, more_than_the_maximum_are_left_out)
{
	static struct answer a;
	struct srv list[SRV_MAX];
	size_t count;

	begin(&a, 20);
	for (int i = 0; i < 20; i++)
		record(&a, 0, 0, 389, "\3dc1\0", 5);
	cr_assert_eq(srv_parse(list, &count, a.b, a.len, &e), 0);
	cr_expect_eq(count, 20);
}

Test(srv, a_lower_priority_is_always_first)
{
	for (uint64_t seed = 0; seed < 200; seed++) {
		struct srv list[] = { { 2, 100, 1, "c" }, { 0, 0, 1, "a" },
			{ 1, 65535, 1, "b" }, { 0, 9, 1, "a" } };

		srv_order(list, 4, seed);
		cr_expect_str_eq(list[0].host, "a");
		cr_expect_str_eq(list[1].host, "a");
		cr_expect_str_eq(list[2].host, "b");
		cr_expect_str_eq(list[3].host, "c");
	}
}

/* 3:1, and weight 0 seldom but not never. */
Test(srv, weights_are_shares)
{
	int first[3] = { 0 };

	for (uint64_t seed = 0; seed < 40000; seed++) {
		struct srv list[] = { { 0, 30, 1, "0" }, { 0, 10, 1, "1" },
			{ 0, 0, 1, "2" } };

		srv_order(list, 3, seed);
		first[list[0].host[0] - '0']++;
	}
	cr_expect(first[0] > 28800 && first[0] < 31200, "%d", first[0]);
	cr_expect(first[1] > 9000 && first[1] < 11000, "%d", first[1]);
	cr_expect(first[2] > 0 && first[2] < 400, "%d", first[2]);
}

Test(srv, an_order_keeps_every_server)
{
	for (uint64_t seed = 0; seed < 100; seed++) {
		struct srv list[10];
		unsigned seen = 0;

		for (size_t i = 0; i < 10; i++)
			list[i] = (struct srv){ (uint16_t)(i % 3),
				(uint16_t)(i * 7), (uint16_t)i, "x" };
		srv_order(list, 10, seed);
		for (size_t i = 0; i < 10; i++)
			seen |= 1u << list[i].port;
		cr_expect_eq(seen, 0x3ff);
	}
	srv_order(NULL, 0, 1);
}
