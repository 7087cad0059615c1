#!/usr/bin/env bash
# What a home or a store remembers goes back in time, gets lost, is damaged or
# copied: both sides are united, conflicts are kept, nothing is deleted, it is
# said, and the next run has nothing to do. Deletions in bulk are held back.
set -eu
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/scenario/harm.sh
. "$srcdir/tests/scenario/harm.sh"

a=$work/a b=$work/b

# snapshot NAME, back NAME PART ...: of homes and store, all of it and as it was.
snapshot() {
	mkdir "$work/$1"
	for part in a b store; do
		[ ! -e "$work/$part" ] || cp -a "$work/$part" "$work/$1/"
	done
}
back() {
	local name=$1 part
	shift
	for part; do
		rm -rf "${work:?}/$part"
		cp -a "$work/$name/$part" "$work/$part"
	done
}

# settled: both machines sync, end equal, and have nothing more to do.
settled() {
	local machine
	for machine in a b a b; do
		expect 0 on "$machine" -q sync
	done
	same_pictures a b
	for machine in a b; do
		idle "$machine" sync
	done
	tidy a b
	expect 0 on a verify --data
}

# united: the last run said that nothing is deleted.
united() {
	says "nothing"
	case "$err" in
	*delete*) ;;
	*) fail "not said: $err" ;;
	esac
}

# --- What all parts start from: an old state and a newer one ----------------
mkdir -p "$a/dir"
for name in kept old edited dir/one dir/two; do
	echo "first $name" > "$a/$name"
done
expect 0 on a -q sync
expect 0 on b -q sync
snapshot first
rm "$a/old"
echo second > "$a/edited"
touch -d '+1 minute' "$a/edited"
echo second > "$a/new"
mv "$a/dir/one" "$a/dir/moved"
expect 0 on a -q sync
expect 0 on b -q sync
echo third > "$b/later"
expect 0 on b -q sync
expect 0 on a -q sync
snapshot last
everything a b | sort -u > "$work/versions"

# --- A home rolled back, its state with it: as if it had been away ----------
back first a
expect 0 on a sync
holds "$a" edited second new second dir/moved "first dir/one" later third
[ ! -e "$a/old" ] || fail "what was removed elsewhere is back"
settled
same_pictures a b

# --- The same, and the user has worked in it before he noticed --------------
back last a b store
back first a
echo 'rolled back' > "$a/edited"
touch -d '-1 hour' "$a/edited"
echo 'rolled back' > "$a/old"
expect 0 on a sync
holds "$a" edited second new second old 'rolled back'
settled
for id in $(conflicts_of a | awk '$NF == "edited" { print $1 }'); do
	on a conflicts show "$id"
done | grep -qx 'rolled back' || fail "the loser is not kept"

# --- The files alone rolled back, the state not -----------------------------
# To the merge that is an edit: old names come back, none that is new goes
# without being held or kept in the past.
back last a b store
cp -a "$a/.local" "$work/local"
back first a
rm -rf "$a/.local"
mv "$work/local" "$a/.local"
expect 0 on a -q sync
settled
has_all "$work/versions" a

# --- The store restored from an older copy ----------------------------------
back last a b store
back first store
expect 0 on a sync
united
holds "$a" edited second new second later third kept 'first kept'
settled
holds "$b" edited second new second later third dir/moved 'first dir/one'

# --- Restored, and another machine was there first --------------------------
back last a b store
back first store
echo edit > "$b/kept"
expect 0 on b -q sync
expect 0 on a -q sync
settled
holds "$a" edited second new second later third kept edit

# --- Another store in its place ---------------------------------------------
back last a b store
rm -rf "$store"
mkdir "$store" "$work/c"
echo foreign > "$work/c/foreign"
echo foreign > "$work/c/kept"
touch -d '-1 hour' "$work/c/kept"
expect 0 on c -q sync
expect 0 on a sync
united
holds "$a" edited second new second foreign foreign kept 'first kept'
settled
holds "$b" foreign foreign kept 'first kept' new second

# --- The store emptied, or its directory gone -------------------------------
for how in empty gone; do
	back last a b store
	rm -rf "$store"
	[ "$how" = gone ] || mkdir "$store"
	expect 0 on a sync
	united
	holds "$a" edited second new second later third
	settled
done

# --- State lost, of one home or of both -------------------------------------
for lost in "a" "a b"; do
	back last a b store
	for machine in $lost; do
		rm -rf "$work/$machine/.local/state/roam"
	done
	rm "$a/kept"
	echo edit > "$a/new"
	expect 0 on a -q sync
	holds "$a" kept 'first kept' new edit later third
	settled
	has_all "$work/versions" a b
done

# --- State damaged: wherever a bit flips or the file ends -------------------
back last a b store
python3 - "$a/.local/state/roam/trees" "$work" <<-'END'
	import random, sys
	random.seed(3)
	good = open(sys.argv[1], 'rb').read()
	def put(n, bytes):
	    open('%s/damage-%d' % (sys.argv[2], n), 'wb').write(bytes)
	for n in range(12):
	    bad = bytearray(good)
	    bad[random.randrange(len(bad))] ^= 1 << random.randrange(8)
	    put(n, bad)
	for n, size in enumerate((0, 1, 16, len(good) // 2, len(good) - 1)):
	    put(12 + n, good[:size])
	put(17, good + b'x')
	put(18, random.randbytes(len(good)))
	put(19, bytes(len(good)))
END
for n in {0..19}; do
	back last a b store
	cp "$work/damage-$n" "$a/.local/state/roam/trees"
	rm "$a/kept"
	echo mine > "$a/mine"
	expect 0 on a sync
	says "the local state is damaged"
	united
	holds "$a" kept 'first kept' mine mine new second
	expect 0 on b -q sync
	same_pictures a b
	idle a sync
done
expect 0 on b verify --data

# --- A home copied to a second machine, state and all -----------------------
back last a b store
cp -a "$a" "$work/copy"
echo 'from a' > "$a/edited"
echo 'from copy' > "$work/copy/edited"
touch -d '+2 minutes' "$work/copy/edited"
rm "$a/new"
echo 'only copy' > "$work/copy/own"
expect 0 on a -q sync
expect 0 on copy -q sync
expect 0 on a -q sync
same_pictures a copy
holds "$a" edited 'from copy' own 'only copy'
[ ! -e "$work/copy/new" ] || fail "the removal is not everywhere"
for id in $(conflicts_of a | awk '$NF == "edited" { print $1 }'); do
	on a conflicts show "$id"
done | grep -qx 'from a' || fail "the copy's edit ate the other one"
settled

# --- Clocks: far in the past, far in the future -----------------------------
back last a b store
echo newer > "$a/edited"
touch -d '1970-01-02' "$a/edited"
echo 'in 2100' > "$a/kept"
touch -d '2100-01-01' "$a/kept" "$a/dir"
echo future > "$b/future"
touch -d '2200-01-01' "$b/future"
echo past > "$b/past"
touch -d '1901-12-14' "$b/past"
expect 0 on a -q sync
settled
holds "$b" edited newer kept 'in 2100' future future past past
[ "$(stat -c %Y "$a/future")" = "$(date -d 2200-01-01 +%s)" ] ||
	fail "another time: $(stat -c %y "$a/future")"
# An edit of today against one of 2100 loses, and is kept.
echo today > "$b/kept"
echo 'in 2101' > "$a/kept"
touch -d '2101-01-01' "$a/kept"
settled
holds "$b" kept 'in 2101'
for id in $(conflicts_of a | awk '$NF == "kept" { print $1 }'); do
	on a conflicts show "$id"
done | grep -qx today || fail "the edit of today is lost"

# --- A home that was wiped, its state not -----------------------------------
back last a b store
find "$a" -mindepth 1 -maxdepth 1 -not -name .local -exec rm -rf {} +
for command in sync push; do
	expect 5 on a "$command"
	says "--allow-deletes"
done
expect 5 on a --json sync
[ "$(json 'd["published"]')" = None ] || fail "deletions were published"
expect 0 on a --json status
[ "$(json 'd["held_deletes"]')" -gt 3 ] || fail "status does not say: $out"
expect 0 on b -q sync
holds "$b" kept 'first kept' new second
# Wiped on purpose.
back last a b store
find "$a" -mindepth 1 -maxdepth 1 -not -name .local -exec rm -rf {} +
expect 0 on a sync --allow-deletes
expect 5 on b sync # an emptied store empties no home unasked
expect 0 on b sync --allow-deletes
[ ! -e "$b/kept" ] || fail "not removed on demand"
settled
has_all "$work/versions" a

# --- More than half, and more than a hundred, in either direction -----------
rm -rf "$a" "$b" "$store" "$work/first" "$work/last"
mkdir -p "$a/dir" "$store"
for n in {1..200}; do echo "file $n" > "$a/dir/$n"; done
for n in {1..40}; do echo "other $n" > "$a/$n"; done
expect 0 on a -q sync
expect 0 on b -q sync
snapshot last
rm "$a"/dir/1??
expect 0 on a -q sync # 100 of 241: neither
expect 0 on b -q sync
same_pictures a b
rm "$a"/dir/*
rmdir "$a/dir"
echo fresh > "$a/fresh"
expect 5 on a sync
says "--allow-deletes"
expect 0 on b -q sync
[ -e "$b/dir/1" ] || fail "held back, and gone all the same"
holds "$b" fresh fresh # the rest is not held back
expect 0 on a sync --allow-deletes
expect 5 on b sync # what arrives in bulk is held back as well
[ -e "$b/dir/1" ] || fail "deleted in spite of the guard"
expect 0 on b sync --allow-deletes
settled

back last a b store
rm "$a"/dir/*
expect 5 on a push
expect 5 on a sync
expect 0 on a pull --allow-deletes
[ ! -e "$a/dir/1" ] || fail "a pull brought back what was removed"
expect 0 on a push --allow-deletes
expect 5 on b pull
expect 0 on b pull --allow-deletes
settled

# --- All renamed: no deletion -----------------------------------------------
back last a b store
mv "$a/dir" "$a/renamed"
for n in {1..40}; do mv "$a/$n" "$a/renamed/other $n"; done
expect 0 on a --json sync
[ "$(json 'd["summary"]["bytes_up"]')" = 0 ] || fail "renames cost: $out"
expect 0 on b sync
settled
