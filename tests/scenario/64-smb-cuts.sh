#!/usr/bin/env bash
# shellcheck disable=SC2119 # their arguments may be left out
# A line to an SMB server that is cut at any byte of any connection costs no more
# than another run: within a bounded time it is said, home and store are as they
# were or as they are to be, and the next run ends right.
if [ -z "${SMBD-}" ]; then
	[ -x "${ROAM_LIBEXEC:-$PWD}/roam-smb" ] ||
		{ echo 'built without SMB'; exit 77; }
	exec "${srcdir:-.}/tests/scenario/with-smbd" "$0" "$@"
fi
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/scenario/lines.sh
. "$srcdir/tests/scenario/lines.sh"

conf
mkdir "$work/a"
head -c 3000000 /dev/urandom > "$work/a/big"
echo text > "$work/a/text"

# cut N COMMAND ...: by a line that is cut there: done, or offline.
cut() {
	local n=$1 status=0
	shift
	through --cut "$n"
	smb "$@" > "$work/.log" 2>&1 || status=$?
	[ "$status" = 3 ] || [ "$status" = 0 ] ||
		fail "$*, cut at $n: exit $status: $(cat "$work/.log")"
	[ "$status" = 0 ] || grep -q "//127.0.0.1" "$work/.log" ||
		fail "$*, cut at $n: names no server: $(cat "$work/.log")"
}

# Where a connection's login ends is found by trying; beyond it, steps of the
# push of a small change, at last of its contents.
for n in 1 100 300 500 700 900 1100 1300 1600 1900 2200 2600 3000 4000 \
	10000 100000 1000000 2500000; do
	rm -rf "$work/a/.local" "$ROAM_TEST_SHARE/line" "$work/b"
	cut "$n" a push
	through
	expect 0 smb a sync
	cut $((n / 2 + 700)) b pull
	through
	expect 0 smb b pull
	same_homes a b
done

# One that is too slow for what is asked for at once is asked for less.
rm -rf "$work/b"
through --rate 400000
cp "$work/conf" "$work/conf.kept"
printf '[network]\nconnect_timeout = 5s\nanswer_timeout = 6s\n' > "$work/conf"
expect 0 smb b pull
mv "$work/conf.kept" "$work/conf"
same_homes a b

# One that breaks again and again, but carries something each time: the file is
# gone on with, not begun anew.
rm -rf "$work/a/.local" "$ROAM_TEST_SHARE/line"
head -c 30000000 /dev/urandom > "$work/a/big"
through --cut 12000000
expect 0 smb a push
[ "$(counted "d['up']")" -lt 45000000 ] || fail "too much was sent again"
through
expect 0 smb b sync
