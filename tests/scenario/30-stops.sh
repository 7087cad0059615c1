#!/usr/bin/env bash
# Each command that changes something is stopped after each of its steps; made
# again it ends where an undisturbed one does, and leaves nothing behind.
set -eu
# In memory where possible: hundreds of runs would wait for a disk whose power
# nobody cuts.
[ -n "${TMPDIR:-}" ] || [ ! -w /dev/shm ] || export TMPDIR=/dev/shm
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/scenario/harm.sh
. "$srcdir/tests/scenario/harm.sh"
# shellcheck source=tests/scenario/stops.sh
. "$srcdir/tests/scenario/stops.sh"

# again COMMAND ...: what a stopped run has left to do. A conflict that was taken
# is none any more.
again() {
	local status=0
	on b -q "$@" > /dev/null 2> "$work/.err" || status=$?
	[ "$status" = 0 ] ||
		{ [ "$1" = conflicts ] && grep -q 'no such' "$work/.err"; } ||
		fail "$step: again: exit $status: $(cat "$work/.err")"
}

# done_with COMMAND ...: nothing is left to do, nor left behind.
done_with() {
	if [ "$1" = conflicts ]; then
		expect 1 on b "$@"
	else
		idle b "$@"
	fi
	tidy b
}

# each_stop STRIDE COMMAND ...: stopped everywhere, or after each so many steps
# where another command takes the same ones; then made again.
each_stop() {
	local at=1 stride=$1 picture
	shift
	set_out
	expect 0 on b "$@"
	done_with "$@"
	into want
	while stopped "$at" "$@"; do
		again "$@"
		into got
		for picture in home conflicts store; do
			same "$work/want/$picture" "$work/got/$picture" \
				"$step: another $picture"
		done
		done_with "$@"
		at=$((at + stride))
	done
	expect 0 on b verify --data
	echo "$*: fewer than $at steps"
}

everything a b > "$work/versions"
each_stop 1 sync
has_all "$work/versions" b
each_stop 5 pull
has_all "$work/versions" b
each_stop 1 push
has_all "$work/versions" b

# Versions of the past come back: what was there is kept, once.
set_out
expect 0 on b sync
rm -rf "$work/start"
mkdir "$work/start"
cp -a "$a" "$b" "$store" "$work/start/"
each_stop 2 restore --from 1 dir gone edited-there big-there becomes-link
has_all "$work/versions" b
loser=$(conflicts_of b | awk '$NF == "both-1" { print $1 }')
set_out
each_stop 2 conflicts take "$loser"
has_all "$work/versions" b
