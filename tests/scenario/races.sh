# shellcheck shell=bash disable=SC2154,SC2034
# Machines that race for generations through a real SMB server, while sessions
# of the server and runs of the machines are killed; sourced behind lib.sh by
# scenarios inside of with-smbd.

credentials=$ROAM_TEST_CREDENTIALS

# smb MACHINE ...: as the user of the server.
smb() {
	local machine=$1
	shift
	on "$machine" --credentials "$credentials" "$@"
}

# One run, killed after a while, now and then. What it may say where it does
# not come to an end: that somebody else, or the server, was in the way.
run_once() {
	local pid status=0
	ROAM_MACHINE=$1 "$ROAM" --home "$work/$1" --store "$url" -q \
		--credentials "$credentials" sync \
		> /dev/null 2> "$work/err-$1" &
	pid=$!
	if [ $((RANDOM % 3)) = 0 ]; then
		sleep "0.$((RANDOM % 4))"
		kill -KILL "$pid" 2> /dev/null || :
	fi
	wait "$pid" 2> /dev/null || status=$?
	case $status in
	0 | 137) ;;
	1 | 3) grep -qE 'connection broke|somebody else|not known|did not answer|refuses|has it open' \
		"$work/err-$1" || { cat "$work/err-$1"; return 1; } ;;
	*) echo "exit $status: $(cat "$work/err-$1")"; return 1 ;;
	esac
}

# How many generations there are, below the store's directory $1.
generations() {
	find "$1/gen" -mindepth 1 -maxdepth 1 2> /dev/null | wc -l
}

# One edit and one run after the other, until there are so many generations.
rounds_of() {
	local machine=$1 there=$2 wanted=$3 round=0
	while [ "$(generations "$there")" -lt "$wanted" ]; do
		round=$((round + 1))
		echo "$round" > "$work/rounds-$machine"
		echo "$machine $round" > "$work/$machine/$machine-$round"
		echo "$machine $round" >> "$work/$machine/log-$machine"
		head -c $((RANDOM * 10)) /dev/urandom > "$work/$machine/data-$machine"
		run_once "$machine" || return 1
	done
}

# A session now and then, and more seldom the whole server, which at other times
# stands still for a moment.
kill_servers() {
	local sessions
	while sleep "0.$((RANDOM % 5 + 3))"; do
		if [ $((RANDOM % 8)) = 0 ]; then
			"$SMBD" kill
			"$SMBD" start
			continue
		fi
		if [ $((RANDOM % 8)) = 0 ]; then
			"$SMBD" freeze
			sleep 0.7
			"$SMBD" thaw
		fi
		mapfile -t sessions < <(pgrep -P \
			"$(cat "$(dirname "$SMBD")/pid")" -x smbd)
		[ ${#sessions[@]} -eq 0 ] ||
			kill -KILL "${sessions[RANDOM % ${#sessions[@]}]}" || :
	done
}

# race MACHINES DIRECTORY GENERATIONS: runs of that many machines, killed and
# not, until the store, which lies in DIRECTORY, has so many generations;
# afterwards all homes are equal and hold every edit.
race() {
	local machines=() machine round rounds pids=() killer failed=0
	for ((machine = 1; machine <= $1; machine++)); do
		machines+=("m$machine")
	done
	for machine in "${machines[@]}"; do
		rm -rf "${work:?}/$machine"
		expect 0 smb "$machine" -q sync
	done
	for machine in "${machines[@]}"; do
		rounds_of "$machine" "$2" "$3" > "$work/said-$machine" 2>&1 &
		pids+=($!)
	done
	kill_servers > /dev/null 2>&1 &
	killer=$!
	for machine in "${pids[@]}"; do
		wait "$machine" || failed=1
	done
	kill "$killer"
	wait "$killer" 2> /dev/null || :
	"$SMBD" kill # who knows where it was stopped
	"$SMBD" start
	[ "$failed" = 0 ] || fail "$(cat "$work"/said-*)"
	for _ in 1 2 3; do
		for machine in "${machines[@]}"; do
			expect 0 smb "$machine" -q sync
		done
	done
	for machine in "${machines[@]}"; do
		same_homes m1 "$machine"
		rounds=$(cat "$work/rounds-$machine" 2> /dev/null || echo 0)
		[ "$rounds" = 0 ] ||
			[ "$(wc -l < "$work/m1/log-$machine")" = "$rounds" ] ||
			fail "edits of $machine are lost"
		for ((round = 1; round <= rounds; round++)); do
			[ -s "$work/m1/$machine-$round" ] ||
				fail "$machine-$round is lost"
		done
	done
	expect 0 smb m1 verify --data
}
