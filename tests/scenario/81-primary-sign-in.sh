#!/usr/bin/env bash
# Sign-ins on two workstations of a real domain: the profile roams on the
# computers that the directory lists for the user. On others not a byte of it
# comes, none goes, and what is there stays.
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/lab/lib.sh
. "$srcdir/tests/lab/lib.sh"
lab_need sshd ssh samba samba-tool smbclient kinit python3 ldbmodify
compgen -G "/lib*/*/security/pam_krb5.so" > /dev/null || { echo "no pam_krb5"; exit 77; }
for program in roam-ldap roam-ccache; do
	[ -x "${ROAM_LIBEXEC:-$PWD}/$program" ] || { echo "built without $program"; exit 77; }
done
lab_begin
lab_dc dc1 10

sam=/var/lib/dc/private/sam.ldb
tree=DC=lab,DC=example
computers=CN=Computers,$tree
change() {
	lab_on dc1 sh -c "ldbmodify -H $sam > /tmp/ldb 2>&1 || { cat /tmp/ldb; exit 1; }"
}
# primary USER [COMPUTER ...]: these and no others.
primary() {
	local user=$1 name
	shift
	{
		printf 'dn: CN=%s,CN=Users,%s\nchangetype: modify\n' "$user" "$tree"
		echo 'replace: msDS-PrimaryComputer'
		for name; do
			echo "msDS-PrimaryComputer: CN=$name,$computers"
		done
	} | change
}

lab_kerberos=yes
lab_settings=$'[directory]\nprimary_computers = yes\ntimeout = 20s\n'
for n in 1 2; do
	lab_workstation ws$n 2$n smb://dc1.lab.example/profiles/%u
	lab_member ws$n
	lab_on ws$n sed -i '/^auth optional .*pam_roam/d' /etc/pam.d/sshd
	# Only the domain lets them in.
	lab_on ws$n sed -i -E 's/^(alice|bob|carol):[^:]*:/\1:*:/' /etc/shadow
done

endings() {
	lab_on "$1" grep -c 'event=sign-out user=' /var/log/syslog || :
}
# visit HOST USER COMMAND: a whole session, and the end of what goes on behind.
visit() {
	local tries=0 before
	before=$(endings "$1")
	expect 0 lab_ssh "$1" "$2" "$3"
	until [ "$(endings "$1")" -gt "$before" ]; do
		[ $((tries += 1)) -lt 600 ] || fail "$1: $2 is still in"
		sleep 0.1
	done
}
# decided HOST VERDICT: the last decision there.
decided() {
	local last
	last=$(lab_on "$1" grep -h event=decision /var/log/syslog | tail -n 1)
	[[ $last == *"verdict=$2 "* ]] || fail "$1: not $2: $last"
}
generations() {
	find "$lab_share/$1/gen" -maxdepth 1 -type d -name '0*' 2> /dev/null |
		wc -l
}

# --- Listed on ws1 alone -------------------------------------------------------
primary alice WS1
visit ws1 alice 'echo Secret-of-alice > note'
decided ws1 primary
[ "$(generations alice)" -ge 1 ] || fail 'nothing in the store'
before=$(generations alice)
setsid nsenter -t "$(cat "$lab/fabric/init")" -n \
	python3 "$srcdir/tests/directory/count-packets" v-ws2 445 "$work/packets" \
	< /dev/null > /dev/null 2>&1 &
counter=$!
tries=0
until [ -e "$work/packets" ] || [ $((tries += 1)) -gt 200 ]; do sleep 0.1; done
visit ws2 alice 'cat note; echo of ws2 > own; true'
decided ws2 not-primary
[[ $out$err != *Secret-of-alice* ]] || fail 'it came'
[ "$(cat "$work/packets")" = 0 ] || fail "$(cat "$work/packets") packets of SMB"
traces=$(lab_on ws2 find /home /var/lib /var/log /tmp /run /usr/local -xdev \
	-newer "$lab/fabric/ready" -type f -exec grep -ls Secret-of-alice {} + 2> /dev/null) || :
[ -z "$traces" ] || fail "a trace of it is there: $traces"
[ "$(generations alice)" = "$before" ] || fail 'it went up'
visit ws2 alice 'cat own' # the profile of this computer, as it was left
says 'of ws2'
[ "$(cat "$work/packets")" = 0 ] || fail 'packets of SMB'
kill "$counter"
lab_on ws2 grep -q 'listed=no' /usr/local/var/lib/roam/answers/20001 ||
	fail 'the answer is not kept'

# What the user sees of it, and may do by hand.
as_alice() {
	lab_on ws2 setpriv --reuid 20001 --regid "$(lab_on ws2 id -g alice)" \
		--clear-groups env \
		HOME=/home/alice /usr/local/bin/roam "$@"
}
expect 0 as_alice --json status
[ "$(json "d['type'], d['state'], d['primary']")" = \
	"('roaming', 'local', 'not-primary')" ] || fail "$out"
[ "$(json "d['answer_age'] < 600 and 'primary computers' in d['reason']")" = True ] ||
	fail "$out"
for command in sync pull push; do
	expect 4 as_alice $command
	says 'primary computers only'
done
[ "$(generations alice)" = "$before" ] || fail 'it went up'

# --- Two listed; then no longer: what is there stays ---------------------------
primary alice WS1 WS2
visit ws2 alice 'cat note own'
decided ws2 primary
says Secret-of-alice
visit ws1 alice 'cat own; echo more > note'
says 'of ws2'
primary alice WS1
before=$(generations alice)
visit ws2 alice 'cat note; echo edit of ws2 >> own'
decided ws2 not-primary
says Secret-of-alice # the cached copy, as it was
[ "$(generations alice)" = "$before" ] || fail 'it went up'

# --- The directory names the store as well ---------------------------------------
lab_on ws1 sh -c 'cat > /usr/local/etc/roam/roam.conf' <<-END
	[directory]
	primary_computers = yes
	profile_path = yes
	timeout = 20s
END
mkdir -p "$lab_share/bob.V6"
echo theirs > "$lab_share/bob.V6/NTUSER.DAT"
primary bob WS1
visit ws1 bob 'echo by path > note'
decided ws1 primary
[ "$(generations bob.linux)" -ge 1 ] || fail 'not where the directory says'
[ "$(find "$lab_share/bob.V6" | wc -l)" = 2 ] || fail 'a profile of Windows'
# What is for terminal services comes before anything else, and only there.
lab_on ws1 sed -i 's/^profile_path/terminal_services = xrdp sshd\n&/' \
	/usr/local/etc/roam/roam.conf
printf 'dn: CN=bob,CN=Users,%s\nchangetype: modify\nadd: %s\n%s: %s\n' "$tree" \
	msTSProfilePath msTSProfilePath \
	'\\dc1.lab.example\profiles\terminal\%userdomain%.%username%' | change
mkdir -m 1777 "$lab_share/terminal"
visit ws1 bob true
[ "$(generations terminal/LAB.bob.linux)" -ge 1 ] || fail 'not the terminal path'
# A user without a path has a local profile.
printf 'dn: CN=carol,CN=Users,%s\nchangetype: modify\ndelete: profilePath\n' \
	"$tree" | change
primary carol WS1
visit ws1 carol 'echo here > note'
[ ! -e "$lab_share/carol.linux" ] || fail 'a path that nobody named'
lab_on ws1 grep -q 'event=sign-in user=carol .*state=local' /var/log/syslog ||
	fail 'not local'
