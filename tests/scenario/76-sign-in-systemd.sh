#!/usr/bin/env bash
# Machines with systemd and logind: sign-outs outlive the session's own
# processes, and a machine that is switched off saves what is open.
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/lab/lib.sh
. "$srcdir/tests/lab/lib.sh"
lab_need sshd ssh systemd-run loginctl busctl pam-auth-update
[ -x /lib/systemd/systemd ] || { echo 'no systemd'; exit 77; }
lab_begin
mkdir -m 1777 "$lab/store"
lab_workstation ws1 21 "file://$lab/store/%u" systemd

# Debian's own stacks, with ours added in Debian's own way.
lab_on ws1 sh -c 'cd /usr/share/pam-configs && ls | grep -vxE "unix|systemd" |
	xargs rm -f'
sed "s|pam_roam.so|$lab_module|" "$srcdir/examples/pam/pam-configs" |
	lab_on ws1 sh -c 'cat > /usr/share/pam-configs/roam'
lab_on ws1 env DEBIAN_FRONTEND=noninteractive pam-auth-update --force \
	--enable unix systemd roam
lab_on ws1 sh -c 'printf "%s\n" "@include common-auth" \
	"@include common-account" "@include common-session" > /etc/pam.d/sshd'
lab_on ws1 grep -q pam_roam /etc/pam.d/common-session ||
	fail "$(lab_on ws1 cat /etc/pam.d/common-session)"
settled() {
	lab_wait 60 ws1 grep -qx "state=$1" \
		/usr/local/var/lib/roam/users/20001
}
generations() {
	find "$lab/store/alice/gen" -mindepth 1 -maxdepth 1 | wc -l
}

# --- A session of logind's ------------------------------------------------------
expect 0 lab_ssh ws1 alice 'echo first > note; cat /proc/self/cgroup'
says session-
settled out
[ "$(generations)" = 1 ] || fail "nothing was saved"
# The manager of the user has opened a session as well: none of ours.
[ -z "$(lab_on ws1 find /run/roam/20001/sessions -type f)" ] ||
	fail "a session is left"

# --- The screen is locked -------------------------------------------------------
# held USER: a session of that user's which is open until it is ended.
held() {
	rm -f "$lab/ws1/home/$1/ready"
	# shellcheck disable=SC2016 # of the session
	lab_ssh ws1 "$1" 'echo "$XDG_SESSION_ID" > ready; exec sleep 600' \
		> "$work/session" 2>&1 &
	disown $!
	lab_wait 60 ws1 test -s "/home/$1/ready"
	session=$(cat "$lab/ws1/home/$1/ready")
}
# told N: so many locks were heard of.
told() {
	[ "$(grep -c locked "$lab/ws1/log/locks")" -ge "$1" ]
}
within() { # SECONDS COMMAND ...
	local until=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$until" ] || return 1
		sleep 0.1
	done
}
grown() {
	[ "$(generations)" -gt "$from" ]
}
lock_hint() { # SESSION true|false
	lab_on ws1 busctl call org.freedesktop.login1 "$(lab_on ws1 busctl call \
		org.freedesktop.login1 /org/freedesktop/login1 \
		org.freedesktop.login1.Manager GetSession s "$1" |
		cut -d'"' -f2)" \
		org.freedesktop.login1.Session SetLockedHint b "$2"
}
if [ -x roam-lock ]; then
	lab_on ws1 sh -c 'printf "[sessions]\ncheckpoint_on_lock = yes\n" \
		>> /usr/local/etc/roam/roam.conf'
	held alice
	alice=$session
	held bob
	lab_bg ws1 locks su alice -s /bin/sh -c \
		'/usr/local/libexec/roam/roam-lock'
	until within 5 told 1; do # it listens
		lab_on ws1 loginctl lock-session "$alice"
	done
	heard=$(grep -c locked "$lab/ws1/log/locks")
	lab_on ws1 loginctl lock-session "$session"
	lock_hint "$session" true
	lab_on ws1 loginctl lock-session "$alice"
	lock_hint "$alice" true
	lock_hint "$alice" false
	within 60 told $((heard + 2)) || fail "a lock was not heard of"
	! told $((heard + 3)) || fail "$(cat "$lab/ws1/log/locks")"
	lab_on ws1 systemctl stop lab-locks # a session of alice's as well

	from=$(generations)
	lab_on ws1 su alice -s /bin/sh -c 'echo locked > /home/alice/note'
	until within 5 grown; do
		lab_on ws1 loginctl lock-session "$alice"
	done
	# The sign-out ends what has waited for that.
	lab_on ws1 loginctl terminate-session "$alice"
	settled out
	lab_wait 30 ws1 sh -c '! pgrep -u alice "^roam"'
	# So does the end of its scope, well before that would kill it.
	lab_wait 30 ws1 pgrep -u bob '^roam'
	lab_on ws1 systemctl stop --no-block 'roam-20002-*.scope'
	lab_wait 30 ws1 sh -c '! pgrep -u bob "^roam"'
	lab_on ws1 loginctl terminate-session "$session"
fi

# --- A sign-out outlives what belongs to the session ----------------------------
lab_bg ws1 holder flock /run/roam/20001/run sleep 600
lab_wait 30 ws1 sh -c '! flock -n /run/roam/20001/run true'
from=$(generations)
# With a run that others hold up it begins without waiting for long.
# shellcheck disable=SC2016 # of sed
lab_on ws1 sed -i '$a [sessions]\nlogin_budget = 1s\nlogout_budget = 1s' \
	/usr/local/etc/roam/roam.conf
expect 0 lab_ssh ws1 alice 'echo second > note'
lab_wait 60 ws1 sh -c 'systemctl list-units --plain "roam-20001-*.scope" |
	grep -q running'
lab_on ws1 loginctl terminate-user alice || :
lab_on ws1 systemctl stop user-20001.slice
settled pending
lab_on ws1 systemctl stop lab-holder
settled out
[ "$(generations)" = $((from + 1)) ] || fail "the second was not saved"

# --- The machine is switched off in the midst of a session, and of a sign-out ----
lab_on ws1 sed -i 's/^login_budget.*/checkpoint = 1h/; /budget/d' \
	/usr/local/etc/roam/roam.conf
lab_on ws1 sh -c 'cat > /etc/systemd/system/roam-flush.service' \
	< examples/systemd/roam-flush.service
lab_on ws1 systemctl daemon-reload
lab_on ws1 systemctl start roam-flush
rm -f "$lab/ws1/home/alice/ready"
lab_ssh ws1 alice 'echo third > note; sync; touch ready; sleep 600' \
	> "$work/session" 2>&1 &
disown $!
lab_wait 60 ws1 test -e /home/alice/ready
lab_ssh ws1 bob 'head -c 100000000 /dev/urandom > large'
lab_wait 60 ws1 grep -qxE 'state=(pending|out)' \
	/usr/local/var/lib/roam/users/20002
outer=$(cat "$lab/ws1/outer")
lab_on ws1 systemctl poweroff || :
tries=0
while kill -0 "$outer" 2> /dev/null; do
	tries=$((tries + 1))
	[ "$tries" -lt 600 ] || fail "the machine does not go down"
	sleep 0.1
done
rm -f "$lab/ws1/init" "$lab/ws1/outer"
[ "$(generations)" = $((from + 2)) ] || fail "the third was not saved"
for user in 20001 20002; do
	grep -qx state=out "$lab/ws1/state/users/$user" ||
		fail "$(cat "$lab/ws1/state/users/$user")"
done
[ "$(find "$lab/store/bob/gen" -name 'pack*' -size +1000k | wc -l)" -gt 0 ] ||
	fail "what was on its way is not there"
