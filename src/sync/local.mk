noinst_LIBRARIES += libsync.a
libsync_a_SOURCES = \
	src/sync/sync.c src/sync/sync.h
