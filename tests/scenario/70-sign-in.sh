#!/usr/bin/env bash
# Sign-ins by the real programs: the first session of a user brings the profile,
# the last one saves it, whatever opened and closed them and in which order.
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/lab/lib.sh
. "$srcdir/tests/lab/lib.sh"
lab_need sshd ssh pamtester python3
lab_begin
mkdir -m 1777 "$lab/store"
lab_workstation ws1 21 "file://$lab/store/%u"
lab_workstation ws2 22 "file://$lab/store/%u"

# generations USER: how many the store has of that user.
generations() {
	find "$lab/store/$1/gen" -mindepth 1 -maxdepth 1 2> /dev/null | wc -l
}

# settled HOST USER STATE: what the machine remembers of the user's sessions.
settled() {
	lab_wait 60 "$1" grep -qx "state=$3" \
		"/usr/local/var/lib/roam/users/$(lab_on "$1" id -u "$2")"
}

# --- From one machine to the next ----------------------------------------------
expect 0 lab_ssh ws1 alice 'echo first > note'
settled ws1 alice out
[ "$(generations alice)" = 1 ] || fail "not one generation: $(ls -R "$lab/store")"
expect 0 lab_ssh ws2 alice 'cat note && echo second > note'
says first
settled ws2 alice out
expect 0 lab_ssh ws1 alice 'cat note'
says second
settled ws1 alice out
[ "$(generations alice)" = 2 ] || fail "a session without edits published"
# logged HOST TEXT: the events tell of that, each word in its place.
logged() {
	grep -q "event=$2" "$lab/$1/log/syslog" || fail "$(cat "$lab/$1/log/syslog")"
}
logged ws1 'sign-out user=alice service=sshd state=ok generation=1 received=0 bytes_down=0 saved=1 bytes_up=6 removed=0 .* pending=0 seconds=[0-9.]*: 1 change saved'
logged ws2 'sign-in user=alice service=sshd state=ok generation=1 received=1 bytes_down=6 saved=0 .* seconds=[0-9.]*: 1 file, 6 B received$'
logged ws2 'sign-out user=alice service=sshd state=ok generation=2 received=0 bytes_down=0 saved=1 '
logged ws1 'sign-out user=alice service=sshd state=ok generation=2 received=0 bytes_down=0 saved=0 '

# --- Sessions of one user, in every order --------------------------------------
# enter NAME USER [PASSWORD]: a session on ws1 that stays until 'leave NAME'.
enter() {
	rm -f "$lab/leave-$1"
	: > "$lab/$1"
	lab_on ws1 python3 "$lab/session" lab "$2" "$lab/leave-$1" \
		${3+"$3"} > "$lab/$1" 2>&1 &
	echo $! > "$lab/pid-$1"
	lab_wait 60 ws1 grep -qx open "$lab/$1"
}
leave() {
	: > "$lab/leave-$1"
	wait "$(cat "$lab/pid-$1")" || fail "$1: $(cat "$lab/$1")"
	grep -qx closed "$lab/$1" || fail "$1: $(cat "$lab/$1")"
}
# counts IN OUT: sign-ins and sign-outs that ran since the last look.
counts() {
	local in out
	in=$(lab_events ws1 sign-in user=alice)
	out=$(lab_events ws1 sign-out user=alice)
	[ "$((in - in_before)) $((out - out_before))" = "$1 $2" ] ||
		fail "$((in - in_before)) in and $((out - out_before)) out"
	in_before=$in out_before=$out
}
cp "$srcdir/tests/lab/session" "$lab/session"
in_before=0 out_before=0
in_before=$(lab_events ws1 sign-in user=alice)
out_before=$(lab_events ws1 sign-out user=alice)
for order in 'one two' 'two one'; do
	enter one alice
	grep -q 'Roam: profile up to date' "$lab/one" || fail "$(cat "$lab/one")"
	enter two alice
	for name in $order; do
		settled ws1 alice in
		leave "$name"
	done
	settled ws1 alice out
	counts 1 1
done
# Another user's come and go beside them.
enter one alice
enter other bob
leave one
settled ws1 alice out
settled ws1 bob in
leave other
settled ws1 bob out
counts 1 1

# --- What the program that asks grows by ---------------------------------------
printf 'session required pam_permit.so\n' | lab_on ws1 tee /etc/pam.d/permit \
	> /dev/null
printf 'session required pam_permit.so\nsession optional %s\n' "$lab_module" |
	lab_on ws1 tee /etc/pam.d/both > /dev/null
: > "$lab/now"
grown() {
	lab_on ws1 python3 "$lab/session" "$1" alice "$lab/now" |
		sed -n 's/^grown \([0-9]*\) KiB$/\1/p'
}
permit=$(grown permit)
both=$(grown both)
[ $((both - permit)) -le 256 ] || fail "grown by $((both - permit)) KiB"
settled ws1 alice out
counts 1 1

# --- Other programs ------------------------------------------------------------
expect 0 lab_on ws1 su -l alice -c 'cat note; echo by su > note'
says second
settled ws1 alice out
expect 0 lab_on ws1 python3 "$srcdir/tests/lab/type" login -- \
	login: alice assword: Al1ce.Pass '$ ' 'cat note; exit'
says "Roam: profile up to date"
says "by su"
settled ws1 alice out
lab_method=keyboard-interactive expect 0 lab_ssh ws1 alice 'cat note'
says "by su"
settled ws1 alice out
lab_on ws1 sh -c 'mkdir -p /root/.ssh && rm -f /root/.ssh/id_ed25519 &&
	ssh-keygen -q -t ed25519 -N "" -f /root/.ssh/id_ed25519 &&
	mkdir -p /home/alice/.ssh &&
	cp /root/.ssh/id_ed25519.pub /home/alice/.ssh/authorized_keys'
lab_method=publickey expect 0 lab_ssh ws1 alice 'echo by key > note'
settled ws1 alice out
grep -q 'by key' "$lab/ws1/home/alice/note" || fail "not by the key"
counts 4 4

# --- Who takes no part ---------------------------------------------------------
lab_on ws1 cp /etc/pam.d/lab /etc/pam.d/cron
lab_on ws1 pamtester cron alice open_session close_session > "$work/.cron"
lab_on ws1 pamtester lab root open_session close_session > "$work/.root"
counts 0 0

# --- A sign-out that nobody waits for -------------------------------------------
lab_on ws1 sh -c 'printf "[sessions]\nlogout = background\nlogout_budget = 1s\n" \
	>> /usr/local/etc/roam/roam.conf'
from=$(generations alice)
expect 0 lab_ssh ws1 alice 'echo behind > note'
settled ws1 alice out
[ "$(generations alice)" = $((from + 1)) ] || fail "nothing was saved behind"
logged ws1 "sign-out user=alice service=sshd state=skipped generation=$((from + 1)) "
lab_on ws1 sed -i '/logout/d' /usr/local/etc/roam/roam.conf
counts 1 1

# --- A store that somebody else has made ----------------------------------------
mkdir -m 777 "$lab/store/carol"
chown 20002 "$lab/store/carol"
expect 0 lab_ssh ws1 carol 'echo mine > note'
settled ws1 carol pending
lab_wait 60 ws1 grep -q 'event=sign-out user=carol .*this directory belongs to bob, neither to carol nor to root' /var/log/syslog
logged ws1 'sign-in user=carol service=sshd state=failed .*belongs to bob'
[ -z "$(ls "$lab/store/carol")" ] || fail "carol's profile is where bob reads it"
chown 0 "$lab/store/carol"
expect 0 lab_ssh ws1 carol true
settled ws1 carol out

# --- What never closes ---------------------------------------------------------
# killed NAME: the process that leads the session.
killed() {
	lab_on ws1 pkill -KILL -f "leave-$1"
	wait "$(cat "$lab/pid-$1")" 2> /dev/null || :
}
enter one alice
lab_on ws1 su alice -s /bin/sh -c 'echo before the kill > /home/alice/note'
killed one
counts 1 0
# The next sign-in counts as the first again, and makes good what was missed.
enter two alice
counts 1 0
lab_on ws1 grep -q missed /var/log/syslog || fail "nobody noticed"
grep -rq . "$lab/store/alice/gen" || fail "no store"
leave two
settled ws1 alice out
expect 0 lab_ssh ws2 alice 'cat note'
says "before the kill"
