#!/usr/bin/env bash
# What belongs together stays together: databases with their logs while a
# program writes to them, browser profiles that two machines have changed, and
# units that a program has locked.
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"

command -v sqlite3 > /dev/null || exit 77

a=$work/a b=$work/b
mkdir -p "$a" "$b"
writer=
stop_writer() {
	[ -z "$writer" ] || kill "$writer" 2> /dev/null || :
	writer=
}
trap 'stop_writer; clean_up' EXIT

sql() {
	sqlite3 -cmd '.timeout 20000' "$@"
}

# --- A writer at work -------------------------------------------------------
# Two tables that every transaction changes alike, in both ways of logging.
for mode in WAL DELETE; do
	sql "$a/$mode.db" "PRAGMA journal_mode = $mode;" \
		'CREATE TABLE x(n INTEGER, pad TEXT); CREATE TABLE y(n INTEGER);' \
		> /dev/null
done
cat > "$work/write.py" <<-'END2'
	import random, sqlite3, sys, time
	random.seed(1)
	dbs = [sqlite3.connect(path, timeout=20, isolation_level=None)
	    for path in sys.argv[1:]]
	while True:
	    for db in dbs:
	        for _ in range(random.randrange(1, 4)):
	            db.execute('BEGIN')
	            n = random.randrange(1000)
	            db.execute('INSERT INTO x VALUES(?, ?)', (n, 'x' * 700))
	            db.execute('DELETE FROM x WHERE n = ?', (n - 1,))
	            db.execute('DELETE FROM y')
	            db.execute('INSERT INTO y SELECT count(*) FROM x')
	            db.execute('COMMIT')
	    time.sleep(random.random() / 20)
END2
python3 "$work/write.py" "$a/WAL.db" "$a/DELETE.db" &
writer=$!
generations=0
for i in $(seq 1 "${PUSHES:-20}"); do
	status=0
	on a -q push > "$work/.out" 2>&1 || status=$?
	[ "$status" = 0 ] || [ "$status" = 7 ] || fail "push $i: $(cat "$work/.out")"
	rm -rf "$work/c"
	status=0
	on c -q pull > "$work/.out" 2>&1 || status=$?
	# Nothing is there before the first quiet moment.
	[ "$status" = 0 ] || [ ! -e "$store/gen" ] || fail "pull: $(cat "$work/.out")"
	for mode in WAL DELETE; do
		[ -e "$work/c/$mode.db" ] || continue
		generations=$((generations + 1))
		said=$(sql "$work/c/$mode.db" 'PRAGMA integrity_check;' \
			'SELECT (SELECT count(*) FROM x) =
				coalesce((SELECT n FROM y), 0);' | tr '\n' ' ')
		[ "$said" = 'ok 1 ' ] || fail "$mode, push $i: $said"
	done
done
stop_writer
wait || :
[ "$generations" -gt 0 ] || fail "no push found a quiet moment"
expect 0 on a push
expect 0 on b pull
for mode in WAL DELETE; do
	[ "$(sql "$b/$mode.db" 'SELECT count(*) FROM x;')" = \
		"$(sql "$a/$mode.db" 'SELECT count(*) FROM x;')" ] ||
		fail "$mode: not the last version"
done

# --- A database that is open is not replaced ---------------------------------
expect 0 on a sync
expect 0 on b sync
sql "$a/WAL.db" 'INSERT INTO x VALUES(7777, 0);'
expect 0 on a sync
mkfifo "$work/hold"
sql "$b/WAL.db" < "$work/hold" > "$work/held" &
writer=$!
exec 5> "$work/hold"
echo 'SELECT count(*) FROM x;' >&5
for _ in $(seq 200); do
	[ ! -s "$work/held" ] || break
	sleep 0.1
done
expect 7 on b --json plan
[ "$(json '[(s["path"], s["reason"]) for s in d["skipped"]
	if s["path"] == "WAL.db"]')" = \
	"[('WAL.db', 'a program is using it')]" ] || fail "planned: $out"
expect 7 on b sync
[ "$(sql "$b/WAL.db" 'SELECT count(*) FROM x WHERE n = 7777;')" = 0 ] ||
	fail "replaced under its program"
exec 5>&-
wait "$writer" || :
writer=
expect 0 on b sync
[ "$(sql "$b/WAL.db" 'SELECT count(*) FROM x WHERE n = 7777;')" = 1 ] ||
	fail "not replaced afterwards"

# --- Two machines, one profile ----------------------------------------------
p=.mozilla/firefox/x1.default
mkdir -p "$a/$p/storage"
for file in prefs.js places.sqlite storage/ls.sqlite; do
	echo "first $file" > "$a/$p/$file"
done
expect 0 on a sync
expect 0 on b sync
echo 'a prefs' > "$a/$p/prefs.js"
echo 'a ls' > "$a/$p/storage/ls.sqlite"
echo 'b places' > "$b/$p/places.sqlite"
echo 'b new' > "$b/$p/new.js"
touch -d 'now + 1 minute' "$b/$p/new.js"
expect 0 on a sync
expect 0 on b --json plan
planned=$(json 'sorted((x["action"], x["path"]) for x in d["actions"])')
expect 0 on b --json sync
[ "$(json 'sorted((x["action"], x["path"]) for x in d["actions"])')" = \
	"$planned" ] || fail "planned $planned, done $out"
expect 0 on a sync
diff -r -x cache2 "$a/$p" "$b/$p" > "$work/.diff" ||
	fail "$(cat "$work/.diff")"
[ "$(cat "$a/$p/prefs.js" "$a/$p/places.sqlite" "$a/$p/storage/ls.sqlite" \
	"$a/$p/new.js" | tr '\n' ';')" = \
	'first prefs.js;b places;first storage/ls.sqlite;b new;' ] ||
	fail "torn: $(head "$a/$p"/*)"
expect 0 on a --json conflicts
[ "$(json 'sorted(c["path"] for c in d["conflicts"])')" = \
	"['$p/prefs.js', '$p/storage/ls.sqlite']" ] || fail "listed: $out"
expect 0 on b sync
says 'nothing to do'

# --- A pull that is cut off leaves a unit old or new ------------------------
# What stays local here comes along, and so does what nobody changed.
mkdir -p "$b/$p/cache2/entries"
echo 'cached' > "$b/$p/cache2/entries/1"
chmod 750 "$b/$p/storage"
expect 0 on b sync
expect 0 on a sync
same=$(stat -c %i "$b/$p/places.sqlite")
step=1 swapped=0
while :; do
	for file in prefs.js storage/ls.sqlite sub/new.js; do
		mkdir -p "$a/$p/sub"
		echo "$step" > "$a/$p/$file"
	done
	rm -f "$a/$p/gone.$((step - 1))"
	echo "$step" > "$a/$p/gone.$step"
	expect 0 on a sync
	status=0
	ROAM_STOP_AT=$step on b pull > "$work/.out" 2>&1 || status=$?
	[ "$status" = 0 ] || [ "$status" = 99 ] || fail "$(cat "$work/.out")"
	grep -q 'unit exchanged' "$work/.out" && swapped=1
	seen=$(find "$b/$p" \( -name prefs.js -o -name ls.sqlite -o \
		-name 'gone.*' \) -exec cat {} + | sort -u | wc -l)
	[ "$seen" = 1 ] || [ "$step" = 1 ] ||
		fail "step $step: torn: $(cat "$work/.out"; head "$b/$p"/*.js)"
	expect 0 on b sync
	diff -r -x cache2 "$a/$p" "$b/$p" > "$work/.diff" ||
		fail "step $step: $(cat "$work/.diff")"
	[ "$(cat "$b/$p/cache2/entries/1")" = cached ] || fail "local things went"
	expect 0 on b sync
	says 'nothing to do'
	[ "$status" = 99 ] || break
	step=$((step + 1))
done
[ "$swapped" = 1 ] || fail "the unit was not exchanged"
[ "$(stat -c %i "$b/$p/places.sqlite")" = "$same" ] ||
	fail "what nobody changed is another file"
[ "$(stat -c %a "$b/$p/storage")" = "$(stat -c %a "$a/$p/storage")" ] ||
	fail "modes"
[ -z "$(ls -A "$b/.local/state/roam/staging")" ] || fail "left over"
expect 0 on b --json conflicts
[ "$(json 'len(d["conflicts"])')" = 2 ] || fail "a conflict too many: $out"

# --- A profile in use waits, both ways --------------------------------------
before=$(cat "$b/$p/prefs.js")
echo 'later' > "$a/$p/prefs.js"
expect 0 on a sync
ln -s "127.0.1.1:+$$" "$b/$p/lock"
echo 'own' > "$b/$p/own.js"
expect 7 on b --json plan
[ "$(json 'd["actions"]')" = '[]' ] || fail "planned: $out"
expect 7 on b sync
says 'a program is using it'
[ "$(cat "$b/$p/prefs.js")" = "$before" ] || fail "changed in use"
rm "$b/$p/lock"
ln -s '127.0.1.1:+999999999' "$b/$p/lock" # left by a crash
expect 0 on b sync
expect 0 on a sync
rm "$b/$p/lock"
diff -r -x cache2 "$a/$p" "$b/$p" > "$work/.diff" ||
	fail "$(cat "$work/.diff")"
expect 0 on a verify --data
