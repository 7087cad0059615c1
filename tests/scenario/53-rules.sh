#!/usr/bin/env bash
# Rules decide what roams, and never delete: what is excluded stays where it is
# on every side, what is included again is merged, and a directory that holds
# what stays local stays for it.
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"

a=$work/a b=$work/b
mkdir -p "$a" "$b"

# put HOME PATH TEXT
put() {
	mkdir -p "$(dirname "$1/$2")"
	echo "$3" > "$1/$2"
}

# rules HOME LINE ...: the user's rules there.
rules() {
	mkdir -p "$1/.config/roam"
	printf '%s\n' "${@:2}" > "$1/.config/roam/rules"
}

# stored: paths of the store's head.
stored() {
	mkdir -p "$work/reader"
	rm -rf "${work:?}/reader"
	mkdir "$work/reader"
	on a export head | tar -tf - | sed 's#/$##; s#^\./##' | sort
}

in_store() {
	stored | grep -qxF -- "$1" || fail "not in the store: $1"
}

not_in_store() {
	! stored | grep -qxF -- "$1" || fail "in the store: $1"
}

holds() {
	[ "$(cat "$1" 2> /dev/null)" = "$2" ] ||
		fail "$1 holds '$(cat "$1")', not '$2'"
}

both() {
	expect 0 on a sync
	expect 0 on b sync
	expect 0 on a sync
}

# --- The shipped catalogue --------------------------------------------------
roaming=(.bashrc .config/app/settings.ini docs/letter .ssh/config
	.mozilla/firefox/profiles.ini .mozilla/firefox/x.default/prefs.js
	'.config/google-chrome/Default/Bookmarks' .cachet/x docs/.cached)
staying=(.cache/thumbnails/x .local/share/Trash/files/x .Xauthority
	.xsession-errors .mozilla/firefox/x.default/lock
	.mozilla/firefox/x.default/cache2/x .local/state/app/x
	'.config/google-chrome/Default/GPUCache/x' .nfs0123456789abcdef01234567)
for path in "${roaming[@]}" "${staying[@]}"; do
	put "$a" "$path" "$path"
done
put "$b" .cache/thumbnails/x "another one"
expect 0 on a sync
expect 0 on b sync
for path in "${roaming[@]}"; do
	holds "$b/$path" "$path"
done
for path in "${staying[@]}"; do
	not_in_store "$path"
	holds "$a/$path" "$path"
	expect 0 on a --json why "$path"
	[ "$(json 'd["class"]')" = local ] || fail "why: $out"
done
holds "$b/.cache/thumbnails/x" "another one"
[ ! -e "$b/.local/share/Trash" ] || fail "trash has roamed"

# The user may include what is shipped as local, but never Roam's own state.
rules "$a" 'roam .cache/' 'roam .local/' 'roam /.local/state/' \
	'roam /.local/state/roam/' 'roam **'
both
both # what came with the first run counts for the second
not_in_store .local/state/roam/trees
not_in_store .local/state/roam
in_store .cache/thumbnails/x
[ "$(cat "$a/.cache/thumbnails/x")" = "$(cat "$b/.cache/thumbnails/x")" ] ||
	fail "included again, and not merged"
expect 0 on a --json conflicts
[ "$(json '[c["path"] for c in d["conflicts"]]')" = \
	"['.cache/thumbnails/x']" ] || fail "the other one is lost: $out"

# --- Excluded later ---------------------------------------------------------
put "$a" project/same same
put "$a" project/edited-here one
put "$a" project/edited-there one
put "$a" project/edited-both one
put "$a" project/removed-here one
put "$a" project/removed-there one
put "$a" project/deep/er/file one
rules "$a"
both
for path in same edited-here edited-there edited-both removed-here \
	removed-there deep/er/file; do
	[ -f "$b/project/$path" ] || fail "project/$path did not roam"
done
rules "$a" 'local /project/ # by now'
expect 0 on a --json sync
[ "$(json 'd["summary"]["delete_store"] + d["summary"]["delete_local"]')" = 0 ] ||
	fail "a rule deletes: $out"
[ "$(json '[x["path"] for x in d["actions"]]')" = \
	"['.config/roam/rules']" ] || fail "more than the rules: $out"
expect 0 on b sync
expect 0 on b --json sync
[ "$(json 'd["actions"]')" = '[]' ] || fail "the rules did something: $out"
for home in "$a" "$b"; do
	holds "$home/project/same" same
	holds "$home/project/deep/er/file" one
done
in_store project/same
in_store project/deep/er/file

# What happens there while it is excluded is nobody else's business.
echo here > "$a/project/edited-here"
echo there > "$b/project/edited-there"
echo here > "$a/project/edited-both"
touch -d '2020-01-01' "$a/project/edited-both"
echo there > "$b/project/edited-both"
rm "$a/project/removed-here"
rm "$b/project/removed-there"
put "$a" project/new-here new
put "$b" project/new-there new
both
holds "$a/project/edited-there" one
holds "$b/project/edited-here" one
[ -f "$b/project/removed-here" ] || fail "removed there, too"
[ -f "$a/project/removed-there" ] || fail "removed here, too"
[ ! -e "$b/project/new-here" ] || fail "roamed though local"
for path in same edited-here removed-here removed-there; do
	in_store "project/$path"
done
not_in_store project/new-here
not_in_store project/new-there

# A third machine that comes now gets what roams, and nothing of the rest.
expect 0 on c sync
expect 0 on c sync
[ "$(on c --json plan | python3 -c '
import json, sys
print(json.load(sys.stdin)["actions"])')" = '[]' ] || fail "c is not done"

# --- Included again ---------------------------------------------------------
rules "$a" '# nothing'
both
both
holds "$a/project/edited-here" here
holds "$b/project/edited-here" here
holds "$a/project/edited-there" there
holds "$b/project/edited-there" there
holds "$a/project/edited-both" there
holds "$b/project/edited-both" there
expect 0 on a --json conflicts
[ "$(json '[c["path"] for c in d["conflicts"] if "both" in c["path"]]')" = \
	"['project/edited-both']" ] || fail "one of both edits is lost: $out"
id=$(json '[c["id"] for c in d["conflicts"] if "both" in c["path"]][0]')
expect 0 on b conflicts show "$id"
[ "$out" = here ] || fail "kept '$out'"
for home in "$a" "$b"; do
	holds "$home/project/new-here" new
	holds "$home/project/new-there" new
	holds "$home/project/same" same
	# Nobody saw these go: not while they were nobody else's business.
	holds "$home/project/removed-here" one
	holds "$home/project/removed-there" one
done
same_homes a b
expect 0 on c sync
expect 0 on c sync
holds "$work/c/project/deep/er/file" one

# --- A directory that others remove -----------------------------------------
rules "$a" 'local *.part' 'local /proj/build/'
both
put "$a" proj/src/main.c main
put "$a" proj/build/out "here"
put "$a" other/x x
both
put "$b" proj/build/out "there"
put "$b" proj/src/half.part "half"
put "$b" other/y.part "half"
rm -r "$a/proj" "$a/other"
expect 0 on a sync
not_in_store proj/src/main.c
expect 0 on b sync
[ ! -e "$b/proj/src/main.c" ] || fail "not removed"
holds "$b/proj/build/out" there
holds "$b/proj/src/half.part" half
holds "$b/other/y.part" half
both
expect 0 on a --json sync
[ "$(json 'd["actions"]')" = '[]' ] || fail "not at rest: $out"
expect 0 on b --json sync
[ "$(json 'd["actions"]')" = '[]' ] || fail "not at rest: $out"
not_in_store proj/build/out
holds "$b/proj/build/out" there

# A local file where the store has a directory, and the other way round.
rules "$a" 'local /thing'
both
put "$a" thing "a file here"
put "$b" thing/inside "a directory there"
both
holds "$a/thing" "a file here"
holds "$b/thing/inside" "a directory there"

# --- Units and drivers ------------------------------------------------------
rules "$a" 'unit .app/db/ # belongs together' \
	'merge=keyfile .config/app/settings.ini' 'merge=lines .history' \
	'merge=newest .config/app/window' 'merge=text *.txt' 'merge=json *.json'
put "$a" .app/db/one 1
put "$a" .history 'first'
both
holds "$b/.app/db/one" 1
expect 0 on b --json why .app/db/one
[ "$(json 'd["unit"] is not None and d["class"]')" = roam ] || fail "$out"
expect 0 on b --json why .history
[ "$(json 'd["driver"]')" = lines ] || fail "$out"

# --- The administrator's word -----------------------------------------------
# In a mount namespace of its own, since the place of those rules is built in
# and no variable or option moves it.
admin=$(grep -aom 1 '/[a-zA-Z0-9/_.-]*/roam/rules\.d' "$ROAM" |
	grep -v share | head -n 1) || :
sysconf=${admin%/roam/rules.d}
as_admin() {
	# shellcheck disable=SC2016 # that shell's own arguments
	unshare -rm sh -euc '
		mount -t tmpfs none "$1"
		mkdir -p "$1/roam/rules.d"
		printf "%s\n" "$2" > "$1/roam/rules.d/site.rules"
		shift 2
		exec "$@"' sh "$sysconf" "$@"
}
if [ -n "$admin" ] && [ -d "$sysconf" ] &&
	as_admin 'local /x' true 2> /dev/null; then
	put "$a" secret/key key
	put "$a" .cache/y y
	rules "$a" 'roam /secret/' 'roam **' 'local /mine/'
	export ROAM_MACHINE=a
	run=("$ROAM" --home "$a" --store "file://$store" --no-progress)
	site=$'local /secret/ # stays on the machine\nroam /mine/'
	expect 0 as_admin "$site" "${run[@]}" sync
	not_in_store secret/key
	expect 0 as_admin "$site" "${run[@]}" --json why secret/key
	[ "$(json 'd["class"], d["rule"], d["reason"]')" = \
		"('local', '$admin/site.rules:1', 'stays on the machine')" ] ||
		fail "why: $out"
	expect 0 as_admin "$site" "${run[@]}" --json why mine/x
	[ "$(json 'd["class"]')" = local ] || fail "the user may exclude: $out"
	expect 2 as_admin 'frob /x' "${run[@]}" sync
	says "$admin/site.rules:1: "
fi
