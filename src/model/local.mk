noinst_LIBRARIES += libmodel.a
libmodel_a_SOURCES = \
	src/model/place.c src/model/place.h \
	src/model/entry.c src/model/entry.h \
	src/model/machine.c src/model/machine.h \
	src/model/tree.c src/model/tree.h \
	src/model/home.c src/model/home.h \
	src/model/profile.c src/model/profile.h \
	src/model/manifest.c src/model/manifest.h \
	src/model/manifest_write.c src/model/manifest_read.c \
	src/model/record.c \
	src/model/commit.c src/model/commit.h \
	src/model/claim.c src/model/claim.h \
	src/model/glob.c src/model/glob.h \
	src/model/globset.c src/model/globset.h \
	src/model/rules.c src/model/rules.h \
	src/model/rules_line.c src/model/rules_line.h \
	src/model/rules_lint.c src/model/rules_lint.h \
	src/model/conf.c src/model/conf_keys.c src/model/conf.h

if UNIT_TESTS
check_PROGRAMS += tests/unit/test_model
TESTS += tests/unit/test_model
tests_unit_test_model_SOURCES = \
	tests/unit/test_place.c \
	tests/unit/test_entry.c \
	tests/unit/test_machine.c \
	tests/unit/test_tree.c \
	tests/unit/test_home.c \
	tests/unit/test_profile.c \
	tests/unit/test_record.c \
	tests/unit/test_manifest.c \
	tests/unit/test_manifest_hostile.c \
	tests/unit/test_second_reader.c \
	tests/unit/garden.c tests/unit/garden.h \
	tests/unit/test_commit.c \
	tests/unit/test_glob.c \
	tests/unit/glob_reference.c tests/unit/glob_reference.h \
	tests/unit/test_rules.c \
	tests/unit/test_rules_lint.c \
	tests/unit/test_catalogue.c \
	tests/unit/test_conf.c
tests_unit_test_model_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
tests_unit_test_model_LDADD = $(MODEL_LIBS) $(CRITERION_LIBS)
endif
