#!/usr/bin/env bash
# Users of a domain whose names, passwords and tickets winbind has, and SSSD on
# another machine: with the stacks of examples/pam.
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/lab/lib.sh
. "$srcdir/tests/lab/lib.sh"
lab_need sshd ssh samba samba-tool smbclient winbindd sssd net kinit python3
for module in security/pam_winbind.so libnss_winbind.so.2 security/pam_sss.so \
	libnss_sss.so.2 sssd/libsss_ad.so; do
	compgen -G "/lib*/*/$module" > /dev/null || { echo "no $module"; exit 77; }
done
[ -x "${ROAM_LIBEXEC:-$PWD}/roam-ccache" ] || { echo 'built without Kerberos'; exit 77; }
lab_begin
lab_dc dc1 10

# member HOST LAST STACK NAMES: nobody of the domain is a user of the machine
# itself.
member() {
	lab_workstation "$1" "$2" smb://dc1.lab.example/profiles/%u
	lab_join "$1"
	lab_on "$1" sed -i '/:\/home\//d' /etc/passwd
	lab_on "$1" sed -i '/^\(alice\|bob\|carol\):/d' /etc/shadow
	lab_on "$1" rm -rf /home/alice /etc/krb5.keytab
	lab_on "$1" sed -i "s/^\\(passwd\\|group\\):.*/\\1: files $4/" \
		/etc/nsswitch.conf
	lab_on "$1" sh -c 'cat > /etc/samba/smb.conf' <<-END
		[global]
		netbios name = ${1^^}
		realm = LAB.EXAMPLE
		workgroup = LAB
		security = ads
		kerberos method = secrets and keytab
		idmap config * : backend = tdb
		idmap config * : range = 3000-7999
		idmap config LAB : backend = rid
		idmap config LAB : range = 100000-199999
		winbind use default domain = yes
		template homedir = /home/%U
		template shell = /bin/bash
		log file = /var/log/samba
	END
	lab_on "$1" net ads join -U 'Administrator%Adm1n.Pass' \
		--no-dns-updates > "$work/join" 2>&1 || fail "$(cat "$work/join")"
	sed "s|pam_roam.so|$lab_module|" "$srcdir/examples/pam/$3" |
		lab_on "$1" sh -c 'cat > /etc/pam.d/sshd'
}
member ws1 21 winbind winbind
lab_bg ws1 winbindd winbindd -F --no-process-group
member ws2 22 sss sss
lab_on ws2 sh -c 'mkdir -p /var/log/sssd && rm -rf /var/lib/sss/db/* &&
	umask 077 && cat > /etc/sssd/sssd.conf' <<-END
	[sssd]
	services = nss, pam
	domains = lab.example
	[domain/lab.example]
	id_provider = ad
	access_provider = permit
	ad_server = dc1.lab.example
	ad_hostname = ws2.lab.example
	ldap_sasl_authid = WS2\$
	fallback_homedir = /home/%u
	default_shell = /bin/bash
	use_fully_qualified_names = false
	krb5_ccname_template = FILE:/tmp/krb5cc_%U_XXXXXX
	dyndns_update = false
END
lab_bg ws2 sss sssd -i --logger=stderr
settled() {
	lab_wait 60 "$1" grep -qx "state=$2" \
		"/usr/local/var/lib/roam/users/$(lab_on "$1" id -u alice)"
}
for n in 1 2; do
	lab_wait 60 ws$n getent passwd alice
done

expect 0 lab_ssh ws1 alice 'klist -s && echo first > note'
settled ws1 out
expect 0 lab_ssh ws2 alice 'klist -s && cat note; echo second > note'
says first
settled ws2 out
# The home is lost, the profile is not.
lab_on ws1 rm -rf /home/alice
expect 0 lab_ssh ws1 alice 'cat note'
says second
settled ws1 out
for n in 1 2; do
	grep -q 'event=sign-out user=alice .* state=ok generation=' \
		"$lab/ws$n/log/syslog" || fail "$(cat "$lab/ws$n/log/syslog")"
	[ -z "$(lab_on ws$n find /run/roam -name '*krb5*')" ] ||
		fail "a copy is left"
done
