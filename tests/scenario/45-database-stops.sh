#!/usr/bin/env bash
# A database and its log get another content: whenever the run is stopped, SQLite
# finds the old content there or the new one, whole, and the next run ends with
# the very bytes that the store has.
set -eu
[ -n "${TMPDIR:-}" ] || [ ! -w /dev/shm ] || export TMPDIR=/dev/shm
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/scenario/harm.sh
. "$srcdir/tests/scenario/harm.sh"



a=$work/a b=$work/b
mkdir -p "$a" "$b"

# Databases as a crash or a copy in between leaves them: with a log that holds
# what the database has only half, or none.
cat > "$work/make.py" <<-'END2'
	import os, random, shutil, sqlite3, sys
	def rows(db, text, count):
	    db.execute('BEGIN')
	    db.execute('DELETE FROM t')
	    for i in range(count):
	        db.execute('INSERT INTO t VALUES(?, ?)', (i, text + 'x' * 900))
	def begin(path, mode):
	    db = sqlite3.connect(path, isolation_level=None)
	    db.execute('PRAGMA cache_size = 10')
	    db.execute('PRAGMA journal_mode = ' + mode)
	    db.execute('PRAGMA wal_autocheckpoint = 0')
	    db.execute('CREATE TABLE t(n INTEGER PRIMARY KEY, v TEXT)')
	    return db
	def take(path, to, ending):
	    for end in '', ending:
	        shutil.copyfile(path + end, to + end)
	def plain(path, to, text, count):
	    db = begin(path, 'DELETE')
	    rows(db, text, count)
	    db.execute('COMMIT')
	    shutil.copyfile(path, to)
	# Half of the frames are in the database already.
	def wal(path, to, text, count):
	    db = begin(path, 'WAL')
	    rows(db, 'other', 60)
	    db.execute('COMMIT')
	    db.execute('PRAGMA wal_checkpoint(TRUNCATE)')
	    rows(db, text, count)
	    db.execute('COMMIT')
	    rows(db, 'not to be', 5)
	    take(path, to, '-wal')
	    log = open(to + '-wal', 'rb').read()
	    size = int.from_bytes(log[8:12], 'big')
	    with open(to, 'r+b') as f:
	        for at in range(32, len(log) - size - 23, 2 * (24 + size)):
	            f.seek((int.from_bytes(log[at:at + 4], 'big') - 1) * size)
	            f.write(log[at + 24:at + 24 + size])
	# Half of a transaction is in the database, and the log says what was.
	def journal(path, to, text, count):
	    db = begin(path, 'DELETE')
	    rows(db, text, count)
	    db.execute('COMMIT')
	    rows(db, 'not to be', 80)
	    take(path, to, '-journal')
	def none(path, to, text, count):
	    pass
	home, scratch, text, count = sys.argv[1:5]
	for case in sys.argv[5:]:
	    name, kind = case.split('=')
	    for end in '', '-wal', '-journal':
	        if os.path.exists(f'{home}/{name}{end}'):
	            os.remove(f'{home}/{name}{end}')
	    globals()[kind](f'{scratch}/{name}.{text}', f'{home}/{name}', text,
	        int(count))
	os._exit(0) # closing would tidy up
END2
names=(wal-wal wal-journal journal-wal wal-plain plain-wal none-wal wal-none
	journal-none none-journal)
old=() new=()
for name in "${names[@]}"; do
	old+=("$name.db=${name%-*}")
	new+=("$name.db=${name#*-}")
done
make() {
	mkdir -p "$work/scratch"
	python3 "$work/make.py" "$a" "$work/scratch" "$@"
	rm -r "$work/scratch"
}

# content HOME: what SQLite reads in each database, a copy of which it is given:
# once as a program opens it, and once more after that.
cat > "$work/look.py" <<-'END2'
	import glob, os, shutil, sqlite3, sys
	home, scratch = sys.argv[1:3]
	def look(path):
	    try:
	        db = sqlite3.connect(path)
	        return [db.execute(q).fetchone() for q in ('PRAGMA integrity_check',
	            'SELECT count(*), min(substr(v, 1, 3)), max(substr(v, 1, 3)) FROM t')]
	    except sqlite3.Error as e:
	        return e
	    finally:
	        db.close()
	for name in sys.argv[3:]:
	    if not os.path.exists(f'{home}/{name}.db'):
	        print(name, 'none')
	        continue
	    for path in glob.glob(f'{home}/{name}.db*'):
	        shutil.copy(path, scratch)
	    print(name, look(f'{scratch}/{name}.db'), look(f'{scratch}/{name}.db'))
END2
content() {
	rm -rf "$work/look"
	mkdir "$work/look"
	python3 "$work/look.py" "$1" "$work/look" "${names[@]}"
}

make old 40 "${old[@]}"
content "$a" > "$work/old"
expect 0 on a push
expect 0 on b pull
content "$b" | cmp - "$work/old" || fail "not as in the store: $(content "$b")"
make new 70 "${new[@]}"
content "$a" > "$work/new"

! grep -v "none$\|ok.*(40, 'old', 'old')" "$work/old" || fail "no such old ones"
! grep -v "none$\|ok.*(70, 'new', 'new')" "$work/new" || fail "no such new ones"
expect 0 on a push
cp -a "$b" "$work/start"
on b -q pull
content "$b" | cmp - "$work/new" || fail "$(content "$b")"

cat "$work/old" "$work/new" > "$work/both"
at=1 seen=''
while :; do
	rm -rf "$b"
	cp -a "$work/start" "$b"
	status=0
	ROAM_STOP_AT=$at on b -q pull > /dev/null 2> "$work/.stop" || status=$?
	[ "$status" = 0 ] && break
	[ "$status" = 99 ] || fail "step $at: $status: $(cat "$work/.stop")"
	seen=$seen$(cat "$work/.stop")
	content "$b" > "$work/got"
	! grep -vxFf "$work/both" "$work/got" ||
		fail "step $at ($(cat "$work/.stop")): neither old nor new"
	expect 0 on b sync
	diff -r -x .local "$a" "$b" > "$work/.diff" ||
		fail "step $at: other bytes: $(cat "$work/.diff")"
	[ -z "$(find "$b/.local/state/roam/staging" -mindepth 1)" ] ||
		fail "step $at: left behind"
	[ ! -e "$b/.local/state/roam/conflicts" ] || fail "step $at: a conflict"
	at=$((at + 1))
done
for what in 'database prepared' 'old log taken out' 'database exchanged' \
	'new log put in place'; do
	case $seen in
	*"$what"*) ;;
	*) fail "no stop after: $what" ;;
	esac
done
echo "$at steps"
[ "$at" -gt 60 ] || fail "only $at steps"
[ "$(find "$store/gen" -mindepth 1 -maxdepth 1 | wc -l)" = 2 ] || fail "a stop became an edit"
