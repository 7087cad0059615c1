# shellcheck shell=bash disable=SC2154,SC2034
# What the scenarios share that look at the line to an SMB server; sourced by
# them behind lib.sh, inside of with-smbd.

proxy=
end_proxy() {
	[ -z "$proxy" ] || { kill "$proxy"; wait "$proxy" || :; } 2> /dev/null
	proxy=
}
trap 'end_proxy; clean_up' EXIT

# through [OPTION ...]: a proxy before the server; url goes through it.
through() {
	local port
	end_proxy
	rm -f "$work/count" "$work/port"
	"$srcdir/tests/smb-proxy" --count "$work/count" "$@" \
		"${ROAM_TEST_SERVER##*:}" > "$work/port" &
	proxy=$!
	for _ in $(seq 300); do
		[ ! -s "$work/port" ] || break
		sleep 0.1
	done
	port=$(cat "$work/port")
	url=${ROAM_TEST_SERVER%:*}:$port/home/line
}

# counted EXPRESSION: of what went through the proxy, as python's d, once that
# has ended.
counted() {
	rm -f "$work/count"
	kill -USR1 "$proxy"
	for _ in $(seq 300); do
		[ ! -s "$work/count" ] || break
		sleep 0.1
	done
	python3 -c '
import json, sys
d = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$work/count" "$1"
}

# conf [LINE ...]: settings of all runs.
conf() {
	printf '[network]\nconnect_timeout = 5s\nanswer_timeout = 10s\n' > "$work/conf"
	[ $# -eq 0 ] || printf '%s\n' "$@" >> "$work/conf"
}

# smb MACHINE ...: as the user of the server.
smb() {
	local machine=$1
	shift
	on "$machine" --config "$work/conf" \
		--credentials "$ROAM_TEST_CREDENTIALS" "$@"
}
