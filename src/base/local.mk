noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	src/base/err.c src/base/err.h \
	src/base/log.c src/base/log.h \
	src/base/text.c src/base/text.h \
	src/base/path.c src/base/path.h \
	src/base/arena.c src/base/arena.h \
	src/base/buf.c src/base/buf.h \
	src/base/reader.c src/base/reader.h \
	src/base/hash.c src/base/hash.h \
	src/base/clock.c src/base/clock.h \
	src/base/when.c src/base/when.h \
	src/base/io.c src/base/io.h \
	src/base/step.c src/base/step.h \
	src/base/crew.c src/base/crew.h \
	src/base/spawn.c src/base/spawn.h \
	src/base/priv.c src/base/priv.h \
	src/base/secret.c src/base/secret.h \
	src/base/confine.c src/base/confine.h

if UNIT_TESTS
check_PROGRAMS += tests/unit/test_base
TESTS += tests/unit/test_base
tests_unit_test_base_SOURCES = \
	tests/unit/test_err.c \
	tests/unit/test_log.c \
	tests/unit/test_text.c \
	tests/unit/test_path.c \
	tests/unit/test_arena.c \
	tests/unit/test_buf.c \
	tests/unit/test_reader.c \
	tests/unit/test_hash.c \
	tests/unit/test_clock.c \
	tests/unit/test_when.c \
	tests/unit/test_io.c \
	tests/unit/test_step.c \
	tests/unit/test_crew.c \
	tests/unit/test_spawn.c \
	tests/unit/test_secret.c \
	tests/unit/test_confine.c
tests_unit_test_base_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
tests_unit_test_base_LDADD = $(BASE_LIBS) $(CRITERION_LIBS)
endif
