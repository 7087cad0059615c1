#!/usr/bin/env bash
# The commands that only look say what is so, to people and to scripts, with
# and without a store that answers; they change nothing.
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"

# is EXPRESSION VALUE: of the last expect's object.
is() {
	local got
	got=$(json "$1")
	[ "$got" = "$2" ] || fail "$1 is '$got', not '$2': $out"
}

# narrow: the last expect's output fits a terminal.
narrow() {
	local long
	long=$(awk 'length > 80' <<< "$out")
	[ -z "$long" ] || fail "wider than 80 columns: $long"
}

# errs KIND: the last expect's object is an error of that kind.
errs() {
	is 'd["error"]["kind"]' "$1"
	is 'len(d["error"]["message"]) > 0' True
}

a=$work/a
mkdir -p "$a/docs/old" "$a/.cache" "$a/.config/roam"
echo one > "$a/docs/one"
echo two > "$a/docs/old/two"
ln -s one "$a/docs/link"
echo cached > "$a/.cache/cached"
cat > "$a/.config/roam/rules" <<-'END'
	local /scratch/ # of this machine alone
	local *.part
	merge=keyfile /.config/app.ini
END

# --- Before the first run ---------------------------------------------------
expect 0 on a --json status
is 'sorted(d)' "$(python3 -c 'print(sorted("store store_id machine type state \
reason head base last_attempt last_success last_error pending conflicts \
skipped held_deletes held_changes primary answer_age publishing connection confined \
session".split()))')"
is 'd["store"]' "file://$store"
is 'd["machine"]' a
is 'd["type"], d["state"]' "('roaming', 'roaming')"
is 'd["head"], d["base"], d["store_id"], d["last_success"]' \
	'(None, None, None, None)'
expect 0 on a --json log
is 'd' "{'generations': []}"
expect 1 on a --json diff
errs gone
expect 0 on a --json why docs/one
is 'd["base"], d["store"]' '(None, None)'
is 'd["local"]["size"]' 4
[ ! -e "$a/.local" ] || fail "looking made a state directory"
[ -z "$(ls -A "$store")" ] || fail "looking wrote to the store"

# Nor is a store needed at all.
bare() {
	ROAM_MACHINE=a "$ROAM" --home "$a" --config /dev/null "$@" 2>&1
}
: > "$work/empty.conf"
expect 0 bare --config "$work/empty.conf" --json status
is 'd["store"], d["type"], d["state"]' "(None, 'local', 'local')"
expect 0 bare --config "$work/empty.conf" --json why docs/one
is 'd["class"], d["store"]' "('roam', None)"
expect 2 bare --config "$work/empty.conf" log
says "no store is known"

# --- Three generations ------------------------------------------------------
expect 0 on a push
echo three > "$a/docs/three"
mv "$a/docs/old/two" "$a/docs/two"
rmdir "$a/docs/old"
chmod 600 "$a/docs/one"
expect 0 on a push
rm "$a/docs/link"
mkdir "$a/docs/link"
python3 -c '
import os, sys
os.close(os.open(sys.argv[1].encode() + b"/b\xff\n%", os.O_CREAT))' "$a/docs"
expect 0 on b sync
expect 0 on a push

expect 0 on a status
narrow
says "Head:          3"
says "Base:          3"
expect 0 on b status
says "Base:          2, behind the head"
expect 0 on a --json status
is 'd["head"], d["base"], d["last_error"], d["reason"]' '(3, 3, None, None)'
is 'd["last_attempt"] == d["last_success"] != None' True
is 'len(d["store_id"])' 32
id=$(json 'd["store_id"]')

expect 0 on a log
narrow
[ "$(wc -l <<< "$out")" = 4 ] || fail "not a heading and three lines: $out"
expect 0 on a --json log
is '[g["generation"] for g in d["generations"]]' '[3, 2, 1]'
is 'sorted(d["generations"][0])' \
	"['bytes', 'changes', 'entries', 'generation', 'machine', 'time', 'user']"
is '{g["machine"] for g in d["generations"]}' "{'a'}"
is '{g["user"] for g in d["generations"]}' "{'$(id -un)'}"
expect 0 on a -q log
[ -z "$out" ] || fail "not quiet: $out"

# --- show -------------------------------------------------------------------
expect 0 on a show 2
narrow
says "(was docs/old/two)"
says "1 added, 1 changed, 1 removed, 1 renamed"
expect 0 on a --json show 2
is 'sorted(d)' \
	"['changes', 'entries', 'generation', 'machine', 'time', 'user']"
is 'sorted((c["change"], c["path"], c["kind"]) for c in d["changes"])' \
	"[('added', 'docs/three', 'file'), ('added', 'docs/two', 'file'), \
('changed', 'docs/one', 'file'), ('removed', 'docs/old', 'directory'), \
('removed', 'docs/old/two', 'file')]"
expect 0 on a --json show head
is 'd["generation"]' 3
is '[(c["path"], c.get("path_encoding")) for c in d["changes"]
	if "b" in c["path"]]' "[('docs/b%FF\n%25', 'percent')]"
is '[c["kind"] for c in d["changes"] if c["path"] == "docs/link"]' \
	"['directory']"
expect 0 on a show 3
says 'docs/b\xff\x0a%'
expect 0 on a --json show 1
is '{c["change"] for c in d["changes"]}' "{'added'}"
is '[c for c in d["changes"] if "cache" in c["path"]]' '[]'

# --- diff -------------------------------------------------------------------
expect 0 on a diff
[ "$out" = "no changes" ] || fail "the home differs: $out"
expect 0 on a --json diff
is 'd' "{'from': 3, 'to': 'home', 'changes': []}"
expect 0 on a --json diff 1 2
forward=$(json 'sorted((c["change"], c["path"]) for c in d["changes"])')
expect 0 on a --json diff 2 1
is 'd["from"], d["to"]' '(2, 1)'
is 'sorted(({"added": "removed", "removed": "added"}.get(c["change"],
	c["change"]), c["path"]) for c in d["changes"])' "$forward"
expect 0 on a --json diff head 3
is 'd["changes"]' '[]'
mkdir "$a/scratch"
echo x > "$a/scratch/x"
echo new > "$a/new"
rm "$a/docs/three"
touch -d '2001-02-03' "$a/docs/one" # a changed mtime alone is no change
expect 0 on a --json diff
is 'sorted((c["change"], c["path"]) for c in d["changes"])' \
	"[('added', 'new'), ('removed', 'docs/three')]"
expect 0 on a diff 1
narrow
mkfifo "$a/fifo"
expect 7 on a --json diff
is 'len(d["changes"])' 2
says "could not be compared"
rm "$a/fifo"

# What is excluded later is not gone.
echo 'local /docs/' >> "$a/.config/roam/rules"
expect 0 on a --json diff
is '[c["path"] for c in d["changes"]]' "['.config/roam/rules', 'new']"
sed -i '$d' "$a/.config/roam/rules"

# --- why --------------------------------------------------------------------
expect 0 on a --json why docs/two
is 'sorted(d)' "['base', 'class', 'decision', 'driver', 'local', 'path', 'reason', \
'rule', 'store', 'unit']"
is 'd["base"] == d["local"] == d["store"]' True
is 'd["local"]["hash"] == "'"$(xxhsum -H2 "$a/docs/two" 2> /dev/null |
	cut -d ' ' -f 1)"'" or "'"$(command -v xxhsum)"'" == ""' True
is 'sorted(d["base"])' "['hash', 'kind', 'mode', 'mtime', 'size']"
expect 0 on a --json why "$a/scratch/x"
is 'd["class"], d["rule"], d["reason"]' \
	"('local', '$a/.config/roam/rules:1', 'of this machine alone')"
is 'd["local"]["kind"], d["base"], d["store"]' "('file', None, None)"
expect 0 on a --json why not/there.part
is 'd["class"], d["rule"][-2:], d["reason"]' "('local', ':2', None)"
is 'd["local"]' None
expect 0 on a --json why .config/app.ini
is 'd["class"], d["driver"], d["unit"]' "('roam', 'keyfile', None)"
expect 0 on a --json why docs/three
is 'd["local"], d["store"] == d["base"] != None' '(None, True)'
expect 0 on a --json why .local/state/roam/trees
is 'd["class"]' local
ln -s docs "$a/away"
expect 0 on a --json why away/one
is 'd["class"], d["local"]' "('local', None)"
expect 0 on a --json why docs/one/below
is 'd["class"], d["local"]' "('roam', None)"
mkfifo "$a/fifo"
expect 0 on a --json why fifo
is 'd["class"], d["local"]["kind"], d["local"]["hash"]' \
	"('local', 'special', None)"
rm "$a/fifo" "$a/away"
expect 0 on a --json why docs/
is 'd["path"], d["local"]["kind"], d["local"]["hash"]' \
	"('docs', 'directory', None)"
for path in docs/two docs/three .cache/cached scratch/ nothing; do
	expect 0 on a why "$path"
	lines=$(wc -l <<< "$out")
	{ [ "$lines" -ge 2 ] && [ "$lines" -le 8 ]; } || fail "$lines: $out"
done
for path in /etc/passwd ../x docs/../../x "$a" . ''; do
	expect 2 on a --json why "$path"
	errs usage
done
expect 2 on a why

# --- They change nothing ----------------------------------------------------
look() {
	find "$a" "$store" -printf '%p %i %T@ %C@ %s\n' | sort > "$work/$1"
}
look before
for command in status log 'show 2' diff 'diff 1' 'diff 1 2' 'why docs' config; do
	# shellcheck disable=SC2086
	expect 0 on a $command
	[ -n "$out" ] || fail "$command says nothing"
	narrow
	# shellcheck disable=SC2086
	expect 0 on a -q $command
	[ -z "$out$err" ] || fail "-q $command says: $out$err"
done
look after
diff "$work/before" "$work/after" || fail "looking changed something"

# --- Bad input --------------------------------------------------------------
for command in "show 99" "diff 1 99" "undo 99" "restore x --from 99" \
	"restore x --from 99 --to $work/nowhere" "export 99"; do
	# shellcheck disable=SC2086
	expect 1 on a $command
	says "generation 99: not there; the store has 1 to "
done
for gen in abc 0 -1 1x 99999999999999999999 ' 1' ''; do
	expect 2 on a --json show -- "$gen"
	errs usage
	expect 2 on a --json diff -- "$gen"
	errs usage
	expect 2 on a --json diff 1 "./$gen"
	errs usage
done
for command in 'show 9' 'diff 9' 'diff 1 9'; do
	# shellcheck disable=SC2086
	expect 1 on a --json $command
	errs gone
	says "generation 9: not there; the store has 1 to 3"
done
expect 2 on a show
expect 2 on a diff 1 2 3
expect 2 on a log --check
expect 2 on a --store ftp://x status
expect 2 on a --home "$work/nowhere" status

# --- A store that does not answer, or has holes -----------------------------
mv "$store/gen/000000000001/manifest" "$work/manifest"
expect 0 on a --json log # as if collected
is '[g["generation"] for g in d["generations"]]' '[3, 2]'
expect 1 on a show 1
says "was collected; the store has 2 to 3"
mv "$work/manifest" "$store/gen/000000000001/manifest"
cp "$store/gen/000000000002/commit" "$work/commit"
printf x | dd of="$store/gen/000000000002/commit" bs=1 seek=9 conv=notrunc \
	status=none
expect 0 on a --json log
is '[g["generation"] for g in d["generations"]]' '[3, 1]'
says "generation 2"
cp "$work/commit" "$store/gen/000000000002/commit"

expect 0 on a --store "file://$work/away/store" --json status
is 'd["state"], d["head"], d["base"], d["store_id"]' "('offline', None, 3, '$id')"
is 'len(d["reason"]) > 0' True
expect 0 on a --store "file://$work/away/store" --json why docs/two
is 'd["base"] != None, d["store"]' '(True, None)'
expect 3 on a --store "file://$work/away/store" log

# --- What status remembers --------------------------------------------------
stamp() {
	stat -c '%i %s' "$a/.local/state/roam/status"
}
expect 0 on a sync
before=$(stamp)
touch -d '2001-02-03' "$a/.local/state/roam/status"
expect 0 on a sync
[ "$(stamp)" = "$before" ] || fail "an idle run wrote its memo anew"
expect 0 on a --json status
is 'd["last_success"] > "2020"' True
success=$(json 'd["last_success"]')
expect 3 on a --store "file://$work/away/store" sync
expect 0 on a --json status
is 'd["last_success"], d["last_error"] != None' "('$success', True)"
before=$(stamp)
expect 3 on a --store "file://$work/away/store" sync
[ "$(stamp)" = "$before" ] || fail "the same failure wrote its memo anew"
expect 0 on a status
narrow
says "Last error:"
expect 0 on a plan
[ "$(stamp)" = "$before" ] || fail "a dry run is remembered"
echo '{"last_attempt_ns":' > "$a/.local/state/roam/status"
expect 0 on a --json status
is 'd["last_attempt"], d["pending"]' '(None, 0)'
echo more > "$a/docs/more"
expect 0 on a pull
expect 0 on a --json status
is 'd["last_error"], d["pending"]' '(None, 1)'
mkfifo "$a/fifo"
expect 7 on a sync
expect 0 on a --json status
is 'd["pending"], d["skipped"]' '(0, 1)'
rm "$a/fifo"

# --- config -----------------------------------------------------------------
cat > "$work/roam.conf" <<-END
	[roam]
	store = file://$store

	[guard]
	percent = 60
END
settings() {
	ROAM_MACHINE=a "$ROAM" --home "$a" --config "$work/roam.conf" "$@"
}
expect 0 settings config
says "$work/roam.conf:5"
says default
expect 0 settings --json config
is 'sorted(d["settings"][0])' "['default', 'key', 'origin', 'value']"
is '{s["key"]: (s["value"], s["default"], s["origin"])
	for s in d["settings"]}["guard.percent"]' \
	"('60', '50', '$work/roam.conf:5')"
is '{s["key"]: s["origin"] for s in d["settings"]}["guard.count"]' None
expect 0 settings config --check
[ -z "$out$err" ] || fail "said: $out$err"
expect 0 settings --json log
is 'len(d["generations"]) > 0' True

bad_conf() {
	printf '%b' "$2" > "$work/roam.conf"
	expect 2 settings config --check
	says "$work/roam.conf:$1: "
	expect 2 settings --json config --check
	errs usage
}
bad_conf 2 '[guard]\npercent = 101\n'
bad_conf 3 '[guard]\n\nper_cent = 1\n'
bad_conf 2 '[roam]\nstore = ftp://server/x\n'
: > "$work/roam.conf"
echo 'lokal x' >> "$a/.config/roam/rules"
expect 2 settings config --check
says "$a/.config/roam/rules:4: "
expect 0 settings config

# --- History that was collected ---------------------------------------------
rm "$a/.config/roam/rules"
for i in $(seq 1 20); do
	echo "$i" > "$a/docs/$i"
	expect 0 on a push
done
printf '[history]\nkeep = 0\nkeep_min = 1\n' > "$work/roam.conf"
expect 0 on a --config "$work/roam.conf" gc
expect 0 on a --json log
newest=$(json 'd["generations"][0]["generation"]')
oldest=$(json 'd["generations"][-1]["generation"]')
[ "$oldest" -gt 1 ] || fail "nothing was collected"
is 'len(d["generations"])' $((newest - oldest + 1))
expect 0 on a show "$oldest"
says "its parent was collected"
expect 0 on a --json show "$oldest"
is 'd["generation"], d["changes"]' "($oldest, None)"
expect 1 on a --json show 1
errs gone
says "generation 1: was collected; the store has $oldest to $newest"
expect 1 on a diff 2 head
says "was collected"
expect 0 on a diff
says "no changes"
expect 0 on a --json status
is 'd["head"], d["state"]' "($newest, 'roaming')"

# --- The page names every command and option --------------------------------
page=$(sed 's/\\-/-/g' "$srcdir/man/roam.1")
commands=$("$ROAM" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
[ "$(wc -w <<< "$commands")" -ge 15 ] || fail "what are the commands? $commands"
for command in $commands; do
	grep -Eq "^\.It Cm $command( |$)" <<< "$page" ||
		fail "roam.1 does not tell of $command"
	help=$("$ROAM" "$command" --help)
	wide=$(awk 'length > 80' <<< "$help")
	[ -z "$wide" ] || fail "$command --help has wide lines: $wide"
	options=$(grep -o -- ' --[a-z-]*' <<< "$help")
	for option in $options; do
		grep -Eq "^\.It Fl .*-${option#--}( |$)" <<< "$page" ||
			fail "roam.1 does not tell of $option"
	done
done
