#!/usr/bin/env bash
# Units come, go, change and get another name as a whole: whenever the run is
# stopped each is there as it was or as it will be, or not at all.
set -eu
[ -n "${TMPDIR:-}" ] || [ ! -w /dev/shm ] || export TMPDIR=/dev/shm
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/scenario/harm.sh
. "$srcdir/tests/scenario/harm.sh"

a=$work/a b=$work/b m=.mozilla/firefox
profile() {
	mkdir -p "$1/storage/deep"
	for file in prefs.js places.sqlite storage/ls storage/deep/x; do
		echo "$2 $file" > "$1/$file"
	done
}
profile "$a/$m/goes.default" old
profile "$a/$m/moves.default" same
profile "$a/$m/stays.default" old
expect 0 on a push
expect 0 on b pull
rm -r "$a/$m/goes.default"
mv "$a/$m/moves.default" "$a/$m/moved.default"
profile "$a/$m/stays.default" new
profile "$a/.thunderbird/comes.default" new
profile "$a/$m/comes.default" new
chmod 500 "$a/$m/comes.default/storage/deep"
mkdir -p "$a/.local/share/app/deep"
for file in db db-wal; do
	echo new > "$a/.local/share/app/deep/x.$file"
done
expect 0 on a push

# units HOME: one line each, with all that it holds.
units() {
	(cd "$1" && for unit in "$m"/*.default .thunderbird/*.default; do
		[ ! -d "$unit" ] || echo "$unit" \
			"$(find "$unit" -type d -printf '%P %m\n' -o -printf '%P ' \
				-exec cat {} \; | sort | tr '\n' ' ')"
	done)
}
units "$b" > "$work/known"
units "$a" >> "$work/known"
expect 0 on b --json pull --dry-run
planned=$(json 'sorted((x["action"], x["path"]) for x in d["actions"])')
cp -a "$b" "$work/start"
at=1 seen=''
while :; do
	rm -rf "$b"
	cp -a "$work/start" "$b"
	status=0
	ROAM_STOP_AT=$at on b --json pull > "$work/.out" 2> "$work/.stop" ||
		status=$?
	[ "$status" = 0 ] && break
	[ "$status" = 99 ] || fail "step $at: $status: $(cat "$work/.stop")"
	seen=$seen$(cat "$work/.stop")
	units "$b" > "$work/got"
	! grep -vxFf "$work/known" "$work/got" ||
		fail "step $at ($(cat "$work/.stop")): a torn unit"
	expect 0 on b sync
	same_pictures a b
	[ -z "$(find "$b/.local/state/roam/staging" -mindepth 1)" ] ||
		fail "step $at: left behind"
	[ ! -e "$b/.local/state/roam/conflicts" ] || fail "step $at: a conflict"
	at=$((at + 1))
done
out=$(cat "$work/.out")
[ "$(json 'sorted((x["action"], x["path"]) for x in d["actions"])')" = \
	"$planned" ] || fail "planned $planned, done $out"
[ "$at" -gt 30 ] || fail "only $at steps"
[ "$(find "$store/gen" -mindepth 1 -maxdepth 1 | wc -l)" = 2 ] ||
	fail "a stop became an edit"
expect 0 on b sync
same_pictures a b

# What comes into a unit that goes stays, and so does the unit.
profile "$a/$m/busy.default" old
expect 0 on a push
expect 0 on b pull
rm -r "$a/$m/busy.default"
expect 0 on a push
echo mine > "$b/$m/busy.default/storage/mine"
expect 0 on b sync
holds "$b" "$m/busy.default/storage/mine" mine
expect 0 on a sync
same_pictures a b
