#!/usr/bin/env bash
# Disks that are full, directories that cannot be read or written, files that
# are not ours, not files or not the same twice, stores that are not there: what
# cannot be done is named and left for the next run, the rest goes on, nothing
# is deleted because it could not be seen.
set -eu
# Mounts of our own need root, and a place where nobody else sees them.
if [ "$(id -u)" != 0 ]; then
	echo "needs root"
	exit 77
fi
if [ -z "${ROAM_OWN_MOUNTS:-}" ]; then
	unshare -m true 2> /dev/null || exit 77
	ROAM_OWN_MOUNTS=1 exec unshare -m --propagation private "$0" "$@"
fi
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/scenario/harm.sh
. "$srcdir/tests/scenario/harm.sh"

a=$work/a b=$work/b
chmod 755 "$work"
nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
command -v setpriv > /dev/null || exit 77
# The program must be where that user can reach it.
cp "$ROAM" "$work/program"
cp -r "$ROAM_RULES_DIR" "$work/rules.d"
chmod -R a+rX "$work/program" "$work/rules.d"
if ! HOME=$work ROAM_RULES_DIR=$work/rules.d "${nobody[@]}" "$work/program" \
	config --check; then
	echo "the settings of this build are out of that user's reach"
	exit 77
fi

# on MACHINE ...: on a user without privileges, here.
on() {
	local machine=$1
	shift
	[ -d "$work/$machine" ] || mkdir "$work/$machine"
	chown 65534:65534 "$work/$machine"
	ROAM_RULES_DIR=$work/rules.d ROAM_MACHINE=$machine "${nobody[@]}" \
		"$work/program" --home "$work/$machine" \
		--store "file://$store" --no-progress "$@"
}

# anew: empty homes and an empty store of that user.
anew() {
	umount "$a" "$b" "$store" 2> /dev/null || :
	rm -rf "$a" "$b" "$store"
	mkdir -p "$a" "$store"
	chown 65534:65534 "$a" "$store"
}

# mine: all that was made in home a since is that user's.
mine() {
	chown -R 65534:65534 "$a"
}

# skips PATH ...: exactly these are listed as skipped in the last object.
skips() {
	local want
	want=$(printf '%s\n' "$@" | sort)
	got=$(json '"\n".join(sorted(s["path"] for s in d["skipped"]
	    if s["reason"] != "excluded by a rule"))')
	[ "$got" = "$want" ] || fail "skipped: $got, not $want: $out"
}

# --- What cannot be read ----------------------------------------------------
anew
mkdir -p "$a/open" "$a/closed/below" "$a/blind"
for name in open/file closed/file closed/below/file blind/file secret; do
	echo "first $name" > "$a/$name"
done
mine
expect 0 on a -q sync
expect 0 on b -q sync
chmod 0 "$a/closed" "$a/secret"
chmod 311 "$a/blind" # may be entered, not listed
echo second > "$a/open/file"
expect 7 on a --json sync
skips blind closed secret
expect 7 on a sync
says closed
says secret
expect 0 on b -q sync
holds "$b" open/file second closed/file 'first closed/file' \
	closed/below/file 'first closed/below/file' \
	blind/file 'first blind/file' secret 'first secret'
echo other > "$b/closed/file"
rm "$b/blind/file"
chown 65534:65534 "$b/closed/file"
expect 0 on b -q sync
expect 7 on a -q sync
chmod 755 "$a/closed" "$a/blind"
chmod 644 "$a/secret"
expect 0 on a -q sync
holds "$a" closed/file other secret 'first secret'
[ ! -e "$a/blind/file" ] || fail "what was removed elsewhere stays"
expect 0 on b -q sync
same_pictures a b

# --- What cannot be written -------------------------------------------------
anew
mkdir -p "$a/fixed" "$a/free"
echo first | tee "$a/fixed/file" "$a/fixed/old" > "$a/free/file"
mine
expect 0 on a -q sync
expect 0 on b -q sync
chmod 555 "$b/fixed"
echo second | tee "$a/fixed/file" "$a/fixed/new" > "$a/free/file"
rm "$a/fixed/old"
mine
expect 0 on a -q sync
got=0
on b -q sync 2> "$work/.err" || got=$?
[ "$got" = 0 ] || [ "$got" = 7 ] || fail "exit $got: $(cat "$work/.err")"
holds "$b" free/file second
chmod 755 "$b/fixed"
expect 0 on b -q sync
expect 0 on a -q sync
expect 0 on b -q sync
same_pictures a b
[ ! -e "$b/fixed/old" ] || fail "still there"

# --- A home that is read-only -----------------------------------------------
echo third > "$a/free/file"
expect 0 on a -q sync
mount --bind "$b" "$b"
mount -o remount,bind,ro "$b"
for command in pull push sync; do
	expect 1 on b "$command"
	says "$b: lock: Read-only file system (it has to be writable)"
	[ "$(grep -c '^roam: ' <<< "$err")" = 1 ] || fail "more than a line: $err"
done
umount "$b"
expect 0 on b -q sync
same_pictures a b

# --- A home without space, or without room for names ------------------------
for limit in size=1m nr_inodes=30; do
	anew
	mkdir "$a/docs"
	for n in {1..40}; do
		head -c 50000 /dev/urandom > "$a/docs/$n"
	done
	head -c 1500000 /dev/urandom > "$a/big"
	mine
	expect 0 on a -q sync
	mkdir -p "$b"
	mount -t tmpfs -o "$limit,mode=700,uid=65534,gid=65534" none "$b"
	for _ in 1 2; do
		got=0
		on b sync > "$work/.out" 2> "$work/.err" || got=$?
		[ "$got" = 1 ] || [ "$got" = 7 ] ||
			fail "no space: exit $got: $(cat "$work/.out" "$work/.err")"
		cat "$work/.out" "$work/.err" | grep -qi 'space' ||
			fail "not said: $(cat "$work/.out" "$work/.err")"
		! grep -v "^roam: sync: $b: .* (make room there)\$" "$work/.err" ||
			fail "not where, or not what to do"
		# What is there is whole.
		(cd "$b" && find . -path ./.local -prune -o -type f -print) |
			while read -r file; do
				cmp "$b/$file" "$a/$file" || fail "$file is torn"
			done
	done
	expect 0 on a -q sync
	[ "$(find "$a/docs" -type f | wc -l)" = 40 ] || fail "deleted for want of space"
	mount -o remount,size=50m,nr_inodes=5000 "$b"
	expect 0 on b -q sync
	same_pictures a b
	tidy b
done

# --- A store without space --------------------------------------------------
anew
mount -t tmpfs -o size=1m,mode=700,uid=65534,gid=65534 none "$store"
echo first > "$a/file"
mine
expect 0 on a -q sync
head -c 3000000 /dev/urandom > "$a/big"
echo second > "$a/file"
mine
for _ in 1 2 3; do
	expect 1 on a sync
	says "space"
	[ "$(ls "$store/gen")" = 000000000001 ] || fail "half a generation"
	[ -z "$(ls "$store/tmp")" ] || fail "the draft stays: $(ls "$store/tmp")"
done
expect 0 on b -q pull
holds "$b" file first
mount -o remount,size=50m "$store"
expect 0 on a -q sync
expect 0 on b -q sync
same_pictures a b
idle a sync

# --- A store that is read-only, closed, or not there ------------------------
echo third > "$a/file"
echo fourth > "$b/other"
mine
chown 65534:65534 "$b/other"
expect 0 on a -q sync
mount -o remount,ro "$store"
expect 0 on b -q pull
holds "$b" file third
expect 1 on b sync
says "ead-only file system"
mount -o remount,rw "$store"
chmod 0 "$store"
got=0
on b sync > /dev/null 2> "$work/.err" || got=$?
[ "$got" = 1 ] || [ "$got" = 3 ] || fail "closed: exit $got: $(cat "$work/.err")"
chmod 700 "$store"
good=$store store=$work/not/mounted
for command in pull push sync plan log verify; do
	expect 3 on b "$command"
	[ ! -e "$work/not" ] || fail "$command made a place that is not mounted"
done
store=$good
expect 0 on b -q sync
expect 0 on a -q sync
same_pictures a b

# --- What is no file, or not ours -------------------------------------------
anew
mkdir -p "$a/dir/below" "$a/mount"
for name in dir/file dir/below/file was-file foreign mount/file; do
	echo "first $name" > "$a/$name"
done
mine
expect 0 on a -q sync
expect 0 on b -q sync
rm "$a/was-file"
mkfifo "$a/fifo" "$a/was-file"
python3 -c '
import os, socket, sys
os.chdir(sys.argv[1])
socket.socket(socket.AF_UNIX).bind("socket")' "$a"
mine
echo mine > "$a/foreign"
chown 0:0 "$a/foreign"
chmod 644 "$a/foreign"
mkdir "$a/foreign-dir"
echo root > "$a/foreign-dir/file"
mount -t tmpfs none "$a/mount"
echo elsewhere > "$a/mount/other"
echo second > "$a/dir/file"
expect 7 on a --json sync
skips fifo foreign foreign-dir mount socket was-file
expect 0 on b -q sync
holds "$b" was-file 'first was-file' foreign 'first foreign' \
	mount/file 'first mount/file' dir/file second
for name in mount/other foreign-dir fifo socket; do
	[ ! -e "$b/$name" ] || fail "$name must not roam"
done
# News for those: they wait, and what is there stays as it is.
for name in was-file foreign mount/file; do
	echo other > "$b/$name"
done
rm -r "$b/dir/below"
expect 0 on b -q sync
expect 7 on a -q sync
[ -p "$a/was-file" ] || fail "the FIFO is gone"
[ "$(cat "$a/foreign")" = mine ] || fail "a foreign file was replaced"
[ "$(ls "$a/mount")" = other ] || fail "written below a mount"
[ ! -e "$a/dir/below" ] || fail "the rest did not go on"
umount "$a/mount"
rm -r "$a/fifo" "$a/socket" "$a/was-file" "$a/foreign-dir" "$a/foreign"
expect 0 on a -q sync
expect 0 on b -q sync
same_pictures a b
holds "$a" mount/file other

# --- A directory that is now a symlink to somewhere else --------------------
mkdir "$work/outside" "$work/outside/below"
echo outside | tee "$work/outside/file" > "$work/outside/below/file"
chown -R 65534:65534 "$work/outside"
mkdir -p "$b/dir/below"
echo third | tee "$b/dir/file" "$b/dir/below/file" > "$b/dir/new"
chown -R 65534:65534 "$b/dir"
expect 0 on b -q sync
rm -r "$a/dir"
ln -s "$work/outside" "$a/dir"
chown -h 65534:65534 "$a/dir"
find "$work/outside" -printf '%p %T@ %C@ %s\n' > "$work/.outside"
expect 0 on a -q sync
expect 0 on b -q sync
expect 0 on a -q sync
find "$work/outside" -printf '%p %T@ %C@ %s\n' > "$work/.outside2"
same "$work/.outside" "$work/.outside2" "written outside of the home"
same_pictures a b
holds "$a" dir/new third dir/below/file third

# --- A file that changes while it is read -----------------------------------
head -c 20000000 /dev/zero > "$a/busy"
mine
python3 - "$a/busy" "$work/stop" <<-'END' &
	import os, sys, time
	n = 0
	with open(sys.argv[1], 'r+b') as f:
	    while not os.path.exists(sys.argv[2]):
	        n += 1
	        for at in 0, 19999000:
	            f.seek(at)
	            f.write(b'%08d' % n)
	            f.flush()
END
writer=$!
for command in push sync push; do
	echo "$command $RANDOM" > "$a/beside"
	mine
	got=0
	on a -q "$command" 2> "$work/.err" || got=$?
	[ "$got" = 0 ] || [ "$got" = 7 ] || fail "exit $got: $(cat "$work/.err")"
	rm -rf "$work/c"
	expect 0 on c -q pull
	cmp "$a/beside" "$work/c/beside" || fail "one busy file stops the rest"
done
: > "$work/stop"
wait "$writer"
expect 0 on a -q sync
expect 0 on b -q sync
same_pictures a b
expect 0 on a verify --data
