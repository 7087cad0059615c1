# shellcheck shell=bash
# Two domain controllers of one domain, and what happens to controllers. Sourced
# after tests/lab/lib.sh.
#
#   lab_dcs                        dc1 10.99.0.10 and dc2 10.99.0.11, with the
#                                  same in their databases; neither hears of
#                                  what is changed in the other's
#   lab_change HOST                LDIF, straight into that one's database
#   lab_dc_stop HOST               its processes end; lab_dc_start HOST
#   lab_freeze HOST                they stop where they are
#   lab_thaw HOST                  and go on
#   lab_set_clock HOST OFFSET      starts it again with another time: +1h;
#                                  needs faketime

lab_change() {
	lab_on "$1" sh -c 'ldbmodify -H /var/lib/dc/private/sam.ldb > /tmp/ldb 2>&1 ||
		{ cat /tmp/ldb; exit 1; }'
}

lab_dc_stop() {
	lab_on "$1" sh -c 'kill -KILL -1'
	lab_wake
	lab_wait 30 "$1" sh -c '! pgrep -x "(samba|smbd|winbindd).*"'
}

lab_freeze() {
	lab_on "$1" sh -c 'kill -STOP -1'
}

# Those who wait for them outside of the host have stopped with them.
lab_thaw() {
	lab_on "$1" sh -c 'kill -CONT -1'
	lab_wake
}

lab_set_clock() {
	local library
	library=$(compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' |
		head -n 1)
	lab_dc_stop "$1"
	lab_dc_start "$1" env LD_PRELOAD="$library" FAKETIME="$2" \
		FAKETIME_DONT_FAKE_MONOTONIC=1
}

# lab_pair STATE PAIR: let a second controller join that of STATE, and keep both
# as they are then.
lab_pair() {
	local admin=Administrator%Adm1n.Pass pair=$lab/pair zone name host
	lab_dc_host dc1 10 "$1"
	lab_dc_start dc1
	# The service that would add these is left out.
	for name in _ldap._tcp.dc \
		_ldap._tcp.Default-First-Site-Name._sites.dc \
		_kerberos._tcp _kerberos._udp; do
		zone=lab.example
		[[ $name != _ldap* ]] || zone=_msdcs.$zone
		lab_on dc1 samba-tool dns add dc1 "$zone" "$name" SRV \
			"dc2.lab.example $([[ $name = _ldap* ]] && echo 389 ||
				echo 88) 0 100" -U "$admin"
	done
	lab_host dc2 11
	lab_join dc2
	lab_on dc2 samba-tool domain join lab.example DC -U "$admin" \
		--server=dc1.lab.example --dns-backend=SAMBA_INTERNAL \
		--targetdir=/var/lib/dc --option='interfaces=lo eth0' \
		--option='bind interfaces only=yes'
	lab_dc_stop dc1
	mkdir "$pair"
	for host in dc1 dc2; do
		printf '%s\n' 'dn: CN=DC2,OU=Domain Controllers,DC=lab,DC=example' \
			'changetype: modify' 'add: servicePrincipalName' \
			'servicePrincipalName: ldap/dc2.lab.example' |
			lab_change $host
		lab_on $host tar -C /var/lib/dc --xattrs --xattrs-include='*' \
			--acls --sparse --exclude='*.sock' -cf - . > "$pair/$host"
		lab_kill $host
	done
	tar -C "$pair" -cf "$2.new" dc1 dc2
	mv "$2.new" "$2"
	rm -r "$pair"
}

lab_dcs() {
	local state pair key host
	state=$("$srcdir/tests/directory/kept-state") || exit
	pair=${state%.tar}-pair
	key=$(cat "${state%.tar}.key" "$srcdir/tests/lab/pair.sh" | sha256sum)
	(
		flock 9
		[ "$key" = "$(cat "$pair.key" 2> /dev/null)" ] && exit
		(lab_pair "$state" "$pair.tar") > "$work/pair.log" 2>&1 ||
			fail "$(cat "$work/pair.log")"
		echo "$key" > "$pair.key"
	) 9> "$pair.lock" || exit
	tar -C "$lab" -xf "$pair.tar" --transform='s/^/made-/'
	lab_dc_host dc1 10 "$lab/made-dc1"
	lab_dc_host dc2 11 "$lab/made-dc2"
	rm "$lab/made-dc1" "$lab/made-dc2"
	lab_dc_start dc1
	lab_dc_start dc2
}
