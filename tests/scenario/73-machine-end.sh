#!/usr/bin/env bash
# Sessions that never close: a power cut, the start after it, the end of a
# machine, and copies that are to leave the machine when nobody uses them.
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/lab/lib.sh
. "$srcdir/tests/lab/lib.sh"
lab_need sshd ssh python3
lab_begin
mkdir -m 1777 "$lab/store"
lab_workstation ws1 21 "file://$lab/store/%u"
session=/usr/local/libexec/roam/roam-session

state() {
	sed -n 's/^state=//p' "$lab/ws1/state/users/20001" 2> /dev/null
}
settled() {
	lab_wait 60 ws1 grep -qx "state=$1" \
		/usr/local/var/lib/roam/users/20001
}
# A session of alice's that has written a file and is still open.
in_the_midst() {
	rm -f "$lab/leave"
	: > "$lab/said"
	lab_on ws1 python3 "$lab/session" lab alice "$lab/leave" \
		> "$lab/said" 2>&1 &
	disown $!
	lab_wait 60 ws1 grep -qx open "$lab/said"
	lab_on ws1 su alice -s /bin/sh -c "echo $1 > /home/alice/note"
}
stored() {
	rm -rf "$work/there"
	mkdir "$work/there"
	"$ROAM" --store "file://$lab/store/alice" --config "$work/conf" export \
		"$(find "$lab/store/alice/gen" -mindepth 1 -printf '%f\n' |
			grep '^0' | sort | tail -n 1 | sed 's/^0*//')" |
		tar -x -C "$work/there"
	grep -qx "$1" "$work/there/note"
}
cp "$srcdir/tests/lab/session" "$lab/session"
printf '[roam]\ncheck_owner = no\n' > "$work/conf"

# --- A power cut, and the start after it ---------------------------------------
in_the_midst 'before the cut'
lab_kill ws1
[ "$(state)" = in ] || fail "state $(state)"
lab_workstation ws1 21 "file://$lab/store/%u"
lab_on ws1 "$session" boot
settled out
stored 'before the cut' || fail "the start made nothing good"
# Nothing is left to do the second time.
lab_on ws1 "$session" boot
[ "$(lab_events ws1 made-good)" = 1 ] || fail "made good twice"

# --- The end of a machine ------------------------------------------------------
in_the_midst 'before the end'
lab_on ws1 pkill -KILL -f "$lab/leave"
lab_on ws1 "$session" flush
settled out
stored 'before the end' || fail "the end saved nothing"

# --- Who is signed in is left alone --------------------------------------------
in_the_midst 'still here'
lab_on ws1 "$session" boot
lab_on ws1 "$session" flush
[ "$(state)" = in ] || fail "the state of an open session changed"
: > "$lab/leave"
settled out

# --- Copies that leave the machine ---------------------------------------------
lab_on ws1 sh -c 'printf "[sessions]\ndelete_cached_copies = yes\n" \
	>> /usr/local/etc/roam/roam.conf'
expect 0 lab_ssh ws1 alice 'cat note; mkdir .cache; echo 1 > .cache/x; echo last > note'
says 'still here'
lab_wait 60 ws1 grep -q event=copy-removed /var/log/syslog
[ -z "$(ls -A "$lab/ws1/home/alice")" ] || fail "$(ls -A "$lab/ws1/home/alice")"
expect 0 lab_ssh ws1 alice 'cat note; echo more > more; nohup sleep 600 > /dev/null 2>&1 &'
says last
# A process of the user's still works there.
lab_wait 60 ws1 grep -q event=copy-kept /var/log/syslog
lab_on ws1 pkill -u alice sleep
[ -e "$lab/ws1/home/alice/more" ] || fail "the copy is gone all the same"

# --- Copies that nobody has used for long --------------------------------------
lab_on ws1 sed -i 's/^delete_cached.*/delete_unused = 30/' \
	/usr/local/etc/roam/roam.conf
expect 0 lab_ssh ws1 alice 'echo new > note'
settled out
lab_on ws1 "$session" boot
[ -e "$lab/ws1/home/alice/note" ] || fail "a copy in use was removed"
sed -i 's/^used=.*/used=1000000000/' "$lab/ws1/state/users/20001"
lab_on ws1 sed -i 's/state=out/state=pending/' \
	/usr/local/var/lib/roam/users/20001
chmod 000 "$lab/store/alice"
lab_on ws1 "$session" boot
[ -e "$lab/ws1/home/alice/note" ] || fail "a copy with edits was removed"
chmod 700 "$lab/store/alice"
lab_on ws1 "$session" boot
settled out
sed -i 's/^used=.*/used=1000000000/' "$lab/ws1/state/users/20001"
lab_on ws1 "$session" boot
[ -z "$(ls -A "$lab/ws1/home/alice")" ] || fail "an unused copy is still there"
expect 0 lab_ssh ws1 alice 'cat note'
says new
