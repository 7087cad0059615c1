#!/usr/bin/env bash
# Directories that are no Active Directory, that cannot be trusted, or that make
# no sense: facts where there are some, else nothing is known, and always soon.
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
PATH=$PATH:/usr/sbin
[ -x "${ROAM_LIBEXEC:-$PWD}/roam-ldap" ] || { echo 'built without roam-ldap'; exit 77; }
for tool in python3 slapd slapadd ldapsearch openssl; do
	command -v $tool > /dev/null || { echo "no $tool"; exit 77; }
done
export ROAM_LIBEXEC=${ROAM_LIBEXEC:-$PWD}
chmod 755 "$work"
started=()
stop_all() {
	[ ${#started[@]} = 0 ] || kill "${started[@]}" 2> /dev/null || :
	clean_up
}
trap stop_all EXIT

# decides VERDICT STATUS LINE ...: by settings with these lines.
decides() {
	local verdict=$1 status=$2
	shift 2
	printf '%s\n' '[directory]' 'primary_computers = yes' 'timeout = 20s' \
		'computer = ws1' 'login = anonymous' "$@" > "$work/conf"
	expect "$status" "$ROAM" --config "$work/conf" --json primary check alice
	[ "$(json "d['verdict']")" = "$verdict" ] || fail "not $verdict: $out"
}

# --- Servers that make no sense ------------------------------------------------
kinds='garbage huge endless values closes names referral refuses empty late
	schema circles pieces'
for kind in $kinds; do
	python3 "$srcdir/tests/directory/odd-server" "$kind" "$work/port.$kind" &
	started+=($!)
done
for kind in $kinds; do
	tries=0
	until [ -e "$work/port.$kind" ] || [ $((tries += 1)) -gt 300 ]; do
		sleep 0.1
	done
	line="servers = ldap://127.0.0.1:$(cat "$work/port.$kind")"
	from=$SECONDS
	case $kind in
	huge | values | late) decides unknown 3 "$line" 'timeout = 2s' ;;
	pieces)
		decides primary 0 "$line"
		[ "$(json "d['facts']['computers']")" = 3001 ] || fail "$out"
		[ "$(json "d['facts']['round_trips']")" = 6 ] || fail "$out"
		;;
	*) decides unknown 3 "$line" ;;
	esac
	[ $((SECONDS - from)) -lt 45 ] || fail "$kind: $((SECONDS - from)) s"
done
decides unknown 3 'servers = ldap://127.0.0.1:1'
decides unknown 3 'servers = ldap://127.0.0.1/x'
printf '[directory]\nservers = http://127.0.0.1\n' > "$work/conf"
expect 2 "$ROAM" --config "$work/conf" primary check alice
says "servers: 'http://127.0.0.1': neither"

# --- slapd ---------------------------------------------------------------------
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
	-keyout "$work/ca.key" -out "$work/ca.pem" -days 30 -subj /CN=ca \
	2> /dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
	-keyout "$work/other.key" -out "$work/other.pem" -days 30 \
	-subj /CN=other 2> /dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
	-keyout "$work/key.pem" -out "$work/csr" -subj /CN=localhost 2> /dev/null
chmod 644 "$work/key.pem"
# certificate NAME DAYS SUBJECT
certificate() {
	echo "subjectAltName=$3" > "$work/names"
	openssl x509 -req -in "$work/csr" -CA "$work/ca.pem" \
		-CAkey "$work/ca.key" -CAcreateserial -days "$2" \
		-extfile "$work/names" -out "$work/$1.pem" 2> /dev/null
}
certificate right 30 IP:127.0.0.1
certificate expired -1 IP:127.0.0.1
certificate stranger 30 DNS:elsewhere.example

# schema FILE WITH: attributes and classes as Active Directory calls them.
schema() {
	# Lines that go on begin with a blank.
	cat > "$1" <<'END'
attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName'
 EQUALITY caseIgnoreMatch
 SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.139 NAME 'profilePath'
 SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.2167 NAME 'WANTED'
 EQUALITY distinguishedNameMatch
 SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 )
attributetype ( 1.2.840.113556.1.4.2168 NAME 'msDS-IsPrimaryComputerFor'
 EQUALITY distinguishedNameMatch
 SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 )
objectclass ( 1.2.840.113556.1.5.9 NAME 'user' SUP top STRUCTURAL
 MUST cn MAY ( sAMAccountName $ profilePath $ WANTED $
 msDS-IsPrimaryComputerFor $ userPassword ) )
END
	sed -i "s/WANTED/$2/" "$1"
}
schema "$work/new.schema" msDS-PrimaryComputer
schema "$work/old.schema" msDS-SomethingElse
cat > "$work/ldif" <<'END'
dn: dc=test
objectClass: domain
objectClass: top
dc: test

dn: cn=alice,dc=test
objectClass: user
cn: alice
sAMAccountName: alice
profilePath: \\srv\profiles\%username%
userPassword: Pass.of.alice
msDS-PrimaryComputer: CN=WS1, DC=Test

dn: cn=ws1,dc=test
objectClass: user
cn: ws1
sAMAccountName: ws1$

dn: cn=ws2,dc=test
objectClass: user
cn: ws2
sAMAccountName: ws2$
msDS-IsPrimaryComputerFor: cn=alice,dc=test

dn: cn=group,dc=test
objectClass: groupOfNames
cn: group
member: cn=alice,dc=test
END
# slapd NAME SCHEMA CERTIFICATE: on a port of its own, in $port.
directory() {
	local dir=$work/$1 tries=0
	mkdir -p "$dir/data"
	cat > "$dir/conf" <<-END
		include /etc/ldap/schema/core.schema
		include /etc/ldap/schema/cosine.schema
		include $work/$2.schema
		modulepath /usr/lib/ldap
		moduleload back_mdb
		TLSCACertificateFile $work/ca.pem
		TLSCertificateFile $work/$3.pem
		TLSCertificateKeyFile $work/key.pem
		database mdb
		suffix dc=test
		directory $dir/data
		access to attrs=userPassword by * auth
		access to dn.base=cn=ws1,dc=test by * ${4:-read}
		access to * by * read
	END
	if [ "$2" = new ]; then
		slapadd -f "$dir/conf" -l "$work/ldif" 2> "$dir/log" || fail "$(cat "$dir/log")"
	else
		grep -v msDS-PrimaryComputer "$work/ldif" | slapadd -f "$dir/conf" 2> "$dir/log" || fail "$(cat "$dir/log")"
	fi
	port=$(python3 -c '
import socket
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1])')
	slapd -f "$dir/conf" -h "ldap://127.0.0.1:$port" -d 0 > "$dir/log" 2>&1 &
	started+=($!)
	until ldapsearch -x -H "ldap://127.0.0.1:$port" -s base -b '' \
		> /dev/null 2>&1; do
		[ $((tries += 1)) -lt 300 ] || fail "$(cat "$dir/log")"
		sleep 0.1
	done
}

directory a new right
plain="servers = ldap://127.0.0.1:$port"
decides primary 0 "$plain"
[ "$(json "d['facts']['profile_path']")" = '\\srv\profiles\%username%' ] ||
	fail "$out"
[ "$(json "d['facts']['round_trips']")" -le 4 ] || fail 'too many questions'
decides not-primary 4 "$plain" 'computer = cn=group,dc=test'
decides primary 0 "$plain" 'computer = CN=ws1 , DC=test'
decides not-primary 4 "$plain" 'computer = ws9'
decides not-primary 4 "$plain" 'computer = ws2'
decides primary 0 "$plain" 'computer = ws2' 'back_link = yes'
[ "$(json "d['facts']['via']")" = back-link ] || fail "$out"
decides not-primary 4 "$plain" 'computer = ws2' 'group_values = direct'
decides primary 0 "$plain" 'user_attribute = cn'
decides not-primary 4 "$plain" 'base = cn=alice,dc=test'
decides primary 0 "$plain" 'profile_path = yes'
[ "$(json "d['store']")" = smb://srv/profiles/alice.linux ] || fail "$out"

# TLS, and a password for it.
printf 'username=cn=alice,dc=test\npassword=Pass.of.alice\n' > "$work/secret"
chmod 600 "$work/secret"
safe=("$plain" 'login = simple' "credentials_file = $work/secret" 'tls = starttls')
decides primary 0 "${safe[@]}" "ca_file = $work/ca.pem"
decides unknown 3 "${safe[@]}" "ca_file = $work/other.pem"
decides unknown 3 "${safe[@]}" 'tls = no'
says 'without TLS'
sed -i s/Pass.of.alice/Wrong/ "$work/secret"
decides unknown 3 "${safe[@]}" "ca_file = $work/ca.pem"
says 'nvalid credentials'
for bad in expired stranger; do
	directory $bad new $bad
	decides unknown 3 "servers = ldap://127.0.0.1:$port" 'tls = starttls' \
		"ca_file = $work/ca.pem"
done

# An older schema answers everything else, with nothing.
directory old old right
decides unsupported 0 "servers = ldap://127.0.0.1:$port"
decides unsupported 4 "servers = ldap://127.0.0.1:$port" 'require_schema = yes'

# The computer's object may not be read: it is as if there were none.
directory hidden new right none
decides not-primary 4 "servers = ldap://127.0.0.1:$port"
