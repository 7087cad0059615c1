noinst_LIBRARIES += liblocal.a
liblocal_a_SOURCES = \
	src/local/root.c src/local/root.h \
	src/local/vouch.c src/local/vouch.h \
	src/local/meta.c src/local/meta.h \
	src/local/listing.c src/local/listing.h \
	src/local/scan.c src/local/scan.h \
	src/local/scan_read.c src/local/scan_parts.h \
	src/local/scan_end.c \
	src/local/state.c src/local/state.h \
	src/local/sigs.c \
	src/local/copy.c src/local/copy.h \
	src/local/shelf.c src/local/shelf.h \
	src/local/shelf_dropped.c src/local/shelf_mend.c \
	src/local/flush.c src/local/flush.h \
	src/local/stage.c src/local/stage_recover.c src/local/stage.h \
	src/local/hold.c src/local/hold.h \
	src/local/quiet.c src/local/quiet.h \
	src/local/swap.c src/local/swap.h \
	src/local/links.c src/local/links.h \
	src/local/apply.c src/local/apply.h \
	src/local/apply_put.c src/local/apply_parts.h \
	src/local/apply_unit.c \
	src/local/apply_database.c \
	src/local/database.c src/local/database.h \
	src/local/sqlite_log.c src/local/sqlite_log.h \
	src/local/unit_tree.c src/local/unit_tree.h \
	src/local/apply_change.c \
	src/local/apply_stamp.c \
	src/local/fresh.c src/local/fresh.h \
	src/local/wipe.c src/local/wipe.h

if UNIT_TESTS
check_PROGRAMS += tests/unit/test_local
TESTS += tests/unit/test_local
tests_unit_test_local_SOURCES = \
	tests/unit/homes.c tests/unit/homes_run.c tests/unit/homes.h \
	tests/unit/test_root.c \
	tests/unit/test_meta.c \
	tests/unit/test_scan.c \
	tests/unit/test_scan_odd.c \
	tests/unit/test_state.c \
	tests/unit/test_shelf.c \
	tests/unit/test_stage.c \
	tests/unit/test_sqlite_log.c \
	tests/unit/test_apply.c \
	tests/unit/test_apply_links.c \
	tests/unit/test_swap.c \
	tests/unit/test_quiet.c \
	tests/unit/test_apply_unit.c \
	tests/unit/test_apply_race.c \
	tests/unit/test_apply_stop.c \
	tests/unit/test_fresh.c \
	tests/unit/test_wipe.c
tests_unit_test_local_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
tests_unit_test_local_LDADD = $(LOCAL_LIBS) $(CRITERION_LIBS)
endif
