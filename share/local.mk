# The shipped rules: what roams and what stays, one file per application or
# family; see roam-rules(5).
rulesdir = $(pkgdatadir)/rules.d
dist_rules_DATA =
