#!/usr/bin/env bash
# Kerberos tickets of any kind of cache lead to a store in a real Active
# Directory; without one it is said why, and a password that was given helps.
if [ -z "${DC_CONF-}" ]; then
	for program in roam-smb roam-ccache; do
		[ -x "${ROAM_LIBEXEC:-$PWD}/$program" ] ||
			{ echo "built without $program"; exit 77; }
	done
	exec "${srcdir:-.}/tests/scenario/with-dc" "$0" "$@"
fi
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"

suite=$PWD/tests/contract/test_store
printf '[network]\nanswer_timeout = 10s\n' > "$work/conf"
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
url=$ROAM_TEST_SERVER/alice
for cache in "FILE:$work/cc" "DIR:$work/caches" KEYRING:session:roam-test; do
	export KRB5CCNAME=$cache
	ticket
	klist > "$work/before"
	expect 0 smb sync
	# The library's own tickets go to the worker's copy only.
	klist | diff "$work/before" - || fail "$cache was written to"
done
[ -d "$ROAM_TEST_SHARE/alice/gen" ] || fail "not where the URL says"
export KRB5CCNAME=FILE:$work/cc
ROAM_TEST_STORE=$ROAM_TEST_SERVER/contract "$suite" -j1

# --- A DFS path ----------------------------------------------------------------
url=$ROAM_TEST_DFS/alice
expect 0 smb sync
says "nothing to do"
echo more > "$work/a/more"
expect 0 smb sync
[ -d "$ROAM_TEST_SHARE/alice/gen/000000000002" ] || fail "not through the link"

# --- Without a ticket ----------------------------------------------------------
url=smb://10.99.0.10/profiles/alice
expect 3 smb sync # no server has tickets by an address
says "login was refused"
url='smb://LAB;alice@10.99.0.10/profiles/alice'
expect 0 smb --password-fd 5 sync 5< <(echo Al1ce.Pass)
url=smb://alice%40LAB.EXAMPLE@dc1/profiles/alice
kdestroy -q 2> /dev/null || :
expect 0 smb --password-fd 5 sync 5< <(echo Al1ce.Pass)
url=$ROAM_TEST_SERVER/alice
expect 3 smb sync
says "there is no Kerberos ticket"
ticket -l 5s
sleep 6
expect 3 smb sync
says "has expired"

# --- Accounts ------------------------------------------------------------------
# carol COMMAND: what the controller does to her account, and a run after it.
carol() {
	samba-tool user "$1" carol "${@:2}" -s "$DC_CONF" > "$work/.tool"
	url='smb://LAB;carol@dc1.lab.example/profiles/carol'
	kdestroy -q 2> /dev/null || :
}
carol enable
expect 0 smb --password-fd 5 sync 5< <(echo Car0l.Pass)
carol disable
expect 3 smb --password-fd 5 sync 5< <(echo Car0l.Pass)
says "disabled"
carol enable
carol setpassword --newpassword=Car0l.Pass2 --must-change-at-next-login
expect 3 smb --password-fd 5 sync 5< <(echo Car0l.Pass2)
says "password must be changed"
