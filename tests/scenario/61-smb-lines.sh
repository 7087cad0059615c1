#!/usr/bin/env bash
# What a store promises holds over every kind of line to an SMB server; what is
# to be encrypted is, seen from outside, or nothing is sent; and a line that is
# cut at any byte costs no more than another run.
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

suite=$PWD/tests/contract/test_store
proxy=
end_proxy() {
	[ -z "$proxy" ] || { kill "$proxy"; wait "$proxy" || :; } 2> /dev/null
	proxy=
}
trap 'end_proxy; clean_up' EXIT

# through [OPTION ...]: a proxy before the server; url goes through it.
through() {
	local port
	end_proxy
	rm -f "$work/count" "$work/port"
	"$srcdir/tests/smb-proxy" --count "$work/count" "$@" \
		"${ROAM_TEST_SERVER##*:}" > "$work/port" &
	proxy=$!
	for _ in $(seq 100); do
		[ ! -s "$work/port" ] || break
		sleep 0.1
	done
	port=$(cat "$work/port")
	url=${ROAM_TEST_SERVER%:*}:$port/home/line
}

# counted NAME: of the connections through the proxy, which have ended.
counted() {
	sleep 1.2
	python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' \
		"$work/count" "$1"
}

conf() {
	printf '[network]\nconnect_timeout = 2s\nanswer_timeout = 5s\n' > "$work/conf"
	[ $# -eq 0 ] || printf '%s\n' "$@" >> "$work/conf"
}

smb() {
	local machine=$1
	shift
	on "$machine" --config "$work/conf" \
		--credentials "$ROAM_TEST_CREDENTIALS" "$@"
}

# A home with something in it, and a push of it.
mkdir "$work/a"
head -c 3000000 /dev/urandom > "$work/a/big"
echo text > "$work/a/text"
push() {
	rm -rf "$work/a/.local" "$ROAM_TEST_SHARE/line"
	smb a push
}

case $ROAM_TEST_LINE in
encrypted)
	"$suite" -j1
	through
	conf
	expect 0 push
	[ "$(counted encrypted)" -gt 20 ] || fail "little was encrypted"
	# Negotiation and login: no more than those are in the clear.
	[ "$(counted clear)" -le 6 ] || fail "too much in the clear"
	conf 'smb_encrypt = off'
	through
	expect 0 push
	[ "$(counted encrypted)" -eq 0 ] || fail "encrypted without need"
	conf
	# Cut at any byte, in any connection: that often no run gets through.
	for cut in 1 100 300 500 700 900 1100 1300 1600 1900 2200 2600 3000 \
		4000 10000 100000 1000000 2500000; do
		rm -rf "$work/a/.local" "$ROAM_TEST_SHARE/line"
		through --cut "$cut"
		status=0
		smb a push > "$work/.log" 2>&1 || status=$?
		[ "$status" = 3 ] || [ "$status" = 0 ] ||
			fail "cut at $cut: exit $status: $(cat "$work/.log")"
		through
		expect 0 smb a sync
		rm -rf "$work/b"
		through --cut $((cut / 2 + 700))
		status=0
		smb b pull > "$work/.log" 2>&1 || status=$?
		[ "$status" = 3 ] || [ "$status" = 0 ] ||
			fail "cut at $cut: exit $status: $(cat "$work/.log")"
		through
		expect 0 smb b pull
		same_homes a b
	done
	# One that breaks again and again, but carries something each time: the
	# file is gone on with, not begun anew.
	head -c 30000000 /dev/urandom > "$work/a/big"
	through --cut 12000000
	expect 0 push
	[ "$(counted up)" -lt 45000000 ] || fail "too much was sent again"
	through
	expect 0 smb b sync
	;;
signed)
	ROAM_TEST_ENCRYPT=desired "$suite" -j1
	url=$ROAM_TEST_STORE
	conf
	expect 4 push
	says "would not be encrypted"
	[ ! -e "$ROAM_TEST_SHARE/store/tmp" ] || fail "something was sent"
	;;
forced)
	ROAM_TEST_ENCRYPT=off "$suite" -j1
	through
	conf
	expect 0 push
	[ "$(counted clear)" -le 6 ] || fail "too much in the clear"
	;;
old)
	ROAM_TEST_ENCRYPT=off ROAM_TEST_MIN_PROTOCOL=SMB2_02 "$suite" -j1
	url=$ROAM_TEST_STORE
	conf
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
	conf
	expect 4 push
	says "would not be encrypted"
	conf 'smb_encrypt = desired'
	expect 0 push
	;;
esac
