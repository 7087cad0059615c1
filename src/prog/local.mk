# The programs: nothing links against them but their own tests.
bin_PROGRAMS += roam
roam_SOURCES = \
	src/prog/commands.h \
	src/prog/options.c src/prog/options.h \
	src/prog/look.c src/prog/look.h \
	src/prog/past.c src/prog/past.h \
	src/prog/changes.c src/prog/changes.h \
	src/prog/primary.c src/prog/primary.h \
	src/prog/print.c src/prog/print.h \
	src/prog/run.h \
	src/prog/progress.c src/prog/progress.h \
	src/prog/run.c \
	src/prog/announce.c src/prog/announce.h \
	src/prog/attend.c src/prog/attend.h \
	src/prog/attend_drop.c \
	src/prog/attend_run.c src/prog/attend_tell.c \
	src/prog/attend_watch.c \
	src/prog/locks.c src/prog/locks.h \
	src/prog/behind.c src/prog/behind.h \
	src/prog/cmd_sync.c \
	src/prog/cmd_login.c \
	src/prog/cmd_status.c \
	src/prog/cmd_log.c \
	src/prog/cmd_diff.c \
	src/prog/cmd_why.c \
	src/prog/cmd_config.c \
	src/prog/cmd_rules.c \
	src/prog/cmd_primary.c \
	src/prog/compare.c src/prog/compare.h \
	src/prog/cmd_undo.c \
	src/prog/history.c src/prog/history.h \
	src/prog/outlook.c src/prog/outlook.h \
	src/prog/cmd_restore.c \
	src/prog/cmd_conflicts.c \
	src/prog/cmd_store.c \
	src/prog/roam.c
roam_LDADD = libsignin.a $(SYNC_LIBS) -lresolv

# What talks to an SMB server. Without it smb: URLs say that it is missing.
roamlibexecdir = $(pkglibexecdir)
if SMB
roamlibexec_PROGRAMS += roam-smb
roam_smb_SOURCES = \
	src/prog/inbox.c src/prog/inbox.h \
	src/prog/smb_address.c src/prog/smb_address.h \
	src/prog/smb_calls.c src/prog/smb_calls.h \
	src/prog/smb_files.c src/prog/smb_files.h \
	src/prog/roam_smb.c
roam_smb_LDADD = $(STORE_LIBS) $(SMBCLIENT_LIBS)
endif
if KRB5
roamlibexec_PROGRAMS += roam-ccache
roam_ccache_SOURCES = src/prog/roam_ccache.c
roam_ccache_LDADD = $(BASE_LIBS) $(KRB5_LIBS)
endif

# What tells of locked screens. Without it nothing is saved when one locks.
if SYSTEMD
roamlibexec_PROGRAMS += roam-lock
roam_lock_SOURCES = src/prog/roam_lock.c
roam_lock_LDADD = $(BASE_LIBS) $(SYSTEMD_LIBS)
endif

# What pam_roam starts.
roamlibexec_PROGRAMS += roam-session
roam_session_SOURCES = \
	src/prog/visit.c src/prog/visit.h \
	src/prog/visit_open.c \
	src/prog/visit_close.c \
	src/prog/visit_run.c \
	src/prog/visit_ticket.c \
	src/prog/visit_decide.c \
	src/prog/visit_scope.c \
	src/prog/visit_wipe.c \
	src/prog/visit_boot.c \
	src/prog/roam_session.c
roam_session_LDADD = libsignin.a $(SYNC_LIBS) -lresolv

# What asks a directory for a user's primary computers and profile path.
if LDAP
roamlibexec_PROGRAMS += roam-ldap
roam_ldap_SOURCES = \
	src/prog/ldap_ask.c src/prog/ldap_ask.h \
	src/prog/ldap_find.c src/prog/ldap_find.h \
	src/prog/ldap_kdc.c src/prog/ldap_kdc.h \
	src/prog/ldap_link.c src/prog/ldap_link.h \
	src/prog/ldap_object.c src/prog/ldap_object.h \
	src/prog/ldap_ping.c src/prog/ldap_ping.h \
	src/prog/ldap_server.c src/prog/ldap_server.h \
	src/prog/ldap_ticket.c src/prog/ldap_ticket.h \
	src/prog/roam_ldap.c
roam_ldap_LDADD = $(SIGNIN_LIBS) libsync.a libbase.a $(LDAP_LIBS) $(KRB5_LIBS)
endif
