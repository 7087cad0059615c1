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
	"['$p/places.sqlite', '$p/prefs.js', '$p/storage/ls.sqlite']" ] ||
	fail "listed: $out"
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
[ "$(json 'len(d["conflicts"])')" = 3 ] || fail "a conflict too many: $out"

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

# --- What lost of a unit is taken back, and dropped, together ----------------
# loser HOME FILE: the id of the newest conflict of that file.
loser() {
	expect 0 on "$1" --json conflicts
	json "max((c['time'], c['id']) for c in d['conflicts']
		if c['path'] == '$2')[1]"
}
expect 0 on a conflicts drop "$(loser a "$p/prefs.js")" # of the lock
present=$(cat "$a/$p/prefs.js")
id=$(loser a "$p/storage/ls.sqlite")
ln -s "127.0.1.1:+$$" "$a/$p/lock"
expect 7 on a conflicts take "$id"
[ "$(cat "$a/$p/prefs.js")" = "$present" ] || fail "taken back in use"
rm "$a/$p/lock"
expect 0 on a --json conflicts take "$id" --dry-run
planned=$(json 'sorted((x["action"], x["path"]) for x in d["actions"])')
expect 0 on a --json conflicts take "$id"
[ "$(json 'sorted((x["action"], x["path"]) for x in d["actions"])')" = \
	"$planned" ] || fail "planned $planned, done $out"
[ "$(cat "$a/$p/prefs.js" "$a/$p/places.sqlite" "$a/$p/storage/ls.sqlite" |
	tr '\n' ';')" = 'a prefs;first places.sqlite;a ls;' ] ||
	fail "not all of it came back: $(head "$a/$p"/*)"
expect 0 on a --json conflicts
[ "$(json 'sorted(c["path"] for c in d["conflicts"])')" = \
	"['$p/places.sqlite', '$p/prefs.js', '$p/storage/ls.sqlite']" ] ||
	fail "the present one is not kept whole: $out"
expect 0 on a sync
expect 0 on b sync
id=$(loser b "$p/prefs.js")
expect 0 on b conflicts drop "$id"
expect 0 on b sync
expect 0 on b conflicts
says 'no conflicts'

# A database that lost with its log comes back with that log, and no other one.
sql "$a/both.db" 'PRAGMA journal_mode = WAL;' 'CREATE TABLE t(v);' \
	"INSERT INTO t VALUES('first');" > /dev/null
expect 0 on a sync
expect 0 on b sync
cat > "$work/write.py" <<-'END2'
	import os, sqlite3, sys
	db = sqlite3.connect(sys.argv[1], isolation_level=None)
	db.execute('PRAGMA wal_autocheckpoint = 0')
	for text in sys.argv[2:]:
	    db.execute('INSERT INTO t VALUES(?)', (text,))
	os._exit(0) # as a crash does: the log stays
END2
reads() {
	mkdir "$work/look"
	cp "$1/both.db"* "$work/look/"
	sqlite3 "$work/look/both.db" 'PRAGMA integrity_check;' \
		'SELECT v FROM t;' | tr '\n' ' '
	rm -r "$work/look"
}
python3 "$work/write.py" "$a/both.db" a1 a2
sql "$b/both.db" "INSERT INTO t VALUES('b');"
touch -d 'now + 1 minute' "$b/both.db"
[ -s "$a/both.db-wal" ] || fail "no log"
[ ! -e "$b/both.db-wal" ] || fail "a log"
expect 0 on b sync
expect 0 on a sync
[ "$(reads "$a")" = 'ok first b ' ] || fail "a reads $(reads "$a")"
id=$(loser a both.db-wal)
expect 0 on a conflicts take "$id"
[ "$(reads "$a")" = 'ok first a1 a2 ' ] || fail "a reads $(reads "$a")"
expect 0 on a sync
expect 0 on b sync
[ "$(reads "$b")" = 'ok first a1 a2 ' ] || fail "b reads $(reads "$b")"
id=$(loser b both.db)
expect 0 on b conflicts take "$id"
[ ! -e "$b/both.db-wal" ] || fail "the log of another one stays"
[ "$(reads "$b")" = 'ok first b ' ] || fail "b reads $(reads "$b")"
expect 0 on b verify --data
