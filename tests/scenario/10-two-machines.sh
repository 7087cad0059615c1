#!/usr/bin/env bash
# Two machines roam one profile through a directory: everything arrives as it
# was, both sides' edits are merged, true conflicts are kept, and a second run
# has nothing to do.
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"

a=$work/a b=$work/b
mkdir -p "$a/.config/app" "$a/docs/deep/er" "$a/empty" "$b"
echo one > "$a/docs/one"
echo two > "$a/docs/deep/er/two"
: > "$a/docs/nothing"
echo secret > "$a/.config/app/key"
chmod 600 "$a/.config/app/key"
chmod 750 "$a/docs"
echo '#!/bin/sh' > "$a/docs/run"
chmod 755 "$a/docs/run"
ln -s one "$a/docs/link"
ln -s nowhere "$a/docs/dangling"
ln "$a/docs/one" "$a/docs/hard"
touch -d '2001-02-03 04:05:06.789' "$a/docs/one"
python3 - "$a" <<-'END'
	import os, sys
	open(os.path.join(sys.argv[1].encode(), b'b\xff\nd \\'), 'w').write('odd')
	with open(sys.argv[1] + '/sparse', 'wb') as f:
	    f.truncate(5 << 20)
	    f.seek(3 << 20)
	    f.write(b'data')
	import random
	random.seed(1)
	open(sys.argv[1] + '/big', 'wb').write(random.randbytes(3 << 20))
END

# A dry run changes nothing anywhere.
tree_of "$a" > "$work/before"
expect 0 on a --json plan
[ "$(json 'd["summary"]["upload"]')" -gt 10 ] || fail "too little planned"
[ -z "$(ls -A "$store")" ] || fail "the dry run wrote to the store"
[ ! -e "$a/.local" ] || fail "the dry run wrote to the home"
planned=$(json 'sorted((x["action"], x["path"]) for x in d["actions"])')

expect 0 on a --json push
[ "$(json 'sorted((x["action"], x["path"]) for x in d["actions"])')" = \
	"$planned" ] || fail "the run did not do what the dry run said"
[ "$(json 'd["published"]')" = 1 ] || fail "not generation 1"

expect 0 on b pull
same_homes a b
[ "$(stat -c %i "$b/docs/one")" = "$(stat -c %i "$b/docs/hard")" ] ||
	fail "the hard link is none"
[ "$(stat -c %b "$b/sparse")" -lt 1000 ] || fail "the holes are filled"

# Nothing to do: nothing is written.
find "$a" "$b" "$store" -printf '%p %T@ %C@ %s\n' | grep -v roam/status > "$work/idle"
expect 0 on a sync
expect 0 on b sync
says "nothing to do"
find "$a" "$b" "$store" -printf '%p %T@ %C@ %s\n' | grep -v roam/status > "$work/idle2"
diff "$work/idle" "$work/idle2" || fail "an idle run wrote something"

# Edits on both sides of different things.
echo changed > "$a/docs/deep/er/two"
chmod 644 "$b/docs/run"
rm "$b/docs/nothing"
mv "$b/big" "$b/docs/large"
mkdir "$a/new"
echo new > "$a/new/file"
expect 0 on a sync
expect 0 on b --json sync
[ "$(json '[x["from"] for x in d["actions"] if x["action"] == "rename"]')" = \
	"['big']" ] || fail "the rename was not seen: $out"
[ "$(json 'd["summary"]["bytes_up"]')" = 0 ] || fail "a rename cost bytes"
inode=$(stat -c %i "$a/big")
expect 0 on a sync
[ "$(stat -c %i "$a/docs/large")" = "$inode" ] || fail "not renamed but copied"
same_homes a b

# A true conflict: the newer version wins, the other one is kept for everyone.
echo from-a > "$a/docs/one.txt"
expect 0 on a sync
expect 0 on b sync
echo a-older > "$a/docs/one.txt"
touch -d '2020-01-01' "$a/docs/one.txt"
echo b-newer > "$b/docs/one.txt"
expect 0 on a sync
expect 0 on b --json sync
[ "$(json 'd["summary"]["conflict"]')" = 1 ] || fail "no conflict: $out"
expect 0 on a sync
[ "$(cat "$a/docs/one.txt")" = b-newer ] || fail "the older version won"
for machine in a b; do
	expect 0 on "$machine" --json conflicts
	[ "$(json '[(c["path"], c["machine"]) for c in d["conflicts"]]')" = \
		"[('docs/one.txt', 'a')]" ] || fail "$machine lists: $out"
	id=$(json 'd["conflicts"][0]["id"]')
	expect 0 on "$machine" conflicts show "$id"
	[ "$out" = a-older ] || fail "$machine shows '$out'"
done
expect 0 on b conflicts take "$id"
[ "$(cat "$b/docs/one.txt")" = a-older ] || fail "not taken back"
expect 0 on b sync
expect 0 on a sync
same_homes a b
expect 0 on a --json conflicts
[ "$(json '[c["path"] for c in d["conflicts"]]')" = "['docs/one.txt']" ] ||
	fail "what was replaced is not kept: $out"
id=$(json 'd["conflicts"][0]["id"]')
expect 0 on a conflicts show "$id"
[ "$out" = b-newer ] || fail "kept '$out'"
expect 0 on a conflicts drop "$id"
expect 0 on a sync
expect 0 on b sync
expect 0 on b --json conflicts
[ "$(json 'd["conflicts"]')" = "[]" ] || fail "still listed: $out"

# Removed here, changed there: the change lives.
rm "$a/docs/one.txt"
echo again > "$b/docs/one.txt"
expect 0 on a sync
expect 0 on b sync
expect 0 on a sync
[ "$(cat "$a/docs/one.txt")" = again ] || fail "the removal won"

# An older version comes back.
expect 0 on a restore docs/deep/er/two --from 1
[ "$(cat "$a/docs/deep/er/two")" = two ] || fail "not restored"
mkdir "$work/out"
expect 0 on a restore docs --from 1 --to "$work/out"
[ "$(cat "$work/out/docs/one")" = one ] || fail "not restored beside"
expect 0 on a sync
expect 0 on b sync
same_homes a b
expect 0 on a verify --data

# Hard links stay what they are when one of their names goes.
echo three > "$a/docs/l1"
ln "$a/docs/l1" "$a/docs/l2"
ln "$a/docs/l1" "$a/docs/l3"
expect 0 on a sync
expect 0 on b sync
rm "$a/docs/l1"
expect 0 on a sync
expect 0 on b --json sync
[ "$(json 'len(d["actions"])')" = 1 ] || fail "more than the one name went: $out"
[ "$(stat -c %i "$b/docs/l2")" = "$(stat -c %i "$b/docs/l3")" ] ||
	fail "the links were parted"
expect 0 on b sync
says "nothing to do"
# A name made after the file was touched, which is no change, has another time.
touch "$a/docs/l2"
ln "$a/docs/l2" "$a/docs/l4"
expect 0 on a sync
expect 0 on b sync
before=$(stat -c %i "$b/.local/state/roam/trees")
expect 0 on b sync
[ "$(stat -c %i "$b/.local/state/roam/trees")" = "$before" ] ||
	fail "a second run wrote"
