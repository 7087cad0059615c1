#!/usr/bin/env bash
# Whatever is killed in a session, and whenever a machine is torn down: what was
# written is saved at the next occasion, and no copy is left half old, half new.
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/lab/lib.sh
. "$srcdir/tests/lab/lib.sh"
lab_need sshd ssh login pkill python3
lab_begin
mkdir -m 1777 "$lab/store"
lab_workstation ws1 21 "file://$lab/store/%u"
lab_workstation ws2 22 "file://$lab/store/%u"
settled() {
	lab_wait 60 "$1" grep -qx "state=$2" \
		/usr/local/var/lib/roam/users/20001
}
# begun TEXT: a session of alice's by ssh that has written TEXT and goes on.
begun() {
	rm -f "$lab/ws1/home/alice/ready"
	lab_ssh ws1 alice "echo '$1' > note; touch ready; sleep 300" \
		> "$work/session" 2>&1 &
	disown $!
	lab_wait 60 ws1 test -e /home/alice/ready
}
# arrived TEXT: the other machine has it.
arrived() {
	settled ws1 out
	expect 0 lab_ssh ws2 alice 'cat note'
	says "$1"
	settled ws2 out
}

# --- The close still comes ------------------------------------------------------
begun 'client killed'
lab_on ws1 pkill -KILL -x ssh
arrived 'client killed'
begun 'child killed'
lab_on ws1 pkill -KILL -f 'sshd: alice@notty'
arrived 'child killed'
begun 'monitor ended'
lab_on ws1 pkill -TERM -f 'sshd: alice \[priv\]'
arrived 'monitor ended'

# --- It never comes -------------------------------------------------------------
begun 'monitor killed'
lab_on ws1 pkill -KILL -f 'sshd: alice \[priv\]'
lab_on ws1 pkill -KILL -u alice || :
settled ws1 in
expect 0 lab_ssh ws1 alice true
arrived 'monitor killed'
for how in KILL TERM; do
	rm -f "$lab/ws1/home/alice/ready"
	lab_on ws1 python3 "$srcdir/tests/lab/type" login -- \
		login: alice assword: Al1ce.Pass '$ ' \
		"echo 'login $how' > note; touch ready" \
		> "$work/session" 2>&1 &
	disown $!
	lab_wait 60 ws1 test -e /home/alice/ready
	lab_on ws1 pkill "-$how" -x login
	lab_on ws1 pkill -KILL -u alice || :
	expect 0 lab_ssh ws1 alice true
	arrived "login $how"
done
expect 0 lab_on ws1 python3 "$srcdir/tests/lab/type" login -- \
	login: alice assword: Al1ce.Pass '$ ' 'echo hung up > note; echo do""ne' \
	'done' HANGUP
expect 0 lab_ssh ws1 alice true
arrived 'hung up'

# --- The machine goes in the midst of it ----------------------------------------
# shellcheck disable=SC2016 # of that shell
expect 0 lab_ssh ws1 alice 'for i in $(seq 300); do
	head -c 50000 /dev/urandom > file$i; done'
settled ws1 out
summed() {
	(cd "$lab/$1/home/alice" && md5sum file* | md5sum)
}
want=$(summed ws1)
for delay in 0.3 1; do
	lab_ssh ws2 alice true > "$work/session" 2>&1 &
	disown $!
	sleep "$delay"
	lab_kill ws2
	lab_workstation ws2 22 "file://$lab/store/%u"
done
expect 0 lab_ssh ws2 alice true
settled ws2 out
[ "$(summed ws2)" = "$want" ] || fail "a pull that was cut off left its mark"
expect 0 lab_ssh ws2 alice "for i in \$(seq 1 3 300); do
	echo more >> file\$i; done"
sleep 0.3
lab_kill ws2
lab_workstation ws2 22 "file://$lab/store/%u"
printf '[roam]\ncheck_owner = no\n' > "$work/conf"
expect 0 "$ROAM" --store "file://$lab/store/alice" --config "$work/conf" \
	verify --data
expect 0 lab_ssh ws2 alice true
settled ws2 out
want=$(summed ws2)
expect 0 lab_ssh ws1 alice true
[ "$(summed ws1)" = "$want" ] || fail "a push that was cut off left its mark"
