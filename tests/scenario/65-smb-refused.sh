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

# A server that makes a guest of whoever it does not know, or lets in anyway: a
# login that has failed is none.
url=$server/guest/store
refused 3 guest/store "login was refused" "check user and password" \
	on a --password-fd 5 push 5< <(echo wrong)
url=${server/root@/stranger@}/guest/store
refused 3 guest/store "login was refused" "check user and password" \
	on a --password-fd 5 push 5< "$ROAM_TEST_PASSWORD"

# --- The machine's own configuration of Samba ----------------------------------
# With this the library would refuse every server, or say things on its output.
if mountpoint -q "$dir/small"; then
	printf '[global]\nclient max protocol = NT1\nno such option = 1\n' \
		> "$work/smb.conf"
	mkdir -p /etc/samba
	touch /etc/samba/smb.conf
	mount --bind "$work/smb.conf" /etc/samba/smb.conf
	mkdir -p "$work/home/.smb"
	cp "$work/smb.conf" "$work/home/.smb/smb.conf"
	url=$server/home/store
	HOME=$work/home expect 0 as root -q status
	[ -z "$out$err" ] || fail "said something: $out $err"
	HOME=$work/home expect 0 as root push
	umount /etc/samba/smb.conf
fi

# --- A server that is not there ------------------------------------------------
printf '[network]\nconnect_timeout = 2s\nanswer_timeout = 4s\n' > "$work/conf"
url=smb://127.0.0.1:1/home/store
refused_at() {
	url=$1
	expect 3 as root --config "$work/conf" push
	[ "$(wc -l < "$work/.err")" = 1 ] || fail "not one line: $err"
	says "$2"
	says "($3"
}
refused_at smb://127.0.0.1:1/home/store "refuses connections" \
	"is its SMB service up?"
refused_at smb://no-such-server.invalid/home/store "does not resolve" \
	"check the name and the network"
# Whose port answers nothing at all: the queue of who waits there is full.
python3 - > "$work/port" <<'END' &
import socket, time
s = socket.socket()
s.bind(('127.0.0.1', 0))
s.listen(0)
held = []
for _ in range(2):
    c = socket.socket()
    c.setblocking(False)
    c.connect_ex(s.getsockname())
    held.append(c)
print(s.getsockname()[1], flush=True)
time.sleep(100)
END
hole=$!
for _ in $(seq 300); do
	[ ! -s "$work/port" ] || break
	sleep 0.1
done
refused_at "smb://127.0.0.1:$(cat "$work/port")/home/store" reached ""
kill "$hole"
wait "$hole" 2> /dev/null || :
# Whose name is asked for in vain.
if mountpoint -q "$dir/small" && [ -e /etc/resolv.conf ]; then
	echo 'nameserver 127.0.0.77' > "$work/resolv"
	mount --bind "$work/resolv" /etc/resolv.conf
	python3 -c 'import socket, time
s = socket.socket(type=socket.SOCK_DGRAM)
s.bind(("127.0.0.77", 53))
print(53, flush=True)
time.sleep(100)' > "$work/silent" 2> /dev/null &
	hole=$!
	for _ in $(seq 300); do
		[ ! -s "$work/silent" ] || break
		kill -0 "$hole" 2> /dev/null || break
		sleep 0.1
	done
	if [ -s "$work/silent" ]; then
		refused_at smb://server.example/home/store "did not resolve" \
			"check the name and the network"
	fi
	kill "$hole" 2> /dev/null || :
	wait "$hole" 2> /dev/null || :
	umount /etc/resolv.conf
fi

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
# Every byte that a name can have on the server.
name=$(python3 -c '
import urllib.parse
name = "".join(chr(c) for c in range(0x20, 0x7f) if chr(c) not in "\"*/:<>?\\|")
print(urllib.parse.quote(name.strip() + "\u00e4\u20ac"))')
url=$server/home/$name
expect 0 as root push
expect 0 as root sync
says "nothing to do"
python3 -c '
import os, sys, urllib.parse
sys.exit(not os.path.isdir(sys.argv[1] + "/" + urllib.parse.unquote(sys.argv[2]) + "/gen"))' \
	"$dir/share" "$name" || fail "not where the URL says"
mkdir -m 700 "$dir/share/closed"
url=$server/home/closed/store
refused 1 home/closed/store "Permission denied" "check the permissions" \
	as daemon sync

# --- Another user's store ------------------------------------------------------
# ... that may be read: what is there comes, nothing goes.
url=$server/home/store
rm -r "$work/a/.local"
expect 0 as root push
echo newest > "$work/a/newest"
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

# --- What is no SMB server -------------------------------------------------------
python3 - > "$work/web" <<-'END' &
	import socket
	at = socket.create_server(('127.0.0.1', 0))
	print(at.getsockname()[1], flush=True)
	while True:
	    to = at.accept()[0]
	    to.recv(1000)
	    to.sendall(b'HTTP/1.0 400 Bad Request\r\n\r\n')
	    to.close()
END
web=$!
for _ in $(seq 300); do
	[ ! -s "$work/web" ] || break
	sleep 0.1
done
shown=//127.0.0.1:$(cat "$work/web")
url=smb:$shown/home/store
refused 3 home/store "broke before the login" "is this an SMB server" as root sync
kill "$web"
wait "$web" 2> /dev/null || :
shown=//${server#*@}

# --- What somebody has open ------------------------------------------------------
# A history of which most has expired, made in the share's own directory.
rm -rf "$work/a" "$work/b"
mkdir "$work/a" "$work/b"
head -c 3000000 /dev/urandom > "$work/a/big"
pushes() { # FROM TO
	local i
	url=file://$ROAM_TEST_SHARE/held
	for i in $(seq "$1" "$2"); do
		echo "$i" > "$work/a/text"
		expect 0 on a -q push
	done
}
printf '[history]\nkeep = 0\nkeep_min = 1\nrecords = 64\n' > "$work/short.conf"

holders=()
let_go() {
	[ ${#holders[@]} -eq 0 ] || kill "${holders[@]}" 2> /dev/null || :
	holders=()
	wait
}
trap 'let_go; clean_up' EXIT

# hold SHARE FILE: as a reader does.
hold() {
	"$srcdir/tests/smb-login" "${ROAM_LIBEXEC:-$PWD}/roam-smb" \
		"${server##*:}" "$ROAM_TEST_CREDENTIALS" "$1" held "$2" \
		> "$work/open" &
	holders+=($!)
	for _ in $(seq 600); do
		[ ! -s "$work/open" ] || break
		sleep 0.1
	done
	[ -s "$work/open" ] || fail "$2 was not opened"
	rm "$work/open"
}
left() { # what of generation $1 is there, in gen/ or in trash/
	(cd "$ROAM_TEST_SHARE/held" && find . -path "*$1*/$2")
}

# held SHARE FILE ...: gc leaves what of generations somebody has open, and says
# so; readers do not mind; the next gc ends it.
held() {
	local share=$1 file
	shift
	url=$server/$share/held
	for file; do hold "$share" "gen/00000000$file"; done
	expect 0 as root --config "$work/short.conf" gc
	says "$# files or directories stay until the next gc, since somebody has them open: $shown/$share/held/"
	for file; do
		[ -n "$(left "${file%/*}" "${file#*/}")" ] || fail "$file is gone"
	done
	expect 0 on b --credentials "$ROAM_TEST_CREDENTIALS" pull
	let_go
	expect 0 as root --config "$work/short.conf" --json gc
	[ "$(json 'd["held"]')" = 0 ] || fail "still held: $out"
	for file; do
		[ -z "$(left "${file%/*}" "${file#*/}")" ] || fail "$file is there"
	done
	[ -z "$(ls -A "$ROAM_TEST_SHARE/held/trash")" ] || fail "something in trash"
	expect 0 as root verify --data
}
# Packs: of a generation that goes as a whole, but is not renamed, and of one
# whose record stays. Then a record that goes by way of trash/.
pushes 1 70
held strict 0003/pack0 0030/pack0
pushes 71 76
held home 0010/commit
same_homes a b
