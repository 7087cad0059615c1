#!/usr/bin/env bash
# Checkpoints while a session lasts, and what 'roam status' says of sessions and
# of machines that profiles do not roam to.
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"

settings() {
	printf '%s\n' "$@" > "$work/conf"
}

with() {
	local machine=$1
	shift
	on "$machine" --config "$work/conf" "$@"
}

eventually() {
	for _ in $(seq 600); do
		! "$@" || return 0
		sleep 0.2
	done
	fail "never: $*"
}

watcher() {
	cat "$work/ws1/.local/state/roam/watch"
}

end_watch() {
	local pid
	pid=$(watcher 2> /dev/null) || return 0
	[ -z "$pid" ] || kill "$pid" 2> /dev/null || :
}
trap 'end_watch; clean_up' EXIT

came() {
	on ws2 pull > /dev/null
	cmp -s "$work/ws1/letter" "$work/ws2/letter"
}

# --- One by hand -------------------------------------------------------------------
settings
expect 0 with ws1 login
echo one > "$work/ws1/letter"
expect 0 with ws1 checkpoint
says '1 change saved'
came || fail "the checkpoint saved nothing"
expect 0 with ws1 checkpoint
says 'everything is saved'
expect 0 with ws1 --json status
[ "$(json "d['session']['occasion'], d['session']['owed']")" = \
	"('checkpoint', True)" ] || fail "$out"
expect 0 with ws1 logout

# --- By themselves -------------------------------------------------------------------
settings '[sessions]' 'checkpoint = 1s' 'checkpoint_delay = 0'
expect 0 with ws1 login
running() {
	[ -s "$work/ws1/.local/state/roam/watch" ] && kill -0 "$(watcher)"
}
eventually running
pid=$(watcher)
for text in two three; do
	echo $text > "$work/ws1/letter"
	eventually came
done
# A second sign-in needs no second one; a sign-out ends it.
expect 0 with ws1 login
sleep 1
[ "$(watcher)" = "$pid" ] || fail "two watch"
echo four > "$work/ws1/letter"
expect 0 with ws1 logout
gone() {
	! kill -0 "$pid" 2> /dev/null
}
eventually gone
came || fail "the sign-out saved nothing"
# Where no bus tells of locks, or nothing that would, there is nothing to wait for.
settings '[sessions]' 'checkpoint_on_lock = yes'
expect 0 with ws1 login
export ROAM_LIBEXEC=$work/none
expect 0 with ws1 login
unset ROAM_LIBEXEC
expect 0 with ws1 logout
pid=$(watcher)
eventually gone
expect 0 with ws1 --json status
[ "$(json "d['session']['owed'], d['session']['state']")" = \
	"(False, 'ok')" ] || fail "$out"

# --- What status says -----------------------------------------------------------------
settings
[ "$(json "d['type'], d['state']")" = "('roaming', 'roaming')" ] || fail "$out"
expect 4 with ws1 login --type local --reason 'not a primary computer'
expect 0 with ws1 --json status
[ "$(json "d['type'], d['state'], d['reason']")" = \
	"('roaming', 'local', 'not a primary computer')" ] || fail "$out"
expect 0 with ws1 login
expect 0 with ws1 logout

settings '[roam]' 'local_only = yes'
url=file://$work/gone/store
expect 0 with ws1 --json status
[ "$(json "d['type'], d['state'], d['head']")" = "('local', 'local', None)" ] ||
	fail "$out"
expect 4 with ws1 sync
says 'local_only'
settings '[roam]' 'read_only = yes'
url=file://$store
expect 4 with ws1 push
says 'read_only'
expect 0 with ws1 pull
settings '[roam]' 'mandatory = yes'
expect 0 with ws1 --json status
[ "$(json "d['type']")" = mandatory ] || fail "$out"
expect 4 with ws1 sync
says 'mandatory'

# A kernel that keeps no sign-in to the home.
if command -v strace > /dev/null; then
	plain=$ROAM
	printf '#!/bin/sh\nexec strace -o /dev/null -e inject=landlock_create_ruleset:error=ENOSYS "%s" "$@"\n' \
		"$plain" > "$work/unconfined"
	chmod 755 "$work/unconfined"
	ROAM=$work/unconfined
	export ASAN_OPTIONS=detect_leaks=0
	expect 0 on ws1 status
	says 'this kernel has no Landlock'
	expect 0 on ws1 --json status
	[ "$(json "d['confined']")" = False ] || fail "$out"
	unset ASAN_OPTIONS
	ROAM=$plain
fi

# The reason of the last sign-in is not lost when the server is back.
settings
url=file://$work/gone/store
expect 3 with ws1 login
url=file://$store
expect 0 with ws1 status
says 'login: offline, '
expect 0 with ws1 logout

# --- The store of the last session is the store of what is run by hand -----------------
bare() {
	ROAM_MACHINE=ws1 "$ROAM" --config "$work/conf" --home "$work/ws1" "$@"
}
expect 0 bare --json status
[ "$(json "d['store']")" = "$url" ] || fail "$out"
expect 0 bare sync
# But no sign-in roams by what it remembers alone.
expect 4 bare login
says 'no store is set'
