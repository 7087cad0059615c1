#!/usr/bin/env bash
# Contents that left the head and come back lie in the store already: they are
# not sent again while an older generation has them, and are where it has not.
set -eu
[ -n "${TMPDIR:-}" ] || [ ! -w /dev/shm ] || export TMPDIR=/dev/shm
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/scenario/harm.sh
. "$srcdir/tests/scenario/harm.sh"

a=$work/a b=$work/b
printf '[history]\nkeep = 0\nkeep_min = 1\n' > "$work/short.conf"
gc() {
	ROAM_MACHINE=gc "$ROAM" --home "$work/nowhere" --store "file://$store" \
		--config "$work/short.conf" gc -q
}

# size: bytes of the store's files.
size() {
	find "$store" -type f -printf '%s\n' | awk '{ n += $1 } END { print n + 0 }'
}

# sends WHAT LEAST MOST COMMAND ...: it adds so many bytes to the store.
sends() {
	local what=$1 least=$2 most=$3 before
	shift 3
	before=$(size)
	expect 0 "$@"
	before=$(($(size) - before))
	{ [ "$before" -ge "$least" ] && [ "$before" -le "$most" ]; } ||
		fail "$what: $before bytes, not $least to $most"
}

# gone_everywhere: a store, two homes, and what both had once.
gone_everywhere() {
	rm -rf "$a" "$b" "$work/c" "$work/kept" "$store"
	mkdir -p "$a" "$store"
	: > "$a/stays"
	head -c 3000000 /dev/urandom > "$a/large"
	head -c 60000 /dev/urandom > "$a/small"
	expect 0 on a -q sync
	printf 'a change' | dd of="$a/large" bs=1 seek=1500000 conv=notrunc \
		status=none
	expect 0 on a -q sync
	expect 0 on b -q sync
	cp -a "$a" "$work/kept"
	rm "$a/large" "$a/small"
	expect 0 on a -q sync
	expect 0 on b -q sync
}

# whole: every machine gets what there is, and all of it is right.
whole() {
	expect 0 on a verify --data
	expect 0 on b -q sync
	expect 0 on c -q pull
	same_pictures a b
	same_pictures a c
	cmp "$work/kept/large" "$work/c/large"
	cmp "$work/kept/small" "$work/c/small"
	idle a sync
	idle b sync
}

# --- Copied back, by the machine that removed it and by the other one --------
for machine in a b; do
	gone_everywhere
	cp "$work/kept/large" "$work/kept/small" "$work/$machine"
	sends "copied back on $machine" 200 3000 on "$machine" -q push
	expect 0 on a -q sync
	whole
	tidy a b c
	# What is changed next is still sent in pieces.
	printf 'another' | dd of="$work/$machine/large" bs=1 seek=700000 \
		conv=notrunc status=none
	sends "changed on $machine" 200 20000 on "$machine" -q push
done

# --- Restored, also by a machine that never had it ----------------------------
for machine in a fresh; do
	gone_everywhere
	rm -rf "$work/fresh"
	expect 0 on "$machine" -q pull
	expect 0 on "$machine" -q restore large small --from 2
	sends "restored on $machine" 200 3000 on "$machine" -q push
	expect 0 on a -q sync
	whole
done
gone_everywhere
expect 0 on b -q undo
sends "undone" 200 3000 on b -q push
expect 0 on a -q sync
whole

# --- A version that lost is taken, and leaves the list ------------------------
gone_everywhere
head -c 100000 /dev/urandom > "$a/both"
head -c 100000 /dev/urandom > "$b/both"
touch -d '2 hours ago' "$a/both"
expect 0 on a -q sync
expect 0 on b -q sync
id=$(on b conflicts | awk '$NF == "both" { print $1 }')
[ -n "$id" ] || fail "no conflict: $(on b conflicts)"
expect 0 on b -q conflicts take "$id"
sends "taken" 200 4000 on b -q push
expect 0 on b verify --data

# --- Collected: sent again; with what came back nothing is collected ----------
gone_everywhere
expect 0 gc
cp "$work/kept/large" "$work/kept/small" "$a"
sends "after gc" 3000000 3200000 on a -q push
whole
gone_everywhere
cp "$work/kept/large" "$work/kept/small" "$a"
sends "before gc" 200 3000 on a -q push
expect 0 gc
whole
# Another machine's publication does not carry on what was taken since.
gone_everywhere
expect 0 gc
echo news > "$b/news"
expect 0 on b -q push
cp "$work/kept/large" "$a"
sends "after gc and news" 3000000 3200000 on a -q sync

# --- Stopped at each step; and collection that had begun before ---------------
# take_away: what gc does whose look at the store was before the push.
take_away() {
	rm -f "$store"/gen/00000000000[12]/manifest
	[ "$1" = half ] || rm -f "$store"/gen/00000000000[12]/pack*
}

gone_everywhere
cp "$work/kept/large" "$work/kept/small" "$a"
cp -a "$store" "$work/start"
cp -a "$a" "$work/start-a"
for how in half whole; do
	stop=1
	while :; do
		rm -rf "$store" "$a" "$b" "$work/c"
		cp -a "$work/start" "$store"
		cp -a "$work/start-a" "$a"
		status=0
		ROAM_STOP_AT=$stop on a -q push 2> "$work/.stop" || status=$?
		[ "$status" = 0 ] && break
		[ "$status" = 99 ] || fail "step $stop: exit $status"
		take_away "$how"
		expect 0 on a -q push
		expect 0 on c -q pull
		same_pictures a c
		idle a sync
		tidy a
		# Who was overtaken leaves a gap in the history, and no other.
		on a verify --data > "$work/.verify" ||
			[ "$how" = whole ] || fail "$(cat "$work/.verify")"
		! grep '^generation' "$work/.verify" | grep -v '^generation 4: ' ||
			fail "other gaps"
		stop=$((stop + 1))
	done
	[ "$stop" -gt 8 ] || fail "only $stop steps"
done
echo "push: $((stop - 1)) steps"

# --- Collection that goes on all the while ------------------------------------
gone_everywhere
while [ ! -e "$work/done" ]; do
	gc || touch "$work/failed"
done &
collector=$!
for _ in 1 2 3 4 5 6; do
	cp "$work/kept/large" "$work/kept/small" "$a"
	expect 0 on a -q push
	rm -rf "$work/c"
	expect 0 on c -q pull
	cmp "$work/kept/large" "$work/c/large"
	rm "$a/large" "$a/small"
	expect 0 on a -q push
done
touch "$work/done"
wait "$collector"
[ ! -e "$work/failed" ] || fail "gc failed"
expect 0 on a verify --data

# --- A store that went back to what a backup had -------------------------------
gone_everywhere
cp -a "$store" "$work/backup"
head -c 50000 /dev/urandom > "$a/later"
cp "$a/later" "$work/kept/"
expect 0 on a -q push
rm "$a/later"
expect 0 on a -q push
rm -rf "$store"
mv "$work/backup" "$store"
head -c 70000 /dev/urandom > "$b/other"
expect 0 on b -q push
cp "$work/kept/later" "$a"
expect 0 on a sync
expect 0 on a verify --data
rm -rf "$work/c"
expect 0 on c -q pull
cmp "$work/kept/later" "$work/c/later"
