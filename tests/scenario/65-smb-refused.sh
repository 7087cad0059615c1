#!/usr/bin/env bash
# What a server refuses is said in one line, with server, share, path and what to
# do about it, and the exit status of the contract; neither home nor store is
# changed by it, and the next run, once it is mended, ends right.
if [ -z "${SMBD-}" ]; then
	[ -x "${ROAM_LIBEXEC:-$PWD}/roam-smb" ] ||
		{ echo 'built without SMB'; exit 77; }
	exec "${srcdir:-.}/tests/scenario/with-smbd" "$0" "$@"
fi
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"

dir=$(dirname "$SMBD")
server=$ROAM_TEST_SERVER
shown=//${server#*@}
mkdir "$work/a"
echo text > "$work/a/text"

# as USER COMMAND ...: a run of machine a with that user's password.
as() {
	local user=$1
	shift
	on a --credentials "$dir/credentials-$user" "$@" < /dev/null
}

# All that a server has of stores; the times of directories in tmp/ may change.
shares() {
	(cd "$dir" && find share ro small other quota -printf '%y %m %s %p\n' | sort
	find share small quota -type f -print0 | sort -z | xargs -0 -r md5sum)
}

# refused STATUS PATH WHAT REMEDY COMMAND ...
refused() {
	local status=$1 path=$2 what=$3 remedy=$4
	shift 4
	tree_of "$work/a" > "$work/home.before"
	shares > "$work/shares.before"
	expect "$status" "$@"
	[ "$(wc -l < "$work/.err")" = 1 ] || fail "not one line: $err"
	says "$shown/$path"
	says "$what"
	says "($remedy"
	tree_of "$work/a" | diff "$work/home.before" - || fail "the home was changed"
	shares | diff "$work/shares.before" - || fail "a share was changed"
}

# --- The login -----------------------------------------------------------------
url=$server/home/store
expect 0 as root push
echo more > "$work/a/more"
refused 3 home/store "login was refused" "check user and password" \
	on a --password-fd 5 sync 5< <(echo wrong)
refused 3 home/store "no password was given" "get a ticket with kinit" \
	on a sync < /dev/null
smbpasswd -c "$dir/smb.conf" -d daemon > /dev/null
refused 3 home/store "disabled" "ask an administrator" as daemon sync
smbpasswd -c "$dir/smb.conf" -e daemon > /dev/null
expect 0 as daemon status
pdbedit -s "$dir/smb.conf" -P 'bad lockout attempt' -C 2 > /dev/null
url=${server/root@/daemon@}/home/store
for _ in 1 2; do
	expect 3 on a --password-fd 5 pull 5< <(echo wrong)
done
refused 3 home/store "locked" "wait, or ask an administrator" as daemon sync
pdbedit -s "$dir/smb.conf" -u daemon -z > /dev/null
pdbedit -s "$dir/smb.conf" -u daemon -c '[]' > /dev/null
pdbedit -s "$dir/smb.conf" -P 'bad lockout attempt' -C 0 > /dev/null
expect 0 as daemon status
says "roaming"

# --- Share and path ------------------------------------------------------------
url=$server/nosuch/store
refused 1 nosuch/store "no such share" "check its name" as root sync
url=$server/none/store
refused 1 none/store "no such share" "check its name" as root sync
url=$server/other/store
refused 1 other/store "may not use the share" "check its permissions" \
	as root sync
url=$server/ro/store
refused 1 ro/store "Permission denied" "check the permissions of share" \
	as root sync
url=$server/home/no/such
refused 1 home/no/such "missing too" "make that one" as root sync
: > "$dir/share/file"
url=$server/home/file
refused 1 home/file "not a directory" "give another path" as root sync
url=$server/home/file/store
refused 1 home/file/store "missing too" "make that one" as root sync
mkdir -m 700 "$dir/share/closed"
url=$server/home/closed/store
refused 1 home/closed/store "Permission denied" "check the permissions" \
	as daemon sync

# --- Another user's store ------------------------------------------------------
# ... that may be read: what is there comes, nothing goes.
url=$server/home/store
mkdir "$work/b"
expect 0 on b --credentials "$ROAM_TEST_OTHER" pull
[ -e "$work/b/text" ] || fail "nothing came"
refused 1 home/store "ermission denied" "check the permissions" as daemon push
# ... and that may not.
chmod 700 "$dir/share/store"
refused 1 home/store "ermission denied" "check the permissions" as daemon pull
refused 1 home/store "ermission denied" "check the permissions" as daemon push
chmod 755 "$dir/share/store"
expect 0 as root push

# --- No room -------------------------------------------------------------------
# room SHARE: a store that is pushed to, then no more fits; then it does again.
room() {
	rm -rf "$work/a" "$work/b"
	mkdir "$work/a"
	echo small > "$work/a/small"
	url=$server/$1/store
	expect 0 as daemon push
	head -c 6000000 /dev/urandom > "$work/a/large"
	tree_of "$work/a" > "$work/home.before"
	expect 1 as daemon push
	[ "$(wc -l < "$work/.err")" = 1 ] || fail "not one line: $err"
	says "$shown/$1/store/tmp/"
	says "No space left"
	says "(make room there or raise the quota"
	tree_of "$work/a" | diff "$work/home.before" - || fail "the home was changed"
	[ -z "$(ls "$dir/$1/store/tmp")" ] || fail "a draft was left behind"
	expect 0 on b --credentials "$ROAM_TEST_OTHER" pull
	[ -e "$work/b/small" ] || fail "the store suffered"
	rm "$work/a/large"
	echo more > "$work/a/more"
	expect 0 as daemon push
	expect 0 on b --credentials "$ROAM_TEST_OTHER" pull
	same_homes a b
}
if mountpoint -q "$dir/small"; then
	chmod 777 "$dir/small"
	room small
fi
if command -v mkfs.btrfs > /dev/null; then
	truncate -s 128M "$work/disk"
	mkfs.btrfs -q -M "$work/disk" > /dev/null 2>&1
	if mount -o loop "$work/disk" "$dir/quota" 2> /dev/null; then
		btrfs quota enable "$dir/quota"
		btrfs qgroup limit 3M "$dir/quota"
		chmod 777 "$dir/quota"
		room quota
		umount "$dir/quota"
	fi
fi
