#!/usr/bin/env bash
# Explaining: what would be done to a path and why, the plan as sums of
# directories, and as a page that a browser shows.
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"

a=$work/a b=$work/b
mkdir -p "$a/docs/one" "$a/docs/two" "$a/.config/app" "$b"
for i in $(seq 30); do
	echo "$i" > "$a/docs/one/$i"
	echo "$i" > "$a/docs/two/$i"
done
echo x > "$a/.config/app/x"
echo both > "$a/both"

# --- The plan ---------------------------------------------------------------
expect 0 on a plan
says 'docs/  ('
says '.config/app/  ('
says '--all lists every entry'
case $out in
*docs/one/7*) fail "not in sums: $out" ;;
esac
expect 0 on a plan --all
says 'docs/one/7  (new here)'
says '.config/app/x  (new here)'
expect 0 on a sync
expect 0 on b sync
echo few > "$a/docs/one/7"
expect 0 on a plan # few lines are lines
says 'docs/one/7  (changed here)'
expect 2 on a sync --all

# --- Why --------------------------------------------------------------------
# why MACHINE PATH: action and reason of what would be done.
why() {
	expect 0 on "$1" --json why "$2"
	json 'd["decision"] and (d["decision"]["action"], d["decision"]["reason"])'
}
mv "$a/docs/two/9" "$a/docs/nine"
rm "$a/docs/two/8"
[ "$(why a docs/one/7)" = "('upload', 'changed here')" ] || fail "$out"
[ "$(why a docs/nine)" = "('rename', 'renamed here')" ] || fail "$out"
[ "$(why a docs/two/8)" = "('delete-store', 'removed here')" ] || fail "$out"
[ "$(why a docs/two/7)" = "(None, None)" ] || fail "$out"
[ "$(why a .cache/x)" = "(None, None)" ] || fail "$out"
echo a > "$a/both"
echo b > "$b/both"
touch -d 2020-01-01 "$b/both"
expect 0 on b sync
[ "$(why a both)" = \
	"('conflict', 'changed on both sides, this one is newer')" ] ||
	fail "$out"
expect 0 on a why both
says 'Decision:      conflict: changed on both sides'
# What is told is what comes.
expect 0 on a --json sync
[ "$(json '[x["action"] for x in d["actions"] if x["path"] == "both"]')" = \
	"['conflict']" ] || fail "$out"
# --- The page ---------------------------------------------------------------
page=$work/plan.html
evil='<img src=x onerror="document.title=1">.txt'
echo x > "$a/$evil"
printf 'x' > "$a/"$'n\xff\n'
expect 0 on a plan --html "$page"
says 'would upload' # the text comes as well
[ "$(stat -c %a "$page")" = 600 ] || fail "readable by others"
! grep -qF "$evil" "$page" || fail "a name is markup"
grep -qF '&lt;img src=x onerror=' "$page" || fail "a name is missing"
ln -s "$work/elsewhere" "$work/link.html"
expect 1 on a plan --html "$work/link.html"
[ ! -e "$work/elsewhere" ] || fail "through a link"
expect 1 on a plan --html "$work/none/plan.html"

# --- A store that is older than it was: said once ----------------------------
cp -a "$store" "$work/older"
echo later > "$a/both"
expect 0 on a push
rm -rf "$store"
mv "$work/older" "$store"
expect 0 on a why both
[ "$(grep -c 'both sides are united' "$work/.err")" = 1 ] || fail "said: $err"

browser=$(command -v chromium || command -v chromium-browser) || exit 0
timeout 50 "$browser" --headless --no-sandbox --disable-gpu \
	--user-data-dir="$work/browser" --dump-dom "file://$page" \
	> "$work/dom" 2> "$work/browser.log" || exit 0 # where none can run
grep -q '<title>Roam: plan</title>' "$work/dom" || fail "another title"
! grep -q '<img' "$work/dom" || fail "a name became an element"
