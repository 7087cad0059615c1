#!/usr/bin/env bash
# Guards: what looks like a disaster is held back until a person lets it pass,
# while all else is done; and a clock that is off is told.
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"

a=$work/a b=$work/b
mkdir -p "$a/docs" "$b"
conf=$work/roam.conf
printf '[guard]\ncount = 10\nchange_count = 10\n' > "$conf"
run() {
	on "$1" --config "$conf" "${@:2}"
}
for i in $(seq 30); do
	echo "letter $i" > "$a/docs/$i.odt"
done
expect 0 run a sync
expect 0 run b sync

# --- Every file holds something else ----------------------------------------
for i in $(seq 30); do
	head -c 400 /dev/urandom > "$a/docs/$i.odt"
done
echo note > "$a/note"
expect 5 run a --json sync --dry-run
[ "$(json 'd["summary"]["held_changes"], d["summary"]["upload"]')" = \
	'(30, 1)' ] || fail "$out"
expect 5 run a sync
says '30 files would get other contents'
expect 0 run a --json status
[ "$(json 'd["held_changes"]')" = 30 ] || fail "$out"
# The store has the note and the old letters, and so do the others.
expect 0 run b sync
[ "$(cat "$b/note" "$b/docs/7.odt")" = $'note\nletter 7' ] || fail "leaked"
# Nothing changes by running again, and a machine is not stuck meanwhile.
expect 5 run a --json sync
[ "$(json 'd["published"]')" = None ] || fail "published: $out"
echo more > "$a/more"
expect 5 run a sync
expect 0 run b sync
[ -f "$b/more" ] || fail "the rest is stuck"
# One way out: the old ones come back, and the others are kept as conflicts.
expect 0 run a restore docs
expect 0 run a sync
[ "$(cat "$a/docs/7.odt")" = 'letter 7' ] || fail "not restored"
expect 0 run a --json conflicts
[ "$(json 'len(d["conflicts"])')" = 30 ] || fail "$out"
for id in $(json '" ".join(c["id"] for c in d["conflicts"])'); do
	expect 0 run a conflicts drop "$id"
done
expect 0 run a sync

# --- The same under new names -----------------------------------------------
for i in $(seq 25); do
	rm "$a/docs/$i.odt"
	head -c 400 /dev/urandom > "$a/docs/$i.odt.locked"
done
expect 5 run a --json sync
[ "$(json 'd["summary"]["held_changes"], d["summary"]["delete_store"]')" = \
	'(25, 0)' ] || fail "$out"
expect 0 run b sync
[ -f "$b/docs/7.odt" ] || fail "removed in spite of the guard"
# The other way out: it was meant.
expect 0 run a --allow-changes sync
# What comes from the store is held as well where it meets this home's files.
expect 5 run b sync
[ -f "$b/docs/7.odt" ] || fail "removed in spite of the guard"
expect 0 run b sync --allow-changes
same_homes a b

# --- Renames and few changes are nothing of the kind -------------------------
mkdir "$a/letters"
mv "$a"/docs/* "$a/letters/"
for f in "$a"/letters/*.locked; do
	mv "$f" "${f%.locked}"
done
expect 0 run a sync
expect 0 run b sync
for i in $(seq 8); do
	echo again > "$a/letters/$i.odt"
done
expect 0 run a sync
expect 0 run b sync
same_homes a b

# --- An emptied side --------------------------------------------------------
find "$a" -mindepth 1 -maxdepth 1 -not -name .local -exec rm -r {} +
expect 5 run a sync
says '--allow-deletes'
expect 0 run b sync
[ -f "$b/note" ] || fail "removed in spite of the guard"
expect 0 run a --allow-deletes sync
expect 5 run b sync
[ -f "$b/note" ] || fail "removed in spite of the guard"
expect 0 run b --allow-deletes sync
[ ! -e "$b/note" ] || fail "not removed"

# --- A clock that is off ----------------------------------------------------
if faketime '2037-01-01' "$ROAM" --version > /dev/null 2>&1; then
	echo x > "$a/x"
	expect 0 faketime '2037-01-01' "$ROAM" --home "$a" --store "$url" sync
	expect 0 run b sync
	says 'is from the future'
fi
