# Unit tests stand in the local.mk of the layer that they test. Here: checks of
# the source, fuzz targets, and whatever runs the programs as a whole.

# What every test finds in its environment; srcdir comes from automake. The
# working directory is the top of the build.
AM_TESTS_ENVIRONMENT = \
	ROAM='$(abs_top_builddir)/roam'; export ROAM; \
	CC='$(CC)'; export CC; \
	CPPFLAGS='$(library_cppflags) $(CPPFLAGS)'; export CPPFLAGS; \
	FUZZ_TARGETS='$(fuzz_targets)'; export FUZZ_TARGETS;

LOG_COMPILER = $(SHELL) $(srcdir)/tests/run-leakproof
dist_check_SCRIPTS += tests/run-leakproof

# --- Checks of the source ---------------------------------------------------
# Each exits with 77 where the tool it needs is not installed.
source_checks = \
	tests/check-conf-man \
	tests/check-format \
	tests/check-headers \
	tests/check-layers \
	tests/check-man \
	tests/check-size \
	tests/check-thirdparty
dist_check_SCRIPTS += $(source_checks)
TESTS += $(source_checks)

# --- Fuzz targets -----------------------------------------------------------
# A line here is all that a new target needs beside its fuzz_<name>.c and a
# folder tests/fuzz/corpus/<name>. Without --enable-fuzz replay.c gives it a
# main() that reads files.
fuzz_targets = \
	tests/fuzz/fuzz_blocks \
	tests/fuzz/fuzz_claim \
	tests/fuzz/fuzz_commit \
	tests/fuzz/fuzz_conf \
	tests/fuzz/fuzz_dn \
	tests/fuzz/fuzz_driver \
	tests/fuzz/fuzz_facts \
	tests/fuzz/fuzz_frame \
	tests/fuzz/fuzz_lines \
	tests/fuzz/fuzz_manifest \
	tests/fuzz/fuzz_netlogon \
	tests/fuzz/fuzz_path \
	tests/fuzz/fuzz_profile_url \
	tests/fuzz/fuzz_rules \
	tests/fuzz/fuzz_sqlite_log \
	tests/fuzz/fuzz_srv \
	tests/fuzz/fuzz_state \
	tests/fuzz/fuzz_text \
	tests/fuzz/fuzz_url \
	tests/fuzz/fuzz_wire
check_PROGRAMS += $(fuzz_targets)
dist_check_SCRIPTS += tests/fuzz/replay-corpus
TESTS += tests/fuzz/replay-corpus
EXTRA_DIST += tests/fuzz/corpus

# What unit tests read.
EXTRA_DIST += tests/data/catalogue

if !FUZZ
check_LIBRARIES += tests/fuzz/libreplay.a
tests_fuzz_libreplay_a_SOURCES = tests/fuzz/replay.c
REPLAY = tests/fuzz/libreplay.a
endif

# What a program links that says nothing else: only the fuzz targets.
LDADD = $(FUZZ_LDFLAGS) $(REPLAY) libsignin.a liblocal.a libstore.a \
	$(ENGINE_LIBS) $(ARCHIVE_LIBS) -lresolv

# --- A second reader and writer of stores, from roam-store(5) ---------------
EXTRA_DIST += tests/store-reader.py tests/store-writer.py tests/xxh3.py

# --- Scenarios --------------------------------------------------------------
# The real programs, from a shell; tests/scenario/lib.sh is what they share.
scenarios = \
	tests/scenario/10-two-machines.sh \
	tests/scenario/20-looking-commands.sh \
	tests/scenario/30-stops.sh \
	tests/scenario/31-kills.sh \
	tests/scenario/32-races.sh \
	tests/scenario/33-rollback.sh \
	tests/scenario/34-trouble.sh \
	tests/scenario/35-stops-meanwhile.sh \
	tests/scenario/36-history-people.sh \
	tests/scenario/37-beside.sh \
	tests/scenario/38-lost-contents.sh \
	tests/scenario/39-brought-back.sh \
	tests/scenario/40-history.sh \
	tests/scenario/41-sign-in.sh \
	tests/scenario/42-sign-in-policy.sh \
	tests/scenario/43-sign-in-limits.sh \
	tests/scenario/44-sign-in-checkpoints.sh \
	tests/scenario/45-database-stops.sh \
	tests/scenario/46-unit-stops.sh \
	tests/scenario/50-hostile-store.sh \
	tests/scenario/51-names.sh \
	tests/scenario/52-bad-input.sh \
	tests/scenario/53-rules.sh \
	tests/scenario/54-merge.sh \
	tests/scenario/55-units.sh \
	tests/scenario/56-programs.sh \
	tests/scenario/57-rules-check.sh \
	tests/scenario/58-guards.sh \
	tests/scenario/59-explain.sh
# These start servers, directories and machines of their own.
server_scenarios = \
	tests/scenario/60-smb.sh \
	tests/scenario/61-smb-lines.sh \
	tests/scenario/62-smb-kerberos.sh \
	tests/scenario/63-smb-races.sh \
	tests/scenario/64-smb-cuts.sh \
	tests/scenario/65-smb-refused.sh \
	tests/scenario/66-smb-claims.sh \
	tests/scenario/67-smb-trips.sh \
	tests/scenario/68-smb-many.sh \
	tests/scenario/69-sign-in-links.sh \
	tests/scenario/70-sign-in.sh \
	tests/scenario/71-sign-in-smb.sh \
	tests/scenario/72-sign-in-kerberos.sh \
	tests/scenario/73-machine-end.sh \
	tests/scenario/74-server-trouble.sh \
	tests/scenario/75-sign-in-hostile.sh \
	tests/scenario/76-sign-in-systemd.sh \
	tests/scenario/77-sign-in-kills.sh \
	tests/scenario/78-server-midway.sh \
	tests/scenario/79-sign-in-domain.sh \
	tests/scenario/80-primary-computers.sh \
	tests/scenario/81-primary-sign-in.sh \
	tests/scenario/82-odd-directories.sh \
	tests/scenario/83-old-schema.sh \
	tests/scenario/84-directory-trouble.sh
dist_check_SCRIPTS += $(scenarios) $(server_scenarios)
TESTS += $(scenarios) $(server_scenarios)

# What a tarball has to pass by itself in tests/run; the rest it has passed.
print-quick-tests:
	@echo $(filter-out $(server_scenarios),$(TESTS))

.PHONY: print-quick-tests

# A domain controller of the test's own; its state is made once in the build.
EXTRA_DIST += tests/directory/dc.sh tests/directory/kept-state \
	tests/directory/make-state tests/directory/populate.py \
	tests/directory/smb.conf.in \
	tests/directory/with-directory tests/directory/count-packets \
	tests/directory/odd-server tests/directory/read-only
clean-local:
	-rm -rf tests/directory/state.made

EXTRA_DIST += tests/scenario/lib.sh tests/scenario/harm.sh \
	tests/scenario/lines.sh tests/scenario/races.sh \
	tests/scenario/stops.sh tests/scenario/with-smbd \
	tests/smb-proxy tests/smb-login

# Whole machines for scenarios, in namespaces; what tests/lab/lib.sh says.
EXTRA_DIST += tests/lab/lib.sh tests/lab/pair.sh tests/lab/host \
	tests/lab/session tests/lab/syslog tests/lab/type

if KRB5
check_PROGRAMS += tests/scenario/short_ticket
tests_scenario_short_ticket_SOURCES = tests/scenario/short_ticket.c
tests_scenario_short_ticket_LDADD = $(KRB5_LIBS)
endif

# --- Analysis and formatting, on demand -------------------------------------
dist_check_SCRIPTS += tests/analyze tests/sources
EXTRA_DIST += tests/run .ci/run

analyze:
	@srcdir='$(srcdir)' TOOLS='$(TOOLS)' bash '$(srcdir)/tests/analyze' \
	$(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) $(SMBCLIENT_CFLAGS) \
	$(KRB5_CFLAGS) $(CPPFLAGS) -Ipam -DROAM_SESSION='"roam-session"'

format:
	@cd '$(srcdir)' && clang-format -i $$(tests/sources c)

.PHONY: analyze format

# --- Measuring, on demand ---------------------------------------------------
EXTRA_DIST += tests/make-home tests/session-change tests/bench tests/bench-smb \
	tests/bench-sign-in

bench: $(bin_PROGRAMS)
	'$(srcdir)/tests/bench'

bench-smb: $(bin_PROGRAMS) $(roamlibexec_PROGRAMS)
	'$(srcdir)/tests/bench-smb'

# As root, on hosts of its own.
bench-sign-in: all
	srcdir='$(srcdir)' '$(srcdir)/tests/bench-sign-in'

.PHONY: bench bench-smb bench-sign-in
