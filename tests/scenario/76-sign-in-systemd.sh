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

# --- A sign-out outlives what belongs to the session ----------------------------
lab_bg ws1 holder flock /run/roam/20001/run sleep 600
lab_wait 30 ws1 sh -c '! flock -n /run/roam/20001/run true'
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
[ "$(generations)" = 2 ] || fail "the second was not saved"

# --- The machine is switched off in the midst of a session ----------------------
lab_on ws1 sed -i '/budget/d' /usr/local/etc/roam/roam.conf
lab_on ws1 sh -c 'cat > /etc/systemd/system/roam-flush.service' \
	< examples/systemd/roam-flush.service
lab_on ws1 systemctl daemon-reload
lab_on ws1 systemctl start roam-flush
lab_ssh ws1 alice 'echo third > note; sync; touch ready; sleep 600' \
	> "$work/session" 2>&1 &
disown $!
lab_wait 60 ws1 test -e /home/alice/ready
outer=$(cat "$lab/ws1/outer")
lab_on ws1 systemctl poweroff || :
tries=0
while kill -0 "$outer" 2> /dev/null; do
	tries=$((tries + 1))
	[ "$tries" -lt 900 ] || fail "the machine does not go down"
	sleep 0.1
done
rm -f "$lab/ws1/init" "$lab/ws1/outer"
[ "$(generations)" = 3 ] || fail "the third was not saved"
grep -qx state=out "$lab/ws1/state/users/20001" ||
	fail "$(cat "$lab/ws1/state/users/20001")"
