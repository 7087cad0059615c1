#!/usr/bin/env bash
# shellcheck disable=SC2119 # their arguments may be left out
# What a run costs on a line to an SMB server: an idle one a few round trips and
# nothing else, a session's push and pull few more and hardly more bytes than
# are new. A long line is worked on by several workers, a short one by one.
if [ -z "${SMBD-}" ]; then
	[ -x "${ROAM_LIBEXEC:-$PWD}/roam-smb" ] ||
		{ echo 'built without SMB'; exit 77; }
	exec "${srcdir:-.}/tests/scenario/with-smbd" "$0" "$@"
fi
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/scenario/lines.sh
. "$srcdir/tests/scenario/lines.sh"

conf
mkdir "$work/a" "$work/b"
# fill SEED: 200 files, later 40 of them, and 1 % of the pages of a database
# are others.
fill() {
	python3 - "$work/a" "$1" <<-'END'
		import os, random, sys
		home, seed = sys.argv[1], int(sys.argv[2])
		random.seed(seed)
		new = 0
		some = range(200) if seed == 1 else random.sample(range(200), 40)
		for i in some:
		    size = random.randrange(100, 4_000_000 // len(some))
		    new += size
		    with open(f'{home}/file{i}', 'wb') as f:
		        f.write(random.randbytes(size))
		if not os.path.exists(f'{home}/base'):
		    open(f'{home}/base', 'wb').write(random.randbytes(20_480_000))
		with open(f'{home}/base', 'r+b') as f:
		    for page in random.sample(range(5000), 50):
		        f.seek(page * 4096)
		        new += f.write(random.randbytes(4096))
		print(new)
	END
}

# costs WHAT TRIPS UP DOWN COMMAND ...: at most so many round trips once the
# session is set up, and so many bytes each way.
costs() {
	local what=$1 trips=$2 up=$3 down=$4 is
	shift 4
	through
	expect 0 "$@"
	is=$(counted "d['round_trips'] - ${setup:-0}, d['up'], d['down']")
	echo "$what: round trips, bytes up and down: $is, of ($trips, $up, $down)"
	python3 -c "
import sys
sys.exit(any(is_ > most for is_, most in zip($is, ($trips, $up, $down))))" ||
		fail "$what costs too much"
}

# --- A session and nothing else --------------------------------------------------
fill 1 > /dev/null
costs 'first push' 1000 100000000 100000 smb a push
through
expect 0 "$srcdir/tests/smb-login" "${ROAM_LIBEXEC:-$PWD}/roam-smb" \
	"$(cat "$work/port")" "$ROAM_TEST_CREDENTIALS" home line
setup=$(counted "d['round_trips']")
[ "$setup" -le 13 ] || fail "a login costs $setup round trips"

# --- What runs cost beyond it ----------------------------------------------------
costs 'idle sync' 8 6000 8000 smb a sync
says "nothing to do"
costs 'cold pull' 1000 100000 100000000 smb b pull
for seed in 2 3; do
	new=$(fill "$seed")
	costs 'session push' 25 $((new * 115 / 100)) 20000 smb a push
	costs 'session pull' 18 20000 $((new * 115 / 100)) smb b pull
done
same_homes a b
costs 'idle sync' 8 6000 8000 smb a sync
says "nothing to do"
costs 'idle sync' 8 6000 8000 smb b sync
says "nothing to do"

# --- While the server is being reached ----------------------------------------
# A worker that says nothing before the run has looked at the home.
mkdir "$work/c" "$work/libexec"
cat > "$work/libexec/roam-smb" <<-END
	#!/usr/bin/env python3
	import os, struct, time
	while not os.path.exists('$work/c/.local/state/roam/staging'):
	    time.sleep(0.01)
	head = os.read(3, 8)
	os.write(3, struct.pack('<I', 24) + head[4:] + struct.pack('<BQQHB',
	    15, 111, 2, 0, 0))
	time.sleep(99)
END
chmod +x "$work/libexec/roam-smb"
ROAM_LIBEXEC=$work/libexec expect 3 smb c sync
says "refuses connections"

# --- Workers ---------------------------------------------------------------------
# Many files, so that there are many packs.
for i in $(seq 30); do head -c 2500000 /dev/urandom > "$work/a/many$i"; done
rm -rf "$work/b"
mkdir "$work/b"
# By a long line several carry the bulk, in both directions.
for way in 'a push' 'b pull'; do
	through --delay 15 --rate 12000000
	# shellcheck disable=SC2086 # two words
	expect 0 smb $way
	is=$(counted "d['busy']")
	[ "$is" -ge 2 ] || fail "$way: a long line, and one worker"
done
same_homes a b
# By a short one a single worker does it all: each has a connection and, before
# that, one that is a try. Only a machine that is much too busy takes a short
# line for a long one, and not each time.
single() {
	for _ in 1 2 3 4 5; do
		rm -rf "$work/b"
		mkdir "$work/b"
		through
		expect 0 smb b pull
		[ "$(counted "d['connections']")" != 2 ] || return 0
	done
	fail "a short line, and several workers"
}
single
same_homes a b
