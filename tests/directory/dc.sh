# shellcheck shell=bash
# What is done with the controller of with-directory while a test runs.

# Start it; returns when it answers.
dc_start() {
	local tries=0
	samba -F -M prefork --no-process-group -s "$DC/smb.conf" \
		> "$DC/out" 2>&1 &
	DC_PID=$!
	export DC_PID
	until dc_answers; do
		tries=$((tries + 1))
		if [ "$tries" -gt 300 ] || ! kill -0 "$DC_PID" 2> /dev/null; then
			cat "$DC/out" >&2
			exit 99
		fi
		sleep 0.1
	done
}

# LDAP and Kerberos and DNS.
dc_answers() {
	ldapsearch -x -LLL -o nettimeout=2 -H ldap://10.99.0.10 -s base -b '' \
		defaultNamingContext > /dev/null 2>&1 &&
		echo D0ra.Pass | kinit -c MEMORY:x dora \
			> /dev/null 2>&1 &&
		host -W 1 dc1.lab.example 10.99.0.10 > /dev/null 2>&1
}

# All of its processes, as the kernel knows them.
dc_family() {
	local pid
	for pid in "$@"; do
		echo "$pid"
		# shellcheck disable=SC2046 # a word a process
		dc_family $(cat "/proc/$pid/task/$pid/children" 2> /dev/null)
	done
}

dc_signal() {
	# shellcheck disable=SC2046 # a word a process
	kill "-$1" $(dc_family "$DC_PID") 2> /dev/null || :
}

dc_stop() {
	dc_signal KILL
	wait "$DC_PID" 2> /dev/null || :
}

# dc_set DN ATTRIBUTE [VALUE ...]: these and no others.
dc_set() {
	local dn=$1 name=$2 value
	shift 2
	{
		printf 'dn: %s\nchangetype: modify\nreplace: %s\n' "$dn" "$name"
		for value in "$@"; do
			printf '%s: %s\n' "$name" "$value"
		done
	} | dc_modify
}

# LDIF, straight into the database.
dc_modify() {
	ldbmodify -H "$DC/private/sam.ldb" > "$DC/ldb" 2>&1 ||
		{ cat "$DC/ldb" >&2; return 1; }
}
