#!/usr/bin/env bash
# shellcheck disable=SC2119 # their arguments may be left out
# What a store promises holds over every kind of line to an SMB server; what is
# to be encrypted is, seen from outside, or nothing is sent.
if [ -z "${SMBD-}" ]; then
	[ -x "${ROAM_LIBEXEC:-$PWD}/roam-smb" ] ||
		{ echo 'built without SMB'; exit 77; }
	with=${srcdir:-.}/tests/scenario/with-smbd
	status=0
	run() { # LINE [with-smbd's option ...]
		local line=$1
		shift
		[ "$status" -ne 0 ] || ROAM_TEST_LINE=$line "$with" "$@" "$self" || status=$?
	}
	self=$0
	run encrypted
	run signed -o 'server smb encrypt = off'
	run forced -o 'server smb encrypt = required' -o 'host msdfs = no'
	run old -o 'server max protocol = SMB2_10'
	run clear -o 'host msdfs = no'
	exit "$status"
fi
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/scenario/lines.sh
. "$srcdir/tests/scenario/lines.sh"

# The contract suite; races have a scenario of their own.
suite() {
	ROAM_TEST_ROUNDS=8 "$PWD/tests/contract/test_store" -j1
}

# A home with something in it, and a push of it.
mkdir "$work/a"
head -c 3000000 /dev/urandom > "$work/a/big"
echo text > "$work/a/text"
push() {
	rm -rf "$work/a/.local" "$ROAM_TEST_SHARE/line"
	smb a push
}
# Negotiation and login: no more than those are in the clear.
mostly_encrypted() {
	[ "$(counted "d['encrypted'] > 20 and d['clear'] <= 6 * d['connections']")" = \
		True ] || fail "too much in the clear: $(cat "$work/count")"
}

conf
case $ROAM_TEST_LINE in
encrypted)
	suite
	through
	expect 0 push
	mostly_encrypted
	expect 0 smb a --json status
	[ "$(json 'd["connection"]["encrypted"], d["connection"]["login"]')" = \
		"(True, 'password')" ] || fail "status does not say: $out"
	conf 'smb_encrypt = off'
	through
	expect 0 push
	expect 0 smb a status
	says "signed, not encrypted"
	[ "$(counted "d['encrypted']")" -eq 0 ] || fail "encrypted without need"
	;;
signed)
	ROAM_TEST_ENCRYPT=desired suite
	url=$ROAM_TEST_STORE
	expect 4 push
	says "would not be encrypted"
	[ ! -e "$ROAM_TEST_SHARE/store/tmp" ] || fail "something was sent"
	;;
forced)
	ROAM_TEST_ENCRYPT=off suite
	through
	expect 0 push
	mostly_encrypted
	;;
old)
	ROAM_TEST_ENCRYPT=off ROAM_TEST_MIN_PROTOCOL=SMB2_02 suite
	url=$ROAM_TEST_STORE
	expect 1 push
	says "smb_min_protocol"
	# The library would send it in the clear.
	conf 'smb_min_protocol = SMB2_02'
	expect 4 push
	says "would not be encrypted"
	# No configuration but ours counts.
	conf
	mkdir -p "$work/home/.smb"
	printf '[global]\nclient min protocol = SMB2_02\n' > "$work/home/.smb/smb.conf"
	HOME=$work/home expect 1 push
	says "smb_min_protocol"
	;;
clear)
	url=$ROAM_TEST_STORE
	expect 4 push
	says "would not be encrypted"
	conf 'smb_encrypt = desired'
	expect 0 push
	;;
esac
