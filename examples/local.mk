# What an administrator starts from. Nothing here takes effect by itself: the
# settings are installed beside the place where they would.
EXTRA_DIST += examples/quickstart
examplesdir = $(docdir)/examples
dist_examples_DATA = examples/roam.conf examples/primary-computers

pamexamplesdir = $(examplesdir)/pam
dist_pamexamples_DATA = examples/pam/README examples/pam/sshd \
	examples/pam/login examples/pam/su-l examples/pam/krb5 \
	examples/pam/winbind examples/pam/sss examples/pam/gdm-password \
	examples/pam/lightdm examples/pam/sddm examples/pam/systemd-user \
	examples/pam/pam-configs

# For the start and the end of a machine; they know where the program is.
made_examples = examples/systemd/roam-boot.service \
	examples/systemd/roam-flush.service \
	examples/systemd/roam-renew.service examples/roam-init
nodist_examples_DATA = $(made_examples)
dist_examples_DATA += examples/systemd/roam-renew.timer
EXTRA_DIST += examples/systemd/roam-boot.service.in \
	examples/systemd/roam-flush.service.in \
	examples/systemd/roam-renew.service.in examples/roam-init.in
CLEANFILES += $(made_examples)
$(made_examples): Makefile
	@$(MKDIR_P) '$(@D)'
	$(AM_V_GEN)sed 's|@pkglibexecdir@|$(pkglibexecdir)|g' \
		'$(srcdir)/$@.in' > '$@'
examples/systemd/roam-boot.service: examples/systemd/roam-boot.service.in
examples/systemd/roam-flush.service: examples/systemd/roam-flush.service.in
examples/systemd/roam-renew.service: examples/systemd/roam-renew.service.in
examples/roam-init: examples/roam-init.in
