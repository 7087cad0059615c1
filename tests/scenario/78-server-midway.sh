#!/usr/bin/env bash
# Servers that fail in the midst of a sign-in or sign-out: the disk is full, or
# the server is killed while a profile comes or goes. The session has its copy,
# each file old or new, and the next occasion finishes it.
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/lab/lib.sh
. "$srcdir/tests/lab/lib.sh"
lab_need sshd ssh smbd smbpasswd python3 tc
[ -x "${ROAM_LIBEXEC:-$PWD}/roam-smb" ] || { echo 'built without SMB'; exit 77; }
lab_begin
lab_server fs1 20
lab_on fs1 mount -t tmpfs -o size=64m,mode=1777 share "$lab_share"
lab_settings='[network]
connect_timeout = 3s
answer_timeout = 5s
slow_link = wait'
for n in 1 2; do
	lab_workstation ws$n 2$n smb://10.99.0.20/profiles/%u
done
settled() {
	# shellcheck disable=SC2016 # of the host's shell
	lab_wait 60 "$1" sh -c 'grep -qx "state=$0" "$1" &&
		! grep -q "has begun" "$1"' "$2" \
		/usr/local/var/lib/roam/users/20001
}
# logged HOST EVENT STATE TEXT: the last such event had that state and text.
logged() {
	grep "event=$2 " "$lab/$1/log/syslog" | tail -n 1 |
		grep -q "state=$3 .*: .*$4" || fail "$(cat "$lab/$1/log/syslog")"
}
# slowly HOST: so much comes to that host in a second that there is time to act.
slowly() {
	nsenter -t "$(cat "$lab/fabric/init")" -n tc qdisc add dev "v-$1" root \
		tbf rate 16mbit burst 64kb latency 100ms
}
quickly() {
	nsenter -t "$(cat "$lab/fabric/init")" -n tc qdisc del dev "v-$1" root
}
server() {
	lab_bg fs1 "smbd-$1" smbd -F --no-process-group
	lab_wait 60 fs1 bash -c '< /dev/tcp/127.0.0.1/445'
}
summed() {
	(cd "$lab/$1/home/alice" && md5sum file* | md5sum)
}
expect 0 lab_ssh ws1 alice 'echo first > note; echo first > file'
settled ws1 out

# --- The server's disk is full -------------------------------------------------
lab_on fs1 sh -c "cat /dev/zero > $lab_share/fill 2> /dev/null || :"
expect 0 lab_ssh ws1 alice 'cat note; head -c 300000 /dev/urandom > file'
says first
settled ws1 pending
logged ws1 sign-in ok 'profile up to date'
logged ws1 sign-out failed 'No space left'
# Nor is there room at the next sign-in, which tries it first.
expect 0 lab_ssh ws1 alice 'cat note'
says first
settled ws1 pending
lab_on fs1 rm "$lab_share/fill"
expect 0 lab_ssh ws1 alice true
settled ws1 out
expect 0 lab_ssh ws2 alice true
settled ws2 out
[ "$(summed ws1)" = "$(summed ws2)" ] || fail "what had no room has not come"

# --- Killed while a profile goes -----------------------------------------------
slowly fs1
# shellcheck disable=SC2016 # of the session
lab_ssh ws1 alice 'for i in 1 2 3 4 5; do
	head -c 2000000 /dev/urandom > file$i; done' > "$work/session" 2>&1 &
session=$!
lab_wait 60 fs1 sh -c "find $lab_share/alice/tmp -name 'pack*' -size +100k |
	grep -q ."
lab_on fs1 pkill -KILL smbd
wait "$session" || fail "$(cat "$work/session")"
settled ws1 pending
logged ws1 sign-out offline 'follow later'
quickly fs1
server 2
expect 0 lab_ssh ws1 alice true
settled ws1 out

# --- Killed while it comes -----------------------------------------------------
slowly ws2
lab_ssh ws2 alice 'cat note; ls' > "$work/session" 2>&1 &
session=$!
lab_wait 60 ws2 sh -c \
	'find /home/alice/.local/state/roam -type f -size +100k | grep -q .'
lab_on fs1 pkill -KILL smbd
wait "$session" || fail "$(cat "$work/session")"
grep -qx first "$work/session" || fail "no copy: $(cat "$work/session")"
settled ws2 pending
logged ws2 sign-in offline 'local copy'
for file in "$lab"/ws2/home/alice/file?; do
	[ ! -e "$file" ] || cmp "$file" "$lab/ws1/home/alice/${file##*/}" ||
		fail "$file is neither old nor new"
done
quickly ws2
server 3
expect 0 lab_ssh ws2 alice true
settled ws2 out
[ "$(summed ws1)" = "$(summed ws2)" ] || fail "it was not finished"
