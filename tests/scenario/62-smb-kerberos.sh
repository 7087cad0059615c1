#!/usr/bin/env bash
# Kerberos tickets of any kind of cache lead to a store in a real Active
# Directory; without one it is said why, and a password that was given helps.
if [ -z "${DC-}" ]; then
	for program in roam-smb roam-ccache tests/scenario/short_ticket; do
		[ -x "${ROAM_LIBEXEC:-$PWD}/$program" ] ||
			{ echo "built without $program"; exit 77; }
	done
	exec "${srcdir:-.}/tests/directory/with-directory" "$0" "$@"
fi
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"

suite=$PWD/tests/contract/test_store
server=smb://dc1.lab.example/profiles
printf '[network]\nanswer_timeout = 20s\n' > "$work/conf"
mkdir -m 700 "$work/a" "$work/caches"
echo text > "$work/a/text"

smb() {
	on a --config "$work/conf" "$@" < /dev/null
}

ticket() {
	printf 'Al1ce.Pass\n' | kinit "$@" alice > "$work/.kinit" 2>&1 ||
		fail "no ticket: $(cat "$work/.kinit")"
}

# --- Caches of every kind ------------------------------------------------------
url=$server/alice
caches=("FILE:$work/cc" "DIR:$work/caches" KEYRING:session:roam-test)
if command -v kcm > /dev/null; then
	kcm &
	for _ in $(seq 100); do
		[ ! -S /run/.heim_org.h5l.kcm-socket ] || break
		sleep 0.1
	done
	caches+=(KCM:)
fi
for cache in "${caches[@]}"; do
	export KRB5CCNAME=$cache
	ticket
	klist > "$work/before"
	expect 0 smb sync
	# The library's own tickets go to the worker's copy only.
	klist | diff "$work/before" - || fail "$cache was written to"
done
expect 0 smb status
says "encrypted, login by Kerberos"
[ -d "$DC/share/alice/gen" ] || fail "not where the URL says"
export KRB5CCNAME=FILE:$work/cc
ROAM_TEST_ROUNDS=8 ROAM_TEST_STORE=$server/contract "$suite" -j1

# --- A DFS path ----------------------------------------------------------------
url=smb://dc1.lab.example/dfs/link/alice
expect 0 smb sync
says "nothing to do"
echo more > "$work/a/more"
expect 0 smb sync
[ -d "$DC/share/alice/gen/000000000002" ] || fail "not through the link"

# --- In mid-run ----------------------------------------------------------------
# slowly OPTION ...: a line that takes seconds for what is pushed.
proxy=
end_proxy() {
	[ -z "$proxy" ] || { kill "$proxy"; wait "$proxy" || :; } 2> /dev/null
	proxy=
}
trap 'end_proxy; clean_up' EXIT
slowly() {
	end_proxy
	rm -f "$work/port"
	"$srcdir/tests/smb-proxy" --address 10.99.0.10 --count "$work/count" "$@" \
		445 > "$work/port" &
	proxy=$!
	for _ in $(seq 300); do
		[ ! -s "$work/port" ] || break
		sleep 0.1
	done
	url=smb://dc1.lab.example:$(cat "$work/port")/profiles/alice
}

# A session ends with its ticket, whatever is being sent; the next one begins
# with what the cache has then.
slowly --rate 250000
head -c 4500000 /dev/urandom > "$work/a/large"
"$PWD/tests/scenario/short_ticket" cifs/dc1.lab.example 10
expect 0 smb push
sleep 1.5
[ "$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["connections"])' \
	"$work/count")" -gt 2 ] || fail "one session was enough"
url=$server/alice
expect 0 smb verify --data

# later PROGRAM: while a push is under way, which is cut some time after.
later() {
	kdestroy -q 2> /dev/null || :
	ticket
	slowly --rate 300000 --cut 1500000
	head -c 3000000 /dev/urandom > "$work/a/large"
	smb push > "$work/.log" 2>&1 &
	run=$!
	for _ in $(seq 300); do
		[ "$(find "$DC/share/alice/tmp" -name pack0 -size +0 | wc -l)" = 0 ] ||
			break
		sleep 0.1
	done
	"$@"
	status=0
	wait "$run" || status=$?
}
# In one step, as whatever renews tickets does.
renew() {
	(
		export KRB5CCNAME=FILE:$work/renewed
		ticket
	)
	mv "$work/renewed" "$work/cc"
}
later renew
[ "$status" = 0 ] || fail "a ticket that was renewed: $(cat "$work/.log")"
later kdestroy -q
[ "$status" = 3 ] || fail "a ticket that was destroyed: exit $status"
grep -q 'there is no Kerberos ticket' "$work/.log" || fail "$(cat "$work/.log")"
url=$server/alice
ticket
expect 0 smb sync
expect 0 smb verify --data

# --- Without a ticket ----------------------------------------------------------
url=smb://10.99.0.10/profiles/alice
expect 3 smb sync # no server has tickets by an address
says "login was refused"
url='smb://LAB;alice@10.99.0.10/profiles/alice'
expect 0 smb --password-fd 5 sync 5< <(echo Al1ce.Pass)
url=smb://alice%40LAB.EXAMPLE@dc1/profiles/alice
kdestroy -q 2> /dev/null || :
expect 0 smb --password-fd 5 sync 5< <(echo Al1ce.Pass)
url=$server/alice
expect 3 smb sync
says "there is no Kerberos ticket"
ticket -l 5s
sleep 6
expect 3 smb sync
says "has expired"

# --- Accounts ------------------------------------------------------------------
# carol COMMAND: what the controller does to her account, and a run after it.
carol() {
	samba-tool user "$1" carol "${@:2}" -s "$DC/smb.conf" > "$work/.tool"
	url='smb://LAB;carol@dc1.lab.example/profiles/carol'
	kdestroy -q 2> /dev/null || :
}
carol enable
expect 0 smb --password-fd 5 sync 5< <(echo Car0l.Pass)
carol disable
expect 3 smb --password-fd 5 sync 5< <(echo Car0l.Pass)
says "disabled"
says "ask an administrator to enable"
carol enable
samba-tool domain passwordsettings set --account-lockout-threshold=2 \
	-s "$DC/smb.conf" > "$work/.tool"
for _ in 1 2 3; do
	expect 3 smb --password-fd 5 sync 5< <(echo wrong)
done
expect 3 smb --password-fd 5 sync 5< <(echo Car0l.Pass)
says "locked"
says "ask an administrator to unlock"
samba-tool domain passwordsettings set --account-lockout-threshold=0 \
	-s "$DC/smb.conf" > "$work/.tool"
carol unlock
expect 0 smb --password-fd 5 sync 5< <(echo Car0l.Pass)
carol setpassword --newpassword=Car0l.Pass2 --must-change-at-next-login
expect 3 smb --password-fd 5 sync 5< <(echo Car0l.Pass2)
says "password must be changed"
says "change the password first"
