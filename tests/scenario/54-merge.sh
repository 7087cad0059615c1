#!/usr/bin/env bash
# Two machines write into the same file: a driver makes both one, on one machine
# against the store, in sequence, and while a run is going on. The dry run says
# so before, and where a driver is unsure the file is a conflict as ever.
# shellcheck disable=SC2016 # what looks like a variable is text
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"

a=$work/a b=$work/b
mkdir -p "$a/.config/autostart" "$a/.ssh" "$b"

both() {
	expect 0 on a sync
	expect 0 on b sync
	expect 0 on a sync
	same_homes a b
}

# lines FILE LINE ...: FILE holds exactly these.
lines() {
	local file=$1
	shift
	printf '%s\n' "$@" | diff - "$file" > "$work/.diff" ||
		fail "${file#"$work"/}:"$'\n'"$(cat "$work/.diff")"
}

# actions: those of the last command on files, with their drivers.
actions() {
	json '[(x["action"], x["path"], x["driver"]) for x in d["actions"]
		if x["kind"] == "file"]'
}

printf '%s\n' 'cd' 'ls' > "$a/.bash_history"
printf '%s\n' 'XDG_MUSIC_DIR="$HOME/M"' 'XDG_VIDEOS_DIR="$HOME/V"' \
	> "$a/.config/user-dirs.dirs"
printf '%s\n' 'one.example ssh-ed25519 AAAA1' > "$a/.ssh/known_hosts"
both

# --- In sequence: a publishes, b merges -------------------------------------
echo 'make' >> "$a/.bash_history"
echo 'git log' >> "$b/.bash_history"
sed -i 's#HOME/M#HOME/Musik#' "$a/.config/user-dirs.dirs"
sed -i 's#HOME/V#HOME/Filme#' "$b/.config/user-dirs.dirs"
expect 0 on a sync
before=$(tree_of "$b")
expect 0 on b --json plan
planned=$(actions)
[ "$planned" = "[('merge', '.bash_history', 'lines'), ('merge',\
 '.config/user-dirs.dirs', 'keyfile')]" ] || fail "planned: $planned"
[ "$before" = "$(tree_of "$b")" ] || fail "the dry run changed the home"
expect 0 on b --json sync
[ "$(actions)" = "$planned" ] || fail "done: $out"
[ "$(json 'd["summary"]["merge"]')" = 2 ] || fail "summed: $out"
expect 0 on b sync
says 'nothing to do'
expect 0 on a sync
same_homes a b
lines "$a/.bash_history" cd ls make 'git log'
lines "$a/.config/user-dirs.dirs" 'XDG_MUSIC_DIR="$HOME/Musik"' \
	'XDG_VIDEOS_DIR="$HOME/Filme"'
expect 0 on a --json conflicts
[ "$(json 'd["conflicts"]')" = '[]' ] || fail "a conflict: $out"

# --- A pull and a push alone: the merge waits for a run that may both --------
echo 'here' >> "$b/.bash_history"
echo 'there' >> "$a/.bash_history"
expect 0 on a sync
expect 0 on b pull
lines "$b/.bash_history" cd ls make 'git log' here
expect 0 on b push
expect 0 on b sync
expect 0 on a sync
same_homes a b
lines "$a/.bash_history" cd ls make 'git log' there here

# --- Both made the file, or one machine has lost its state ------------------
printf '[Desktop Entry]\nName=x\nA=1\n' > "$a/.config/autostart/x.desktop"
printf '[Desktop Entry]\nName=x\nB=1\n' > "$b/.config/autostart/x.desktop"
both
lines "$a/.config/autostart/x.desktop" '[Desktop Entry]' Name=x A=1 B=1
rm -rf "$b/.local/state/roam"
echo 'two.example ssh-ed25519 AAAA2' >> "$b/.ssh/known_hosts"
both
lines "$a/.ssh/known_hosts" 'one.example ssh-ed25519 AAAA1' \
	'two.example ssh-ed25519 AAAA2'

# --- One key, two values: a person has to say -------------------------------
sed -i 's/A=1/A=2/' "$a/.config/autostart/x.desktop"
sed -i 's/A=1/A=3/' "$b/.config/autostart/x.desktop"
touch -d 'now + 1 minute' "$b/.config/autostart/x.desktop"
expect 0 on a sync
expect 0 on b --json plan
planned=$(actions)
expect 0 on b --json sync
[ "$(actions)" = "$planned" ] || fail "done: $out, planned: $planned"
expect 0 on b --json conflicts
[ "$(json '[c["path"] for c in d["conflicts"]]')" = \
	"['.config/autostart/x.desktop']" ] || fail "listed: $out"
both
lines "$a/.config/autostart/x.desktop" '[Desktop Entry]' Name=x A=3 B=1

# --- The version both know has left history: a conflict, nothing worse -------
echo 'old' >> "$a/.bash_history"
both
echo 'from-b' >> "$b/.bash_history"
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
	echo "$i" >> "$a/.bash_history"
	expect 0 on a sync
done
printf '[history]\nkeep = 1s\nkeep_min = 1\n' > "$work/short.conf"
sleep 1.1
expect 0 on a --config "$work/short.conf" gc
expect 0 on b sync
both
grep -qx from-b "$a/.bash_history" ||
	{ expect 0 on a --json conflicts && says .bash_history; }

# --- Stopped at any step: the next run ends the same ------------------------
echo 'start' > "$a/.bash_history"
both
step=1
while :; do
	echo "a$step" >> "$a/.bash_history"
	expect 0 on a sync
	echo "b$step" >> "$b/.bash_history"
	status=0
	ROAM_STOP_AT=$step on b sync > "$work/.out" 2>&1 || status=$?
	expect 0 on b sync
	expect 0 on a sync
	same_homes a b
	for line in "a$step" "b$step"; do
		[ "$(grep -cx "$line" "$a/.bash_history")" = 1 ] ||
			fail "step $step: $line: $(cat "$a/.bash_history")"
	done
	[ "$status" = 0 ] && break
	[ "$status" = 99 ] || fail "step $step: exit $status"
	step=$((step + 1))
done
[ "$step" -gt 5 ] || fail "only $step steps"
expect 0 on a verify --data
