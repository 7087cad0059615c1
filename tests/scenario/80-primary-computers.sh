#!/usr/bin/env bash
# A real Active Directory is asked for primary computers: who is listed, by what
# name or group, over which connection; and what is decided when it is away.
if [ -z "${DC-}" ]; then
	[ -x "${ROAM_LIBEXEC:-$PWD}/roam-ldap" ] ||
		{ echo 'built without roam-ldap'; exit 77; }
	exec "${srcdir:-.}/tests/directory/with-directory" "$0" "$@"
fi
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/directory/dc.sh
. "$srcdir/tests/directory/dc.sh"

lab=DC=lab,DC=example
people=CN=Users,$lab
computers=CN=Computers,$lab
primary=msDS-PrimaryComputer

# settings LINE ...: of section [directory].
settings() {
	printf '%s\n' '[directory]' 'primary_computers = yes' 'timeout = 20s' \
		"keytab = $DC/keytabs/ws1" "$@" > "$work/conf"
}

# decides VERDICT STATUS USER: what this computer would decide about that user.
decides() {
	expect "$2" "$ROAM" --config "$work/conf" --json primary check "$3" \
		< /dev/null
	[ "$(json "d['verdict']")" = "$1" ] || fail "$3: not $1 but $out"
}

# --- Listed, not listed, two listed --------------------------------------------
settings
dc_set "CN=alice,$people" $primary "CN=WS1,$computers"
dc_set "CN=carol,$people" $primary "CN=WS2,$computers" "CN=WS1,$computers"
decides primary 0 alice
[ "$(json "d['facts']['via']")" = user ] || fail "by what?"
[ "$(json "d['facts']['site']")" = Default-First-Site-Name ] || fail 'no site'
decides not-primary 4 bob
decides primary 0 carol
[ "$(json "d['facts']['computers']")" = 2 ] || fail 'not two'
decides not-primary 4 nobody-of-that-name
decides not-primary 4 'ali*'
decides primary 0 'LAB\alice'
decides primary 0 alice@lab.example
decides not-primary 4 'ELSEWHERE\alice'
[ "$(json "d['facts']['foreign']")" = True ] || fail 'not foreign'
settings 'foreign_users = yes'
decides not-primary 0 'ELSEWHERE\alice'
expect 0 "$ROAM" --config "$work/conf" primary check 'LAB\alice' < /dev/null
says 'LAB\alice'
says '\\dc1.lab.example\profiles\%username%'
settings "keytab = $DC/keytabs/ws2"
decides not-primary 4 alice
decides primary 0 carol

# Another domain of the forest: only the global catalog has its users. Here is
# its entry in the list of domains alone.
printf '%s\n' "dn: CN=SALES,CN=Partitions,CN=Configuration,$lab" \
	'changetype: add' 'objectClass: crossRef' 'nETBIOSName: SALES' \
	'dnsRoot: sales.lab.example' "nCName: CN=Users,$lab" 'systemFlags: 3' |
	dc_modify
settings
decides primary 0 'SALES\alice'
decides primary 0 alice@sales.lab.example
decides not-primary 4 'SALES\bob'
[ "$(json "d['facts']['user_found']")" = True ] || fail "$out"
settings 'profile_path = yes'
decides primary 0 'SALES\alice' # but its controllers are not found
[ "$(json "d['store'], 'sales.lab.example' in d['store_error']")" = \
	'(None, True)' ] || fail "$out"
# As if dc1 were theirs, too.
samba-tool dns add dc1 lab.example _ldap._tcp.dc._msdcs.sales SRV \
	'dc1.lab.example 389 0 100' -U Administrator%Adm1n.Pass > "$work/tool" ||
	fail "$(cat "$work/tool")"
decides primary 0 'SALES\alice'
[ "$(json "d['store']")" = smb://dc1.lab.example/profiles/alice.linux ] ||
	fail "$out"
[ "$(json "d['facts']['home_drive']")" = H: ] || fail "$out"
decides primary 0 'LAB\alice'
[ "$(json "d['store']")" = smb://dc1.lab.example/profiles/alice.linux ] ||
	fail "$out"
dc_set "CN=alice,$people" profilePath '\\dc1\p$\%userdomain%\%username%\%u'
decides primary 0 alice
[ "$(json "d['store']")" = 'smb://dc1/p$/LAB/alice/alice.linux' ] || fail "$out"
decides primary 0 alice@lab.example
[ "$(json "d['store']")" = \
	'smb://dc1/p$/LAB/alice/alice%40lab.example.linux' ] || fail "$out"
dc_set "CN=alice,$people" profilePath '\\dc1.lab.example\profiles\%username%'

# --- At most four questions, with the server and the site known ----------------
settings 'servers = dc1.lab.example' 'site = Default-First-Site-Name'
decides primary 0 alice
[ "$(json "d['facts']['round_trips']")" -le 4 ] || fail 'too many questions'

# --- The setting is off: nobody is asked ---------------------------------------
printf '[directory]\nservers = 10.99.0.11\nprimary_computers = no\n' \
	> "$work/conf"
decides disabled 0 alice
settings 'servers = 10.99.0.11' 'primary_exempt = bob alice'
decides exempt 0 alice

# --- The object of the computer changes its name, its place, its life ----------
settings
printf 'dn: CN=WS1,%s\nchangetype: modrdn\nnewrdn: CN=NEWNAME\n%s\n%s\n' \
	"$computers" 'deleteoldrdn: 1' "newsuperior: OU=Moved,$lab" | dc_modify
decides primary 0 alice
[ "$(json "d['facts']['computer_dn']")" = "CN=NEWNAME,OU=Moved,$lab" ] ||
	fail "still called $(json "d['facts']['computer_dn']")"
printf 'dn: CN=NEWNAME,OU=Moved,%s\nchangetype: modrdn\nnewrdn: CN=WS1\n%s\n%s\n' \
	"$lab" 'deleteoldrdn: 1' "newsuperior: $computers" | dc_modify
settings 'computer = WS9'
decides not-primary 4 alice

# --- Groups --------------------------------------------------------------------
dc_set "CN=Inner,$people" $primary "CN=WS1,$computers"
settings
decides not-primary 4 bob
settings 'group_values = direct'
decides primary 0 bob
[ "$(json "d['facts']['via']")" = "CN=Inner,$people" ] || fail 'not by Inner'
dc_set "CN=Inner,$people" $primary
dc_set "CN=Outer,$people" $primary "CN=WS1,$computers"
decides not-primary 4 bob
settings 'group_values = nested'
decides primary 0 bob
dc_set "CN=Outer,$people" $primary
dc_set "CN=Domain Users,$people" $primary "CN=WS1,$computers"
decides primary 0 dora
dc_set "CN=Domain Users,$people" $primary
decides not-primary 4 dora

# --- An attribute that the computer may not read -------------------------------
settings
decides primary 0 carol
samba-tool dsacl set -s "$DC/smb.conf" -H "$DC/private/sam.ldb" \
	--objectdn="CN=carol,$people" --action=deny \
	--sddl='(OD;;RP;a13df4e2-dbb0-4ceb-828b-8b2e143e9e81;;AU)' > /dev/null
decides not-primary 4 carol
[ "$(json "d['facts']['computers']")" = 0 ] || fail 'it can be read'

# --- TLS -----------------------------------------------------------------------
chmod 755 "$DC/private" "$DC/private/tls"
chmod 644 "$DC/private/tls/"{ca,other}.pem
for how in starttls ldaps; do
	settings "tls = $how" "ca_file = $DC/private/tls/other.pem" \
		'login = simple' 'computer = WS1' \
		"credentials_file = $work/secret"
	printf 'username=%s\npassword=%s\n' dora@lab.example \
		D0ra.Pass > "$work/secret"
	chmod 600 "$work/secret"
	decides unknown 3 alice
	settings "tls = $how" "ca_file = $DC/private/tls/ca.pem" \
		'login = simple' 'computer = WS1' \
		"credentials_file = $work/secret"
	decides primary 0 alice
done
settings 'login = simple' 'computer = WS1' \
		"credentials_file = $work/secret"
decides unknown 3 alice
says 'without TLS'
chmod 644 "$work/secret"
decides unknown 3 alice
says 0600
settings 'tls = starttls' "ca_file = $DC/private/tls/ca.pem"
grep -q 'allow_sasl_over_tls' "$DC/smb.conf" || decides unknown 3 alice

# --- Commands ------------------------------------------------------------------
roam() {
	"$ROAM" --config "$work/conf" "$@" < /dev/null
}
settings
export KRB5CCNAME=FILE:$work/cc
echo Adm1n.Pass | kinit Administrator > /dev/null
expect 0 roam primary list alice
says "CN=WS1,$computers"
expect 0 roam primary add bob WS1 WS2
says 'WS2: added'
expect 0 roam primary add bob WS1
says 'nothing to do'
expect 0 roam primary add 'SALES\dora' WS3 # at a controller of that domain
expect 0 roam --json primary list dora@sales.lab.example
[[ $(json "d['computers']") = *WS3* ]] || fail "$out"
expect 0 roam primary remove dora WS3
expect 0 roam --json primary list bob
[ "$(json "len(d['computers'])")" = 2 ] || fail "$out"
expect 0 roam primary users ws1
says "CN=bob,$people"
says "CN=alice,$people"
expect 0 roam primary remove bob WS1 WS2
expect 0 roam primary remove bob WS1
says 'nothing to do'
expect 0 roam --json primary list bob
[ "$(json "len(d['computers'])")" = 0 ] || fail "$out"
expect 1 roam primary add bob WS9
says 'no such computer'
expect 1 roam primary list nobody-of-that-name
says 'no such user'
expect 1 roam primary add bob "CN=alice,$people"
says 'no such computer'
expect 1 roam primary add bob '*'
says 'no such computer'
expect 2 roam primary add bob 'x=y,,'
expect 2 roam primary add bob ''
expect 2 roam primary users ''
expect 2 roam primary check ''
expect 2 roam primary add bob
expect 2 roam primary give bob
# A controller that takes no changes is not asked for any.
python3 "$srcdir/tests/directory/read-only" 10.99.0.11 10.99.0.10 "$work/ro" &
read_only=$!
tries=0
until [ -e "$work/ro" ] || [ $((tries += 1)) -gt 200 ]; do sleep 0.1; done
settings 'servers = dc0.lab.example dc1.lab.example'
expect 0 roam primary add bob WS1
says 'WS1: added'
settings 'servers = dc0.lab.example'
expect 0 roam primary remove bob WS1
says 'WS1: removed'
[ ! -e "$work/ro.asked" ] || fail 'it was asked'
kill "$read_only"
settings
echo D0ra.Pass | kinit dora > /dev/null
expect 3 roam primary add bob WS1
says 'nsufficient access'
kdestroy -q
unset KRB5CCNAME

# --- Out of reach --------------------------------------------------------------
settings 'timeout = 3s' 'servers = dc1.lab.example'
dc_signal STOP
from=$SECONDS
decides unknown 3 alice
[ $((SECONDS - from)) -lt 30 ] || fail "held up for $((SECONDS - from)) s"
# While it waits it is nobody.
settings 'timeout = 15s' 'servers = dc1.lab.example'
"$ROAM" --config "$work/conf" -q primary check alice < /dev/null > /dev/null 2>&1 &
waiting=$!
tries=0
until uids=$(for pid in $(pgrep -x roam-ldap); do
	sed -n 's/^Uid:\t*//p' "/proc/$pid/status"
done | sort -u) && [ -n "$uids" ] && ! grep -q '^0' <<< "$uids"; do
	[ $((tries += 1)) -lt 100 ] || fail "roam-ldap is '$uids'"
	sleep 0.1
done
kill "$waiting"
wait "$waiting" 2> /dev/null || :
dc_signal CONT
decides primary 0 alice
printf 'nameserver 10.99.0.12\noptions timeout:1 attempts:2\n' \
	> "$work/resolv"
mount --bind "$work/resolv" /etc/resolv.conf
decides primary 0 alice # names are in /etc/hosts
settings 'timeout = 3s'
decides unknown 3 alice
says DNS
umount /etc/resolv.conf
# A server that takes connections and says nothing, and nonsense where it is
# asked for tickets; then a good one.
python3 -c '
import socket
ldap = socket.create_server(("10.99.0.11", 389))
kdc = socket.create_server(("10.99.0.11", 88))
open("'"$work"'/up", "w")
for said in (b"\0\0\0\5HTTP/", b"\xff\xff\xff\xff", b"", b"\0\0\1\0j"):
    peer = kdc.accept()[0]
    peer.sendall(said)
    peer.close()
while True:
    peer = kdc.accept()' &
silent=$!
tries=0
until [ -e "$work/up" ] || [ $((tries += 1)) -gt 200 ]; do sleep 0.1; done
settings 'timeout = 8s' 'servers = dc0.lab.example dc1.lab.example'
decides primary 0 alice
kill "$silent"
decides primary 0 alice # refuses at once
# The computer's password is no longer that of its keytab; for a while the one
# before it still does.
settings
for password in An0ther.Pass Y3t.An0ther.Pass; do
	samba-tool user setpassword 'WS1$' --newpassword=$password \
		-s "$DC/smb.conf" > /dev/null
done
decides unknown 3 alice
dc_stop
decides unknown 3 alice
