#!/usr/bin/env bash
# A long history, of which collection keeps the newest part while others work:
# what is kept stays as it was, what is needed stays there, the rest goes.
set -eu # before anything is sourced: without it $work would be empty
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/scenario/harm.sh
. "$srcdir/tests/scenario/harm.sh"
command -v bsdtar > /dev/null || exit 77

keep=10
printf '[history]\nkeep = 0\nkeep_min = %s\nrecords = 64\n' $keep > "$work/short.conf"
mkdir "$work/pictures"

# edit MACHINE ROUND: what its user does between two runs. Of the 60 large
# files that came first all but a few go, one after the other.
edit() {
	python3 - "$work/$1" "$1" "$2" <<-'END'
		import os, random, sys
		home, who, n = sys.argv[1] + '/', sys.argv[2], int(sys.argv[3])
		random.seed(who + str(n))
		def write(name, size):
		    with open(home + name, 'wb') as f: f.write(random.randbytes(size))
		os.makedirs(home + who, exist_ok = True)
		write('%s/%d' % (who, n % 7), random.randrange(3000))
		write('%s/last' % who, 100)
		if n % 5 == 0: write('%s/large' % who, 1200000)
		if n % 5 != 0 and os.path.exists(home + who + '/large'):
		    with open(home + who + '/large', 'r+b') as f:
		        f.seek(random.randrange(1000000))
		        f.write(random.randbytes(5000))
		if n % 3 == 0: os.chmod(home + who + '/last', 0o600)
		if n % 4 == 0 and not os.path.exists(home + who + '/link%d' % n):
		    os.link(home + who + '/last', home + who + '/link%d' % n)
		    os.symlink('last', home + who + '/sym%d' % n)
		if who == 'a':
		    for i in range(n * 3, n * 3 + 3):
		        if i < 54 and os.path.exists(home + 'old/%d' % i):
		            os.remove(home + 'old/%d' % i)
	END
}

# round MACHINE NUMBER [option ...]: edit, sync, remember what was published.
round() {
	local machine=$1 number=$2 gen
	shift 2
	edit "$machine" "$number"
	on "$machine" --json "$@" sync > "$work/.sync-$machine" ||
		fail "round $number on $machine: exit $?"
	gen=$(sed -n 's/.*"published":\([0-9]*\).*/\1/p' "$work/.sync-$machine")
	[ -z "$gen" ] ||
		picture_of "$work/$machine" > "$work/pictures/$gen"
}

gc() {
	ROAM_MACHINE=gc "$ROAM" --home "$work/nowhere" --store "file://$store" \
		--config "$work/short.conf" "$@" gc
}

# generations: of the store that are still whole.
generations() {
	(cd "$store/gen" && ls -d ./*/manifest) | sed 's,\./0*\([0-9]*\)/.*,\1,'
}

# files: of the store, with their sizes, but for what never was published.
files() {
	(cd "$store" && find . -path ./tmp -prune -o -type f -printf '%p %s\n') | sort
}

# acls FOLDER: of the first files that stay.
acls() {
	(cd "$1" && getfacl -n old old/55 old/56) 2> /dev/null || :
}

# check_all: every generation that is there is whole, as it was.
check_all() {
	local gen
	expect 0 on a verify --data
	for gen in $(generations); do
		rm -rf "$work/out"
		mkdir "$work/out"
		on a export "$gen" | bsdtar -xpf - -C "$work/out" ||
			fail "generation $gen cannot be extracted"
		acls "$work/out" | cmp - "$work/acls" ||
			fail "generation $gen: other access control lists"
		[ -e "$work/pictures/$gen" ] || continue
		picture_of "$work/out" > "$work/.out-picture"
		same "$work/pictures/$gen" "$work/.out-picture" \
			"generation $gen is not what it was"
	done
}

# --- 28 generations, and collection stopped at every step --------------------
mkdir -p "$work/a/old"
python3 -c '
import random, sys
random.seed(1)
for i in range(60):
    open(sys.argv[1] + "/old/%d" % i, "wb").write(random.randbytes(100000))' \
	"$work/a"
setfattr -n user.kind -v old "$work/a/old/55" 2> /dev/null || :
setfacl -m u:1:rw,g:2:r "$work/a/old/56" 2> /dev/null || :
setfacl -d -m u:1:rwx "$work/a/old" 2> /dev/null || :
python3 -c '
import os, sys
open(os.fsencode(sys.argv[1]) + b"/old/\xff \n\xc3\xbc", "w").write("named")
os.utime(sys.argv[1] + "/old/57", ns = (10 ** 18 + 7, 10 ** 18 + 7))' "$work/a"
round a 0
acls "$work/a" > "$work/acls"
on c -q sync # and sleeps from now on
echo "of c" > "$work/c/of-c"
echo "edited while asleep" > "$work/c/old/59"
for n in $(seq 1 27); do
	round a "$n"
done
[ "$(generations | wc -l)" = 28 ] || fail "not 28 generations: $(generations)"

expect 1 on a --json export 99
says '"kind":"gone"'
expect 2 on a export 0

before=$(find "$store" -printf '%p %s %T@\n' | sort)
expect 0 gc --json --dry-run
would=$(json 'd["expired"], d["packs"], d["bytes"]')
[ "$(find "$store" -printf '%p %s %T@\n' | sort)" = "$before" ] ||
	fail "a dry run changed the store"

cp -a "$store" "$work/start"
expect 0 gc --json
[ "$(json 'd["expired"], d["packs"], d["bytes"]')" = "$would" ] ||
	fail "a dry run said $would: $out"
[ "$(json 'd["expired"] > 0 and d["sparse_bytes"] > 1 << 20')" = True ] ||
	fail "nothing expired: $out"
[ "$(json 'd["published"]')" = 29 ] || fail "nothing was repacked: $out"
expect 0 on a --json show head
[ "$(json 'd["changes"]')" = "[]" ] || fail "repacking is a change: $out"
expect 0 gc # takes out what had to stay for the generation before
files > "$work/want"
check_all
[ -e "$store/gen/000000000001/pack0" ] || fail "history lost its contents"

stop=1
while :; do
	rm -rf "$store"
	cp -a "$work/start" "$store"
	status=0
	ROAM_STOP_AT=$stop gc -q 2> "$work/.stop" || status=$?
	[ "$status" = 0 ] && break # all steps have been tried
	[ "$status" = 99 ] || fail "step $stop of gc: exit $status"
	expect 0 gc
	expect 0 gc
	files > "$work/got"
	# Records of one machine are as long as those of another run.
	same "$work/want" "$work/got" \
		"gc stopped at step $stop ($(cat "$work/.stop"))"
	[ $((stop % 10)) != 0 ] || expect 0 on a verify --data
	stop=$((stop + 1))
done
echo "gc: $((stop - 1)) steps"

# --- Leftovers ---------------------------------------------------------------
mkdir -p "$store/tmp/00ab/" "$store/tmp/00cd" "$store/tmp/00ef" \
	"$store/trash/x-1"
touch "$store/tmp/00ab/pack0" "$store/tmp/00ef/pack0" "$store/trash/x-1/pack0"
touch -d '8 days ago' "$store/tmp/00ab" "$store/tmp/00cd"
touch -d '6 days ago' "$store/tmp/00ef"
expect 0 gc --json
[ "$(json 'd["leftovers"]')" = 3 ] || fail "not three leftovers: $out"
[ "$(ls "$store/tmp")" = 00ef ] || fail "wrong leftovers: $(ls "$store/tmp")"
[ -z "$(ls "$store/trash")" ] || fail "trash is not empty"
rm -r "$store/tmp/00ef"

# --- A sync cleans up as well, where enough has expired ----------------------
rm -rf "$store"
mv "$work/start" "$store"
for n in 28 29 30; do
	round a "$n" --config "$work/short.conf"
done
[ "$(generations | head -n 1)" = 1 ] || fail "collected too early"
mkdir "$store/trash"
touch "$store/trash/stray"
round a 31 --config "$work/short.conf"
[ ! -e "$store/trash/stray" ] || fail "the 32nd generation did not clean up"
[ "$(generations | head -n 1)" = 18 ] ||
	fail "the 32nd generation did not collect: $(generations)"

# --- Collection while two machines work, and twice at once -------------------
on b -q sync
collect() {
	while [ ! -e "$work/done" ]; do
		gc -q || {
			echo "gc: exit $?" > "$work/failed-$1"
			return
		}
		sleep 0.05
	done
}
collect 1 &
collect 2 &
collectors=$(jobs -p)
(
	for n in $(seq 1 15); do
		round b "$n"
		on b -q pull || fail "pull: exit $?"
	done
) || touch "$work/failed-b" &
other=$!
for n in $(seq 32 45); do
	round a "$n"
done
wait "$other"
touch "$work/done"
for pid in $collectors; do
	wait "$pid"
done
for failed in "$work"/failed-*; do
	[ ! -e "$failed" ] || fail "$failed: $(cat "$failed")"
done
on a -q sync
on b -q sync
same_homes a b
check_all

# --- Then everything but the newest generations goes -------------------------
last=$(generations | tail -n 1)
[ "$last" -lt 80 ] || fail "more than 80 generations already: $last"
n=46
while [ "$last" -lt 82 ]; do
	round a "$n"
	n=$((n + 1))
	last=$((last + 1))
done
expect 0 gc --json
[ "$(json 'd["removed"] > 0')" = True ] || fail "no generation is gone: $out"
expect 0 gc
count=$(generations | wc -l)
{ [ "$count" -ge $keep ] && [ "$count" -le $((keep + 16)) ]; } ||
	fail "$count generations are left: $(generations)"
[ ! -e "$store/gen/000000000001" ] || fail "generation 1 is still there"
records=$(find "$store/gen" -name commit | wc -l)
[ "$records" -ge 64 ] || fail "only $records records are left"
check_all
expect 1 on a export 2
says "generation 2: was collected"
expect 1 on a export 40
says "generation 40: was collected"

# --- Who slept through all of it ---------------------------------------------
expect 0 on c sync
[ "$(cat "$work/c/of-c")" = "of c" ] || fail "lost what c wrote"
[ "$(cat "$work/c/old/59")" = "edited while asleep" ] || fail "lost an edit"
[ ! -e "$work/c/old/1" ] || fail "what was removed is back"
expect 0 on a sync
same_homes a c
check_all

# --- A damaged pack costs what lies there, and that is said -------------------
pack=$(find "$store/gen" -name 'pack*' -size +100k | sort | tail -n 1)
printf x | dd of="$pack" bs=1 seek=50000 conv=notrunc status=none
on a export head > "$work/tar" 2> "$work/.err" && fail "damage is not told"
[ $? = 7 ] || fail "damage is not told by the exit status"
rm -rf "$work/out"
mkdir "$work/out"
bsdtar -xpf "$work/tar" -C "$work/out"
picture_of "$work/a" > "$work/.one"
picture_of "$work/out" > "$work/.two"
{ diff "$work/.one" "$work/.two" || :; } |
	sed -n 's/^[<>] [0-9a-f]\{32\} *//p' | sort -u > "$work/differ"
[ -s "$work/differ" ] || fail "nothing was damaged"
while read -r name; do
	grep -qF "${name#./}: " "$work/.err" || fail "$name is not named"
done < "$work/differ"
expect 1 on a verify --data
says "generation "
expect 1 on a --json verify --data
[ "$(json 'len(d["findings"]) > 0')" = True ] || fail "no finding: $out"
