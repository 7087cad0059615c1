#!/usr/bin/env bash
# Machines race for generations through a real SMB server, while sessions of the
# server and runs of the machines are killed: one history comes of it, nothing
# in it is torn, and every edit is found again.
if [ -z "${SMBD-}" ]; then
	[ -x "${ROAM_LIBEXEC:-$PWD}/roam-smb" ] ||
		{ echo 'built without SMB'; exit 77; }
	exec "${srcdir:-.}/tests/scenario/with-smbd" "$0" "$@"
fi
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"

url=$ROAM_TEST_STORE
machines=(m1 m2 m3 m4 m5 m6 m7 m8)
rounds=${ROUNDS:-8}

smb() {
	local machine=$1
	shift
	on "$machine" --credentials "$ROAM_TEST_CREDENTIALS" "$@"
}

# One run, killed after a while, now and then.
run_once() {
	local pid status=0
	ROAM_MACHINE=$1 "$ROAM" --home "$work/$1" --store "$url" -q \
		--credentials "$ROAM_TEST_CREDENTIALS" sync \
		> /dev/null 2> "$work/err-$1" &
	pid=$!
	if [ $((RANDOM % 3)) = 0 ]; then
		sleep "0.$((RANDOM % 4))"
		kill -KILL "$pid" 2> /dev/null || :
	fi
	wait "$pid" 2> /dev/null || status=$?
	case $status in
	0 | 137) ;;
	1 | 3) grep -qE 'connection broke|somebody else|not known|did not answer|refuses' \
		"$work/err-$1" || { cat "$work/err-$1"; return 1; } ;;
	*) echo "exit $status: $(cat "$work/err-$1")"; return 1 ;;
	esac
}

rounds_of() {
	local round
	for ((round = 1; round <= rounds; round++)); do
		echo "$1 $round" > "$work/$1/$1-$round"
		echo "$1 $round" >> "$work/$1/log-$1"
		head -c $((RANDOM * 10)) /dev/urandom > "$work/$1/data-$1"
		run_once "$1" || return 1
	done
}

for machine in "${machines[@]}"; do
	expect 0 smb "$machine" -q sync
done
pids=()
for machine in "${machines[@]}"; do
	rounds_of "$machine" > "$work/said-$machine" 2>&1 &
	pids+=($!)
done
(
	while sleep "0.$((RANDOM % 5 + 3))"; do
		mapfile -t sessions < <(pgrep -P \
			"$(cat "$(dirname "$SMBD")/pid")" -x smbd)
		[ ${#sessions[@]} -eq 0 ] ||
			kill -KILL "${sessions[RANDOM % ${#sessions[@]}]}" || :
	done
) 2> /dev/null &
killer=$!
failed=0
for pid in "${pids[@]}"; do
	wait "$pid" || failed=1
done
kill "$killer"
wait "$killer" 2> /dev/null || :
[ "$failed" = 0 ] || fail "$(cat "$work"/said-*)"

for _ in 1 2 3; do
	for machine in "${machines[@]}"; do
		expect 0 smb "$machine" -q sync
	done
done
for machine in "${machines[@]}"; do
	same_homes m1 "$machine"
	[ "$(wc -l < "$work/m1/log-$machine")" = "$rounds" ] ||
		fail "edits of $machine are lost"
	for ((round = 1; round <= rounds; round++)); do
		[ -s "$work/m1/$machine-$round" ] ||
			fail "$machine-$round is lost"
	done
done
expect 0 smb m1 verify --data
for gen in "$ROAM_TEST_SHARE"/store/gen/*; do
	[ -s "$gen/commit" ] || fail "$gen is torn"
done
