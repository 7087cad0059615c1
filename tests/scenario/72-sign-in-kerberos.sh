#!/usr/bin/env bash
# Sign-ins in a real domain: the ticket of the sign-in leads to the profile, and
# still does at the sign-out, when the stack has taken it away.
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/lab/lib.sh
. "$srcdir/tests/lab/lib.sh"
lab_need sshd ssh samba samba-tool smbclient kinit python3
compgen -G "/lib*/*/security/pam_krb5.so" > /dev/null || { echo "no pam_krb5"; exit 77; }
[ -x "${ROAM_LIBEXEC:-$PWD}/roam-ccache" ] || { echo 'built without Kerberos'; exit 77; }
lab_begin
lab_dc dc1 10
lab_kerberos=yes
for n in 1 2; do
	lab_workstation ws$n 2$n smb://dc1.lab.example/profiles/%u
	lab_join ws$n
done

settled() {
	lab_wait 60 "$1" grep -qx "state=$3" \
		"/usr/local/var/lib/roam/users/$(lab_on "$1" id -u "$2")"
}

# alice's password of this machine is another, so only the domain lets her in.
for n in 1 2; do
	lab_on ws$n sed -i 's/^alice:[^:]*:/alice:*:/' /etc/shadow
	# no auth line keeps the password
	lab_on ws$n sed -i '/^auth optional .*pam_roam/d' /etc/pam.d/sshd
done
expect 0 lab_ssh ws1 alice 'klist -s && echo first > note'
settled ws1 alice out
expect 0 lab_ssh ws2 alice 'cat note; echo second > note'
says first
settled ws2 alice out
expect 0 lab_ssh ws1 alice 'cat note'
says second
settled ws1 alice out
# Nothing of the ticket is left.
[ -z "$(lab_on ws1 find /run/roam -name '*krb5*')" ] || fail "a copy is left"

# --- Between: tickets that are renewed -----------------------------------------
copy=/run/roam/20001/private/krb5cc
lab_on ws1 sed -i 's/default_realm/renew_lifetime = 7d\n\t&/' /etc/krb5.conf
cp "$srcdir/tests/lab/session" "$lab/session"
rm -f "$lab/leave"
: > "$lab/said"
lab_on ws1 python3 "$lab/session" lab alice "$lab/leave" Al1ce.Pass \
	> "$lab/said" 2>&1 &
disown $!
lab_wait 60 ws1 grep -qx open "$lab/said"
lab_on ws1 klist -f -c "$copy" | grep -q 'renew until' ||
	fail "not renewable: $(lab_on ws1 klist -f -c "$copy")"
first=$(lab_on ws1 md5sum "$copy")
lab_on ws1 /usr/local/libexec/roam/roam-session renew > /dev/null
[ "$(lab_on ws1 md5sum "$copy")" != "$first" ] || fail "not renewed"
lab_on ws1 klist -s -c "$copy" || fail "no ticket any more"
[ "$(lab_on ws1 stat -c '%a %u' "$copy")" = '600 20001' ] || fail "not private"
echo renewed > "$lab/ws1/home/alice/note"
: > "$lab/leave"
settled ws1 alice out
[ -z "$(lab_on ws1 find /run/roam -name '*krb5*')" ] || fail "a copy is left"

# --- Without a ticket ----------------------------------------------------------
# By a key: there is no ticket and no password, and the session has its copy.
lab_on ws1 sh -c 'rm -f /root/.ssh/id_ed25519 && mkdir -p /root/.ssh &&
	ssh-keygen -q -t ed25519 -N "" -f /root/.ssh/id_ed25519 &&
	mkdir -p /home/alice/.ssh &&
	cp /root/.ssh/id_ed25519.pub /home/alice/.ssh/authorized_keys'
lab_on ws1 sed -i 's/^alice:[^:]*:/alice:x:/' /etc/shadow
lab_method=publickey expect 0 lab_ssh ws1 alice 'echo by key > note'
settled ws1 alice pending
# The next sign-in with a ticket saves what that one could not.
expect 0 lab_ssh ws1 alice true
settled ws1 alice out
expect 0 lab_ssh ws2 alice 'cat note'
says "by key"
