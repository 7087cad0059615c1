noinst_LIBRARIES += libengine.a
libengine_a_SOURCES = \
	src/engine/merge.c src/engine/merge.h \
	src/engine/plan.c src/engine/plan.h \
	src/engine/rename.c src/engine/rename.h \
	src/engine/settle.c src/engine/settle.h \
	src/engine/guard.c \
	src/engine/outcome.c \
	src/engine/put.c \
	src/engine/blocks.c src/engine/blocks.h \
	src/engine/match.c \
	src/engine/report.c src/engine/report.h \
	src/engine/json.c src/engine/json.h

if UNIT_TESTS
check_PROGRAMS += tests/unit/test_engine
TESTS += tests/unit/test_engine
tests_unit_test_engine_SOURCES = \
	tests/unit/test_merge.c \
	tests/unit/test_plan.c \
	tests/unit/test_blocks.c \
	tests/unit/test_report.c
tests_unit_test_engine_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
tests_unit_test_engine_LDADD = $(ENGINE_LIBS) $(CRITERION_LIBS)
endif
