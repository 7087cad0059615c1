#!/usr/bin/env bash
# History for people: what became of a path and when, its versions and what
# differs in them, a point in time, a whole generation back, an undo; each
# tells first what it would do, and none loses what it replaces.
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"

a=$work/a b=$work/b
mkdir -p "$a/docs/deep" "$b"
printf 'one\ntwo\nthree\n' > "$a/docs/letter.txt"
echo other > "$a/other"
expect 0 on a sync # 1
printf 'one\nTWO\nthree\n' > "$a/docs/letter.txt"
expect 0 on a sync # 2
echo new > "$a/docs/new.txt"
mv "$a/other" "$a/docs/deep/moved"
expect 0 on a sync # 3
rm "$a/docs/letter.txt"
expect 0 on a sync # 4
expect 0 on b sync

# --- What became of a path --------------------------------------------------
expect 0 on b --json log docs/letter.txt
[ "$(json '[(g["generation"], g["change"]) for g in d["generations"]]')" = \
	"[(4, 'removed'), (2, 'changed'), (1, 'added')]" ] || fail "$out"
expect 0 on b log docs/letter.txt
says removed
expect 0 on b --json log docs
[ "$(json '[g["generation"] for g in d["generations"]]')" = '[4, 3, 2, 1]' ] ||
	fail "$out"
expect 0 on b --json log "$b/docs/deep"
[ "$(json '[g["generation"] for g in d["generations"]]')" = '[3, 1]' ] ||
	fail "$out"
expect 1 on b log never
says 'in no generation'

# --- Its versions -----------------------------------------------------------
expect 0 on b show 2 docs/letter.txt
[ "$out" = $'one\nTWO\nthree' ] || fail "$out"
expect 0 on b show 1 docs
says docs/letter.txt
expect 1 on b show 4 docs/letter.txt
says 'not in generation 4'
expect 0 on b diff 1 2 docs/letter.txt
says '-two'
says '+TWO'
says 'docs/letter.txt (generation 2)'
echo 'one more' >> "$b/docs/new.txt"
expect 0 on b diff docs/new.txt
says '+one more'
expect 0 on b diff 1 docs
says '(was other)'
expect 0 on b diff 1 2 other
says 'no changes'
printf '\0\1' > "$b/docs/new.txt"
expect 0 on b diff docs/new.txt
says '+ docs/new.txt (home): file, 2 B'
echo new > "$b/docs/new.txt"
expect 2 on b diff 1 2 docs docs

# --- A point in time --------------------------------------------------------
# tick: the next full second begins.
tick() {
	local now
	now=$(date +%s)
	while [ "$(date +%s)" -le "$now" ]; do
		sleep 0.05
	done
}
tick
at=$(date '+%Y-%m-%d %H:%M:%S')
tick
echo later > "$a/docs/new.txt"
expect 0 on a sync # 5
expect 0 on b sync
expect 0 on b restore docs/new.txt --at "$at" --dry-run
says 'would conflict'
[ "$(cat "$b/docs/new.txt")" = later ] || fail "a dry run has restored"
expect 0 on b restore docs/new.txt --at "$at"
[ "$(cat "$b/docs/new.txt")" = new ] || fail "not of that time"
expect 0 on b --json conflicts
[ "$(json '[c["path"] for c in d["conflicts"]]')" = "['docs/new.txt']" ] ||
	fail "what it replaced is lost: $out"
expect 0 on b show "$at" docs/new.txt
[ "$out" = new ] || fail "$out"
expect 1 on b show '2001-01-01 00:00' docs/new.txt
says 'nothing that old is kept'
expect 2 on b restore docs/new.txt --at soon
says "soon: not a generation"
expect 2 on b restore docs/new.txt --at now --from 2
says 'one of the two'

# --- Back to a whole generation ---------------------------------------------
echo mine > "$b/docs/mine"
expect 0 on b restore . --from 2 -n
says 'would download'
expect 0 on b restore . --from 2
[ "$(cat "$b/docs/letter.txt")" = $'one\nTWO\nthree' ] || fail "not back"
[ "$(cat "$b/other")" = other ] || fail "not back"
[ "$(cat "$b/docs/mine")" = mine ] || fail "what came later is lost"
expect 0 on b sync # 6
expect 0 on a sync
same_homes a b

# --- Undo -------------------------------------------------------------------
mkdir "$a/folder"
echo x > "$a/folder/x"
echo changed > "$a/docs/mine"
rm "$a/docs/new.txt"
mv "$a/other" "$a/folder/other"
expect 0 on a sync # 7
expect 0 on b sync
tree_of "$b" > "$work/.before"
expect 0 on b --json undo -n
[ "$(json 'sorted({x["action"] for x in d["actions"]})')" = \
	"['conflict', 'delete-local', 'download']" ] || fail "$out"
tree_of "$b" | diff - "$work/.before" > /dev/null || fail "a dry run did it"
# What was edited meanwhile stays where it came, and is kept where it changed.
echo more >> "$b/folder/x"
echo 'changed again' > "$b/docs/mine"
expect 0 on b undo
[ "$(cat "$b/docs/mine")" = mine ] || fail "not undone"
[ "$(cat "$b/docs/new.txt")" = new ] || fail "not undone"
[ "$(cat "$b/other")" = other ] || fail "not undone"
[ ! -e "$b/folder/other" ] || fail "not undone"
[ "$(cat "$b/folder/x")" = $'x\nmore' ] || fail "an edit is lost"
expect 0 on b --json conflicts
id=$(json '[c["id"] for c in d["conflicts"] if c["path"] == "docs/mine"][-1]')
expect 0 on b conflicts show "$id"
[ "$out" = 'changed again' ] || fail "kept '$out'"
expect 0 on b sync # 8
expect 0 on a sync
same_homes a b
# Undone once more it is done again.
rm "$a/folder/x"
expect 0 on a sync # 9
expect 0 on b sync
expect 0 on b undo
[ -f "$b/folder/x" ] || fail "not undone"
expect 1 on b undo 1
says 'there is nothing before it'
expect 2 on b undo never

# --- Conflicts, for people --------------------------------------------------
expect 0 on b sync
expect 0 on a sync
for id in $(on a --json conflicts | python3 -c '
import json, sys
print(" ".join(c["id"] for c in json.load(sys.stdin)["conflicts"]))'); do
	expect 0 on a conflicts drop "$id"
done
expect 0 on a sync
expect 0 on b sync
expect 0 on b conflicts
says 'no conflicts'
# One machine alone never has one, however often it writes and syncs.
for i in 1 2 3 4 5; do
	echo "$i" > "$a/docs/mine"
	expect 0 on a sync
	expect 0 on a pull
	echo "$i again" > "$a/docs/mine"
	touch -d "2020-01-0$i" "$a/docs/mine" # by a clock that is off
	expect 0 on a push
	expect 0 on a pull
done
expect 0 on a --json conflicts
[ "$(json 'd["conflicts"]')" = '[]' ] || fail "alone, and in conflict: $out"
expect 0 on b sync
printf 'a\nb\n' > "$a/file.odd"
expect 0 on a sync
expect 0 on b sync
printf 'a\nb\nfrom a\n' > "$a/file.odd"
printf 'a\nb\nfrom b\n' > "$b/file.odd"
touch -d 2020-01-01 "$a/file.odd"
expect 0 on a sync
expect 0 on b sync
expect 0 on a sync
# Both see who, what and when, the loser, and what taking it would change.
for machine in a b; do
	expect 0 on $machine --json conflicts
	[ "$(json '[(c["path"], c["machine"]) for c in d["conflicts"]]')" = \
		"[('file.odd', 'a')]" ] || fail "$machine: $out"
	id=$(json 'd["conflicts"][0]["id"]')
	expect 0 on $machine conflicts show "$id"
	[ "$out" = $'a\nb\nfrom a' ] || fail "$machine: $out"
	expect 0 on $machine conflicts show "$id" --diff
	says '-from b'
	says '+from a'
done
expect 0 on b conflicts take "$id" --to "$work/taken" -n
[ ! -e "$work/taken" ] || fail "a dry run has taken it"
expect 0 on b conflicts take "$id" --to "$work/taken"
[ "$(cat "$work/taken")" = $'a\nb\nfrom a' ] || fail "not taken"
expect 2 on b conflicts take "$id" --to "$work/taken"
says 'is there already'
mkdir "$work/folder"
expect 0 on a conflicts take "$id" --to "$work/folder"
[ -f "$work/folder/file.odd" ] || fail "not in the folder"
expect 0 on a conflicts take "$id" --dry-run
grep -q 'from b' "$a/file.odd" || fail "a dry run has taken it"
expect 0 on a conflicts take "$id"
grep -q 'from a' "$a/file.odd" || fail "not taken"
expect 0 on a sync
expect 0 on b sync
same_homes a b
