#!/usr/bin/env bash
# A server that renames no directory: that is found out by itself, said in
# 'status', and what a store promises holds by claims; also while machines race
# and sessions and runs are killed.
if [ -z "${SMBD-}" ]; then
	[ -x "${ROAM_LIBEXEC:-$PWD}/roam-smb" ] ||
		{ echo 'built without SMB'; exit 77; }
	/usr/bin/python3 -c 'import samba.ntacls' 2> /dev/null ||
		{ echo 'no python3-samba'; exit 77; }
	exec "${srcdir:-.}/tests/scenario/with-smbd" "$0" "$@"
fi
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/scenario/races.sh
. "$srcdir/tests/scenario/races.sh"

credentials=$ROAM_TEST_OTHER
share=$(dirname "$ROAM_TEST_SHARE")/stiff
url=$ROAM_TEST_SERVER/stiff/store

# --- Two machines --------------------------------------------------------------
mkdir "$work/a" "$work/b"
echo one > "$work/a/one"
head -c 5000000 /dev/urandom > "$work/a/big"
expect 0 smb a push
[ -s "$share/store/gen/000000000001/claim" ] || fail "no claim was made"
[ ! -e "$share/store/gen/000000000001/commit" ] || fail "renamed after all"
expect 0 smb b pull
same_homes a b
echo two > "$work/b/two"
expect 0 smb b sync
expect 0 smb a sync
same_homes a b
expect 0 smb a sync
says "nothing to do"
expect 0 smb a status
says "by claims"
expect 0 smb a --json status
[ "$(json 'd["publishing"]')" = claims ] || fail "status does not say: $out"
expect 0 smb a verify --data
expect 0 smb a log
# The page is enough to read it.
"$srcdir/tests/store-reader.py" "$share/store" --cat two > "$work/read" ||
	fail "the second reader fails"
[ "$(cat "$work/read")" = two ] || fail "the second reader reads something else"

# Runs that were ended before, and in the middle of, their claim.
smbclient -A "$credentials" -p "${ROAM_TEST_SERVER##*:}" \
	-c 'mkdir store\gen\000000000003' //127.0.0.1/stiff > "$work/.log" ||
	fail "$(cat "$work/.log")"
echo three > "$work/a/three"
expect 0 smb a sync
[ "$(ls "$share/store/gen")" = "000000000001
000000000002
000000000003
000000000004" ] || fail "not the fourth"
[ ! -s "$share/store/gen/000000000003/claim" ] || fail "the third is not void"
expect 0 smb b pull
same_homes a b
expect 0 smb b verify
expect 0 smb b gc
expect 0 smb b pull

# --- Races ---------------------------------------------------------------------
url=$ROAM_TEST_SERVER/stiff/race
race 6 "$share/race" "${GENERATIONS:-20}"
# A session that is killed while it makes a directory leaves that without its
# ACL; such a one can be renamed, and is a generation among claimed ones.
claims=0
for gen in "$share"/race/gen/*; do
	if [ -e "$gen/claim" ]; then
		claims=$((claims + 1))
	elif [ ! -e "$gen/commit" ] && [ -n "$(ls "$gen")" ]; then
		fail "$gen is neither claimed nor whole"
	fi
done
[ "$claims" -gt 5 ] || fail "only $claims claims were made"

# --- Names on two file systems -------------------------------------------------
# The server would have to copy, and refuses.
if mountpoint -q "$(dirname "$ROAM_TEST_SHARE")/small"; then
	credentials=$ROAM_TEST_CREDENTIALS
	url=$ROAM_TEST_SERVER/home/split
	mkdir -p "$ROAM_TEST_SHARE/split/gen"
	mount --bind "$(dirname "$ROAM_TEST_SHARE")/small" \
		"$ROAM_TEST_SHARE/split/gen"
	rm -r "$work/a/.local" "$work/b"
	expect 0 smb a push
	expect 0 smb b pull
	same_homes a b
	umount "$ROAM_TEST_SHARE/split/gen"
fi
