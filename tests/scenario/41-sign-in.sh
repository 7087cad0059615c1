#!/usr/bin/env bash
# A session on one machine after the other, without PAM: what login and logout
# bring, take and say, with the server there and away.
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"

away=$work/gone/store

# at MACHINE COMMAND ...: the same as on, with the server away.
at() {
	url=file://$away on "$@"
}

# remembers MACHINE EXPRESSION: what the machine's home notes of its session.
remembers() {
	python3 -c '
import json, sys
d = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$work/$1/.local/state/roam/session" "$2"
}

# Sign in on ws1, edit, sign out; sign in on ws2 and see it.
expect 0 on ws1 login
says 'Roam: profile up to date'
mkdir "$work/ws1/.config"
echo '[a]' > "$work/ws1/.config/app.conf"
echo one > "$work/ws1/letter"
expect 0 on ws1 logout
says 'saved'
expect 0 on ws2 login
says 'Roam: 2 files, '
same_homes ws1 ws2
expect 0 on ws2 logout
says 'Roam: everything is saved'

# The server is away: in and out all the same, and the edit waits.
echo two > "$work/ws1/letter"
expect 3 at ws1 login
says 'server not reachable, working from your local copy of '
expect 3 at ws1 logout
says 'follow later'
[ "$(remembers ws1 "d['owed'], d['state']")" = "(True, 'offline')" ] ||
	fail "not owed: $(remembers ws1 d)"
expect 3 at ws3 login
says 'starting without your profile'

# The next sign-in saves the edit first, before the session could be lost.
expect 0 on ws1 login
says '1 change saved'
expect 0 on ws2 login
[ "$(cat "$work/ws2/letter")" = two ] || fail "the edit did not come"
expect 0 on ws1 logout
[ "$(remembers ws1 "d['owed']")" = False ] || fail "owed for ever"

# A session that never ended by a sign-out is made good, too.
echo three > "$work/ws2/letter"
expect 0 on ws2 login
says '1 change saved'
expect 0 on ws2 logout

# Programs read lines on a descriptor, and nothing on standard output.
expect 0 bash -c "$(declare -f on); work=$work url=$url ROAM=$ROAM
	on ws1 login --report-fd 3 3> $work/lines"
[ -z "$out" ] || fail "said to nobody: $out"
tail -n 1 "$work/lines" | grep -q '^result ok 1 file, 6 B received' ||
	fail "$(cat "$work/lines")"
grep -q '^progress receive ' "$work/lines" || fail "$(cat "$work/lines")"
[ "$(grep -c '^result ' "$work/lines")" = 1 ] || fail "$(cat "$work/lines")"
expect 2 on ws1 login --report-fd 77
expect 2 on ws1 login --type queer
says "not one of roaming, local, mandatory, temporary"
expect 0 on ws1 logout

# Scripts get an object, also of what did not work.
expect 3 at ws1 --json login
[ "$(json "d['state'], d['type'], d['summary']['received']")" = \
	"('offline', 'roaming', 0)" ] || fail "$out"
expect 0 on ws1 --json logout
[ "$(json "d['command'], d['state'], d['reason']")" = \
	"('logout', 'ok', None)" ] || fail "$out"

# Whoever starts it has decided against roaming: the server is not asked.
echo four > "$work/ws1/letter"
expect 4 at ws1 login --type local --reason 'not a primary computer'
says 'with the profile of this machine: not a primary computer'
expect 4 at ws1 logout --type temporary
expect 0 on ws2 login
[ "$(cat "$work/ws2/letter")" = three ] || fail "it roamed"
