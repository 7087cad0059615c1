#!/usr/bin/env bash
# Sign-ins whose profiles are on a file server: with a password that the stack
# kept, with a Kerberos ticket of a real domain, and without either.
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/lab/lib.sh
. "$srcdir/tests/lab/lib.sh"
lab_need sshd ssh smbd smbpasswd smbclient python3
[ -x "${ROAM_LIBEXEC:-$PWD}/roam-smb" ] || { echo 'built without SMB'; exit 77; }
lab_begin
lab_server fs1 20
lab_workstation ws1 21 smb://10.99.0.20/profiles/%u
lab_workstation ws2 22 smb://10.99.0.20/profiles/%u

settled() {
	lab_wait 60 "$1" grep -qx "state=$3" \
		"/usr/local/var/lib/roam/users/$(lab_on "$1" id -u "$2")"
}

# --- With the password that was typed at the sign-in ---------------------------
expect 0 lab_ssh ws1 alice 'echo first > note'
settled ws1 alice out
expect 0 lab_ssh ws2 alice 'cat note; echo second > note'
says first
settled ws2 alice out
expect 0 lab_ssh ws1 alice 'cat note'
says second
settled ws1 alice out

# --- With one that a child of sshd asked for ------------------------------------
# It travels in the kernel's keyring, where that may be used.
if python3 -c 'import ctypes, platform
keyctl = {"x86_64": 250, "aarch64": 219}[platform.machine()]
raise SystemExit(ctypes.CDLL(None).syscall(keyctl, 0, -4, 1, 0, 0) == -1)'; then
	lab_method=keyboard-interactive expect 0 lab_ssh ws1 alice \
		'echo third > note'
	settled ws1 alice out
	lab_on ws1 grep -q 'event=sign-out .* saved=1 .*: 1 change saved' \
		/var/log/syslog || fail "$(cat "$lab/ws1/log/syslog")"
	expect 0 lab_ssh ws2 alice 'cat note'
	says third
	settled ws2 alice out
	# The 'i' stands for one that is on its way out.
	! lab_on ws1 grep pam_roam: /proc/keys | grep -v '^[0-9a-f]* ......i' ||
		fail "a key is left"
fi
