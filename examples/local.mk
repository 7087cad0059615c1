# What an administrator starts from. Nothing here takes effect by itself: the
# settings are installed beside the place where they would.
EXTRA_DIST += examples/quickstart
examplesdir = $(docdir)/examples
dist_examples_DATA = examples/roam.conf examples/primary-computers
