noinst_LIBRARIES += libstore.a
libstore_a_SOURCES = \
	src/store/store.c src/store/store.h \
	src/store/store_dir.c src/store/store_dir.h \
	src/store/packer.c src/store/packer.h \
	src/store/fetch.c src/store/fetch.h \
	src/store/repo.c src/store/repo.h \
	src/store/draft.c

if UNIT_TESTS
check_PROGRAMS += tests/unit/test_store
TESTS += tests/unit/test_store
tests_unit_test_store_SOURCES = \
	tests/unit/test_store.c \
	tests/unit/test_store_dir.c \
	tests/unit/test_packer.c \
	tests/unit/test_fetch.c \
	tests/unit/test_repo.c
tests_unit_test_store_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
tests_unit_test_store_LDADD = $(STORE_LIBS) $(CRITERION_LIBS)
endif
