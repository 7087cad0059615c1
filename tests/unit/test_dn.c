#include <criterion/criterion.h>
#include <string.h>

#include "signin/dn.h"

static struct err e;

Test(dn, one_object_has_one_normal_form)
{
	static const struct {
		const char *dn, *normal;
	} cases[] = {
		{ "CN=WS1,CN=Computers,DC=lab,DC=example",
		    "cn=ws1,cn=computers,dc=lab,dc=example" },
		{ " cn = WS1 , CN=Computers,dc=LAB , DC=Example ",
		    "cn=ws1,cn=computers,dc=lab,dc=example" },
		{ "CN=a\\, b,DC=x", "cn=a\\, b,dc=x" },
		{ "CN=a\\2C b,DC=x", "cn=a\\, b,dc=x" },
		{ "CN=a\\2c\\20\\20b,DC=x", "cn=a\\, b,dc=x" },
		{ "CN=a   b,DC=x", "cn=a b,dc=x" },
		{ "CN=\\ a\\ ,DC=x", "cn=a,dc=x" },
		{ "CN=a\\0AB,DC=x", "cn=a\\0ab,dc=x" },
		{ "CN=\\c3\\a4,DC=x", "cn=\xc3\xa4,dc=x" },
		{ "CN=a=b,DC=x", "cn=a\\=b,dc=x" },
		{ "CN=a\\=b,DC=x", "cn=a\\=b,dc=x" },
		{ "CN=\\41\\42,DC=x", "cn=ab,dc=x" },
		{ "CN=#1,DC=x", "cn=\\#1,dc=x" },
		{ "OU=b+CN=a,DC=x", "cn=a+ou=b,dc=x" },
		{ "CN=a + OU=b,DC=x", "cn=a+ou=b,dc=x" },
		{ "2.5.4.3=A", "2.5.4.3=a" },
		{ "CN=", "cn=" },
	};
	char out[DN_MAX], again[DN_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_eq(dn_normal(out, sizeof(out), cases[i].dn, &e), 0,
		    "%s: %s", cases[i].dn, e.text);
		cr_expect_str_eq(out, cases[i].normal);
		cr_assert_eq(dn_normal(again, sizeof(again), out, &e), 0);
		cr_expect_str_eq(again, out);
	}
}

Test(dn, what_is_no_dn_is_refused)
{
	static const char *const cases[] = { "", "  ", "alice", "CN", "=x",
		"CN=x,", "CN=x,,DC=y", "CN=x+", "CN=a\\", "CN=a\\zz",
		"CN=a\\00b", "CN=\"a\"", "CN=a;DC=b", "CN=<a>", "C N=a",
		"CN=1+CN=2+CN=3+CN=4+CN=5+CN=6+CN=7+CN=8+CN=9" };
	char out[DN_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(dn_normal(out, sizeof(out), cases[i], &e), -1,
		    "'%s' gave '%s'", cases[i], out);
}

Test(dn, a_form_that_does_not_fit_is_refused)
{
	char out[8];

	cr_expect_eq(dn_normal(out, sizeof(out), "CN=abcd", &e), 0);
	cr_expect_eq(dn_normal(out, sizeof(out), "CN=abcde", &e), -1);
	cr_expect_eq(e.kind, ERR_LIMIT);
}

Test(dn, a_value_with_a_guid_is_taken_apart)
{
	static const struct {
		const char *value, *guid, *dn;
	} cases[] = {
		{ "CN=x,DC=y", NULL, "CN=x,DC=y" },
		{ "<GUID=f81d4fae-7dec-11d0-a765-00a0c91e6bf6>;CN=x",
		    "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "CN=x" },
		{ "<guid=AE4F1DF8EC7DD011A76500A0C91E6BF6>;"
		  "<SID=S-1-5-21-1-2-3-1103>;CN=x",
		    "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "CN=x" },
	};
	struct dn_ref ref;
	char text[GUID_TEXT_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_eq(dn_ref_parse(&ref, cases[i].value, &e), 0, "%s",
		    e.text);
		cr_expect_eq(ref.has_guid, cases[i].guid != NULL);
		if (ref.has_guid)
			cr_expect_str_eq(guid_text(&ref.guid, text),
			    cases[i].guid);
		cr_expect_str_eq(ref.dn, cases[i].dn);
	}
}

Test(dn, a_guid_that_is_none_is_refused)
{
	static const char *const cases[] = { "<GUID=1>;CN=x",
		"<GUID=", "<GUID=f81d4fae-7dec-11d0-a765-00a0c91e6bf6>CN=x",
		"<GUID=f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
		"<GUID=f81d4fae-7dec-11d0-a765_00a0c91e6bf6>;CN=x",
		"<GUID=zz4F1DF8EC7DD011A76500A0C91E6BF6>;CN=x", "<GUID=>;CN=x",
		"<" };
	struct dn_ref ref;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(dn_ref_parse(&ref, cases[i], &e), -1, "%s",
		    cases[i]);
}

static int
same(const char *a, const char *b)
{
	struct dn_ref ra, rb;
	bool is = false;

	cr_assert_eq(dn_ref_parse(&ra, a, &e), 0);
	cr_assert_eq(dn_ref_parse(&rb, b, &e), 0);
	return dn_same(&ra, &rb, &is, &e) == -1 ? -1 : is;
}

#define G1 "<GUID=ae4f1df8ec7dd011a76500a0c91e6bf6>;"
#define G2 "<GUID=be4f1df8ec7dd011a76500a0c91e6bf6>;"

Test(dn, the_guid_decides_where_both_have_one)
{
	cr_expect_eq(same(G1 "CN=ws1,DC=x", G1 "CN=new,OU=moved,DC=x"), 1);
	cr_expect_eq(same(G1 "CN=ws1,DC=x", G2 "CN=ws1,DC=x"), 0);
	cr_expect_eq(same(G1 "CN=ws1,DC=x", "CN=WS1, DC=X"), 1);
	cr_expect_eq(same("CN=ws1,DC=x", "cn=ws1,dc=x"), 1);
	cr_expect_eq(same("CN=ws1,DC=x", "CN=ws1,OU=y,DC=x"), 0);
	cr_expect_eq(same("CN=ws1,DC=x", "CN=ws10,DC=x"), 0);
	/* The name of a host is never one of an object. */
	cr_expect_eq(same("CN=ws1,DC=x", "ws1"), -1);
}

Test(dn, the_domain_is_read_off_a_dn)
{
	char out[64], small[6];

	cr_assert_eq(dn_domain(out, sizeof(out),
			 "CN=DC\\,DC=no,OU=x,DC=Lab,DC=Example", &e),
	    0);
	cr_expect_str_eq(out, "lab.example");
	cr_expect_eq(dn_domain(out, sizeof(out), "CN=x", &e), -1);
	cr_expect_eq(dn_domain(out, sizeof(out), "CN=x,DC=a b", &e), -1);
	cr_expect_eq(dn_domain(out, sizeof(out), "CN=x,DC=a/../b", &e), -1);
	cr_expect_eq(dn_domain(out, sizeof(out), "CN=x,DC=", &e), -1);
	cr_expect_eq(dn_domain(small, sizeof(small), "DC=lab,DC=ex", &e), -1);
}
