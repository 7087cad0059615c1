# The module for PAM. It runs inside of login and sshd, so it is built without
# sanitizers, and only what PAM calls can be seen.
if PAM
pam_sources = \
	pam/pam_args.c pam/pam_args.h \
	pam/pam_child.c pam/pam_child.h \
	pam/pam_hand.c pam/pam_hand.h \
	pam/pam_lines.c pam/pam_lines.h \
	pam/pam_roam.c
pam_cppflags = $(AM_CPPFLAGS)
pam_ldflags = $(OUR_LDFLAGS) -shared -Wl,-z,defs
pam_PROGRAMS = pam_roam.so
pam_roam_so_SOURCES = $(pam_sources)
pam_roam_so_CPPFLAGS = $(pam_cppflags) \
	-DROAM_SESSION='"$(pkglibexecdir)/roam-session"'
pam_roam_so_CFLAGS = $(PAM_CFLAGS) -fPIC -fvisibility=hidden
pam_roam_so_LDFLAGS = $(pam_ldflags)
pam_roam_so_LDADD = $(PAM_LIBS)

if UNIT_TESTS
# The same with a stand-in for roam-session, for whole transactions as anybody.
check_PROGRAMS += tests/unit/pam_tested.so tests/unit/test_pam \
	tests/unit/session_stand_in
TESTS += tests/unit/test_pam
tests_unit_pam_tested_so_SOURCES = $(pam_sources)
tests_unit_pam_tested_so_CPPFLAGS = $(pam_cppflags) \
	-DROAM_SESSION='"$(abs_top_builddir)/tests/unit/session_stand_in"'
tests_unit_pam_tested_so_CFLAGS = $(PAM_CFLAGS) -fPIC -fvisibility=hidden
tests_unit_pam_tested_so_LDFLAGS = $(pam_ldflags)
tests_unit_pam_tested_so_LDADD = $(PAM_LIBS)
tests_unit_session_stand_in_SOURCES = tests/unit/session_stand_in.c
tests_unit_session_stand_in_CFLAGS = $(PAM_CFLAGS)
tests_unit_session_stand_in_LDADD =
tests_unit_test_pam_SOURCES = \
	tests/unit/test_pam.c \
	tests/unit/test_pam_args.c \
	pam/pam_args.c pam/pam_lines.c pam/pam_child.c
tests_unit_test_pam_CPPFLAGS = $(pam_cppflags) -I$(top_srcdir)/pam \
	-DMODULE='"$(abs_top_builddir)/tests/unit/pam_tested.so"'
tests_unit_test_pam_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
tests_unit_test_pam_LDADD = $(PAM_LIBS) $(CRITERION_LIBS)
endif
endif
