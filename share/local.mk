# The shipped rules: what roams and what stays, one file per application or
# family; see roam-rules(5).
rulesdir = $(pkgdatadir)/rules.d
dist_rules_DATA = \
	share/rules.d/00-base.rules \
	share/rules.d/browsers-chromium.rules \
	share/rules.d/browsers-firefox.rules \
	share/rules.d/containers.rules \
	share/rules.d/desktop-cinnamon.rules \
	share/rules.d/desktop-gnome.rules \
	share/rules.d/desktop-kde.rules \
	share/rules.d/desktop-xfce.rules \
	share/rules.d/dev-tools.rules \
	share/rules.d/documents.rules \
	share/rules.d/editors.rules \
	share/rules.d/flatpak-snap.rules \
	share/rules.d/git.rules \
	share/rules.d/gnupg.rules \
	share/rules.d/input-methods.rules \
	share/rules.d/mail.rules \
	share/rules.d/media.rules \
	share/rules.d/office.rules \
	share/rules.d/printing.rules \
	share/rules.d/shells.rules \
	share/rules.d/ssh.rules \
	share/rules.d/sync-tools.rules \
	share/rules.d/systemd-user.rules \
	share/rules.d/toolkits.rules \
	share/rules.d/x11-wayland.rules

# The user that roam-ldap becomes; systemd-sysusers(8) makes it.
if LDAP
nodist_sysusers_DATA = share/roam.conf
share/roam.conf: share/roam-sysusers.conf.in Makefile
	@$(MKDIR_P) '$(@D)'
	$(AM_V_GEN)sed 's|@user@|$(LDAP_USER)|g' \
		'$(srcdir)/share/roam-sysusers.conf.in' > '$@'
endif
EXTRA_DIST += share/roam-sysusers.conf.in
CLEANFILES += share/roam.conf
