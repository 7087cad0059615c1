noinst_LIBRARIES += libstore.a
libstore_a_SOURCES = \
	src/store/store.c src/store/store.h \
	src/store/claims.c src/store/claims.h \
	src/store/claims_publish.c \
	src/store/dir_last.c src/store/dir_last.h \
	src/store/store_dir.c src/store/store_dir.h \
	src/store/file_url.c src/store/file_url.h \
	src/store/dir_error.c src/store/dir_error.h \
	src/store/store_smb.c src/store/store_smb.h \
	src/store/smb_error.c src/store/smb_error.h \
	src/store/smb_home.c src/store/smb_home.h \
	src/store/smb_chunks.c src/store/smb_write_parts.h \
	src/store/smb_link.c src/store/smb_link.h \
	src/store/smb_lines.c src/store/smb_lines.h \
	src/store/smb_login.c src/store/smb_login.h \
	src/store/smb_read.c src/store/smb_read.h \
	src/store/smb_session.c src/store/smb_session.h \
	src/store/smb_tickets.c src/store/smb_tickets.h \
	src/store/smb_url.c src/store/smb_url.h \
	src/store/smb_write.c src/store/smb_write.h \
	src/store/wire.c src/store/wire.h \
	src/store/frame.c src/store/frame.h \
	src/store/press.c src/store/press.h \
	src/store/tar.c src/store/tar.h \
	src/store/packer.c src/store/packer.h \
	src/store/fetch.c src/store/fetch.h \
	src/store/repo.c src/store/repo.h src/store/repo_path.c \
	src/store/repo_profile.c \
	src/store/draft.c \
	src/store/usage.c src/store/usage.h \
	src/store/sweep.c src/store/sweep.h \
	src/store/collect.c src/store/collect.h \
	src/store/verify.c src/store/verify.h \
	src/store/verify_data.c src/store/verify_data.h

if UNIT_TESTS
check_PROGRAMS += tests/unit/test_store tests/contract/test_store
TESTS += tests/unit/test_store tests/contract/test_store
tests_unit_test_store_SOURCES = \
	tests/unit/storage.c tests/unit/faulty.c tests/unit/storage.h \
	tests/unit/test_store.c \
	tests/unit/test_store_dir.c \
	tests/unit/test_packer.c \
	tests/unit/test_fetch.c \
	tests/unit/test_repo.c \
	tests/unit/test_draft.c \
	tests/unit/test_claims.c \
	tests/unit/test_collect.c \
	tests/unit/test_collect_news.c \
	tests/unit/test_verify.c \
	tests/unit/test_wire.c \
	tests/unit/test_smb_url.c \
	tests/unit/test_smb_link.c
tests_unit_test_store_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
tests_unit_test_store_LDADD = $(STORE_LIBS) $(CRITERION_LIBS)

tests_contract_test_store_SOURCES = \
	tests/contract/ground.c tests/contract/ground.h \
	tests/contract/test_store.c \
	tests/contract/test_race.c
tests_contract_test_store_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
tests_contract_test_store_LDADD = $(STORE_LIBS) $(CRITERION_LIBS)
endif
