#!/usr/bin/env bash
# Two machines roam one profile through a real SMB server: everything arrives as
# it was; what the server refuses is said and harms nothing; a server that dies,
# comes back or hangs costs no more than the time that was agreed on.
if [ -z "${SMBD-}" ]; then
	[ -x "${ROAM_LIBEXEC:-$PWD}/roam-smb" ] ||
		{ echo 'built without SMB'; exit 77; }
	exec "${srcdir:-.}/tests/scenario/with-smbd" "$0" "$@"
fi
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"

url=$ROAM_TEST_STORE
# Where workers have their folders: ours, so that what is left there is too.
export XDG_RUNTIME_DIR=$work/run
mkdir -m 700 "$XDG_RUNTIME_DIR"
cat > "$work/conf" <<-END
	[network]
	connect_timeout = 2s
	answer_timeout = 4s
END

# smb MACHINE ...: as that user.
smb() {
	local machine=$1
	shift
	on "$machine" --config "$work/conf" \
		--credentials "$ROAM_TEST_CREDENTIALS" "$@"
}

a=$work/a b=$work/b
mkdir -p "$a/docs/deep/er" "$a/empty" "$b"
echo one > "$a/docs/one"
: > "$a/docs/nothing"
chmod 600 "$a/docs/one"
ln -s nowhere "$a/docs/dangling"
ln "$a/docs/one" "$a/docs/hard"
touch -d '2001-02-03 04:05:06.789' "$a/docs/one"
for i in $(seq 300); do echo "file $i" > "$a/docs/deep/er/$i"; done
python3 - "$a" <<-'END'
	import os, random, sys
	a = sys.argv[1]
	for name in (b'b\xff\nd \\', b'CON', b'a:b*c?', b'Name', b'name', b'%41'):
	    open(os.path.join(a.encode(), name), 'w').write('odd')
	with open(a + '/sparse', 'wb') as f:
	    f.truncate(5 << 20)
	    f.seek(3 << 20)
	    f.write(b'data')
	random.seed(1)
	open(a + '/big', 'wb').write(random.randbytes(40 << 20))
END

# --- Bit for bit ---------------------------------------------------------------
expect 0 smb a push
expect 0 smb b pull
[ "$(stat -c %b "$b/sparse")" -lt 1000 ] || fail "the holes are filled"
same_homes a b
expect 0 smb b sync
expect 0 smb a sync
expect 0 smb a sync
says "nothing to do"
echo from-a > "$a/docs/one"
echo from-b > "$b/docs/new"
expect 0 smb a sync
expect 0 smb b sync
expect 0 smb a sync
same_homes a b
expect 0 smb a verify --data
expect 0 smb a gc

# The password comes from a descriptor, too.
expect 0 on a --password-fd 5 status 5< "$ROAM_TEST_PASSWORD"
# ... and from a terminal, which does not show it.
cat > "$work/type.py" <<-'END'
	import os, pty, sys
	pid, fd = pty.fork()
	if pid == 0:
	    os.execv(sys.argv[2], sys.argv[2:])
	said = b''
	while not said.endswith(b': '):
	    said += os.read(fd, 1000)
	os.write(fd, open(sys.argv[1], 'rb').read())
	try:
	    while more := os.read(fd, 1000):
	        said += more
	except OSError:
	    pass
	sys.stdout.write(said.decode())
	sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
expect 0 python3 "$work/type.py" "$ROAM_TEST_PASSWORD" "$ROAM" \
	--home "$a" --store "$url" --no-progress sync
says "Password of root for //127.0.0.1:"
! grep -qF "$(cat "$ROAM_TEST_PASSWORD")" "$work/.out" || fail "shown"

# --- What is refused -----------------------------------------------------------
tree_of "$a" > "$work/before"
expect 3 on a --password-fd 5 sync 5< <(echo wrong)
says "login was refused"
expect 3 on a sync < /dev/null
says "no password was given"
url=$ROAM_TEST_SERVER/nosuch/store
expect 1 smb a push
says "no such share"
url=$ROAM_TEST_SERVER/ro/store
expect 1 smb a push
says "ermission"
url=$ROAM_TEST_SERVER/other/store
expect 1 smb a push
says "may not use the share"
url=$ROAM_TEST_SERVER/home/no/such/store
expect 1 smb a push
says "missing too"
url=$ROAM_TEST_SERVER/home/file
: > "$ROAM_TEST_SHARE/file"
expect 1 smb a push
says "not a directory"
if mountpoint -q "$(dirname "$ROAM_TEST_SHARE")/small"; then
	url=$ROAM_TEST_SERVER/small/store
	expect 1 smb a push
	says "make room"
fi
# The server would make a guest of an unknown user: that is no login.
url=${ROAM_TEST_SERVER/root@/stranger@}/guest/store
expect 3 on a --password-fd 5 push 5< "$ROAM_TEST_PASSWORD"
says "login was refused"
[ ! -e "$ROAM_TEST_SHARE/store2" ] || fail "a guest wrote"
url=smb://127.0.0.1:1/home/store
expect 3 smb a push
says "refuses connections"
url=smb://no-such-server.invalid/home/store
expect 3 smb a push
says "does not resolve"
tree_of "$a" | diff "$work/before" - || fail "a failure changed the home"

# Every byte that a name can have.
url=$ROAM_TEST_SERVER/two%20words%2050%25/a%25b%20%c3%a4%26%27
expect 0 smb c pull
expect 0 smb a push
[ -d "$ROAM_TEST_SHARE/a%b ä&'/gen" ] || fail "not where the URL says"
expect 0 smb c pull
rm -r "$a/.local" "$work/c"
url=$ROAM_TEST_STORE
expect 0 smb a sync

# --- A server that dies and comes back -----------------------------------------
# At any moment of a push or a pull; the next run ends right.
for ms in 20 80 200 400; do
	head -c $((20 << 20)) /dev/urandom > "$a/big$ms"
	for way in "a push" "b pull"; do
		# shellcheck disable=SC2086 # two words
		smb $way > "$work/.log" 2>&1 &
		run=$!
		sleep "$(printf '0.%03d' "$ms")"
		"$SMBD" kill
		status=0
		wait "$run" || status=$?
		case $status in
		0 | 3) ;;
		*) fail "$way, killed after $ms ms: exit $status: $(cat "$work/.log")" ;;
		esac
		"$SMBD" start
		# shellcheck disable=SC2086
		expect 0 smb $way
	done
	same_homes a b
done
# Only the session's own process: the next connection is taken at once.
head -c $((60 << 20)) /dev/urandom > "$a/more"
smb a push > "$work/.log" 2>&1 &
run=$!
for _ in $(seq 600); do
	! compgen -G "$ROAM_TEST_SHARE/store/tmp/*/pack0" > /dev/null || break
	sleep 0.05
done
for pid in $(pgrep -P "$(cat "$(dirname "$SMBD")/pid")" -x smbd); do
	kill -KILL "$pid"
done
wait "$run" || fail "a lost session was not resumed: $(cat "$work/.log")"
expect 0 smb b pull
same_homes a b

# --- A server that hangs -------------------------------------------------------
echo hang > "$a/hang"
tree_of "$a" > "$work/before"
for ms in 10 50 150; do
	"$SMBD" freeze
	start=$(date +%s%N)
	expect 3 smb a sync
	took=$((($(date +%s%N) - start) / 1000000))
	[ "$took" -lt 20000 ] || fail "a frozen server cost $took ms"
	"$SMBD" thaw
	head -c $((30 << 20)) /dev/urandom > "$a/hang"
	tree_of "$a" > "$work/before"
	smb b pull > "$work/.log-b" 2>&1 &
	pull=$!
	smb a push > "$work/.log" 2>&1 &
	run=$!
	sleep "$(printf '0.%03d' "$ms")"
	"$SMBD" freeze
	start=$(date +%s%N)
	status=0
	wait "$pull" || status=$?
	[ "$status" = 3 ] || [ "$status" = 0 ] ||
		fail "pull, frozen after $ms ms: exit $status: $(cat "$work/.log-b")"
	status=0
	wait "$run" || status=$?
	took=$((($(date +%s%N) - start) / 1000000))
	[ "$status" = 3 ] || [ "$status" = 0 ] ||
		fail "frozen after $ms ms: exit $status: $(cat "$work/.log")"
	[ "$took" -lt 40000 ] || fail "frozen after $ms ms: $took ms to the end"
	"$SMBD" thaw
	tree_of "$a" | diff "$work/before" - || fail "the home was changed"
	expect 0 smb a push # for the next pull
done
expect 0 smb a sync
expect 0 smb b sync
same_homes a b
expect 0 smb a verify --data

# --- What is left --------------------------------------------------------------
# A worker whose program is gone ends soon, and takes its folder along.
is_clean() {
	local worker
	for worker in $(pgrep -x roam-smb); do
		! { tr '\0' '\n' < "/proc/$worker/environ"; } 2> /dev/null |
			grep -q "^HOME=$XDG_RUNTIME_DIR/" || return 1
	done
	[ -z "$(ls -A "$XDG_RUNTIME_DIR")" ]
}
for _ in $(seq 200); do
	is_clean && break
	sleep 0.1
done
is_clean || fail "a worker or its folder was left behind"
# Also where it was about to answer, and that is in the midst of it.
python3 - "${ROAM_LIBEXEC:-$PWD}/roam-smb" "${ROAM_TEST_SERVER##*:}" \
	"$work/run" <<-'END' || fail "a folder was left behind: $(ls "$XDG_RUNTIME_DIR")"
	import os, socket, struct, subprocess, sys, tempfile
	connect = struct.pack('<IBQQQH', 1, 1, int(sys.argv[2]), 5000, 0, 9)
	connect += b'127.0.0.1\0'
	for _ in range(10):
	    home = tempfile.mkdtemp(prefix='roam-smb-', dir=sys.argv[3])
	    for i in range(200):
	        open(f'{home}/{i}', 'w').close()
	    ours, its = socket.socketpair()
	    worker = subprocess.Popen(
	        [sys.argv[1]], preexec_fn=lambda: os.dup2(its.fileno(), 3),
	        pass_fds=(3,), env={'HOME': home, 'LC_ALL': 'C'})
	    its.close()
	    ours.sendall(struct.pack('<I', len(connect)) + connect)
	    ours.close()
	    worker.wait()
	sys.exit(len(os.listdir(sys.argv[3])) > 0)
END
