#!/usr/bin/env bash
# A server that loses packs, or part of them, gets their contents again from any
# machine that has them, with its next push, without anybody asking for it.
set -eu
[ -n "${TMPDIR:-}" ] || [ ! -w /dev/shm ] || export TMPDIR=/dev/shm
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/scenario/harm.sh
. "$srcdir/tests/scenario/harm.sh"

a=$work/a b=$work/b

anew() {
	rm -rf "$a" "$b" "$work/c" "$store"
	mkdir -p "$a/d" "$store"
	echo one > "$a/f"
	echo two > "$a/d/g"
	ln "$a/d/g" "$a/h"
	: > "$a/empty"
	head -c 3000000 /dev/urandom > "$a/large"
	expect 0 on a -q sync
	printf 'a change' | dd of="$a/large" bs=1 seek=1500000 conv=notrunc \
		status=none
	echo three > "$a/third"
	expect 0 on a -q sync
}

# fresh_is_whole: a machine that was never there gets everything.
fresh_is_whole() {
	rm -rf "$work/c"
	expect 0 on c -q pull
	same_pictures a c
}

# --- Packs that are gone, or too short --------------------------------------
harms=('rm' 'truncate -s 100' 'truncate -s 0')
for harm in "${harms[@]}"; do
	for gen in 1 2; do
		anew
		$harm "$store/gen/$(printf %012d $gen)/pack0"
		expect 0 on a --json sync -n
		plan=$(json 'sorted((x["action"], x["path"]) for x in d["actions"])')
		case $plan in
		*"('upload', 'large')"*) ;;
		*) fail "$harm of $gen: $plan" ;;
		esac
		expect 0 on a --json push
		[ "$plan" = "$(json 'sorted((x["action"], x["path"]) for x in d["actions"])')" ] ||
			fail "$harm of $gen: $plan was planned, but: $out"
		fresh_is_whole
		idle a sync
		idle c sync
	done
done

# --- The machine that finds out is not the one that has it ------------------
anew
expect 0 on b -q pull
pack=$(echo "$store"/gen/*2/pack0)
printf 'damage' | dd of="$pack" bs=1 seek=30 conv=notrunc status=none
expect 7 on c -q pull
expect 0 on a sync
says 'nothing to do'
expect 7 on c sync
[ "$(on c conflicts | grep -c large)" = 0 ] || fail "half a file is a conflict"
says 'damaged or missing'
# Told once, it is no news.
expect 7 on c --json sync
[ "$(json 'd["published"]')" = None ] || fail "told twice: $out"
# Whoever has another version by then does not harm what is still wanted.
echo 'third, changed' > "$b/third"
expect 0 on b sync
says 'large'
expect 0 on c -q sync
expect 0 on a -q sync
same_pictures a c
same_pictures a b
holds "$work/c" third 'third, changed'
for machine in a b c; do
	idle "$machine" sync
done

# --- Nobody has it any more --------------------------------------------------
anew
rm "$store"/gen/*/pack0 "$a/f"
expect 0 on a -q sync
rm -rf "$a"
expect 0 on c sync
[ ! -e "$work/c/f" ] || fail "what was removed is back"
fresh=$(picture_of "$work/c")
case $fresh in
*large*) ;;
*) fail "the rest is not there: $fresh" ;;
esac

# --- What only the conflict list names ---------------------------------------
# both_have: a version of each, that of b loses and lies on the shelf of both.
both_have() {
	anew
	expect 0 on b -q sync
	head -c 70000 /dev/urandom > "$a/f"
	expect 0 on a -q sync
	head -c 60000 /dev/urandom > "$b/f"
	touch -d '2 hours ago' "$b/f"
	md5sum < "$b/f" > "$work/loser"
	expect 0 on b -q sync
	id=$(on b conflicts | awk '$NF == "f" { print $1 }')
	[ -n "$id" ] || fail "no conflict"
	rm "$store"/gen/*4/pack0
}

# shown MACHINE: it can show the version that lost.
shown() {
	on "$1" conflicts show "$id" | md5sum | cmp - "$work/loser" ||
		fail "$1 shows another one"
}

both_have
expect 0 on b -q push
rm -rf "$work/c"
expect 0 on c -q pull
shown c
idle b sync
# Found out by a machine that has it not.
both_have
expect 0 on a -q sync
expect 1 on a conflicts show "$id"
idle a sync
expect 0 on b -q push
rm -rf "$work/c"
expect 0 on c -q pull
shown c
for machine in a b c; do
	expect 0 on "$machine" -q sync
	idle "$machine" sync
done
# Nobody has it: it stays listed, and nothing is said twice.
both_have
rm -rf "$b"
expect 0 on a -q sync
idle a sync
[ "$(on a conflicts | grep -c "$id")" = 1 ] || fail "not listed any more"
# What lies on the shelf is not it any more.
both_have
chmod u+w "$b/.local/state/roam/conflicts/"*
printf 'damage' | dd of="$(find "$b/.local/state/roam/conflicts" -size +50k)" \
	bs=1 seek=30 conv=notrunc status=none
expect 0 on b push
says 'is damaged'
idle b sync
