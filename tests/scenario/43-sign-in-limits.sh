#!/usr/bin/env bash
# What settings limit at sign-in and sign-out: how large a profile may be, whose
# it is, what happens without one, who waits for whom.
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
		sleep 0.1
	done
	fail "never: $*"
}

# --- Size ------------------------------------------------------------------------
settings '[roam]' 'max_size = 1M'
mkdir -p "$work/ws1/Videos" "$work/ws1/.local/share/mail" "$work/ws1/docs"
echo one > "$work/ws1/docs/one"
expect 0 with ws1 logout
head -c 2000000 /dev/zero > "$work/ws1/Videos/film"
head -c 300000 /dev/zero > "$work/ws1/.local/share/mail/box"
expect 4 with ws1 --json logout
[ "$(json "d['state']")" = over ] || fail "$out"
says '2.3 MB, of 1.0 MB that are allowed; largest: Videos 2.0 MB, .local/share 300 KB'
expect 0 on ws2 pull
[ ! -e "$work/ws2/Videos/film" ] || fail "it was saved"
# What is too large to go does not keep out what comes.
echo two > "$work/ws2/docs/two"
expect 0 on ws2 push
expect 0 with ws1 login
[ "$(cat "$work/ws1/docs/two")" = two ] || fail "nothing came"
rm "$work/ws1/Videos/film"
expect 0 with ws1 logout
expect 0 on ws2 pull
[ -e "$work/ws2/.local/share/mail/box" ] || fail "it is still refused"

# --- No profile at all ---------------------------------------------------------------
url=file://$work/gone/store
settings '[roam]' 'without_profile = refuse'
expect 4 with fresh login
says 'no session without your profile'
settings
expect 3 with fresh login
says 'starting without your profile'
url=file://$store
settings '[roam]' 'without_profile = refuse'
expect 0 with fresh login
url=file://$work/gone/store
expect 3 with fresh login
says 'working from your local copy'
url=file://$store
expect 0 with fresh logout

# --- A temporary profile -----------------------------------------------------------------
# In a home as new ones are, what a session makes goes with it; all that roams.
settings '[roam]' 'without_profile = temporary' \
	'[sessions]' 'logout = background'
url=file://$work/gone/store
mkdir -m 700 "$work/passing" "$work/passing/.cache"
cp -a /etc/skel/. "$work/passing/"
echo stays > "$work/passing/.cache/x"
(cd "$work/passing" && find . -mindepth 1 | sort) > "$work/as-new"
expect 4 with passing login
says 'working with a temporary profile, what you change in it goes at sign-out'
mkdir "$work/passing/docs"
echo mine > "$work/passing/docs/letter"
ln -s letter "$work/passing/docs/link"
echo edited >> "$work/passing/.profile"
rm -f "$work/passing/.bashrc"
expect 0 with passing --json status
[ "$(json "d['type'], d['session']['state']")" = "('temporary', 'temporary')" ] ||
	fail "$out"
url=file://$store
# While it lasts nothing of it meets the profile, and the next sign-in is none.
expect 4 with passing sync
says 'temporary'
expect 4 with passing checkpoint
expect 4 with passing login
[ -e "$work/passing/docs/letter" ] || fail "it is gone in the midst"
[ ! -e "$work/passing/docs/two" ] || fail "the profile came"
expect 4 with passing logout
says 'the temporary profile is gone'
(cd "$work/passing" && find . -mindepth 1 ! -path './.local*' | sort) |
	diff "$work/as-new" - || fail "it is not as new"
diff -r -x .local -x .cache /etc/skel "$work/passing" || fail "not the same"
settings '[roam]' 'without_profile = temporary'
expect 0 with passing login
[ -e "$work/passing/docs/two" ] || fail "the profile did not come"
expect 0 with passing logout

# In one that somebody has worked in it is as if nothing were set.
url=file://$work/gone/store
mkdir -m 700 "$work/used"
echo mine > "$work/used/note"
expect 3 with used login
says 'starting without your profile'
expect 3 with used logout
[ -e "$work/used/note" ] || fail "it was emptied"
# Nor is it emptied by whoever calls it temporary.
expect 4 with used login --type temporary
expect 4 with used logout --type temporary
[ -e "$work/used/note" ] || fail "it was emptied"
url=file://$store

# --- A sign-out that nobody waits for ----------------------------------------------------
settings '[sessions]' 'logout = background'
head -c 3000000 /dev/urandom > "$work/ws2/behind"
expect 0 with ws2 --json logout
[ "$(json "d['state']")" = behind ] || fail "$out"
saved() {
	on fresh pull > /dev/null && cmp -s "$work/ws2/behind" "$work/fresh/behind"
}
eventually saved
noted() {
	grep -q '"state":"ok".*"owed":false' \
		"$work/ws2/.local/state/roam/session"
}
eventually noted

# It outlives the terminal and the session that it came from.
echo more > "$work/ws2/behind"
python3 - "$ROAM" --home "$work/ws2" --store "$url" --config "$work/conf" \
	logout <<-'END'
	import os, pty, signal, sys
	pid, fd = pty.fork()
	if pid == 0:
	    os.execv(sys.argv[1], sys.argv[1:])
	while True:
	    try:
	        if not os.read(fd, 1000):
	            break
	    except OSError:
	        break
	os.close(fd)
	os.waitpid(pid, 0)
END
eventually saved
eventually noted

# The next sign-in waits for it, and takes from it nothing.
settings '[sessions]' 'logout = background' 'login_budget = 60s'
head -c 3000000 /dev/urandom > "$work/ws2/behind"
expect 0 with ws2 logout
expect 0 with ws2 login
cmp -s "$work/ws2/behind" <(on fresh pull > /dev/null; cat "$work/fresh/behind") ||
	fail "the sign-in did not wait"

# --- A machine without its address yet -------------------------------------------------------
command -v ip > /dev/null && unshare -n true 2> /dev/null || exit 0
cat > "$work/net" <<-'END'
	set -eu
	ip link add v0 type veth peer name v1
	ip link set v0 up
	ip link set v1 up
	for _ in $(seq 100); do
		ip link show v0 | grep -q 'LOWER_UP' && break
		sleep 0.1
	done
	"$@" 3> "$WORK/lines" &
	for _ in $(seq 200); do
		grep -q 'waiting for the network' "$WORK/lines" && break
		sleep 0.1
	done
	grep -q 'waiting for the network' "$WORK/lines"
	! grep -q '^result' "$WORK/lines"
	ip addr add 192.0.2.1/24 dev v0
	rc=0
	wait $! || rc=$?
	exit $rc
END
cat > "$work/now" <<-'END'
	ip link add v0 type veth peer name v1
	ip link set v0 up
	ip link set v1 up
	"$@" 3> "$WORK/lines"
END
cat > "$work/bare" <<-'END'
	"$@" 3> "$WORK/lines"
END
settings '[network]' 'wait_network = 60s' 'connect_timeout = 1s'
net=(env ROAM_MACHINE=net WORK="$work" unshare -n bash)
net_login=("$ROAM" --home "$work/fresh" --store smb://192.0.2.9/x/y
	--config "$work/conf" --report-fd 3 login)
export ROAM_LIBEXEC=${ROAM_LIBEXEC:-$PWD}
[ ! -x "$ROAM_LIBEXEC/roam-smb" ] || {
	expect 3 "${net[@]}" "$work/net" "${net_login[@]}"
	# No link, or no wish to wait: it is over at once.
	settings '[network]' 'wait_network = 0' 'connect_timeout = 1s'
	expect 3 "${net[@]}" "$work/now" "${net_login[@]}"
	! grep -q waiting "$work/lines" || fail "it waited"
	settings '[network]' 'wait_network = 60s' 'connect_timeout = 1s'
	expect 3 "${net[@]}" "$work/bare" "${net_login[@]}"
	! grep -q waiting "$work/lines" || fail "it waited for no link"
}
