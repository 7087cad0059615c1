noinst_LIBRARIES += libengine.a
libengine_a_SOURCES = \
	src/engine/merge.c src/engine/merge.h \
	src/engine/groups.c src/engine/groups.h \
	src/engine/plan.c src/engine/plan.h \
	src/engine/rename.c src/engine/rename.h \
	src/engine/settle.c src/engine/settle.h \
	src/engine/units.c src/engine/units.h \
	src/engine/guard.c src/engine/guard_change.c \
	src/engine/outcome.c \
	src/engine/put.c \
	src/engine/blocks.c src/engine/blocks.h \
	src/engine/match.c \
	src/engine/pieces.c src/engine/pieces.h \
	src/engine/three.c src/engine/three.h \
	src/engine/braid.c src/engine/braid.h \
	src/engine/driver.c src/engine/driver.h \
	src/engine/driver_parts.h \
	src/engine/driver_keyfile.c \
	src/engine/driver_lines.c \
	src/engine/driver_text.c \
	src/engine/driver_json.c \
	src/engine/driver_xbel.c \
	src/engine/report.c src/engine/report_json.c src/engine/report_groups.c \
	src/engine/report_html.c src/engine/report_html.h src/engine/report.h \
	src/engine/json.c src/engine/json.h

if UNIT_TESTS
check_PROGRAMS += tests/unit/test_engine
TESTS += tests/unit/test_engine
tests_unit_test_engine_SOURCES = \
	tests/unit/trees.c tests/unit/trees.h \
	tests/unit/made.c tests/unit/made.h \
	tests/unit/bytes.c tests/unit/bytes.h \
	tests/unit/sample.c tests/unit/sample.h \
	tests/unit/test_merge.c \
	tests/unit/test_merge_table.c \
	tests/unit/test_merge_attributes.c \
	tests/unit/test_groups.c \
	tests/unit/test_report_html.c \
	tests/unit/test_guard_change.c \
	tests/unit/test_plan.c \
	tests/unit/test_plan_rules.c \
	tests/unit/test_rename.c \
	tests/unit/test_guard.c \
	tests/unit/test_blocks.c \
	tests/unit/test_signature.c \
	tests/unit/test_driver.c \
	tests/unit/test_units.c \
	tests/unit/test_driver_random.c \
	tests/unit/test_report.c \
	tests/unit/test_report_text.c
tests_unit_test_engine_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
tests_unit_test_engine_LDADD = $(ENGINE_LIBS) $(CRITERION_LIBS)
endif

# Random histories against the promises; PROPERTY_RUNS and PROPERTY_SEED.
check_PROGRAMS += tests/property/model
TESTS += tests/property/model
tests_property_model_SOURCES = \
	tests/property/model.c \
	tests/property/history.c tests/property/history.h \
	tests/property/acts.c tests/property/acts.h \
	tests/property/run.c tests/property/run.h \
	tests/property/apply.c \
	tests/property/blend.c \
	tests/property/check.c \
	tests/property/world.c tests/property/world.h
tests_property_model_LDADD = $(ENGINE_LIBS)
EXTRA_DIST += tests/property/seeds

# Every mutant of the merge table dies; on demand, not in 'make check'.
dist_check_SCRIPTS += tests/property/mutants
mutants: libengine.a libmodel.a libbase.a
	@srcdir='$(srcdir)' CC='$(CC)' \
	CPPFLAGS='$(DEFS) -I. $(AM_CPPFLAGS) $(CPPFLAGS)' \
	LIBS='$(ENGINE_LIBS) $(CRITERION_LIBS)' \
	sh '$(srcdir)/tests/property/mutants'
.PHONY: mutants
