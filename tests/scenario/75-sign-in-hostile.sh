#!/usr/bin/env bash
# Users who mean harm, and secrets: what root does at a sign-in never leads into
# a home, and a password is nowhere but in pipes.
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/lab/lib.sh
. "$srcdir/tests/lab/lib.sh"
lab_need sshd ssh strace smbd smbpasswd pamtester python3
[ -x "${ROAM_LIBEXEC:-$PWD}/roam-smb" ] || { echo 'built without SMB'; exit 77; }
lab_begin
lab_server fs1 20
lab_workstation ws1 21 smb://10.99.0.20/profiles/%u
settled() {
	lab_wait 90 ws1 grep -qx "state=$2" \
		"/usr/local/var/lib/roam/users/$(lab_on ws1 id -u "$1")"
}
lab_on ws1 cp -r /etc/pam.d /tmp/pam.d
cp "$srcdir/tests/lab/session" "$lab/session"

# --- Root's hands, and the password ---------------------------------------------
: > "$lab/leave"
lab_on ws1 env ASAN_OPTIONS=detect_leaks=0 strace -f -s 4096 -v \
	-e trace=%file,execve,write,setresuid,landlock_restrict_self,clone,clone3,fork,vfork,openat2 \
	-o "$lab/trace" python3 "$lab/session" lab alice "$lab/leave" \
	Al1ce.Pass > "$lab/said" 2>&1 || fail "$(cat "$lab/said")"
settled alice out
grep -q 'profile up to date' "$lab/said" || fail "$(cat "$lab/said")"
# Who is root at each line of the trace: children are what their parents are.
python3 - "$lab/trace" > "$work/found" <<'END'
import re
import sys

user, secret_in, seen = {}, [], 0
for line in open(sys.argv[1], errors='replace'):
    pid, _, call = line.partition(' ')
    call = call.strip()
    made = re.match(r'(?:clone3?|v?fork|<\.\.\. (?:clone3?|v?fork) resumed)'
                    r'.*= (\d+)$', call)
    if made:
        user.setdefault(made.group(1), user.get(pid, False))
    if call.startswith('setresuid(20001, 20001, 20001)'):
        user[pid] = True
    seen += bool(user.get(pid) and re.match(r'\w+\(.*"/home/', call))
    if not user.get(pid) and re.match(r'\w+\(.*"/home/', call) \
            and not call.startswith('execve('):
        print('root:', line.rstrip())
    if 'Al1ce.Pass' in call and not re.match(r'write\(\d+, "Al1ce', call):
        # The test's own arguments, which a person would type.
        if 'lab/session' not in call:
            secret_in.append(line.rstrip())
print('\n'.join(secret_in))
if seen < 2:
    print('nobody was in the home: the trace is no evidence')
END
# pam_unix and python look at no home either, so any line is ours.
[ -z "$(tr -d '\n' < "$work/found")" ] || fail "$(cat "$work/found")"
grep -q 'setresuid(20001, 20001, 20001)' "$lab/trace" || fail "no trace"
grep -q 'landlock_restrict_self.*= 0' "$lab/trace" ||
	grep -q event=unconfined "$lab/ws1/log/syslog" || fail "not kept to files"
! grep -rq 'Al1ce.Pass' "$lab/ws1/log" "$lab/ws1/home" "$lab/ws1/state" ||
	fail "the password is in a file"
! lab_on ws1 grep -rq 'Al1ce.Pass' /run/roam || fail "the password is in /run"
[ -z "$(lab_on ws1 find / -xdev -name 'core*' -type f -size +0 -newer /etc/hostname -path '*roam*')" ] ||
	fail "a core dump"

# --- A home that leads elsewhere ------------------------------------------------
lab_on ws1 sh -c 'mkdir /root/precious && echo root > /root/precious/file &&
	chmod 711 /root && chmod 755 /root/precious'
before=$(lab_on ws1 sh -c 'ls -lRA /root/precious | md5sum')
attack() { # WHAT COMMAND: bob's home so, a session, and nothing of root's differs
	lab_on ws1 sh -c "[ '$2' = : ] || rm -rf /home/bob; $2"
	lab_on ws1 timeout 100 python3 "$lab/session" lab bob "$lab/leave" \
		B0b.Pass > "$lab/said" 2>&1 || :
	[ "$(lab_on ws1 sh -c 'ls -lRA /root/precious | md5sum')" = "$before" ] ||
		fail "$1: root's files differ"
	lab_on ws1 cmp -s /root/precious/file - <<< root || fail "$1: written"
	! find "$lab/fs1/share/bob" -name 'pack*' -exec cat {} + 2> /dev/null |
		zstd -dcq 2> /dev/null | grep -q '^root' ||
		fail "$1: root's file was stored"
}
attack 'the home is a link' 'ln -s /root/precious /home/bob'
attack 'the home is not theirs' 'mkdir /home/bob && chown root /home/bob'
attack 'the state is a link' 'mkdir -m 700 /home/bob &&
	mkdir -p /home/bob/.local &&
	ln -s /root/precious /home/bob/.local/state && chown -hR bob /home/bob'
attack 'a directory is a link' 'mkdir -m 700 /home/bob &&
	ln -s /root/precious /home/bob/docs && chown -hR bob /home/bob'
# And one whose directories become links while the profile comes and goes.
lab_on ws1 sh -c 'rm -rf /home/bob; mkdir -m 700 /home/bob; chown bob /home/bob'
as_bob=(setpriv --reuid 20002 --regid 20000 --clear-groups bash -c)
# shellcheck disable=SC2016 # of those shells
lab_on ws1 "${as_bob[@]}" 'cd /home/bob && mkdir docs other
	for i in {1..200}; do echo $i > docs/$i; echo $i > other/$i; done'
lab_on ws1 python3 "$lab/session" lab bob "$lab/leave" B0b.Pass \
	> "$lab/said" 2>&1
settled bob out
for _ in 1 2 3; do
	# shellcheck disable=SC2016
	lab_on ws1 "${as_bob[@]}" 'cd /home/bob; rm -rf .local docs/? other/?
		ln -s /root/precious link
		for i in {1..20000}; do
			[ -e "$0" ] || break
			mv -T docs dir && mv -T link docs
			mv -T docs link && mv -T dir docs
		done 2> /dev/null; rm -f link' "$lab/leave" &
	attack 'directories become links meanwhile' :
	rm "$lab/leave"
	wait $! || :
	: > "$lab/leave"
done
lab_on ws1 sh -c 'rm -rf /home/bob; mkdir -m 700 /home/bob; chown bob /home/bob'

# --- An environment that means harm ---------------------------------------------
cat > "$work/evil.c" <<'END'
#include <stdio.h>
__attribute__((constructor)) static void loaded(void)
{
	FILE *f = fopen("/tmp/loaded", "a");
	if (f) { fputs("x", f); fclose(f); }
}
END
lab_on ws1 sh -c 'mkdir /tmp/bin && printf "#!/bin/sh\ntouch /tmp/loaded\n" \
	> /tmp/bin/busctl && chmod 755 /tmp/bin/busctl'
lab_on ws1 env -i PATH=/tmp/bin:/usr/bin:/bin HOME=/tmp ROAM_LIBEXEC=/tmp/bin \
	KRB5CCNAME=/root/precious/file KRB5_CONFIG=/tmp/bin XDG_RUNTIME_DIR=/tmp \
	LD_LIBRARY_PATH=/tmp/bin TMPDIR=/tmp/bin ROAM_RULES_DIR=/tmp/bin \
	python3 "$lab/session" lab alice "$lab/leave" Al1ce.Pass \
	> "$lab/said" 2>&1
settled alice out
[ -z "$(lab_on ws1 sh -c 'ls /tmp/loaded 2> /dev/null')" ] || fail "it was run"
# Limits that a caller set do not make a sign-out fail.
# shellcheck disable=SC2016 # of that shell
lab_on ws1 bash -c 'ulimit -f 0 -n 20 -c unlimited; trap "" XFSZ
	exec python3 "$0" lab alice "$1" Al1ce.Pass' \
	"$lab/session" "$lab/leave" 2>&1 | cat > "$lab/said"
settled alice out

# --- Nobody but root ------------------------------------------------------------
lab_on ws1 su alice -s /bin/sh -c \
	'/usr/local/libexec/roam/roam-session open bob sshd 1' \
	> "$work/.as-alice" 2>&1 && fail "alice opened a session of bob's"
grep -q 'only root' "$work/.as-alice" || fail "$(cat "$work/.as-alice")"
lab_on ws1 su bob -s /bin/sh -c 'ls /run/roam/20001/private' \
	> "$work/.as-bob" 2>&1 && fail "bob sees what is alice's"

# --- Many processes -------------------------------------------------------------
lab_on ws1 su alice -s /bin/bash -c \
	'for i in {1..1000}; do sleep 300 & done' > /dev/null 2>&1
from=$SECONDS
lab_on ws1 python3 "$lab/session" lab alice "$lab/leave" Al1ce.Pass \
	> "$lab/said" 2>&1
settled alice out
[ $((SECONDS - from)) -lt 60 ] || fail "a thousand processes: $((SECONDS - from)) s"
lab_on ws1 pkill -KILL -u alice || :

# --- The module under valgrind --------------------------------------------------
if command -v valgrind > /dev/null; then
	lab_on ws1 valgrind -q --error-exitcode=9 --leak-check=full \
		--errors-for-leak-kinds=definite --log-file="$lab/valgrind" \
		pamtester lab bob open_session close_session \
		> "$lab/said" 2>&1 ||
		fail "$(cat "$lab/said" "$lab/valgrind")"
	! grep -q pam_roam "$lab/valgrind" || fail "$(cat "$lab/valgrind")"
fi
