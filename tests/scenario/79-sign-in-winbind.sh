#!/usr/bin/env bash
# Users of a domain whose names, passwords and tickets winbind has: with the
# stack of examples/pam/winbind.
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/lab/lib.sh
. "$srcdir/tests/lab/lib.sh"
lab_need sshd ssh samba samba-tool smbclient winbindd wbinfo net kinit python3
for module in security/pam_winbind.so libnss_winbind.so.2; do
	compgen -G "/lib*/*/$module" > /dev/null || { echo "no $module"; exit 77; }
done
[ -x "${ROAM_LIBEXEC:-$PWD}/roam-ccache" ] || { echo 'built without Kerberos'; exit 77; }
lab_begin
lab_dc dc1 10
lab_workstation ws1 21 smb://dc1.lab.example/profiles/%u
lab_join ws1

# Nobody of the domain is a user of the machine itself.
lab_on ws1 sed -i '/:\/home\//d' /etc/passwd
lab_on ws1 sed -i '/^\(alice\|bob\|carol\):/d' /etc/shadow
lab_on ws1 rm -rf /home/alice
lab_on ws1 sed -i 's/^\(passwd\|group\):.*/\1: files winbind/' /etc/nsswitch.conf
lab_on ws1 sh -c 'cat > /etc/samba/smb.conf' <<-END
	[global]
	netbios name = WS1
	realm = LAB.EXAMPLE
	workgroup = LAB
	security = ads
	idmap config * : backend = tdb
	idmap config * : range = 3000-7999
	idmap config LAB : backend = rid
	idmap config LAB : range = 100000-199999
	winbind use default domain = yes
	template homedir = /home/%U
	template shell = /bin/bash
	log file = /var/log/samba
END
lab_on ws1 net ads join -U 'Administrator%Adm1n.Pass' --no-dns-updates \
	> "$work/join" 2>&1 || fail "$(cat "$work/join")"
lab_bg ws1 winbindd winbindd -F --no-process-group
lab_wait 60 ws1 getent passwd alice
sed "s|pam_roam.so|$lab_module|" "$srcdir/examples/pam/winbind" |
	lab_on ws1 sh -c 'cat > /etc/pam.d/sshd'
uid=$(lab_on ws1 id -u alice)
settled() {
	lab_wait 60 ws1 grep -qx "state=$1" "/usr/local/var/lib/roam/users/$uid"
}

expect 0 lab_ssh ws1 alice 'klist -s && echo first > note'
settled out
grep -q 'event=sign-out user=alice .* state=ok generation=1 ' \
	"$lab/ws1/log/syslog" || fail "$(cat "$lab/ws1/log/syslog")"
# The home is lost, the profile is not.
lab_on ws1 rm -rf /home/alice
expect 0 lab_ssh ws1 alice 'cat note; echo second > note'
says first
settled out
[ -z "$(lab_on ws1 find /run/roam -name '*krb5*')" ] || fail "a copy is left"
