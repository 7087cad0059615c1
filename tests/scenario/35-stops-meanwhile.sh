#!/usr/bin/env bash
# Between a stop and the next run the user goes on working, or another machine
# is first: nothing of either is lost, and all machines end equal.
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

# What the user may lay hands on, and the contents that exist only in his home.
names=(edited-there new-there both-1 both-2 gone-there moved-there
	dir/moved-there mode-there becomes-dir becomes-link turns-dir
	edited-here gone-here new-here edit-gone gone-edit unlinked-too
	becomes-file big-there sparse link gone/file dir-there/file)
alone=('here, older' 'here, newer' 'second here' 'second dir-here/file'
	'second turns-dir/file')

# kept TEXT: a file of b's home, a conflict or the past says it.
kept() {
	local id
	grep -rqsF "$1" "$b" --exclude-dir=.local && return
	for id in $(conflicts_of b | cut -d ' ' -f 1); do
		on b conflicts show "$id" | grep -qF "$1" && return
	done
	return 1
}

# edit NAME: as a program does it, in turn in place and by another file. What
# is no file any more gets one beside it.
edit() {
	local path=$b/$1
	[ ! -d "$path" ] || path=$path.beside
	mkdir -p "${path%/*}" 2> /dev/null || path=$b/elsewhere
	if [ -e "$path" ] && [ $((at / 2 % 2)) = 0 ]; then
		echo "meanwhile $at" >> "$path"
	else
		echo "meanwhile $at" > "$path.new"
		mv "$path.new" "$path"
	fi
	edited=$path
}

# settle: both machines sync until neither has anything to do.
settle() {
	expect 0 on b -q sync
	expect 0 on a -q sync
	expect 0 on b -q sync
	same_pictures a b
	tidy a b
}

at=1
while stopped "$at" sync; do
	edit "${names[at % ${#names[@]}]}"
	step="$step, then ${edited#"$b/"} is edited"
	[ $((at / 2 % 3)) != 0 ] || expect 0 on a -q sync
	settle
	kept "meanwhile $at" || fail "$step: the edit is lost"
	for text in "${alone[@]}"; do
		grep -qsF "$text" "$work/start/b/${edited#"$b/"}" ||
			kept "$text" || fail "$step: '$text' is lost"
	done
	at=$((at + 2))
done
[ "$at" -gt 50 ] || fail "only $at steps"
expect 0 on b verify --data

# A kill no test can time: right after a loser got its second name. The link is
# gone before the home is read, so the file it leads to counts as unchanged.
rm -rf "$a" "$b" "$store"
mkdir -p "$a" "$store"
echo first | tee "$a/both" > "$a/there"
expect 0 on a -q sync
expect 0 on b -q sync
echo second | tee "$a/both" > "$a/there"
echo older > "$b/both"
touch -d '-1 hour' "$b/both"
expect 0 on a -q sync
mkdir -p "$b/.local/state/roam/conflicts"
ln "$b/there" "$b/.local/state/roam/conflicts/incoming"
expect 0 on b sync
same_pictures a b
idle b sync
tidy b

# --- A kept loser that is not what it was ----------------------------------
loser() {
	expect 0 on a -q sync
	expect 0 on b -q sync
	echo "$1, mine" > "$a/f"
	touch -d '2 hours ago' "$a/f"
	echo "$1, theirs" > "$b/f"
	touch -d '1 hour ago' "$b/f"
	expect 0 on b -q sync
}
# A program writes into the file of a run that was cut off just after it had
# kept it: that is no conflict that was lost, and the next run goes on.
at=0
until grep -qs 'shelf: record' "$work/.err"; do
	at=$((at + 1))
	loser "stop $at"
	got=0
	ROAM_STOP_AT=$at on a -q sync > /dev/null 2> "$work/.err" || got=$?
	[ "$got" = 99 ] || fail "nothing was kept"
done
[ "$(stat -c %h "$a/f")" = 2 ] || fail "not kept by a link"
echo 'written into it' > "$a/f"
expect 0 on a sync
[ "$(stat -c %h "$a/f")" = 1 ] || fail "still one file with what was kept"
expect 0 on b -q sync
same_pictures a b
holds "$b" f 'written into it'
idle a sync

# Damage to what was kept is told, and stops nothing else.
loser damage
expect 0 on a -q pull
for content in "$a"/.local/state/roam/conflicts/*.content; do
	! grep -q damage "$content" || echo 'damage, MINE' > "$content"
done
echo new > "$a/new-file"
expect 0 on a sync
says 'is damaged'
grep -q MINE "$a"/.local/state/roam/lost/* || fail "thrown away"
expect 0 on b -q sync
same_pictures a b
idle a sync
