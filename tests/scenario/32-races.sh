#!/usr/bin/env bash
# Eight machines publish at once: one history comes of it, with every edit of
# each. Two runs on one home: one waits or gives up; a dead one is in nobody's
# way.
set -eu
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/scenario/harm.sh
. "$srcdir/tests/scenario/harm.sh"

machines=(m1 m2 m3 m4 m5 m6 m7 m8)
rounds=25

# --- Two runs on one home ---------------------------------------------------
mkdir "$work/m1"
echo shared > "$work/m1/shared"
expect 0 on m1 -q sync
# Whoever has the lock is as good as a run.
lock=$work/m1/.local/state/roam/lock
flock "$lock" sleep 30 &
holder=$!
until ! flock -n "$lock" true; do sleep 0.01; done
echo edit >> "$work/m1/shared"
begin=${EPOCHREALTIME/./}
for command in sync pull push; do
	expect 6 on m1 "$command"
	says "roam: $command: $work/m1: another run is active; --wait SECONDS"
done
expect 6 on m1 --json sync
[ "$(json 'd["error"]["kind"]')" = busy ] || fail "not busy: $out"
[ $((${EPOCHREALTIME/./} - begin)) -lt 5000000 ] || fail "gave up late"
expect 0 on m1 plan
expect 0 on m1 status
expect 6 on m1 --wait 1 sync
(sleep 0.5 && pkill -KILL -P "$holder") &
expect 0 on m1 --wait 10 -q sync
wait "$holder" 2> /dev/null || :

# A run that was killed holds nothing.
echo edit >> "$work/m1/shared"
expect 99 env ROAM_STOP_AT=3 ROAM_MACHINE=m1 "$ROAM" --home "$work/m1" \
	--store "file://$store" push
expect 0 on m1 -q sync

# --- Eight machines at once -------------------------------------------------
for machine in "${machines[@]}"; do
	expect 0 on "$machine" -q sync
done

# rounds_of MACHINE: an edit of its own, one of a file of all, and a run.
rounds_of() {
	local round status
	for ((round = 1; round <= rounds; round++)); do
		echo "$1 $round" > "$work/$1/$1-$round"
		echo "$1 $round" >> "$work/$1/log-$1"
		echo "$1 $round" > "$work/$1/everybodys"
		status=0
		on "$1" -q sync > /dev/null 2> "$work/err-$1" || status=$?
		[ "$status" = 0 ] || {
			echo "$1, round $round: exit $status: $(cat "$work/err-$1")"
			return 1
		}
	done
}
pids=()
for machine in "${machines[@]}"; do
	rounds_of "$machine" > "$work/said-$machine" &
	pids+=($!)
done
failed=0
for pid in "${pids[@]}"; do
	wait "$pid" || failed=1
done
[ "$failed" = 0 ] || fail "$(cat "$work"/said-*)"

for _ in 1 2; do
	for machine in "${machines[@]}"; do
		expect 0 on "$machine" -q sync
	done
done
for machine in "${machines[@]}"; do
	same_pictures m1 "$machine"
	idle "$machine" sync
	tidy "$machine"
	[ "$(wc -l < "$work/m1/log-$machine")" = "$rounds" ] ||
		fail "of $machine's log something is missing"
	for ((round = 1; round <= rounds; round++)); do
		[ "$(cat "$work/m1/$machine-$round")" = "$machine $round" ] ||
			fail "$machine's edit $round is missing"
	done
done

# One line: each generation names the one before, none is missing, and each
# edit that lost lies in the list or in the past.
expect 0 on m1 --json log
json '"\n".join(str(g["generation"]) for g in d["generations"])' > "$work/log"
head=$(head -n 1 "$work/log")
seq "$head" -1 1 > "$work/line"
same "$work/line" "$work/log" "generations are missing"
expect 0 on m1 verify --data
echo "$head generations"
[ "$head" -gt "$rounds" ] || fail "hardly anything was published"
for id in $(conflicts_of m1 | awk '$NF == "everybodys" { print $1 }'); do
	on m1 conflicts show "$id"
done > "$work/edits"
while read -r gen; do
	on m1 --json show "$gen" | grep -q everybodys || continue
	mkdir -p "$work/past"
	expect 0 on m1 -q restore everybodys --from "$gen" --to "$work/past"
	cat "$work/past/everybodys" >> "$work/edits"
	rm -r "$work/past"
done < "$work/line"
sort -u "$work/edits" > "$work/edits.sorted"
for machine in "${machines[@]}"; do
	for ((round = 1; round <= rounds; round++)); do
		echo "$machine $round"
	done
done | sort | comm -23 - "$work/edits.sorted" > "$work/missing"
[ ! -s "$work/missing" ] || fail "lost: $(cat "$work/missing")"
