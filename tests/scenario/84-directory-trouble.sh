#!/usr/bin/env bash
# Sign-ins through PAM on two workstations of a domain with two controllers:
# every answer that a directory has, and everything that keeps it from answering.
# ws1 has the answer of its last sign-in, mostly another one; ws2 has none.
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/lab/lib.sh
. "$srcdir/tests/lab/lib.sh"
# shellcheck source=tests/lab/pair.sh
. "$srcdir/tests/lab/pair.sh"
lab_need sshd samba samba-tool smbclient kinit python3 ldbmodify faketime
[ -x "${ROAM_LIBEXEC:-$PWD}/roam-ldap" ] || { echo 'built without roam-ldap'; exit 77; }
lab_begin
lab_dcs

tree=DC=lab,DC=example
computers=CN=Computers,$tree
mkdir -m 1777 "$lab/store"
: > "$lab/leave" # sessions end at once
cp "$srcdir/tests/lab/session" "$lab/session"
for n in 1 2; do
	lab_workstation ws$n 2$n "file://$lab/store/%u"
	lab_member ws$n
	lab_on ws$n systemd-sysusers 2> /dev/null
done

# settings LINE ...: of section [directory], on both.
settings() {
	local host
	for host in ws1 ws2; do
		printf '%s\n' '[roam]' "store = file://$lab/store/%u" \
			'[directory]' 'primary_computers = yes' "$@" |
			lab_on $host sh -c 'cat > /usr/local/etc/roam/roam.conf'
	done
}

# primary DC OBJECT [COMPUTER ...]: these and no others.
primary() {
	local dc=$1 name
	{
		printf 'dn: CN=%s,CN=Users,%s\nchangetype: modify\n' "$2" \
			"$tree"
		echo 'replace: msDS-PrimaryComputer'
		for name in "${@:3}"; do
			echo "msDS-PrimaryComputer: CN=$name,$computers"
		done
	} | lab_change "$dc"
}

# rename NAME PLACE NEW-NAME NEW-PLACE: LDIF.
rename() {
	printf '%s\n' "dn: CN=$1,$2,$tree" 'changetype: modrdn' \
		"newrdn: CN=$3" 'deleteoldrdn: 1' "newsuperior: $4,$tree" ''
}

# visit HOST USER: a session through PAM, until its end is done as well. What it
# took to $work/HOST, what was decided at its start to $work/HOST.decision.
visit() {
	local log=$lab/$1/log/syslog from tries=0
	from=$(($(wc -l < "$log") + 1))
	timeout 90 nsenter -t "$(cat "$lab/$1/init")" -m -n -u -i -p --wd -- \
		python3 "$lab/session" lab "$2" "$lab/leave" > "$work/$1" 2>&1 ||
		fail "$1: $(cat "$work/$1")"
	until tail -n "+$from" "$log" | grep -q "event=sign-out user=$2"; do
		[ $((tries += 1)) -lt 900 ] ||
			fail "$1: $2 is still in: $(tail -n "+$from" "$log")"
		sleep 0.1
	done
	tail -n "+$from" "$log" | grep event=decision | head -n 1 \
		> "$work/$1.decision"
}

# decided HOST VERDICT SECONDS: by visit, within that time. "primary kept" is by
# the answer of before, all else by one of now.
decided() {
	local said took verdict
	said=$(cat "$work/$1.decision")
	took=$(sed -n 's/^seconds //p' "$work/$1")
	verdict=${said#* verdict=}
	verdict=${verdict%% *}
	[[ $said != *" age="* ]] || verdict+=' kept'
	[ "$verdict" = "$2" ] || fail "$1: not $2 after $took s: $said"
	case ${verdict% kept} in
	primary) [[ $said = *' type=roaming'* ]] ;;
	not-primary | unknown) [[ $said = *' type=local'* ]] ;;
	esac || fail "$1: $said"
	awk "BEGIN { exit !($took <= $3) }" || fail "$1: $took s, not $3: $said"
	[ -z "${TIMES-}" ] || echo "$1 $2: $took s" >&2
}

# both USER WS1 WS2 SECONDS: sign-ins on both at once, and what is decided.
both() {
	lab_on ws2 sh -c 'rm -f /usr/local/var/lib/roam/answers/*'
	visit ws1 "$1" &
	visit ws2 "$1"
	wait $!
	decided ws1 "$2" "$4"
	decided ws2 "$3" "$4"
}

# because TEXT: is the reason of both.
because() {
	local host
	for host in ws1 ws2; do
		grep -q "$1" "$work/$host.decision" ||
			fail "not because '$1': $(cat "$work/$host.decision")"
	done
}

# --- Answers -------------------------------------------------------------------
lab_dc_stop dc2
settings 'timeout = 20s'
primary dc1 alice WS1
both alice primary not-primary 20
primary dc1 alice WS1 WS2
both alice primary primary 20
primary dc1 alice WS2
both alice not-primary primary 20
# A computer that is renamed or moved stays the one that it was.
primary dc1 alice WS1 WS2
{
	rename WS1 CN=Computers HALL CN=Computers
	rename WS2 CN=Computers WS2 OU=Moved
} | lab_change dc1
both alice primary primary 20
{
	rename HALL CN=Computers WS1 CN=Computers
	rename WS2 OU=Moved WS2 CN=Computers
} | lab_change dc1

primary dc1 Inner WS1
both bob not-primary not-primary 20
settings 'timeout = 20s' 'group_values = direct'
both bob primary not-primary 20
settings 'timeout = 20s'

# An attribute that may not be read is one without values.
primary dc1 carol WS1 WS2
lab_on dc1 samba-tool dsacl set -H /var/lib/dc/private/sam.ldb \
	--objectdn="CN=carol,CN=Users,$tree" --action=deny \
	--sddl='(OD;;RP;a13df4e2-dbb0-4ceb-828b-8b2e143e9e81;;AU)' > /dev/null
both carol not-primary not-primary 20

# --- One answers, the other does not -------------------------------------------
# The first is also the first server of names, and nobody has told the resolver
# to hurry.
names() {
	local host name
	for host in ws1 ws2; do
		for name; do
			echo "nameserver $name"
		done | lab_on $host sh -c 'cat > /etc/resolv.conf'
	done
}
primary dc2 alice WS1 WS2
lab_dc_start dc2
names 10.99.0.10 10.99.0.11
settings 'timeout = 20s'
lab_freeze dc1
both alice primary primary 15
lab_dc_stop dc1
both alice primary primary 15

# --- No answer -----------------------------------------------------------------
settings 'timeout = 1s'
lab_freeze dc2
# Who waits for it has the credentials and nothing of root's any more.
lab_on ws1 sh -c 'sed "s/= 1s/= 20s/" /usr/local/etc/roam/roam.conf > /tmp/conf'
lab_bg ws1 check /usr/local/bin/roam --config /tmp/conf primary check alice
powers() {
	# shellcheck disable=SC2016 # of the host's shell
	lab_on ws1 sh -c 'for pid in $(pgrep -x roam-ldap); do
		grep -hE "^(Uid|Gid|Groups|Cap...|NoNewPrivs):" \
			/proc/$pid/status
	done' | tr -s '\t ' ' ' | sort -u
}
id=$(lab_on ws1 id -u _roam)
tries=0
until [ "$(powers | grep -v CapBnd)" = "CapAmb: 0000000000000000
CapEff: 0000000000000000
CapInh: 0000000000000000
CapPrm: 0000000000000000
Gid: $id $id $id $id
Groups: 
NoNewPrivs: 1
Uid: $id $id $id $id" ]; do
	[ $((tries += 1)) -lt 100 ] || fail "roam-ldap has $(powers)"
	sleep 0.1
done
both alice 'primary kept' unknown 8
lab_dc_stop dc2
both alice 'primary kept' unknown 8

# The controller's clock is an hour ahead.
names 10.99.0.10
settings 'timeout = 20s'
lab_set_clock dc1 +1h
both alice 'primary kept' unknown 8
because 'Ticket not yet valid'
lab_dc_stop dc1
lab_dc_start dc1

# The computers' passwords are no longer those of their keytabs. For a while the
# ones before them still do.
lab_on dc1 /usr/bin/python3 - <<'END'
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

parameters = LoadParm()
parameters.load("/etc/samba/smb.conf")
db = SamDB(url="/var/lib/dc/private/sam.ldb", session_info=system_session(),
           lp=parameters)
for password in ("An0ther.Pass", "Y3t.An0ther.Pass"):
    for name in ("WS1", "WS2"):
        db.setpassword("(sAMAccountName=%s$)" % name, password)
END
both alice 'primary kept' unknown 8
because 'Preauthentication failed'

# Nobody knows any names.
settings 'timeout = 1s'
names 10.99.0.12
both alice 'primary kept' unknown 8

# --- A directory that knows no primary computers ---------------------------------
lab_freeze dc1 # and then its power is cut
lab_kill dc1
lab_dc dc1 10 2008_R2
for host in ws1 ws2; do
	lab_member $host
	lab_on $host ip neigh flush dev eth0 # another card has the address
done
settings 'timeout = 20s'
both alice unsupported unsupported 20
because type=roaming
