#include <sys/wait.h>

#include <signal.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "signin/procs.h"

Test(procs, a_user_with_a_process_is_seen)
{
	cr_expect(procs_has_user(geteuid()));
}

Test(procs, a_user_without_one_is_not)
{
	cr_expect_not(procs_has_user(3999999999u));
}
