#!/usr/bin/env bash
# Machines race for generations through a real SMB server, while sessions of the
# server and runs of the machines are killed: one history comes of it, nothing
# in it is torn, and every edit is found again.
if [ -z "${SMBD-}" ]; then
	[ -x "${ROAM_LIBEXEC:-$PWD}/roam-smb" ] ||
		{ echo 'built without SMB'; exit 77; }
	exec "${srcdir:-.}/tests/scenario/with-smbd" "$0" "$@"
fi
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/scenario/races.sh
. "$srcdir/tests/scenario/races.sh"

url=$ROAM_TEST_STORE
# Fewer by GENERATIONS=20.
race 8 "$ROAM_TEST_SHARE/store" "${GENERATIONS:-200}"
for gen in "$ROAM_TEST_SHARE"/store/gen/*; do
	[ -s "$gen/commit" ] || fail "$gen is torn"
done
