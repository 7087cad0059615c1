noinst_LIBRARIES += libsync.a
libsync_a_SOURCES = \
	src/sync/setup.c src/sync/setup.h \
	src/sync/beside.c src/sync/beside_plan.c src/sync/beside.h \
	src/sync/files.c src/sync/files.h \
	src/sync/rulebook.c src/sync/rulebook.h \
	src/sync/cred.c src/sync/cred.h \
	src/sync/context.c src/sync/context.h \
	src/sync/blend.c src/sync/blend.h \
	src/sync/dconf.c src/sync/dconf.h \
	src/sync/choose.c src/sync/choose.h \
	src/sync/extract.c src/sync/extract.h \
	src/sync/inspect.c src/sync/inspect.h \
	src/sync/index.c src/sync/index.h \
	src/sync/extents.c src/sync/extents.h \
	src/sync/slices.c src/sync/slices.h \
	src/sync/export.c src/sync/export.h \
	src/sync/lumps.c src/sync/lumps.h \
	src/sync/repack.c src/sync/repack.h \
	src/sync/clean.c src/sync/clean.h \
	src/sync/contents.c src/sync/contents.h \
	src/sync/contents_place.c \
	src/sync/older.c src/sync/older.h \
	src/sync/probe.c src/sync/probe.h \
	src/sync/limits.c src/sync/limits.h \
	src/sync/lean.c src/sync/lean.h \
	src/sync/left.c src/sync/left.h \
	src/sync/list.c src/sync/list.h \
	src/sync/kin.c src/sync/kin.h \
	src/sync/mend.c src/sync/mend.h \
	src/sync/memo.c src/sync/memo.h \
	src/sync/sitting.c src/sync/sitting.h \
	src/sync/receive.c src/sync/receive.h \
	src/sync/send.c src/sync/send.h \
	src/sync/place.c src/sync/place.h \
	src/sync/waits.c src/sync/waits.h \
	src/sync/round.c src/sync/round.h src/sync/round_open.c \
	src/sync/sync.c src/sync/sync.h

if UNIT_TESTS
check_PROGRAMS += tests/unit/test_sync
TESTS += tests/unit/test_sync
tests_unit_test_sync_SOURCES = \
	tests/unit/storage.c tests/unit/faulty.c tests/unit/storage.h \
	tests/unit/trees.c tests/unit/trees.h \
	tests/unit/test_beside.c \
	tests/unit/test_kin.c \
	tests/unit/test_contents.c \
	tests/unit/test_left.c \
	tests/unit/test_lumps.c \
	tests/unit/test_repack.c \
	tests/unit/test_slices.c \
	tests/unit/test_memo.c \
	tests/unit/test_limits.c \
	tests/unit/test_sitting.c \
	tests/unit/test_cred.c
tests_unit_test_sync_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
tests_unit_test_sync_LDADD = $(SYNC_LIBS) $(CRITERION_LIBS)
endif
