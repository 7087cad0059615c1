# Sign-in and sign-out: who takes part, which sessions are open, what the
# directory says, what is to be done, how it came out.
noinst_LIBRARIES += libsignin.a
libsignin_a_SOURCES = \
	src/signin/account.c src/signin/account.h \
	src/signin/answer_cache.c src/signin/answer_cache.h \
	src/signin/child.c src/signin/child.h \
	src/signin/cldap.c src/signin/cldap.h \
	src/signin/decision.c src/signin/decision.h \
	src/signin/directory.c src/signin/directory.h \
	src/signin/dn.c src/signin/dn.h \
	src/signin/due.c src/signin/due.h \
	src/signin/ending.c src/signin/ending.h \
	src/signin/facts.c src/signin/facts.h \
	src/signin/ledger.c src/signin/ledger.h \
	src/signin/lines.c src/signin/lines.h \
	src/signin/net.c src/signin/net.h \
	src/signin/netlogon.c src/signin/netlogon.h \
	src/signin/occasion.c src/signin/occasion.h \
	src/signin/pace.c src/signin/pace.h \
	src/signin/pairs.c src/signin/pairs.h \
	src/signin/policy.c src/signin/policy.h \
	src/signin/procs.c src/signin/procs.h \
	src/signin/profile_url.c src/signin/profile_url.h \
	src/signin/question.c src/signin/question.h \
	src/signin/quota.c src/signin/quota.h \
	src/signin/range.c src/signin/range.h \
	src/signin/sessions.c src/signin/sessions.h \
	src/signin/srv.c src/signin/srv.h \
	src/signin/user_name.c src/signin/user_name.h

if UNIT_TESTS
check_PROGRAMS += tests/unit/test_signin
TESTS += tests/unit/test_signin
tests_unit_test_signin_SOURCES = \
	tests/unit/test_account.c \
	tests/unit/test_answer_cache.c \
	tests/unit/test_child.c \
	tests/unit/test_decision.c \
	tests/unit/test_directory.c \
	tests/unit/test_dn.c \
	tests/unit/test_due.c \
	tests/unit/test_ending.c \
	tests/unit/test_facts.c \
	tests/unit/test_ledger.c \
	tests/unit/test_lines.c \
	tests/unit/test_netlogon.c \
	tests/unit/test_occasion.c \
	tests/unit/test_pace.c \
	tests/unit/test_procs.c \
	tests/unit/test_policy.c \
	tests/unit/test_profile_url.c \
	tests/unit/test_quota.c \
	tests/unit/test_range.c \
	tests/unit/test_sessions.c \
	tests/unit/test_srv.c \
	tests/unit/test_user_name.c
tests_unit_test_signin_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
tests_unit_test_signin_LDADD = $(SIGNIN_LIBS) $(CRITERION_LIBS)
endif
