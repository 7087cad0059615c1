#!/usr/bin/env bash
# Profiles that roam in part or not at all: read-only, local-only, both,
# mandatory, and mandatory without which nobody signs in.
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"

settings() {
	printf '%s\n' '[roam]' "$@" > "$work/roam.conf"
}

# with MACHINE COMMAND ...: under the settings.
with() {
	local machine=$1
	shift
	on "$machine" --config "$work/roam.conf" "$@"
}

store_sum() {
	(cd "$store" && find . -type f -print0 | sort -z | xargs -0 md5sum)
}

mkdir "$work/ws1"
echo one > "$work/ws1/letter"
echo keep > "$work/ws1/other"
expect 0 on ws1 logout
store_sum > "$work/before"

# Read-only: it comes, but what is changed here stays here.
settings 'read_only = yes'
expect 0 with ro login
[ "$(cat "$work/ro/letter")" = one ] || fail "nothing came"
echo mine > "$work/ro/letter"
echo new > "$work/ro/new"
expect 4 with ro logout
says 'this machine uploads nothing'
expect 0 with ro login
[ "$(cat "$work/ro/letter")" = mine ] || fail "the edit was lost"
store_sum | diff "$work/before" - || fail "read-only, yet the store changed"

# Local-only: the store is not even looked at.
settings 'local_only = yes'
url=file://$work/gone/store
expect 4 with lo login
says 'this machine keeps profiles local'
echo x > "$work/lo/x"
expect 4 with lo logout
[ ! -e "$work/lo/letter" ] || fail "something came"
settings 'local_only = yes' 'read_only = yes'
expect 4 with lo --json login
[ "$(json "d['type'], d['reason']")" = \
	"('local', 'roaming is off on this machine')" ] || fail "$out"
url=file://$store
store_sum | diff "$work/before" - || fail "local-only, yet the store changed"

# Mandatory: what was in the home first lives through the first sign-in.
settings 'mandatory = yes'
mkdir "$work/kiosk"
echo mine > "$work/kiosk/mine"
expect 0 with kiosk login
[ "$(cat "$work/kiosk/mine")" = mine ] || fail "the first sign-in removed"
[ "$(cat "$work/kiosk/letter")" = one ] || fail "nothing came"

# Then changes are dropped at sign-out: edits, new files, removals; many, too.
echo changed > "$work/kiosk/letter"
rm "$work/kiosk/other"
mkdir "$work/kiosk/junk"
for i in $(seq 150); do echo "$i" > "$work/kiosk/junk/$i"; done
mkdir -p "$work/kiosk/.cache"
echo c > "$work/kiosk/.cache/c"
expect 0 with kiosk logout
[ "$(cat "$work/kiosk/letter")" = one ] || fail "the edit stayed"
[ "$(cat "$work/kiosk/other")" = keep ] || fail "the removal stayed"
[ ! -e "$work/kiosk/junk" ] || fail "the new files stayed"
[ -e "$work/kiosk/.cache/c" ] || fail "what does not roam was touched"
expect 0 with kiosk logout
says 'your changes were dropped'
store_sum | diff "$work/before" - || fail "mandatory, yet the store changed"

# The server is away: the local copy serves.
url=file://$work/gone/store
expect 3 with kiosk login
says 'working from your local copy'
url=file://$store

# One store is marked, whatever the settings: a session that is open uploads
# nothing, the next is mandatory, with the server and without it.
settings
mkdir "$work/marked"
url=file://$work/marked
mkdir "$work/admin"
echo one > "$work/admin/letter"
expect 0 with admin push
expect 0 with user login
mkdir "$work/marked/gen/mandatory"
(cd "$work/marked" && find . -type f | sort | xargs md5sum) > "$work/marked.sum"
echo mine > "$work/user/letter"
expect 4 with user --json logout
[ "$(json "d['state']")" = local ] || fail "$out"
says 'this profile is mandatory'
[ "$(cat "$work/user/letter")" = mine ] || fail "dropped behind their back"
expect 0 with user login
[ "$(cat "$work/user/letter")" = one ] || fail "the edit stayed"
echo mine > "$work/user/letter"
expect 4 with user sync
says 'this profile is mandatory'
expect 0 with user --json status
[ "$(json "d['type']")" = mandatory ] || fail "$out"
expect 0 with user logout
says '1 file'
[ "$(cat "$work/user/letter")" = one ] || fail "the edit stayed"
expect 0 with other login
[ "$(cat "$work/other/letter")" = one ] || fail "nothing came"
url=file://$work/gone/store
expect 3 with user login
says 'working from your local copy'
echo mine > "$work/user/letter"
expect 3 with user logout
url=file://$work/marked
(cd "$work/marked" && find . -type f | sort | xargs md5sum) |
	diff "$work/marked.sum" - || fail "mandatory, yet the store changed"
expect 0 with user verify
expect 0 with user gc
[ -d "$work/marked/gen/mandatory" ] || fail "the mark was collected"
# Without the mark it roams again, from the next sign-in on.
rmdir "$work/marked/gen/mandatory"
expect 0 with user login
[ "$(cat "$work/user/letter")" = one ] || fail "the edit stayed"
echo mine > "$work/user/letter"
expect 0 with user logout
says '1 change saved'
url=file://$store

# A path that ends in .man: no server, no session.
rm -rf "$work/admin"
mkdir "$work/kiosk.man"
settings
url=file://$work/kiosk.man
expect 0 on admin push
echo desk > "$work/admin/desk"
expect 0 on admin push
expect 0 with needed login
[ "$(cat "$work/needed/desk")" = desk ] || fail "nothing came"
echo scratch > "$work/needed/desk"
expect 0 with needed logout
[ "$(cat "$work/needed/desk")" = desk ] || fail "the edit stayed"
mv "$work/kiosk.man" "$work/moved"
url=file://$work/gone/kiosk.man
expect 4 with needed --json login
[ "$(json "d['state'], d['type']")" = "('refused', 'mandatory')" ] ||
	fail "$out"

# Settings that cannot be read keep nobody out, and upload nothing.
url=file://$store
settings 'local_only = perhaps'
expect 0 with ro2 login
[ "$(cat "$work/ro2/letter")" = one ] || fail "nothing came"
echo edit > "$work/ro2/letter"
expect 4 with ro2 logout
says 'uploads nothing'
store_sum | diff "$work/before" - || fail "bad settings, yet the store changed"
