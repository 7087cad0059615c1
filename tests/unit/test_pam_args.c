#include <criterion/criterion.h>

#include "pam_args.h"

static struct pam_args args;
static const char *bad;

static void
read_words(const char *a, const char *b)
{
	const char *argv[] = { a, b };

	pam_args_read(&args, b != NULL ? 2 : 1, argv, &bad);
}

Test(pam_args, words_and_values_are_taken)
{
	read_words("timeout=30", "config=/etc/other.conf");
	cr_expect_null(bad);
	cr_expect_eq(args.timeout_s, 30);
	cr_expect_str_eq(args.config, "/etc/other.conf");
	read_words("required", "quiet");
	cr_expect_null(bad);
	cr_expect(args.required && args.quiet && !args.debug);
}

Test(pam_args, what_is_not_known_is_named_and_changes_nothing)
{
	static const char *const words[] = { "", "=", "time", "timeouts=3",
		"timeout", "timeout=", "timeout=0", "timeout=-1", "timeout= 1",
		"timeout=3s", "timeout=99999999999999999999", "timeout=3601",
		"config", "config=", "config=relative", "required=yes",
		"quiet=", "debug=1" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		read_words(words[i], NULL);
		cr_expect_eq(bad, words[i], "'%s'", words[i]);
		cr_expect(args.timeout_s == 0 && args.config == NULL &&
			!args.required && !args.quiet && !args.debug,
		    "'%s'", words[i]);
	}
}

Test(pam_args, the_first_bad_word_is_told_and_the_rest_is_read)
{
	read_words("nonsense", "debug");
	cr_expect_str_eq(bad, "nonsense");
	cr_expect(args.debug);
}
