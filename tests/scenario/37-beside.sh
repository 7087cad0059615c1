#!/usr/bin/env bash
# Conflicts of documents: what lost becomes a file beside what won, on all
# machines one and the same, once; whoever makes it, and if they race.
set -eu
# In memory where possible: many runs would wait for a disk whose power nobody
# cuts.
[ -n "${TMPDIR:-}" ] || [ ! -w /dev/shm ] || export TMPDIR=/dev/shm
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"

a=$work/a b=$work/b
mkdir -p "$a/Documents/deep" "$a/.config/app" "$b"

# both FILE: each machine writes something else, a's is the newer.
both() {
	printf 'from a\n' > "$a/$1"
	printf 'from b\n' > "$b/$1"
	touch -d '2026-01-02 03:04:05' "$b/$1"
}
# copies HOME: how many there are.
copies() {
	find "$1" -name '*(conflict from *' | wc -l
}
rest() {
	expect 0 on a --json sync
	[ "$(json 'd["actions"], d["published"]')" = '([], None)' ] ||
		fail "a is not at rest: $out"
	expect 0 on b --json sync
	[ "$(json 'd["actions"], d["published"]')" = '([], None)' ] ||
		fail "b is not at rest: $out"
	expect 0 on c sync
	same_homes a b
	same_homes a c
	expect 0 on a conflicts
	says 'no conflicts'
}

echo base > "$a/Documents/letter.odt"
echo base > "$a/Documents/deep/.hidden"
echo base > "$a/Documents/none"
expect 0 on a sync
expect 0 on b sync
both Documents/letter.odt
both Documents/deep/.hidden
both Documents/none
expect 0 on a sync
expect 0 on b sync
[ -z "$err" ] || fail "not without a word: $err"
copy='letter (conflict from b 2026-01-02 03.04.05).odt'
[ "$(cat "$b/Documents/$copy")" = 'from b' ] || fail "no copy: $(ls "$b"/*)"
[ "$(cat "$b/Documents/letter.odt")" = 'from a' ] || fail "another won"
[ -f "$b/Documents/deep/.hidden (conflict from b 2026-01-02 03.04.05)" ] ||
	fail "not beside it: $(find "$b")"
[ -f "$b/Documents/none (conflict from b 2026-01-02 03.04.05)" ] ||
	fail "not beside it: $(find "$b")"
expect 0 on a sync
rest
[ "$(copies "$a")" = 3 ] || fail "$(find "$a")"

# Two that find it in the list at the same time make one and the same: a run
# that knows no such rules has left it there.
echo base > "$a/Documents/race.txt"
expect 0 on a sync
expect 0 on b sync
both Documents/race.txt
expect 0 on a sync
mkdir "$work/none"
expect 0 env ROAM_RULES_DIR="$work/none" ROAM_MACHINE=b "$ROAM" --home "$b" \
	--store "$url" sync
expect 0 on b --json conflicts
[ "$(json 'len(d["conflicts"])')" = 1 ] || fail "$out"
expect 0 on b pull
expect 0 on a pull
[ "$(copies "$a") $(copies "$b")" = '4 4' ] || fail "$(find "$a" "$b")"
expect 0 on a push
expect 0 on b push
expect 0 on b sync
expect 0 on a sync
rest
[ "$(copies "$a")" = 4 ] || fail "$(find "$a")"
[ "$(grep -rl 'from b' "$a/Documents" | wc -l)" = 4 ] || fail "lost or twice"

# A name that is taken by something else keeps its owner; the copy gets another.
echo base > "$a/Documents/taken"
expect 0 on a sync
expect 0 on b sync
echo mine > "$b/Documents/taken (conflict from b 2026-01-02 03.04.05)"
both Documents/taken
expect 0 on a sync
expect 0 on b sync
expect 0 on b sync
[ "$(cat "$b/Documents/taken (conflict from b 2026-01-02 03.04.05)")" = mine ] ||
	fail "overwritten"
copy=$(echo "$b/Documents/taken (conflict from b 2026-01-02 03.04.05, "*)
[ "$(cat "$copy")" = 'from b' ] || fail "no copy: $copy"
expect 0 on a sync
rest

# Beside settings no copy appears, nor where a rule wants the list.
mkdir -p "$b/.config/roam" "$a/Documents/list" "$b/.config/app"
echo 'listed /Documents/list/' > "$b/.config/roam/rules"
echo base > "$a/.config/app/x.bin"
echo base > "$a/Documents/list/x"
expect 0 on b sync
expect 0 on a sync
expect 0 on b sync
both .config/app/x.bin
both Documents/list/x
expect 0 on a sync
expect 0 on b sync
expect 0 on b --json conflicts
[ "$(json 'sorted(c["path"] for c in d["conflicts"])')" = \
	"['.config/app/x.bin', 'Documents/list/x']" ] || fail "$out"

# The plan tells of the copy, and the run that finds the conflict makes it: one
# that changes both sides, and one of a sign-in, which changes the home alone.
planned() {
	expect 0 on "$@" --dry-run
	plan=$(json 'sorted((x["action"], x["path"], x["reason"])
		for x in d["actions"])')
	expect 0 on "$@"
	[ "$(json 'sorted((x["action"], x["path"], x["reason"])
		for x in d["actions"])')" = "$plan" ] ||
		fail "planned $plan, done $out"
	json '[(x["action"], x["path"], x["from"]) for x in d["actions"]
		if x["from"]]' > "$work/.copies"
}
no_more_listed() {
	expect 0 on "$1" --json conflicts
	[ "$(json 'len(d["conflicts"])')" = 2 ] || fail "listed: $out"
}
for how in sync pull; do
	echo base > "$a/Documents/$how.odt"
	expect 0 on a sync
	expect 0 on b sync
	both "Documents/$how.odt"
	expect 0 on a sync
	planned b --json "$how"
	copy="Documents/$how (conflict from b 2026-01-02 03.04.05).odt"
	[ "$(cat "$work/.copies")" = \
		"[('upload', '$copy', 'Documents/$how.odt')]" ] ||
		fail "$how: $(cat "$work/.copies")"
	[ "$(cat "$b/$copy")" = 'from b' ] || fail "$how: no copy"
	no_more_listed b
	[ "$how" = sync ] || expect 0 on b sync
	expect 0 on b --json sync
	[ "$(json 'd["actions"], d["published"]')" = '([], None)' ] ||
		fail "b is not at rest: $out"
	expect 0 on a sync
	[ "$(cat "$a/$copy")" = 'from b' ] || fail "$how: no copy on a"
	no_more_listed a
done
# The home's version wins.
echo base > "$a/Documents/won.odt"
expect 0 on a sync
expect 0 on b sync
both Documents/won.odt
expect 0 on b sync
planned a --json sync
copy='Documents/won (conflict from b 2026-01-02 03.04.05).odt'
[ "$(cat "$work/.copies")" = "[('download', '$copy', 'Documents/won.odt')]" ] ||
	fail "$(cat "$work/.copies")"
[ "$(cat "$a/$copy")" = 'from b' ] || fail "no copy"
no_more_listed a
expect 0 on b sync
same_homes a b

# A push changes nothing in the home: the next run that may does, by its plan.
echo base > "$a/Documents/pushed.odt"
expect 0 on a sync
expect 0 on b sync
both Documents/pushed.odt
expect 0 on b sync
expect 0 on a push
expect 0 on a --json conflicts
[ "$(json 'len(d["conflicts"])')" = 3 ] || fail "listed: $out"
planned a --json sync
copy='Documents/pushed (conflict from b 2026-01-02 03.04.05).odt'
[ "$(cat "$work/.copies")" = \
	"[('download', '$copy', 'Documents/pushed.odt')]" ] ||
	fail "$(cat "$work/.copies")"
[ "$(cat "$a/$copy")" = 'from b' ] || fail "no copy"
no_more_listed a
expect 0 on b sync
same_homes a b

# However the run ends, there is one copy in the end.
echo base > "$a/Documents/stop.odt"
expect 0 on a sync
expect 0 on b sync
both Documents/stop.odt
expect 0 on a sync
cp -a "$b" "$work/start"
cp -a "$store" "$work/stored"
for how in sync pull; do
	at=1
	while :; do
		rm -rf "$b" "$store"
		cp -a "$work/start" "$b"
		cp -a "$work/stored" "$store"
		status=0
		ROAM_STOP_AT=$at on b -q "$how" > /dev/null 2>&1 || status=$?
		[ "$status" = 0 ] && break
		[ "$status" = 99 ] || fail "$how, step $at: $status"
		expect 0 on b sync
		no_more_listed b
		[ "$(cat "$b/Documents/stop (conflict"* |
			tr '\n' ';')" = 'from b;' ] ||
			fail "$how, step $at: $(ls "$b/Documents")"
		at=$((at + 2))
	done
	[ "$at" -gt 10 ] || fail "$how: only $at steps"
done
