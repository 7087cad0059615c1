#!/usr/bin/env bash
# Sign-in over lines of every kind: a slow one leaves the local copy as it is
# unless told to wait, and a budget that is over leaves each file old or new, and
# the rest to a process behind the session.
if [ -z "${SMBD-}" ]; then
	[ -x "${ROAM_LIBEXEC:-$PWD}/roam-smb" ] ||
		{ echo 'built without SMB'; exit 77; }
	exec "${srcdir:-.}/tests/scenario/with-smbd" "$0" "$@"
fi
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/scenario/lines.sh
. "$srcdir/tests/scenario/lines.sh"

export XDG_RUNTIME_DIR=$work/run
mkdir -m 700 "$XDG_RUNTIME_DIR"

settings() {
	printf '%s\n' "$@" > "$work/conf"
}

# smb MACHINE ...: as that user, under the settings.
smb() {
	local machine=$1
	shift
	on "$machine" --config "$work/conf" \
		--credentials "$ROAM_TEST_CREDENTIALS" "$@"
}

# eventually COMMAND ...: it comes true within two minutes.
eventually() {
	for _ in $(seq 600); do
		! "$@" || return 0
		sleep 0.2
	done
	fail "never: $*"
}

same_files() {
	diff -r -x .local "$work/a" "$work/$1" > "$work/.diff" 2>&1
}

mkdir "$work/a"
python3 - "$work/a" <<-'END'
	import os, random, sys
	random.seed(1)
	os.mkdir(sys.argv[1] + '/docs')
	for i in range(40):
	    with open(f'{sys.argv[1]}/docs/{i:02}', 'wb') as f:
	        f.write(random.randbytes(100000))
END

# --- A line that is fast enough ------------------------------------------------
settings
through
expect 0 smb a logout
expect 0 smb b login
same_files b || fail "$(cat "$work/.diff")"

# --- One that carries too little, one that takes too long ------------------------
echo edit > "$work/a/docs/00"
head -c 200000 /dev/urandom > "$work/a/docs/01"
expect 0 smb a logout
through --rate 40000
expect 3 smb b login
says 'slow connection to the server, working from your local copy of '
[ "$(stat -c %s "$work/b/docs/00")" = 100000 ] || fail "it came all the same"
expect 0 smb b --json status
[ "$(json "'slow connection' in d['last_error']")" = True ] || fail "$out"
through --delay 90
expect 3 smb b --json login
[ "$(json "d['state']")" = slow ] || fail "$out"
# What that costs is a login, and nothing is asked of the store itself.
is=$(counted "d['round_trips']")
[ "$is" -le 14 ] || fail "$is round trips to find a line slow"
expect 3 smb b logout

# Without limits no line is slow; nor is one that is told to be waited for.
settings '[network]' 'slow_link_rate = 0' 'slow_link_delay = 0'
expect 0 smb b login
same_files b || fail "$(cat "$work/.diff")"
echo again > "$work/a/docs/00"
through
expect 0 smb a logout
through --delay 90
settings '[network]' 'slow_link = wait'
expect 0 smb b login
same_files b || fail "$(cat "$work/.diff")"

# --- A budget that is over in the midst of it ------------------------------------
# 4 MB at 500 kB a second do not fit into 5 s.
settings '[network]' 'slow_link = wait' '[sessions]' 'login_budget = 5s'
through --rate 500000
expect 7 smb c --json login
[ "$(json "d['state']")" = late ] || fail "$out"
for file in "$work"/c/docs/*; do
	[ ! -e "$file" ] || cmp "$file" "$work/a/docs/${file##*/}" ||
		fail "$file is neither old nor new"
done
# Nothing limits what goes on behind the session.
eventually same_files c
settings
expect 0 smb c login
says 'profile up to date'
expect 0 smb c logout

# What could not be sent in time waits, and goes with the next occasion.
python3 - "$work/c" <<-'END'
	import random, sys
	random.seed(2)
	for i in range(40):
	    with open(f'{sys.argv[1]}/docs/new{i:02}', 'wb') as f:
	        f.write(random.randbytes(500000))
END
settings '[network]' 'slow_link = wait' '[sessions]' 'logout_budget = 5s'
expect 7 smb c logout
says 'the time was up, the rest follows'
through
settings
expect 0 smb c login
says 'saved'
expect 0 smb d login
diff -r -x .local "$work/c" "$work/d" || fail "not all was sent"
