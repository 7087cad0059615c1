# Pages in mdoc(7), installed as they are. 'make check' lints all of them.
dist_man_MANS += man/roam.conf.5
dist_man_MANS += man/roam-rules.5
dist_man_MANS += man/roam-merge.7
dist_man_MANS += man/roam-store.5
dist_man_MANS += man/roam.1
dist_man_MANS += man/roam.7
dist_man_MANS += man/roam-ldap.8
dist_man_MANS += man/pam_roam.8
dist_man_MANS += man/roam-session.8
