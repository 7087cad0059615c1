# shellcheck shell=bash
# A small network of hosts in namespaces, for scenarios that need whole machines:
# sign-ins by sshd, login and su, file servers, a domain controller. Sourced
# after tests/scenario/lib.sh. What is made is below $lab and is gone at the
# end, processes included; nothing of the machine itself is changed.
#
#   lab_begin                      or exit 77 where that cannot be
#   lab_host NAME LAST [systemd]   a host, address 10.99.0.LAST
#   lab_on HOST COMMAND ...        as root in that host
#   lab_bg HOST TAG COMMAND ...    the same beside us; says to $lab/HOST/log/TAG
#   lab_wait SECONDS HOST COMMAND ...  until it succeeds
#   lab_cable HOST down|up         lab_kill HOST: a power cut
#   lab_users HOST                 alice 20001, bob 20002, carol 20003
#   lab_workstation NAME LAST STORE [systemd]   with sshd and stacks with Roam
#   lab_server NAME LAST           smbd with a share 'profiles', $lab_share
#   lab_dc dc1 10 [SCHEMA]         the domain controller of LAB.EXAMPLE that
#                                  tests/directory/populate.py makes, share too
#   lab_member HOST                the computer of that name in that domain
#
# Passwords: Al1ce.Pass, B0b.Pass, Car0l.Pass, of the domain's administrator
# Adm1n.Pass.

lab_tools='unshare nsenter ip pivot_root setsid openssl'
lab=$work/lab
lab_passwords='alice:Al1ce.Pass bob:B0b.Pass carol:Car0l.Pass'
PATH=$PATH:/usr/sbin:/sbin

# lab_need PROGRAM ...: or the scenario is skipped.
lab_need() {
	local tool
	for tool; do
		command -v "$tool" > /dev/null || { echo "no $tool"; exit 77; }
	done
}

lab_end() {
	local pid host
	for host in "$lab"/*/init; do
		[ -f "$host" ] || continue
		pid=$(cat "$host")
		kill -KILL "$pid" 2> /dev/null || :
	done
	lab_wake
	for host in "$lab"/*/outer; do
		[ -f "$host" ] || continue
		wait "$(cat "$host")" 2> /dev/null || :
	done
	for host in "$lab"/*/cgroup; do
		[ -f "$host" ] || continue
		find "$(cat "$host")" -depth -type d -exec rmdir {} + \
			2> /dev/null || :
	done
	clean_up
}

# Who waits outside for a process of a host that was stopped is stopped as well,
# and the host cannot end before its wait has.
lab_wake() {
	local pid
	while read -r pid; do
		kill -CONT "$pid" 2> /dev/null || :
	done < "$lab/helpers"
}

lab_begin() {
	[ "$(id -u)" = 0 ] || { echo 'needs root'; exit 77; }
	# shellcheck disable=SC2086 # a word a tool
	lab_need $lab_tools
	mkdir "$lab"
	: > "$lab/helpers"
	chmod 755 "$work" "$lab"
	unshare -m -n true 2> /dev/null || { echo 'no namespaces'; exit 77; }
	make -s install DESTDIR="$lab/installed" > "$work/install.log" 2>&1 ||
		fail "$(cat "$work/install.log")"
	trap lab_end EXIT
	lab_host fabric 1
	lab_on fabric ip link add br0 type bridge
	lab_on fabric ip link set br0 up
}

# What lab_host starts; pid of the host's first process to HOST/init.
lab_start() {
	local name=$1 address=$2 kind=${3-} tries=0 cgroup='' child=''
	mkdir -p "$lab/$name"
	rm -f "$lab/$name/ready"
	if [ "$kind" = systemd ]; then
		cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
		[ -n "$cgroup" ] || { echo 'no cgroup2'; exit 77; }
		cgroup=$cgroup/roam-lab-$$-$name
		mkdir -p "$cgroup"
		echo "$cgroup" > "$lab/$name/cgroup"
	fi
	(
		[ -z "$cgroup" ] || echo "$BASHPID" > "$cgroup/cgroup.procs"
		LAB_SYSTEMD=${cgroup:+1} exec setsid unshare -m -n -u -i -p \
			${cgroup:+-C} --fork --kill-child=KILL -- \
			bash "$srcdir/tests/lab/host" "$lab" "$name" "$address" \
			"$srcdir"
	) < /dev/null > "$lab/$name/out" 2>&1 &
	echo $! > "$lab/$name/outer"
	until [ -e "$lab/$name/ready" ]; do
		tries=$((tries + 1))
		if [ "$tries" -ge 1200 ] || ! kill -0 $! 2> /dev/null; then
			# Where there cannot be one host there is no lab.
			[ "$name" != fabric ] || { cat "$lab/$name/out"; exit 77; }
			fail "$(cat "$lab/$name/out")"
		fi
		sleep 0.05
	done
	read -r child _ < "/proc/$!/task/$!/children" || [ -n "$child" ]
	echo "$child" > "$lab/$name/init"
}

lab_host() {
	local name=$1 address=10.99.0.$2 fabric init
	lab_start "$name" "$address" "${3-}"
	[ "$name" != fabric ] || return 0
	fabric=$(cat "$lab/fabric/init")
	init=$(cat "$lab/$name/init")
	nsenter -t "$fabric" -n ip link add "v-$name" type veth \
		peer name eth0 netns "$init"
	nsenter -t "$fabric" -n ip link set "v-$name" master br0 up
	lab_on "$name" ip address add "$address/24" dev eth0
	lab_on "$name" ip link set eth0 up
	[ -z "${3-}" ] || lab_wait 60 "$name" sh -c \
		'systemctl is-system-running | grep -qE "running|degraded"'
}

lab_on() {
	local name=$1 group=()
	shift
	[ ! -e "$lab/$name/cgroup" ] || group=(-C)
	nsenter -t "$(cat "$lab/$name/init")" -m -n -u -i -p "${group[@]}" \
		--wd -- "$@"
}

lab_bg() {
	local name=$1 tag=$2
	shift 2
	if [ -e "$lab/$name/cgroup" ]; then
		lab_on "$name" systemd-run -q --unit="lab-$tag" \
			-p StandardOutput="append:/var/log/$tag" \
			-p StandardError="append:/var/log/$tag" -- "$@"
		return
	fi
	setsid nsenter -t "$(cat "$lab/$name/init")" -m -n -u -i -p --wd -- \
		"$@" < /dev/null > "$lab/$name/log/$tag" 2>&1 &
	echo $! >> "$lab/helpers"
	disown $! # its end is no news
}

lab_wait() {
	local until=$(($(date +%s) + $1)) name=$2
	shift 2
	until lab_on "$name" "$@" > /dev/null 2>&1; do
		[ "$(date +%s)" -lt "$until" ] ||
			fail "$name: not within the time: $*"
		sleep 0.1
	done
}

lab_cable() {
	nsenter -t "$(cat "$lab/fabric/init")" -n ip link set "v-$1" "$2"
}

lab_kill() {
	kill -KILL "$(cat "$lab/$1/init")"
	lab_wake
	wait "$(cat "$lab/$1/outer")" 2> /dev/null || :
	rm -f "$lab/$1/init" "$lab/$1/outer" "$lab/$1/ready"
}

lab_users() {
	local number=20001 entry hash
	lab_on "$1" sh -c 'echo people:x:20000: >> /etc/group'
	for entry in $lab_passwords; do
		hash=$(openssl passwd -6 "${entry#*:}")
		# shellcheck disable=SC2016 # of the host's shell
		lab_on "$1" sh -c '
			echo "$0:x:$1:20000::/home/$0:/bin/bash" >> /etc/passwd
			echo "$0:$2:19000:0:99999:7:::" >> /etc/shadow
			[ -d "/home/$0" ] || mkdir -m 700 "/home/$0"
			chown "$1:20000" "/home/$0"' \
			"${entry%%:*}" "$number" "$hash"
		number=$((number + 1))
	done
}

# Stacks as short as they can be, with lab_kerberos in the manner of Debian's:
# pam_krb5 comes first at the close as well, and takes the ticket with it.
lab_stacks() {
	local service
	for service in sshd login su su-l lab; do
		# shellcheck disable=SC2016 # of the host's shell
		lab_on "$1" sh -c 'cat > "/etc/pam.d/$0"' "$service" <<-END
			$(case $service in su*) echo auth sufficient pam_rootok.so ;; esac)
			${lab_kerberos:+auth sufficient pam_krb5.so minimum_uid=1000}
			auth required pam_unix.so
			auth optional $lab_module
			account required pam_unix.so
			session required pam_unix.so
			${lab_kerberos:+session optional pam_krb5.so minimum_uid=1000}
			session ${lab_control:-optional} $lab_module ${lab_options-}
		END
	done
}

lab_sshd() {
	lab_on "$1" sh -c '
		rm -f /etc/ssh/ssh_host_*
		ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/lab_key
		touch /run/utmp /var/log/wtmp /var/log/lastlog
		printf "%s\n" "Port 22" "HostKey /etc/ssh/lab_key" "UsePAM yes" \
			"PasswordAuthentication yes" "StrictModes no" \
			"KbdInteractiveAuthentication yes" \
			"PidFile /run/sshd.pid" > /etc/ssh/lab_config'
	lab_bg "$1" sshd /usr/sbin/sshd -D -e -f /etc/ssh/lab_config
	lab_wait 30 "$1" bash -c '< /dev/tcp/127.0.0.1/22'
}

# STORE: the setting. More settings from $lab_settings.
lab_workstation() {
	lab_module=$(sed -n "s/^pamdir = //p" Makefile | sed \
		"s|\${libdir}|/usr/local/lib|")/pam_roam.so
	lab_host "$1" "$2" "${4-}"
	lab_users "$1"
	lab_on "$1" mkdir -p /usr/local/etc/roam
	printf '[roam]\nstore = %s\n%s\n' "$3" "${lab_settings-}" |
		lab_on "$1" sh -c 'cat > /usr/local/etc/roam/roam.conf'
	lab_stacks "$1"
	if [ -z "${4-}" ]; then
		lab_bg "$1" syslogd python3 "$srcdir/tests/lab/syslog" \
			/var/log/syslog
		lab_wait 30 "$1" test -S /dev/log
	fi
	lab_sshd "$1"
}

# events HOST EVENT ...: how many lines of the log tell of them.
lab_events() {
	local name=$1
	shift
	grep -c "event=$*" "$lab/$name/log/syslog" || :
}

# Through the host's own sshd, with a password: lab_ssh HOST USER COMMAND ...
lab_ssh() {
	local name=$1 user=$2 entry
	shift 2
	for entry in $lab_passwords; do
		[ "${entry%%:*}" != "$user" ] ||
			printf '#!/bin/sh\necho %s\n' "${entry#*:}" |
			lab_on "$name" sh -c \
				'cat > /tmp/ask; chmod 755 /tmp/ask'
	done
	lab_on "$name" env SSH_ASKPASS=/tmp/ask SSH_ASKPASS_REQUIRE=force \
		HOME=/root ssh -o StrictHostKeyChecking=no \
		-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
		-o PreferredAuthentications="${lab_method:-password}" \
		-o NumberOfPasswordPrompts=1 "$user@127.0.0.1" "$@"
}

lab_server() {
	local entry
	lab_host "$1" "$2"
	lab_users "$1"
	lab_share=$lab/$1/share
	mkdir -p "$lab_share"
	chmod 1777 "$lab_share"
	lab_on "$1" sh -c 'cat > /etc/samba/smb.conf' <<-END
		[global]
		workgroup = LAB
		server role = standalone
		disable netbios = yes
		smb ports = 445
		load printers = no
		disable spoolss = yes
		passdb backend = tdbsam
		log file = /var/log/samba
		[profiles]
		path = $lab_share
		read only = no
	END
	for entry in $lab_passwords; do
		printf '%s\n%s\n' "${entry#*:}" "${entry#*:}" |
			lab_on "$1" smbpasswd -s -a "${entry%%:*}" > /dev/null
	done
	lab_bg "$1" smbd smbd -F --no-process-group
	lab_wait 60 "$1" bash -c '< /dev/tcp/127.0.0.1/445'
}

# lab_dc_conf HOST
lab_dc_conf() {
	cat <<-END
		[global]
		netbios name = $1
		realm = LAB.EXAMPLE
		workgroup = LAB
		server role = active directory domain controller
		private dir = /var/lib/dc/private
		state directory = /var/lib/dc/state
		cache directory = /var/lib/dc/cache
		lock directory = /var/lib/dc
		binddns dir = /var/lib/dc/bind-dns
		log file = /var/log/samba
		interfaces = lo eth0
		bind interfaces only = yes
		dns forwarder =
		server services = s3fs rpc ldap cldap kdc winbindd dns
		prefork children = 1
		idmap_ldb:use rfc2307 = yes
		tls enabled = no
		load printers = no
		disable spoolss = yes
		[profiles]
		path = $lab_share
		read only = no
	END
}

# lab_dc_host NAME LAST ARCHIVE: the machine of a controller with that state.
lab_dc_host() {
	lab_host "$1" "$2"
	lab_share=$lab/$1/share
	mkdir -p "$lab_share"
	chmod 1777 "$lab_share"
	lab_on "$1" sh -c 'mkdir /var/lib/dc &&
		tar -C /var/lib/dc --xattrs --xattrs-include="*" --acls -xf -' \
		< "$3"
	lab_dc_conf "$1" | lab_on "$1" sh -c 'cat > /etc/samba/smb.conf'
	lab_dc_address=${lab_dc_address:-10.99.0.$2}
	lab_join "$1"
}

# lab_dc_start NAME [COMMAND ...]: in an environment that the command makes
lab_dc_start() {
	lab_bg "$1" samba "${@:2}" samba -F -M prefork --no-process-group
	lab_wait 120 "$1" smbclient -U 'LAB\alice%Al1ce.Pass' \
		--use-kerberos=off -c quit "//$1.lab.example/profiles"
	lab_wait 60 "$1" sh -c 'echo Al1ce.Pass | kinit -c MEMORY: alice'
}

# With users and DNS of the domain. It is everybody's name server from then on:
# lab_join HOST.
lab_dc() {
	local state
	state=$("$srcdir/tests/directory/kept-state" "${3:-2012_R2}") || exit
	lab_dc_host "$1" "$2" "$state"
	lab_dc_start "$1"
}

# The host asks the controller for names and tickets.
lab_join() {
	lab_on "$1" sh -c 'cat > /etc/resolv.conf' <<-END
		search lab.example
		nameserver $lab_dc_address
		options timeout:1 attempts:2
	END
	# Keyrings are not the host's own, so all of the lab would share them.
	lab_on "$1" sh -c 'cat > /etc/krb5.conf' <<-END
		[libdefaults]
		default_realm = LAB.EXAMPLE
		dns_lookup_realm = false
		rdns = false
		dns_canonicalize_hostname = false
		udp_preference_limit = 1
		default_ccache_name = FILE:/tmp/krb5cc_%{uid}
	END
}

# The host is a computer of the domain: WS1 to WS3 have an account there.
lab_member() {
	lab_join "$1"
	lab_on dc1 cat "/var/lib/dc/keytabs/$1" |
		lab_on "$1" sh -c 'umask 077; cat > /etc/krb5.keytab'
}
