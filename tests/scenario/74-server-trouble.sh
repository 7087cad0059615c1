#!/usr/bin/env bash
# Servers that are gone, frozen, silent or say no: the session begins within its
# budget on the copy that the machine has, says why, and the next occasion with
# a server catches up.
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/lab/lib.sh
. "$srcdir/tests/lab/lib.sh"
lab_need sshd ssh smbd smbpasswd python3
[ -x "${ROAM_LIBEXEC:-$PWD}/roam-smb" ] || { echo 'built without SMB'; exit 77; }
lab_begin
lab_server fs1 20
lab_settings='[network]
connect_timeout = 3s
answer_timeout = 5s
wait_network = 2s
[sessions]
login_budget = 10s
logout_budget = 10s'
lab_workstation ws1 21 smb://10.99.0.20/profiles/%u
settled() {
	lab_wait 90 ws1 grep -qx "state=$1" \
		/usr/local/var/lib/roam/users/20001
}
# trouble WHAT: a session meanwhile begins and ends, and writes a line.
trouble() {
	local from=$SECONDS
	expect 0 lab_ssh ws1 alice "echo '$1' >> note; cat note"
	says "$1"
	# Twice the budget and what a busy machine adds: never for good.
	[ $((SECONDS - from)) -lt 60 ] || fail "$1: $((SECONDS - from)) s"
	lab_wait 90 ws1 grep -q '^reason=server not reachable' \
		/usr/local/var/lib/roam/users/20001
	settled pending
	grep -q 'state=\(offline\|late\)' "$lab/ws1/log/syslog" ||
		fail "$1: $(cat "$lab/ws1/log/syslog")"
}
smbds() {
	lab_on fs1 pkill "-$1" smbd || :
}

expect 0 lab_ssh ws1 alice 'echo start > note'
settled out
lab_cable fs1 down
trouble 'black hole'
lab_cable fs1 up
expect 0 lab_ssh ws1 alice 'cat note'
settled out
smbds STOP
trouble frozen
smbds CONT
smbds KILL
trouble refused
lab_bg fs1 smbd2 smbd -F --no-process-group
lab_wait 60 fs1 bash -c '< /dev/tcp/127.0.0.1/445'
expect 0 lab_ssh ws1 alice 'cat note'
settled out

# The cable of the workstation itself.
lab_cable ws1 down
trouble 'no network'
lab_cable ws1 up
expect 0 lab_ssh ws1 alice true
settled out
lab_workstation ws2 22 smb://10.99.0.20/profiles/%u
expect 0 lab_ssh ws2 alice 'cat note'
[ "$out" = 'start
black hole
frozen
refused
no network' ] || fail "$out"

# A name whose servers say nothing at all.
lab_on ws1 sh -c 'echo nameserver 10.99.0.20 > /etc/resolv.conf
	sed -i "s|^store = .*|store = smb://fs1.lab.example/profiles/%u|" \
		/usr/local/etc/roam/roam.conf'
lab_cable fs1 down
trouble 'names are silent'
lab_cable fs1 up
lab_on ws1 sed -i 's|^store = .*|store = smb://10.99.0.20/profiles/%u|' \
	/usr/local/etc/roam/roam.conf
expect 0 lab_ssh ws1 alice true
settled out

# A session that must not be without its profile, where there is none yet.
lab_on ws2 sed -i 's/^session optional .*pam_roam.so/& required/
	s/^session optional \(.*pam_roam\)/session required \1/' /etc/pam.d/sshd
lab_cable ws2 down
expect 254 lab_ssh ws2 bob true # of ssh: no session
# None is counted, and there is none to be made good.
lab_wait 60 ws2 grep -qx state=out /usr/local/var/lib/roam/users/20002
[ -z "$(lab_on ws2 find /run/roam/20002/sessions -type f)" ] ||
	fail "the session that was refused counts"
expect 0 lab_ssh ws2 alice true

# Or gets a temporary one, which goes when nobody works in it any more.
lab_on ws2 sed -i 's/^session required \(.*pam_roam.so\) required/session optional \1/' \
	/etc/pam.d/sshd
lab_on ws2 sed -i '/^store/a without_profile = temporary' \
	/usr/local/etc/roam/roam.conf
bob() {
	lab_wait 90 ws2 grep -qx "$1" /usr/local/var/lib/roam/users/20002
}
expect 0 lab_ssh ws2 bob 'echo 1 > note; nohup sleep 600 > /dev/null 2>&1 &'
bob temporary=yes
expect 0 lab_ssh ws2 bob 'cat note; pkill sleep'
says 1
bob state=out
bob temporary=no
[ ! -e "$lab/ws2/home/bob/note" ] || fail "the temporary profile is still there"

# A profile without which there is no session, whatever the module is told.
lab_on ws2 sed -i 's/^session optional \(.*pam_roam\)/session required \1/' \
	/etc/pam.d/sshd
lab_on ws2 sed -i 's|^store = .*|store = smb://10.99.0.20/profiles/%u.man|' \
	/usr/local/etc/roam/roam.conf
expect 254 lab_ssh ws2 carol true
lab_wait 60 ws2 grep -qx state=out /usr/local/var/lib/roam/users/20003
